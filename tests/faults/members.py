"""One agent's process after the other: started, killed at a point, started again."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from faults.points import Point
from faults.striking import encode


class Unexpected(Exception):  # noqa: N818 what the campaign ends with
    """An agent ended by itself."""


@dataclass(frozen=True)
class Kill:
    """A kill that happened."""

    role: str
    kind: str
    point: str
    aimed: bool
    """Whether it died at its point; else where it was, as it did not come there in time."""


class Nursery:
    """The process that the agents are forked from."""

    def __init__(self) -> None:
        tests = str(Path(__file__).parents[1])
        self._process = subprocess.Popen(
            [sys.executable, "-m", "faults.nursery"], text=True,
            env={**os.environ, "PYTHONPATH": tests}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def ask(self, **order: Any) -> Any:
        """Send an order, return the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        """End it; the agents must have ended."""
        self._process.communicate()


class Member:
    """An agent of the fleet, and the point at which it is to die."""

    def __init__(self, nursery: Nursery, folder: Path, fleet: tuple[str, ...], role: str) -> None:
        self.role = role
        self._nursery = nursery
        self._argv = [*fleet, role]
        self._log = folder / f"{role}.stderr"
        self._report = folder / f"{role}.struck"
        self._report.touch()
        self._struck = 0
        self.point: Point | None = None
        """Where it is to die, or did."""
        self._began = 0.0
        self.pid: int | None = None

    @property
    def age(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self._began

    def start(self, point: Point | None = None, turn: int = 1) -> None:
        """Start it, to die when it comes to `point` for the `turn`-th time."""
        fault = "" if point is None else encode(point, turn, self._report)
        self.pid = self._nursery.ask(argv=self._argv, fault=fault, log=str(self._log))
        self.point, self._began = point, time.monotonic()

    def ended(self, patience: float) -> Kill | None:
        """Return the kill if it is dead; one that does not come to its point in time is killed."""
        code = self._nursery.ask(pid=self.pid)
        if code is None:
            if self.point is None or self.age < patience:
                return None
            self._signal(signal.SIGKILL)
            code = self._wait(10)
        if code != -signal.SIGKILL:
            self.pid = None
            tail = self._log.read_text(errors="replace")[-3000:]
            raise Unexpected(f"the {self.role} ended by itself with {code}:\n{tail}")
        self.pid = None
        assert self.point is not None
        struck = len(self._report.read_text().splitlines())
        aimed, self._struck = struck > self._struck, struck
        return Kill(self.role, self.point.kind, self.point.key, aimed)

    def stop(self, patience: float) -> int | None:
        """End it orderly; return its exit code, None if it does not end in time."""
        self._signal(signal.SIGTERM)
        return self._wait(patience)

    def abandon(self) -> None:
        """End it, whatever it does."""
        if self.pid is not None:
            self._signal(signal.SIGKILL)
            self._wait(10)

    def _signal(self, how: signal.Signals) -> None:
        assert self.pid is not None
        os.kill(self.pid, how)

    def _wait(self, patience: float) -> int | None:
        deadline = time.monotonic() + patience
        code: int | None = None
        while code is None and time.monotonic() < deadline:
            code = self._nursery.ask(pid=self.pid)
            time.sleep(0.005)
        if code is not None:
            self.pid = None
        return code
