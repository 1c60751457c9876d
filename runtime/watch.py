"""The main thread's rounds: waiting for news, reporting, feeding the watchdog while all work."""

import threading
from collections.abc import Callable
from typing import Any

from flumec.runtime import logs
from flumec.runtime.clock import Clock
from flumec.runtime.messages.agent import Silent, SlowDisk
from flumec.runtime.metrics import Reading
from flumec.runtime.notify import STATE, Notifier
from flumec.runtime.report import SLOW, Report, state

EVERY = 1.0
"""Seconds between two rounds while nothing happens."""

AT_MOST_EVERY = 0.2
"""Seconds between two rounds when there is news all the time."""

UNWATCHED = 180.0
"""What counts as the watchdog's time, in seconds, where no manager set one: for /healthz."""


class News:
    """Says that something changed, from any thread, to the one that makes the rounds."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._condition = threading.Condition()
        self._fresh = False

    def tell(self) -> None:
        """Wake whoever waits, or the next one who does."""
        with self._condition:
            self._fresh = True
            self._condition.notify_all()

    def wait(self, seconds: float) -> bool:
        """Wait for news, at most so long; return whether there was any."""
        with self._condition:
            if not self._fresh:
                self._clock.wait(self._condition, seconds)
            fresh, self._fresh = self._fresh, False
        return fresh


class Watch:
    """Makes the rounds for one agent.

    The watchdog is fed only while every worker passed its loop within half of the watchdog's time;
    waiting inside a context counts, so an idle worker and one that retries are healthy.
    """

    def __init__(
        self,
        clock: Clock,
        notifier: Notifier,
        news: News,
        read: Callable[[], Reading],
        silent: Callable[[float], dict[str, float]],
    ) -> None:
        self._clock = clock
        self._notifier = notifier
        self._news = news
        self._read = read
        self._silent = silent
        self._report = Report()
        self._fed = float("-inf")
        self._slow = False
        """Whether the sync under way was said to be slow."""
        self._bound = (notifier.watchdog or UNWATCHED) / 2

    def overdue(self) -> dict[str, float]:
        """Return the workers that did not pass their loop in time, with seconds of silence."""
        return self._silent(self._bound)

    def told(self) -> dict[str, Any]:
        """Return the agent's state as it is now, with the rates of the last round."""
        return state(self._read(), self._clock.monotonic(), self._report.rates)

    def until(self, holds: Callable[[], bool], seconds: float = float("inf")) -> bool:
        """Make the rounds until `holds`, or until `seconds` are over; return which."""
        deadline = self._clock.monotonic() + seconds
        while not holds():
            left = deadline - self._clock.monotonic()
            if left <= 0:
                return False
            self.round()
            if self._news.wait(min(left, EVERY, self._bound / 2)) and not holds():
                self._clock.sleep(AT_MOST_EVERY)
        return True

    def round(self) -> None:
        """Report once, and feed the watchdog if that is due and deserved."""
        overdue = self.overdue()
        for name, seconds in overdue.items():
            logs.of(name).error(Silent(seconds=seconds))
        now = self._clock.monotonic()
        reading = self._read()
        self._tell_of_a_slow_disk(reading)
        if not self._notifier.heard:
            self._report.take(reading, now)
            return
        status, told = self._report.variables(reading, now)
        self._notifier.send({"STATUS": status, STATE: told})
        if self._notifier.watchdog and not overdue and now - self._fed >= self._bound / 2:
            self._fed = now
            self._notifier.send({"WATCHDOG": "1"}, wait=True)

    def _tell_of_a_slow_disk(self, reading: Reading) -> None:
        """Say once of each sync that takes long."""
        seconds = 0.0 if reading.syncs is None else reading.syncs.under_way
        if seconds >= SLOW and not self._slow:
            logs.of("journal").warning(SlowDisk(seconds=seconds))
        self._slow = seconds >= SLOW
