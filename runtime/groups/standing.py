"""How one member of a group stands: whether it can work, since when not, how long it rests."""

import math
from dataclasses import dataclass, field

from flumec.runtime.clock import Clock
from flumec.runtime.custody import Custody
from flumec.runtime.groups.patience import PATIENCE
from flumec.runtime.journal.member import Member
from flumec.runtime.retry import Backoff
from flumec.runtime.worker import Worker

HUNG = 30.0
"""Seconds of silence after which others get what comes. It may still work on what it has."""

FIRST_REST, LONGEST_REST = 1.0, 60.0
"""Seconds that a member rests that gave rows back, until it has delivered something."""


@dataclass(slots=True)
class Standing:
    """One member. What is noted of it is written in its own thread, and read by others."""

    member: Member
    worker: Worker
    custody: Custody
    clock: Clock
    patience: float = PATIENCE
    rests_until: float = 0.0
    gave_back_at: int = -1
    """The end of its lane when it gave rows back: without more there is nothing to give."""
    backoff: Backoff = field(default_factory=lambda: Backoff(FIRST_REST, LONGEST_REST))

    @property
    def able(self) -> bool:
        """Whether it is to get rows before those that come after it."""
        now = self.clock.monotonic()
        return not (
            self.fails_for_long
            or self.worker.ended
            or self.worker.paused
            or self.custody.stopped
            or now < self.rests_until
            or self._hangs
        )

    @property
    def turns_in(self) -> float:
        """Seconds after which it may be able, or not any more, though nothing happens until then;
        infinite where nothing is due."""  # noqa: D209
        now, worker = self.clock.monotonic(), self.worker
        due = [self.rests_until - now]
        if worker.failing:
            due.append(worker.failing_since + self.patience - now)
        if not self.member.asking:
            due.append(HUNG - worker.silent_for)
        return min((seconds for seconds in due if seconds > 0), default=math.inf)

    @property
    def _hangs(self) -> bool:
        """Whether it is silent over something else than that there is nothing for it."""
        return not self.member.asking and self.worker.silent_for >= HUNG

    @property
    def fails_for_long(self) -> bool:
        """Whether it has failed for longer than a hiccup takes."""
        worker = self.worker
        return (
            bool(worker.failing) and self.clock.monotonic() - worker.failing_since >= self.patience
        )

    @property
    def why(self) -> str:
        """Why it is not able, in a few words; "" if it is."""
        if self.worker.failing:
            return self.worker.failing
        if self.worker.paused:
            return "it is paused"
        if self.clock.monotonic() < self.rests_until:
            return "it rests, as it failed a moment ago"
        return "" if self.able else "it is silent"

    def rest(self) -> None:
        """Note that it gave back what it could."""
        self.gave_back_at = self.member.lane.end
        self.rests_until = self.clock.monotonic() + self.backoff.delay()

    def works(self) -> None:
        """Note that it works again: what it has now, it may give back anew."""
        self.gave_back_at = -1

    def delivered(self) -> None:
        """Note that it has delivered something."""
        self.backoff.reset()
