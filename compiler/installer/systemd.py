"""systemd of the running host: what is asked of it, and what it is told to do."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from flumec.compiler.installer.saying import RefusedError

OLDEST = 247
"""The first systemd that hands secrets to services (LoadCredential)."""


def call(
    command: Sequence[str | Path], seconds: float | None = 60, owner: os.stat_result | None = None
) -> tuple[int, str]:
    """Run a command; return its exit status and what it said.

    With an `owner`, as that user: for files that somebody else than root has written.
    """
    other = {} if owner is None else {"user": owner.st_uid, "group": owner.st_gid}
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "SYSTEMD_PAGER": "cat", "SYSTEMD_COLORS": "0"}
    try:
        done = subprocess.run(
            list(map(str, command)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            check=False,
            timeout=seconds,
            **({**other, "extra_groups": []} if other else {}),  # type: ignore[call-overload]
        )
    except OSError as error:
        return 127, f"{command[0]}: {error.strerror}"
    except subprocess.TimeoutExpired:
        return 124, f"{command[0]} took more than {seconds} s"
    return done.returncode, done.stdout.decode("utf-8", "replace").strip()


def must(*command: str | Path) -> None:
    """Run a command that has to succeed."""
    status, said = call(command)
    if status:
        shown = " ".join(map(str, command))
        raise RefusedError(f"`{shown}` failed: {said or f'exit status {status}'}")


def forget(units: Sequence[str]) -> None:
    """Let systemd keep nothing of units whose files are gone: a failure would stay listed."""
    call(["systemctl", "reset-failed", *units])


def systemd_version() -> int | None:
    """Return the version of the systemd that runs this host, if one does."""
    if not Path("/run/systemd/system").is_dir():
        return None
    _, said = call(["systemctl", "--version"])
    digits = said.split("\n", 1)[0].split(" ")[1:2]
    return int(digits[0]) if digits and digits[0].isdigit() else None


def is_active(unit: str) -> bool:
    """Return whether a unit runs, or is about to."""
    return shown(unit, "ActiveState") in ("active", "activating", "reloading")


def shown(unit: str, name: str) -> str:
    """Return a property of a unit."""
    return call(["systemctl", "show", "--value", "--property", name, unit])[1]


def why_not(unit: str) -> list[str]:
    """Return the last that a unit's processes said."""
    command = ["journalctl", "--no-pager", "--output", "cat", "--lines", "5", "--unit", unit]
    return call(command)[1].splitlines()
