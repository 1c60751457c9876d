"""A fleet under load to which one thing happens after the other, and what was under way then."""

import random
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from fleet import web
from fleet.agents import InFlight, accounts, in_flight
from fleet.books import Books
from fleet.clients import Attempt, Client, Knocker, Poster
from fleet.faults import CORE, STORE, WEB, Fault
from fleet.hosts.hosts import Hosts
from fleet.hosts.processes import HostsError
from fleet.load import ID, Load
from fleet.verdict import Arrivals, Lane, judge

LANES = {"exact": "exactly once", "again": "at least once", "posted": "exactly once"}
PORTS = (4141, 4142, 8080)
_C = TypeVar("_C", bound=Client)
_TICK = 0.5
_ROTATED_EVERY = 9.0
_LOOKED_EVERY = 1.5


@dataclass
class Struck:
    """A fault that was, and what it met."""

    fault: Fault
    at: float
    flight: InFlight
    until: float = 0.0
    over: float = 0.0
    """When it was undone, and when all that had been logged by then was in the store."""
    attempts: list[Attempt] = field(default_factory=list)
    waited: float = 0.0
    """The longest time that a client's event waited for its answer."""

    @property
    def refused(self) -> int:
        return sum(attempt.outcome == "refused" for attempt in self.attempts)


@dataclass(frozen=True, slots=True)
class Sample:
    """How far everything was at one instant."""

    at: float
    answered: int
    arrived: int


class Campaign:
    """The load, the clients, what happens, and the verdict."""

    def __init__(self, hosts: Hosts, rate: int, seed: int, say: Callable[[Struck], None]) -> None:
        self.hosts, self._say = hosts, say
        self.rng = random.Random(seed)
        self.loads = [Load(name, f"{hosts.namespace}-{name}", rate) for name in WEB]
        self.posters = [self._client(Poster, name, 8080) for name in CORE]
        knockers = [self._client(Knocker, name, port) for name in CORE for port in PORTS]
        self.clients: list[Client] = [*knockers, *self.posters]
        store = hosts.root(STORE) / "srv/store"
        self.arrivals = {lane: Arrivals(store / lane) for lane in LANES}
        self.struck: list[Struck] = []
        self.samples: list[Sample] = []
        self.books = Books(
            {"tailer": frozenset(WEB), "collector": frozenset(CORE), "store": frozenset({STORE})},
            frozenset(lane for lane, promise in LANES.items() if promise == "exactly once"),
        )
        self.rotations = 0
        self._looked = self._rotated = self.began = time.monotonic()

    def _client(self, kind: type[_C], name: str, port: int) -> _C:
        return kind(self.hosts.namespace, name, self.hosts.host(name).address, port, 0.1)

    @property
    def refused(self) -> int:
        """How many connections were refused though the host was there."""
        return sum(struck.refused for struck in self.struck)

    def start(self) -> None:
        for thread in (*self.loads, *self.clients):
            thread.start()

    def run(self, faults: Iterable[Fault], patience: float) -> None:
        """Have each happen once the one before is over, or the patience with that."""
        for fault in faults:
            self.pass_time(1.0)
            struck = Struck(fault, time.monotonic() - self.began, in_flight(self.hosts))
            self.struck.append(struck)
            began = time.monotonic()
            fault.strike()
            self.pass_time(fault.seconds)
            fault.undo()
            struck.until = time.monotonic() - self.began
            self._catch_up(sum(load.count for load in self.loads), patience)
            struck.over = time.monotonic() - self.began
            self._ask_clients(struck, began)
            self._say(struck)

    def pass_time(self, seconds: float) -> None:
        """Wait, rotating logs and looking at the store meanwhile."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(_TICK, left))
            self._tick()

    def finish(self, patience: float) -> bool:
        """End the load and wait until all of it has arrived; return whether it did."""
        for thread in (*self.loads, *self.clients):
            thread.stop()
        end = time.monotonic() + patience
        while time.monotonic() < end:
            self.pass_time(2.0)
            flight = in_flight(self.hosts)
            if not flight.events and not flight.silent:
                self.pass_time(3.0)  # the sinks roll what they have
                return True
        return False

    def verdict(self) -> list[Lane]:
        """Compare what was logged and promised with what is in the store, lane by lane.

        And hold the agents' books against it.
        """
        lanes = list(self._lanes())
        self.books.look(accounts(self.hosts))
        self.books.close({lane.name: lane.arrived for lane in lanes})
        return lanes

    def _lanes(self) -> Iterator[Lane]:
        logged = [line for name in WEB for line in web.written(self.hosts, name)]
        promised = [name.encode() for poster in self.posters for name in poster.answered]
        perhaps = [name.encode() for poster in self.posters for name in poster.given_up]
        for lane, arrivals in self.arrivals.items():
            arrivals.look()
            expected, allowed = (promised, perhaps) if lane == "posted" else (logged, [])
            yield judge(lane, LANES[lane], expected, arrivals.lines, allowed)

    def unlogged(self) -> int:
        """Return how many requests nginx answered of which it has no line."""
        answered = set().union(*(load.ids() for load in self.loads))
        for name in WEB:
            for line in web.written(self.hosts, name):
                if found := ID.search(line):
                    answered.discard(found[1])
        return len(answered)

    def _tick(self) -> None:
        now = time.monotonic()
        if now - self._rotated > _ROTATED_EVERY:
            self._rotated = now
            for name in WEB:
                if self.hosts.host(name).up:
                    self._rotate(name)
        if now - self._looked > _LOOKED_EVERY:
            self._looked = now
            self.books.look(accounts(self.hosts))
        answered = sum(load.count for load in self.loads)
        self.samples.append(Sample(now - self.began, answered, self.arrivals["exact"].look()))

    def _rotate(self, name: str) -> None:
        try:
            web.rotate(self.hosts, name)
            self.rotations += 1
        except HostsError:  # it is just being shut down or started
            pass

    def _catch_up(self, target: int, patience: float) -> None:
        end = time.monotonic() + patience
        while self.arrivals["exact"].look() < target and time.monotonic() < end:
            self.pass_time(_TICK)

    def _ask_clients(self, struck: Struck, began: float) -> None:
        """Note how the clients fared meanwhile, where an agent could have served them."""
        for client in self.clients:
            if client.host not in struck.fault.away:
                struck.attempts += [a for a in client.attempts if a.at >= began]
        struck.waited = max(
            (
                seconds
                for poster in self.posters
                if poster.host not in struck.fault.away
                for first, seconds in poster.waits
                if first + seconds >= began
            ),
            default=0.0,
        )
