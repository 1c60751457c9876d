"""Starts in a row that came to nothing: each next one waits longer, and says what the last died of.

Debian 12's systemd starts a service again after one fixed time (RestartSteps= came with 254). So
the agent itself waits, when it starts: then whatever ended the last one counts, SIGKILL and a
crash too. What it knows lies in its RuntimeDirectory, which RuntimeDirectoryPreserve=restart keeps.
"""

import json
import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

from flumec.runtime import logs
from flumec.runtime.clock import Clock
from flumec.runtime.disk import Disk
from flumec.runtime.messages.unit import WaitsToStart
from flumec.runtime.notify import Notifier
from flumec.runtime.signals import Signals

NAME = "starts"
STEADY = 10.0
"""Seconds of being ready after which the next end is a first one again; so it is in `flumec run`.
"""
FREE = 2
"""Starts in a row that do not wait: one was an accident."""
FIRST, MOST = 1.0, 60.0
"""Seconds that the first start waits that does, and the most that any waits: each doubles it."""

START_TIMEOUT = 90.0
"""TimeoutStartSec= of the unit; it begins anew when the wait is over."""

_LONGEST = 64 << 10
_LONGEST_REASON = 2_000


class Restarts:
    """What this agent's starts came to since it was last steady, or ended in order."""

    def __init__(self, folder: Path | None, disk: Disk, clock: Clock) -> None:
        self._folder, self._disk, self._clock = folder, disk, clock
        self.failed, self.reason = self._read()

    @classmethod
    def of_unit(cls, disk: Disk, clock: Clock, environment: Mapping[str, str] = os.environ) -> Self:
        """Return those of the unit's RuntimeDirectory; without one nobody waits."""
        folder = environment.get("RUNTIME_DIRECTORY", "").split(":")[0]
        return cls(Path(folder) if folder else None, disk, clock)

    @property
    def delay(self) -> float:
        """Seconds that this start is to wait."""
        if self.failed < FREE:
            return 0.0
        return float(min(MOST, FIRST * 2 ** min(self.failed - FREE, 16)))

    def wait(self, notifier: Notifier, signals: Signals) -> bool:
        """Count this start, and wait as long as is due; return False where it is told to end."""
        self._write(self.failed + 1, "")
        if not self.delay:
            return True
        reason = self.reason or "it was killed, or ended without a word"
        logs.of("agent").warning(
            WaitsToStart(starts=self.failed, seconds=self.delay, reason=reason)
        )
        status = f"waits {self.delay:.0f}s after {self.failed} failed starts: {reason}"
        more = f"{(self.delay + START_TIMEOUT) * 1e6:.0f}"
        notifier.send({"STATUS": status, "EXTEND_TIMEOUT_USEC": more}, wait=True)
        told = threading.Event()
        signals.on_told(told.set)
        if not self._clock.wait(told, self.delay):
            return True
        self.forget()
        return False

    def note(self, reason: str) -> None:
        """Remember what this start comes to."""
        self._write(self.failed + 1, reason[:_LONGEST_REASON])

    def forget(self) -> None:
        """Begin anew: the agent is steady, or ends in order."""
        self.failed, self.reason = 0, ""
        if self._folder is not None:
            with suppress(OSError):
                self._disk.unlink(self._folder / NAME)

    def _read(self) -> tuple[int, str]:
        """Return what is known; whatever cannot be read is as if there were nothing."""
        if self._folder is None:
            return 0, ""
        with suppress(OSError, ValueError, KeyError, TypeError):
            file = self._disk.open(self._folder / NAME)
            try:
                known = json.loads(file.read(_LONGEST, 0))
                return max(0, int(known["failed"])), str(known["reason"])
            finally:
                file.close()
        return 0, ""

    def _write(self, failed: int, reason: str) -> None:
        """Write it whole; one that cannot be written keeps no agent from its work."""
        if self._folder is None:
            return
        text = json.dumps({"failed": failed, "reason": reason}).encode()
        new = self._folder / f".{NAME}.new"
        with suppress(OSError):
            file = self._disk.open(new, "write")
            try:
                file.truncate(0)
                file.write([text], 0)
            finally:
                file.close()
            self._disk.rename(new, self._folder / NAME)
