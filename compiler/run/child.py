"""An agent's process as its parent sees it: started as systemd would, read by lines, waited for."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from flumec.runtime.frozen import frozen

LAUNCH = Path(__file__).with_name("launch.py")
LONGEST_LINE = 64 << 10


@frozen
class Orders:
    """How an agent is started: its script, and what systemd would take from its units."""

    name: str
    script: Path
    environment: Mapping[str, str]
    sockets: Mapping[str, socket.socket] = field(default_factory=dict)


class Child:
    """A running process in a group of its own, so that Ctrl-C on the terminal is for us alone.

    It gets SIGTERM when the thread that made it ends, however that comes about.
    """

    def __init__(self, orders: Orders, environment: Mapping[str, str]) -> None:
        descriptors = [each.fileno() for each in orders.sockets.values()]
        passed = {"LISTEN_FDS": str(len(descriptors)), "LISTEN_FDNAMES": ":".join(orders.sockets)}
        self._partial = b""
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-I", "-S", str(LAUNCH)),
                *(str(os.getpid()), ",".join(map(str, descriptors))),
                *(sys.executable, str(orders.script)),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**orders.environment, **environment, **(passed if descriptors else {})},
            pass_fds=descriptors,
            process_group=0,
            bufsize=0,
        )
        assert self._process.stdout is not None
        self.output = self._process.stdout.fileno()
        """Readable when there are lines, or their end."""
        self.end = os.pidfd_open(self._process.pid)
        """Readable when the process has ended."""
        os.set_blocking(self.output, False)

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; a process that has ended is left in peace."""
        self._process.send_signal(number)

    def lines(self) -> tuple[list[str], bool]:
        """Return the lines that were written since the last call, and whether there may be more.

        A line without its end is kept for the next call, unless it is too long or the last one.
        """
        try:
            data = os.read(self.output, LONGEST_LINE)
        except BlockingIOError:
            return [], True
        *lines, self._partial = (self._partial + data).split(b"\n")
        if self._partial and (not data or len(self._partial) >= LONGEST_LINE):
            lines.append(self._partial)
            self._partial = b""
        return [line.decode("utf-8", "replace") for line in lines], bool(data)

    def close(self) -> tuple[list[str], str]:
        """Wait for the process that has ended; return its last lines and how it ended."""
        code = self._process.wait()
        last: list[str] = []
        more = True
        while more:
            lines, more = self.lines()
            last += lines
            more = more and bool(lines)  # a grandchild may hold the pipe open
        if self._partial:
            last.append(self._partial.decode("utf-8", "replace"))
        assert self._process.stdout is not None
        self._process.stdout.close()
        os.close(self.end)
        return last, ending(code)


def ending(code: int) -> str:
    """Say how a process ended: `exit code 1`, `signal SIGKILL`."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:
        return f"signal {-code}"
