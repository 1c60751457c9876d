"""A fleet of two agents under way, killed again and again; then what was written is compared."""

import random
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from faults.checking import Verdict, compare, hidden, lines_of, published
from faults.members import Kill, Member, Nursery
from faults.points import KINDS, POINTS, Point
from faults.traffic import Traffic

STORES = ("copies", "arrivals")
BEHIND = 20_000
"""Lines that are written ahead of what has arrived, so that there is always work in flight."""

_TICK = 0.02
_PATIENCE = 8.0
"""Seconds after which an agent that does not come to its point is killed where it is."""


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def rounds(points: Iterable[Point], role: str, chance: random.Random) -> Iterator[Point]:
    """Yield a role's points again and again, each time all of them, in another order."""
    mine = [point for point in points if point.role == role]
    by_key = {point.key: point for point in POINTS}
    while mine:
        for point in chance.sample(mine, len(mine)):
            if point.needs:
                yield by_key[point.needs]
            yield point


class Campaign:
    """One run: traffic, kills at the points, and the verdict."""

    def __init__(
        self, folder: Path, seed: int = 1, points: Iterable[Point] = POINTS,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:  # fmt: skip
        self.folder = folder
        self.kills: list[Kill] = []
        self.in_flight: list[int] = []
        """How many lines were written and had not arrived, at each kill."""
        self.chance = random.Random(seed)
        self.traffic = Traffic(folder / "logs", seed)
        port = free_port()
        self._nursery = Nursery()
        self.members = [
            Member(self._nursery, folder, port, role) for role in ("tailer", "collector")
        ]
        self._next = {m.role: rounds(list(points), m.role, self.chance) for m in self.members}
        self._say = say
        self._looked = 0.0
        self._fewest = 0
        self._counted: dict[str, dict[Path, int]] = {store: {} for store in STORES}

    def run(self, kills: int, seconds: float) -> Verdict:
        """Kill until there were `kills`, or `seconds` are over; then let all arrive and compare."""
        began, told = time.monotonic(), 0
        try:
            for _ in range(20):
                self.traffic.burst(200)
            while len(self.kills) < kills and time.monotonic() - began < seconds:
                self._feed()
                self._tend()
                if len(self.kills) // 20 > told:
                    told = len(self.kills) // 20
                    self._say(self._progress(kills, time.monotonic() - began))
                time.sleep(_TICK)
            self._come_to_rest()
        finally:
            for member in self.members:
                member.abandon()
            self._nursery.close()
        return self.judge()

    def kinds(self) -> dict[str, Counter[str]]:
        """Return how many kills of each kind there were, by point."""
        found: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
        for kill in self.kills:
            found.setdefault(kill.kind, Counter())[f"{kill.point} ({kill.role})"] += 1
        return found

    def judge(self) -> Verdict:
        """Compare both stores with what was written; nothing may be left hidden."""
        verdict = Verdict()
        for store in STORES:
            where = self.folder / "store" / store
            verdict.add(compare(store, self.traffic.written, lines_of(where)))
            verdict.examples += [f"{store}: left behind: {path}" for path in hidden(where)]
        return verdict

    def _feed(self) -> None:
        if len(self.traffic.written) - self._arrived(within=0.5) < BEHIND:
            self.traffic.burst(200)

    def _tend(self) -> None:
        for member in self.members:
            if member.pid is not None:
                kill = member.ended(_PATIENCE)
                if kill is None:
                    continue
                self.kills.append(kill)
                self.in_flight.append(len(self.traffic.written) - self._arrived())
            point = next(self._next[member.role], None)
            member.start(point, self.chance.randint(1, point.most) if point else 1)

    def _come_to_rest(self) -> None:
        """Let both agents work without a kill until everything has arrived, and stop them."""
        self.traffic.finish()
        for member in self.members:
            member.abandon()
            member.start()
        deadline = time.monotonic() + 60
        while self._arrived() < len(self.traffic.written) and time.monotonic() < deadline:
            for member in self.members:
                member.ended(_PATIENCE)  # raises if it did
            time.sleep(_TICK)
        codes = {member.role: member.stop(40) for member in self.members}
        assert codes == {"tailer": 0, "collector": 0}, codes

    def _arrived(self, within: float = 0.0) -> int:
        """Return how many lines have arrived where fewest have, as it was `within` seconds ago.

        A file does not change once it is seen.
        """
        if time.monotonic() - self._looked < within:
            return self._fewest
        self._looked = time.monotonic()
        totals = []
        for store, known in self._counted.items():
            for path in published(self.folder / "store" / store):
                if path not in known:
                    known[path] = path.read_bytes().count(b"\n")
            totals.append(sum(known.values()))
        self._fewest = min(totals)
        return self._fewest

    def _progress(self, kills: int, seconds: float) -> str:
        return (
            f"{len(self.kills):4d} of {kills} kills after {seconds:4.0f} s: "
            f"{len(self.traffic.written):,} lines written, {self.in_flight[-1]:,} under way"
        )
