"""Processes that are known by pid and start time, so that nobody else's is ever ended."""

import os
import subprocess
import time
from pathlib import Path

import msgspec

GUEST_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class HostsError(Exception):
    """The hosts can't do what was asked; the text says why."""


class Process(msgspec.Struct):
    """One process, and never the next one that gets its number."""

    pid: int
    start: int

    @classmethod
    def of(cls, pid: int) -> "Process | None":
        """Return the process that has this number now."""
        start = _start_time(pid)
        return None if start is None else cls(pid, start)

    @property
    def alive(self) -> bool:
        return _start_time(self.pid) == self.start

    def gone_within(self, seconds: float) -> bool:
        """Wait until it has ended."""
        end = time.monotonic() + seconds
        while self.alive:
            if time.monotonic() > end:
                return False
            time.sleep(0.02)
        return True


def _start_time(pid: int) -> int | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def run(*command: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a tool of the machine; what it prints shows only where it fails."""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env={**os.environ, "PATH": f"{os.environ.get('PATH', '')}:{GUEST_PATH}", "LC_ALL": "C"},
    )  # tc is in /usr/sbin, which a user's PATH may lack
    if check and done.returncode:
        shown = " ".join(map(str, command))
        raise HostsError(f"{shown}: exit {done.returncode}: {done.stdout.strip()}")
    return done
