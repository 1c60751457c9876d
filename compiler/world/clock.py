"""The time of a world."""

import threading

from flumec.compiler.world.fibres import Scheduler
from flumec.compiler.world.threads import linger
from flumec.runtime.clock import Waitable

BEGINNING = 1_767_225_600_000_000_000
"""The moment at which every world begins, 2026-01-01T00:00:00Z, in nanoseconds since 1970."""


class WorldClock:
    """The clock of all agents of a world; waiting is what lets its time pass."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler

    @property
    def look(self) -> float:
        """Seconds that a loop waits at most: looks become rarer while nothing happens."""
        return self._scheduler.look

    def now_ns(self) -> int:
        """Return the time in nanoseconds since 1970, UTC."""
        return BEGINNING + round(self._scheduler.now * 1e9)

    def monotonic(self) -> float:
        """Return the seconds since the world began."""
        return self._scheduler.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self._scheduler.sleep(seconds)

    def pause(self, event: threading.Event, seconds: float) -> bool:
        """Wait for another try, or until the event is set; the tries that are in vain go by."""
        return linger(self._scheduler, event, seconds)

    def wait(self, waitable: Waitable, timeout: float | None = None) -> bool:
        """Wait until the event is set or the condition notified; False if `timeout` is first."""
        return waitable.wait(timeout)
