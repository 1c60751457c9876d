"""Clocks for tests: one stands still until a test moves it, one leaps over waits for nothing."""

import threading
import time

from flumec.runtime.clock import LOOK, SystemClock, Waitable

_GLANCE = 0.002
"""Real seconds between two looks at the hands, by a thread that waits for them to move."""

_CHANCE = 0.0005
"""Real seconds in which something that is waited for may come before time leaps."""


class ManualClock:
    """Time that passes only by `advance`; whoever waits for it wakes up then."""

    look: float = LOOK

    def __init__(self, now_ns: int = 1_700_000_000_000_000_000) -> None:
        self._lock = threading.Lock()
        self._now_ns = now_ns
        self._start_ns = now_ns

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass."""
        with self._lock:
            self._now_ns += round(seconds * 1e9)

    def now_ns(self) -> int:
        """Return the time in nanoseconds since 1970, UTC."""
        with self._lock:
            return self._now_ns

    def monotonic(self) -> float:
        """Return the seconds that were let pass."""
        with self._lock:
            return (self._now_ns - self._start_ns) / 1e9

    def sleep(self, seconds: float) -> None:
        """Block the calling thread until `seconds` were let pass."""
        deadline = self.monotonic() + seconds
        while self.monotonic() < deadline:
            time.sleep(_GLANCE)

    def pause(self, event: threading.Event, seconds: float) -> bool:
        """Block until the event is set, or `seconds` were let pass."""
        return self.wait(event, seconds)

    def wait(self, waitable: Waitable, timeout: float | None = None) -> bool:
        """Block until the event is set or the condition notified, or `timeout` was let pass.

        A condition may seem to be notified when it was not, as a real one may: the caller tests.
        """
        deadline = None if timeout is None else self.monotonic() + timeout
        while not waitable.wait(_GLANCE):
            if deadline is not None and self.monotonic() >= deadline:
                return False
            if isinstance(waitable, threading.Condition):
                return True  # a notification that crossed the end of the glance would be lost
        return True


class LeapingClock(SystemClock):
    """The machine's clock, but a wait for something that does not come takes no time."""

    def __init__(self) -> None:
        self._leapt = 0.0

    def monotonic(self) -> float:
        """Return the machine's seconds and those that were leapt over."""
        return super().monotonic() + self._leapt

    def wait(self, waitable: Waitable, timeout: float | None = None) -> bool:
        """Block until the event is set or the condition notified; leap over `timeout` if not."""
        if timeout is None:
            return waitable.wait()
        came = waitable.wait(min(timeout, _CHANCE))
        if not came:
            self._leapt += timeout
        return came
