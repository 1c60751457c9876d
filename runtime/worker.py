"""One component at work: its thread, whether it still passes its loop, and how it ended."""

import math
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from enum import Enum
from typing import TypeVar

from flumec.runtime.clock import Clock
from flumec.runtime.component import Component
from flumec.runtime.errors import StartError
from flumec.runtime.metrics import PartReading, Tally
from flumec.runtime.tap import Tap

T = TypeVar("T")

SYNC_PATIENCE = 300.0
"""Seconds that a disk may take over what a worker waits for."""


class Role(Enum):
    """What a worker does for its agent; the values name it in metrics."""

    SOURCE = "source"
    RECEIVER = "receiver"
    SINK = "sink"
    SENDER = "sender"

    @property
    def feeds(self) -> bool:
        """Whether events enter by it, so that it is stopped first."""
        return self in (Role.SOURCE, Role.RECEIVER)


class Worker:
    """A thread that runs one component until it is told to stop.

    Its flags are written by the component's thread and read by the agent's; each is one assignment.
    """

    def __init__(
        self, part: Component, role: Role, clock: Clock, changed: Callable[[], None]
    ) -> None:
        self.part = part
        self.role = role
        self.clock = clock
        self.tally = Tally()
        self.stop = threading.Event()
        self.wake: Callable[[], None] = lambda: None
        """Has a consumer that waits for rows look around."""
        self.passed = clock.monotonic()
        """When its loop last passed, on the monotonic clock."""
        self.idle = False
        self.verdicts = 0
        """How often it has said whether it is idle: one that is stuck says nothing new."""
        self.dry = False
        """Whether a consumer came for more, and its channel had none at that moment."""
        self.unread: Callable[[], bool] = lambda: False
        """Whether a consumer's channel has something for it now."""
        self.failing = ""
        self.failing_since = 0.0
        """When it began to fail, on the monotonic clock."""
        self.begun = False
        """Whether it listens, or has come to its loop."""
        self.putting: float | None = None
        """Since when the loop has been in one put, which waits for room; None while it is not."""
        self.taps: tuple[Tap, ...] = ()
        """Who looks at the events that it puts or reads."""
        self._rests_until: float | None = None
        self._owed = 0
        self._owing = threading.Lock()
        self.error: BaseException | None = None
        self.ended = False
        self._changed = changed
        self._thread = threading.Thread(target=self._run, name=part.name, daemon=True)
        self._work: Callable[[], None] = lambda: None

    @property
    def name(self) -> str:
        """The component's name."""
        return self.part.name

    @property
    def reading(self) -> PartReading:
        """What the worker shows of itself."""
        tally = self.tally
        return PartReading(
            self.name, self.role.value, self.idle, self.failing, tally.counts, tally.gauges,
            self._resting, self._pressed, self.verdicts,
        )  # fmt: skip

    @property
    def paused(self) -> bool:
        """Whether a consumer is not to read for now."""
        until = self._rests_until
        return until is not None and self.clock.monotonic() < until

    def pause(self, seconds: float | None) -> None:
        """Let the consumer rest for so long, or with None until it is resumed."""
        self._rests_until = self.clock.monotonic() + (math.inf if seconds is None else seconds)
        self._changed()

    def resume(self) -> None:
        """Let the consumer read again."""
        self._rests_until = None
        self._changed()

    def tap(self, tap: "Tap") -> None:
        """Let the component's events be seen."""
        with self._owing:
            self.taps = (*self.taps, tap)

    def untap(self, tap: "Tap") -> None:
        """End that."""
        with self._owing:
            self.taps = tuple(each for each in self.taps if each is not tap)

    @property
    def _resting(self) -> str:
        until = self._rests_until
        left = 0.0 if until is None else until - self.clock.monotonic()
        if left <= 0:
            return ""
        return "paused" if left == math.inf else f"paused for another {left:.0f}s"

    @property
    def _pressed(self) -> float:
        since = self.putting
        return 0.0 if since is None else self.clock.monotonic() - since

    def start(self, work: Callable[[], None]) -> None:
        """Run `work` in the worker's thread."""
        self._work = work
        self.alive()
        self._thread.start()

    def end(self) -> None:
        """Tell it to finish what it has and return."""
        self.stop.set()
        self.wake()

    def spare(self) -> None:
        """Let it end before it began."""
        self.stop.set()
        self.begun = self.ended = True

    def alive(self) -> None:
        """Note that the loop passed."""
        self.passed = self.clock.monotonic()

    def say_begun(self) -> None:
        """Note that it listens, or has come to its loop."""
        if not self.begun:
            self.begun = True
            self._changed()

    def say_idle(self, idle: bool) -> None:
        """Note whether there is nothing to do for now; only a change is news."""
        self.verdicts += 1
        if idle is not self.idle:
            self.idle = idle
            self._changed()

    def say_failing(self, reason: str) -> None:
        """Note why the component cannot work for now, "" when it can."""
        if reason != self.failing:
            if not self.failing:  # first, as others look at both
                self.failing_since = self.clock.monotonic()
            self.failing = reason
            self._changed()

    def owe(self, stored: "Future[T]") -> "Future[T]":
        """Note that the journal has something to store for the worker, until it is stored."""
        with self._owing:
            self._owed += 1
        stored.add_done_callback(self._settle)
        return stored

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Note that the worker waits for a disk, the journal's or its own, until it is done."""
        with self._owing:
            self._owed += 1
        try:
            yield
        finally:
            self.alive()
            with self._owing:
                self._owed -= 1

    def is_overdue(self, bound: float) -> bool:
        """Whether the loop has not passed for `bound` seconds, and no disk is the reason.

        A worker may wait for a sync, and a disk may take minutes over one.
        """
        return self.silent_for > (max(bound, SYNC_PATIENCE) if self._owed else bound)

    @property
    def silent_for(self) -> float:
        """For how many seconds the loop has not passed; 0 once the thread has ended."""
        return 0.0 if self.ended else self.clock.monotonic() - self.passed

    def _settle(self, _stored: "Future[T]") -> None:
        with self._owing:
            self._owed -= 1

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as error:
            self.error = error
        else:
            if not self.stop.is_set():
                self.error = StartError("it returned although nothing told it to stop")
        finally:
            self.ended = True
            self._changed()
