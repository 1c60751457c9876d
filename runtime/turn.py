"""One at a time may have suspects in hand: else whoever dies with the process is blamed too."""

from threading import Condition
from typing import Protocol

from flumec.runtime.clock import Clock, SystemClock

LONGEST = 5.0
"""Seconds that others wait for one that has its turn: then it hangs, and the turn is taken."""


class Holder(Protocol):
    """Who can have the turn."""

    def unmark(self) -> None:
        """Have the log forget, durably, what this one has in hand; called by another's thread."""


class Turn:
    """Given to one holder, until it gives it back, or until it seems to hang."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._changed = Condition()
        self._holder: Holder | None = None
        self._waiting = 0

    def take(self, holder: Holder) -> None:
        """Wait for the turn; one that had it for too long loses it."""
        deadline = self._clock.monotonic() + LONGEST
        with self._changed:
            before = self._holder
            self._waiting += 1
            while self._holder not in (None, holder):
                if self._holder is not before:
                    before, deadline = self._holder, self._clock.monotonic() + LONGEST
                left = deadline - self._clock.monotonic()
                if left <= 0:
                    break
                self._clock.wait(self._changed, left)
            self._waiting -= 1
            if self._holder is not None and self._holder is not holder:
                self._holder.unmark()
            self._holder = holder

    @property
    def wanted(self) -> bool:
        """Whether somebody waits for it."""
        return self._waiting > 0

    def give(self, holder: Holder) -> None:
        """Give the turn back, if it is this one's."""
        with self._changed:
            if self._holder is holder:
                self._holder = None
                self._changed.notify_all()
