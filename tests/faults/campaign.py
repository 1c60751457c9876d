"""A fleet of agents under way, killed again and again; then what was written is compared."""

import random
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from faults.checking import Verdict
from faults.fleets import Fleet
from faults.members import Kill, Member, Nursery
from faults.points import Point

_TICK = 0.02
_PATIENCE = 8.0
"""Seconds after which an agent that does not come to its point is killed where it is."""
_SETTLED = 0.4
"""Seconds of an agent's life after which the store that its point needs comes or goes."""

_THERE_AT_FIRST = 0.7
"""How often a store that is to go away is there when an agent starts."""


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


class Aims:
    """Which of a role's points comes next: all in turn, and between them what was missed."""

    def __init__(self, points: Sequence[Point], role: str, chance: random.Random) -> None:
        self._by_key = {point.key: point for point in points}
        self._mine = [point for point in points if point.role == role]
        self._chance = chance
        self.missed: set[str] = set()
        """Those that were aimed at, and at which the process never died."""
        self._struck: set[str] = set()
        self._next = self._rounds()

    def next(self) -> Point | None:
        """Return the point to die at; None without any."""
        return next(self._next, None)

    def took(self, point: Point, *, aimed: bool) -> None:
        """Note where a process died that was to die at a point."""
        if aimed:
            self._struck.add(point.key)
            self.missed.discard(point.key)
        elif point.key not in self._struck:
            self.missed.add(point.key)

    @property
    def open(self) -> list[str]:
        """The points at which no process has died yet."""
        return [point.key for point in self._mine if point.key not in self._struck]

    def _rounds(self) -> Iterator[Point]:
        while self._mine:
            for point in self._chance.sample(self._mine, len(self._mine)):
                yield from self._after_its_need(point)
                if self.missed:
                    missed = self._by_key[self._chance.choice(sorted(self.missed))]
                    yield from self._after_its_need(missed)

    def _after_its_need(self, point: Point) -> Iterator[Point]:
        if point.needs:
            yield self._by_key[point.needs]
        yield point


class Campaign:
    """One run: traffic, kills at the points, and the verdict."""

    def __init__(
        self, fleet: Fleet, folder: Path, seed: int = 1, say: Callable[[str], None] = lambda _: None
    ) -> None:
        self.fleet = fleet
        self.kills: list[Kill] = []
        self.in_flight: list[int] = []
        """How many lines were written and had not arrived, at each kill."""
        self.chance = random.Random(seed)
        port = free_port()
        self._nursery = Nursery()
        self.members = [
            Member(self._nursery, folder, (fleet.name, str(folder), str(port)), role)
            for role in fleet.agents
        ]
        self.outages = fleet.outages(folder)
        self.streams = fleet.streams(folder, port, seed)
        self._of = {role: stream for stream in self.streams for role in stream.roles}
        self._aims = {role: Aims(fleet.points, role, self.chance) for role in fleet.agents}
        self._say = say

    def run(self, kills: int, seconds: float, *, every_point: bool = False) -> Verdict:
        """Kill until there were `kills`, or `seconds` are over; then let all arrive and compare.

        With `every_point` also until a process has died at each.
        """
        began, told = time.monotonic(), 0
        try:
            for _ in range(20):
                self._pour()
            while time.monotonic() - began < seconds and (
                len(self.kills) < kills or (every_point and self.never_struck)
            ):
                self._pour()
                self._tend()
                if len(self.kills) // 20 > told:
                    told = len(self.kills) // 20
                    self._say(self._progress(kills, time.monotonic() - began))
                time.sleep(_TICK)
            self._come_to_rest()
        finally:
            for stream in self.streams:
                stream.traffic.close()
            for member in self.members:
                member.abandon()
            self._nursery.close()
        self.verdicts = dict(found for stream in self.streams for found in stream.judge())
        total = Verdict()
        for verdict in self.verdicts.values():
            total.add(verdict)
        return total

    @property
    def never_struck(self) -> list[str]:
        """The points at which no process has died."""
        return [key for aims in self._aims.values() for key in aims.open]

    def kinds(self) -> dict[str, list[Kill]]:
        """Return the kills of each kind, and those that came before their point."""
        found: dict[str, list[Kill]] = {point.kind: [] for point in self.fleet.points}
        for kill in self.kills:
            found[kill.kind].append(kill)
        return found

    def points(self) -> Counter[str]:
        """Return how often a process died at each point."""
        return Counter(kill.point for kill in self.kills if kill.aimed)

    def _pour(self) -> None:
        for stream in self.streams:
            stream.pour()

    def _tend(self) -> None:
        for member in self.members:
            outage = self.outages.get(member.role)
            if member.pid is not None:
                if outage and member.point and member.age > _SETTLED:
                    outage.be(member.point.away)
                away = member.point is not None and member.point.away
                kill = member.ended(_PATIENCE / 2 if away else _PATIENCE)
                if kill is None:
                    continue
                self.kills.append(kill)
                self.in_flight.append(self._of[member.role].under_way())
                assert member.point is not None
                self._aims[member.role].took(member.point, aimed=kill.aimed)
            aims = self._aims[member.role]
            point = aims.next()
            if outage and point and point.away and self.chance.random() < _THERE_AT_FIRST:
                outage.be(away=False)
            first = point is None or point.key in aims.open
            member.start(point, 1 if first or point is None else self.chance.randint(1, point.most))

    def _come_to_rest(self) -> None:
        """Let all agents work without a kill until everything has arrived, and stop them."""
        for member in self.members:
            member.abandon()
            member.start()
        for outage in self.outages.values():
            outage.be(away=False)
        for stream in self.streams:
            stream.traffic.finish()
        deadline = time.monotonic() + 90
        while not all(stream.at_rest for stream in self.streams) and time.monotonic() < deadline:
            for member in self.members:
                member.ended(_PATIENCE)  # raises if it did
            time.sleep(_TICK)
        codes = {member.role: member.stop(40) for member in self.members}
        assert codes == dict.fromkeys(self.fleet.agents, 0), codes

    def _progress(self, kills: int, seconds: float) -> str:
        return (
            f"{self.fleet.name}: {len(self.kills):4d} of {kills} kills after {seconds:4.0f} s: "
            f"{self.written:,} lines written, {self.in_flight[-1]:,} under way"
        )

    @property
    def written(self) -> int:
        """How many lines were written."""
        return sum(len(stream.traffic.written) for stream in self.streams)
