"""The one door to time: what o'clock it is, and every wait that blocks."""

import threading
import time
from typing import Protocol

__all__ = ["LOOK", "Clock", "SystemClock", "Waitable"]

LOOK = 1.0
"""Seconds of one wait before the watchdog hears of it; longer ones are made of several."""

Waitable = threading.Event | threading.Condition
"""An event, or a condition whose lock the caller holds."""


class Clock(Protocol):
    """Time as a running component sees it; tests hand in one that they can set."""

    @property
    def look(self) -> float:
        """Seconds that a loop waits at most before it looks again whether it is to stop.

        What it waits for until then wakes it, and what is due before then shortens the wait.
        """

    def now_ns(self) -> int:
        """Return the wall clock's time in nanoseconds since 1970, UTC."""

    def monotonic(self) -> float:
        """Return seconds that never go back, from an arbitrary start."""

    def sleep(self, seconds: float) -> None:
        """Block the calling thread for `seconds`."""

    def pause(self, event: threading.Event, seconds: float) -> bool:
        """Block before another try of what just failed, or until the event is set; return whether.

        A simulation may take longer, as long as nothing happens by which a try could succeed.
        """

    def wait(self, waitable: Waitable, timeout: float | None = None) -> bool:
        """Block until the event is set or the condition notified; False when `timeout` came first.

        As with `threading.Condition`, the caller holds the condition's lock and tests again after.
        """


class SystemClock:
    """The machine's own clocks."""

    look: float = LOOK

    def now_ns(self) -> int:
        """Return the wall clock's time in nanoseconds since 1970, UTC."""
        return time.time_ns()

    def monotonic(self) -> float:
        """Return seconds that never go back, from an arbitrary start."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Block the calling thread for `seconds`."""
        time.sleep(seconds)

    def pause(self, event: threading.Event, seconds: float) -> bool:
        """Block before another try, or until the event is set; return whether."""
        return self.wait(event, seconds)

    def wait(self, waitable: Waitable, timeout: float | None = None) -> bool:
        """Block until the event is set or the condition notified; False if `timeout` is first."""
        return waitable.wait(timeout)
