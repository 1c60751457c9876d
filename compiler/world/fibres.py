"""Threads that take turns: one runs at a time, chance says which is next, and time only leaps.

A fibre runs until it waits. When all wait, time goes to the first moment at which a wait ends. So
what happens depends on the seed alone, and an hour in which nothing happens takes no time.
"""

import heapq
import math
import random
from collections.abc import Callable
from itertools import count

from greenlet import getcurrent, greenlet

MOST_TURNS = 2_000_000
"""Turns within one instant: who takes more waits for nothing, for ever."""

SHORTEST = 1e-6
"""Seconds of a wait at least, so that time passes however small the differences of floats get."""

CALM = 30.0
"""Seconds for which no disk must have changed for looks to become rarer."""

_LOOK = 1.0
_RARER = 0.05
"""What share of the calm a wait may take that is shorter than a look, and not known for what."""

_RARER_LOOK = 0.5
"""What share of the calm one look may take. Whoever waits for so long is woken by what he waits
for, and what is due before then shortens the wait."""

_RARER_TRY = 0.25
"""The same of one pause before something is tried again, which lasts no longer than until something
happens."""


class Killed(BaseException):
    """The process that a fibre belongs to was killed; raised at each of its waits from then on."""


class Owner:
    """Whose fibres they are: a process, all of whose fibres die together."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.dead = False
        self.fibres: dict[Fibre, None] = {}


class Waiter:
    """One wait; `release` ends it, as a `threading.Condition` does with those that it notifies."""

    __slots__ = ("_scheduler", "fibre", "over", "timed_out")

    def __init__(self, scheduler: "Scheduler", fibre: "Fibre | None") -> None:
        self._scheduler, self.fibre = scheduler, fibre
        self.over = self.timed_out = False

    def release(self) -> None:
        """End the wait, unless it is over."""
        if not self.over:
            self.over = True
            if self.fibre is not None:
                self._scheduler.resume(self.fibre)

    def expire(self) -> None:
        """End the wait because its time is over."""
        if not self.over:
            self.timed_out = True
            self.release()


class Later:
    """Something that is done when its time has come."""

    __slots__ = ("_work", "over")

    def __init__(self, work: Callable[[], object]) -> None:
        self._work = work
        self.over = False

    def expire(self) -> None:
        """Do it."""
        self.over = True
        self._work()


class Fibre(greenlet):
    """One thread of a simulated process."""

    def __init__(
        self, scheduler: "Scheduler", owner: Owner, name: str, work: Callable[[], object]
    ) -> None:
        super().__init__(self._begin, scheduler.hub)
        self.owner, self.name = owner, name
        self.done = False
        self.failure: BaseException | None = None
        self.ended: list[Waiter] = []
        """Who waits for its end."""
        self._work = work

    def _begin(self) -> None:
        try:
            self._work()
        except BaseException as error:
            self.failure = error
        finally:
            self.done = True
            self.owner.fibres.pop(self, None)
            for waiter in self.ended:
                waiter.release()


class Scheduler:
    """Gives turns to fibres, and lets time pass when none can use one."""

    def __init__(self, seed: int) -> None:
        self.hub = getcurrent()
        self.now = 0.0
        """Seconds since the world began."""
        self.chance = random.Random(seed)  # noqa: S311 it is to be repeatable
        self.turns = 0
        self.longest_look = 2.5
        """Seconds that a wait of a second or less, which is a look whether anything has happened,
        may take while nothing happens: hours of such looks would be most of what there is to do."""
        self.patient = False
        """Whether looks may become much rarer: nobody is to stop in order, which looks show."""
        self.stirred = 0.0
        """When something has happened last."""
        self._lingering: dict[Waiter, tuple[float, float]] = {}
        """Who lets tries go by that are in vain: since when, and how often it would try."""
        self._ready: list[Fibre] = []
        self._timers: list[tuple[float, int, Waiter | Later]] = []
        self._order = count()
        self._doomed: list[Owner] = []

    @property
    def current(self) -> Fibre | None:
        """The fibre that runs, or None in the thread of who made the world."""
        running = getcurrent()
        return running if isinstance(running, Fibre) else None

    def spawn(self, owner: Owner, name: str, work: Callable[[], object]) -> Fibre:
        """Begin a fibre; it gets its first turn later."""
        fibre = Fibre(self, owner, name, work)
        owner.fibres[fibre] = None
        self._ready.append(fibre)
        return fibre

    def resume(self, fibre: Fibre) -> None:
        """Let a fibre have turns again."""
        self._ready.append(fibre)

    def waiter(self) -> Waiter:
        """Return a wait of whoever runs; `park` begins it."""
        return Waiter(self, self.current)

    def park(self, waiter: Waiter, timeout: float | None = None) -> bool:
        """Wait until `waiter` is released, at most `timeout` seconds; return whether it was."""
        fibre = waiter.fibre
        deadline = None if timeout is None else self.now + self._patience(timeout)
        if fibre is None:
            self.until(lambda: waiter.over, deadline)
            return waiter.over
        if fibre.owner.dead:
            raise Killed(fibre.owner.name)
        if not waiter.over and deadline is not None:
            self._expire(waiter, deadline)
        self.hub.switch()
        if fibre.owner.dead:
            raise Killed(fibre.owner.name)
        return not waiter.timed_out

    def after(self, seconds: float, work: Callable[[], object]) -> None:
        """Do something later, in nobody's fibre; it must not wait."""
        heapq.heappush(self._timers, (self.now + seconds, next(self._order), Later(work)))

    @property
    def look(self) -> float:
        """Seconds of one wait of a loop which knows what would be due earlier."""
        return max(_LOOK, self.calm * _RARER_LOOK if self.patient else 0.0)

    @property
    def calm(self) -> float:
        """Seconds for which nothing has happened."""
        return self.now - self.stirred

    def linger(self, waiter: Waiter, period: float) -> bool:
        """Wait as `park` does, for one who tries something every `period` seconds.

        In a patient world it takes longer while nothing happens that a try could find. Once
        something does it ends when the next try would have been.
        """
        longer = self.calm * _RARER_TRY if self.patient else 0.0
        if longer <= period:
            return self.park(waiter, period)
        self._lingering[waiter] = self.now, period
        try:
            return self.park(waiter, longer)
        finally:
            self._lingering.pop(waiter, None)

    def stir(self) -> None:
        """Note that something happened."""
        self.stirred = self.now
        if self._lingering:
            for waiter, (since, period) in self._lingering.items():
                tries = math.floor((self.now - since) / period) + 1
                self._expire(waiter, since + tries * period)
            self._lingering.clear()

    def rouse(self) -> None:
        """Note that something is done to the world which may be found only by who looks.

        In one that is not patient somebody looks all the time.
        """
        if self.patient:
            self.stir()

    def _expire(self, waiter: Waiter, moment: float) -> None:
        heapq.heappush(self._timers, (moment, next(self._order), waiter))

    def _patience(self, timeout: float) -> float:
        if timeout > _LOOK or self.calm < CALM:
            return max(timeout, SHORTEST)
        return max(timeout, min(self.longest_look, self.calm * _RARER))

    def sleep(self, seconds: float) -> None:
        """Let time pass for whoever runs; others have turns meanwhile."""
        self.park(self.waiter(), seconds)

    def join(self, fibre: Fibre, timeout: float | None = None) -> None:
        """Wait for the end of a fibre."""
        if not fibre.done:
            waiter = self.waiter()
            fibre.ended.append(waiter)
            self.park(waiter, timeout)

    def kill(self, owner: Owner) -> None:
        """End all fibres of a process where they are; nothing of theirs is done any more."""
        owner.dead = True
        if self.current is not None:
            self._doomed.append(owner)  # by its own hand: the others die once this one is out
            return
        for fibre in list(owner.fibres):
            if fibre:  # else it never had a turn, and gets none
                fibre.throw(Killed(owner.name))
        self._ready = [fibre for fibre in self._ready if fibre.owner is not owner]

    def until(self, holds: Callable[[], bool], deadline: float | None = None) -> bool:
        """Let the world run until `holds`, asked at the end of each instant; False if `deadline`,
        or the end of all that is to happen, is first.
        """
        while True:
            self._instant()
            if holds():
                return True
            timers = self._timers
            while timers and timers[0][2].over:
                heapq.heappop(timers)
            if not timers or (deadline is not None and timers[0][0] > deadline):
                self.now = self.now if deadline is None else max(self.now, deadline)
                return False
            self.now = max(self.now, timers[0][0])
            while timers and timers[0][0] <= self.now:
                heapq.heappop(timers)[2].expire()

    def _instant(self) -> None:
        """Give turns until everybody waits."""
        ready, most = self._ready, self.turns + MOST_TURNS
        while ready:
            self.turns += 1
            if self.turns > most:
                raise RuntimeError(f"the simulation stands still: {ready[0].name} goes round")
            chosen = int(self.chance.random() * len(ready))
            ready[chosen], ready[-1] = ready[-1], ready[chosen]
            fibre = ready.pop()
            if not fibre.dead and not fibre.done:
                fibre.switch()
            while self._doomed:
                self.kill(self._doomed.pop())
                ready = self._ready
