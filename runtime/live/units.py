"""A running agent as a systemd unit, if it is one: its name, its sockets, and how to end it."""

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from flumec.runtime.live.find import Live

_PATIENCE = 120


class NotDone(Exception):  # noqa: N818 it reads as what happened
    """The manager did not do it; the message is its own."""


def unit_of(agent: Live) -> str | None:
    """Return the unit that an agent's process belongs to, None where it is nobody's of ours."""
    if agent.state is None:
        return None
    with suppress(OSError):
        groups = Path(f"/proc/{agent.state['pid']}/cgroup").read_text("utf-8").splitlines()
        names = {line.rpartition("/")[2] for line in groups}
        wanted = f"flumec-{agent.state['agent']}.service"
        return wanted if wanted in names else None
    return None


def close_doors(unit: str) -> list[str]:
    """Stop the sockets of a unit, so that nobody waits there in vain; return them."""
    sockets = _systemctl("show", "--property=TriggeredBy", "--value", unit).split()
    if sockets:
        _systemctl("stop", *sockets)
    return sockets


def end(agent: Live, unit: str | None) -> None:
    """End an agent; one that is a unit does not start at boot any more either."""
    assert agent.state is not None
    if unit is None:
        with suppress(ProcessLookupError):
            os.kill(agent.state["pid"], signal.SIGTERM)
        return
    sockets = _systemctl("show", "--property=TriggeredBy", "--value", unit).split()
    _systemctl("disable", "--now", *sockets, unit)


def restart(unit: str) -> None:
    """Start an agent anew, with its sockets."""
    sockets = _systemctl("show", "--property=TriggeredBy", "--value", unit).split()
    _systemctl("stop", unit)
    _systemctl("start", *sockets, unit)


def _systemctl(*arguments: str) -> str:
    try:
        done = subprocess.run(
            ["systemctl", *arguments],
            capture_output=True, text=True, timeout=_PATIENCE, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotDone(f"`systemctl {' '.join(arguments)}` did not work: {error}") from None
    if done.returncode:
        said = done.stderr.strip() or f"it ended with {done.returncode}"
        raise NotDone(f"`systemctl {' '.join(arguments)}`: {said}")
    return done.stdout.strip()
