"""What a group has done keeps no room and no disk, whoever of it still has older rows in hand."""

from dataclasses import dataclass, field
from random import Random
from typing import cast

import pyarrow as pa
import pytest
import thorough
from flumec.runtime.batch import encode
from flumec.runtime.journal import ChannelSpec, ConsumerSpec
from flumec.runtime.journal.member import Member
from flumec.runtime.journal.records import Cursor, Frame, Put, Stored
from flumec.runtime.testing import EVERYTHING, NOTHING, CrashDisk, Survival

from .conftest import PATIENCE, Rig

NAMES = ("one", "two", "three")
FATES = [NOTHING, EVERYTHING, Survival(0.5, 0.5, torn=True, seed=3)]


def group(rig: Rig, size: int = 20_000, *, durable: bool = True) -> None:
    """Have a rig open a channel that a group shares, and one beside it."""
    rig.channels = (
        ChannelSpec("a", size, durable=durable),
        ChannelSpec("b", 1 << 20, durable=True),
    )
    shared = [ConsumerSpec(name, "a", f"sink {name}", group="balance") for name in NAMES]
    rig.consumers = [*shared, ConsumerSpec("b", "b")]
    rig.open()


def member(rig: Rig, name: str) -> Member:
    return cast("Member", rig.consumer(name))


def takes(rig: Rig, name: str) -> int:
    """Have a member read one frame; return the number after its last row."""
    (chunk,) = member(rig, name).read(0, 1)
    return chunk.end


def deliver(rig: Rig, name: str, end: int, rows: int) -> None:
    member(rig, name).advance(Cursor(end, delivered=rows)).result(PATIENCE)


@pytest.mark.parametrize("durable", [True, False])
def test_rows_in_one_members_hands_stop_no_other(rig: Rig, durable: bool) -> None:
    rig.segment_size = 4 << 10
    group(rig, 4_000, durable=durable)
    rig.put("a")
    held = takes(rig, "one")
    for _ in range(200):  # five times what the channel takes
        rig.put("a")
        deliver(rig, "two", takes(rig, "two"), 2)
    assert rig.journal.stats()["a"].held_bytes == 100
    rig.settled()
    segments = [name for name in rig.disk.names(rig.directory) if name.endswith(".seg")]
    assert len(segments) <= 3, "the first, whose rows are in hand, and the newest"
    deliver(rig, "one", held, 2)
    assert rig.journal.stats()["a"].held_bytes == 0


@pytest.mark.parametrize(
    "fate",
    [None, FATES[0], *(pytest.param(fate, marks=pytest.mark.slow) for fate in FATES[1:])],
    ids=["kill", "nothing", "everything", "torn"],
)
def test_after_a_restart_only_what_is_not_done_keeps_room(rig: Rig, fate: Survival | None) -> None:
    rig.segment_size = 4 << 10
    group(rig, 4_000)
    rig.put("a")
    takes(rig, "one")
    member(rig, "one").secure()
    for _ in range(100):
        rig.put("a")
        deliver(rig, "two", takes(rig, "two"), 2)
    assert isinstance(rig.disk, CrashDisk)
    rig.disk = rig.disk.kill() if fate is None else rig.disk.reboot(fate)
    rig.open()
    assert rig.journal.stats()["a"].held_bytes == 100
    rig.settled()
    for _ in range(100):
        rig.put("a")
        deliver(rig, "two", takes(rig, "two"), 2)
    deliver(rig, "one", takes(rig, "one"), 2)
    assert rig.journal.stats()["a"].held_bytes == 0
    assert rig.journal._room.share("a") == 0


@dataclass
class Life:
    """A group's life: which frames were put, and which of their rows are done."""

    rig: Rig
    dice: Random
    frames: list[tuple[int, int, int]] = field(default_factory=list)
    done: set[int] = field(default_factory=set)
    read: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    """What each has read and not done: (number, row)."""

    def step(self) -> None:
        what, name = self.dice.random(), self.dice.choice(NAMES[: self.dice.choice([1, 2, 3, 3])])
        if what < 0.35:
            self.put()
        elif what < 0.65:
            self.take(name)
        elif what < 0.85:
            self.deliver(name)
        elif what < 0.93:
            self.give_back(name)
        else:
            self.end()

    def put(self) -> None:
        channels = self.dice.choice([("a",), ("a",), ("b",), ("a", "b")])
        rows = self.dice.randint(1, 5)
        texts = pa.array([b"x" * self.dice.randint(1, 900)] * rows, pa.binary())
        body = encode(pa.record_batch({"body": texts}))
        stored = self.rig.outcome(self.rig.journal.submit(Put((Frame(channels, rows, body),))))
        assert isinstance(stored, Stored)
        if "a" in channels:
            self.frames.append((stored.first, stored.first + rows, body.size))

    def take(self, name: str) -> None:
        mine = member(self.rig, name)
        for chunk in mine.read(0, self.dice.choice([1, 500, 2_000])):
            self.read.setdefault(name, []).extend(
                (number, mine.row(number)) for number in range(chunk.first, chunk.end)
            )

    def deliver(self, name: str) -> None:
        read = self.read.get(name, [])
        if read:
            some = self.dice.randint(1, len(read))
            self.done |= {row for _, row in read[:some]}
            deliver(self.rig, name, read[some - 1][0] + 1, some)
            del read[:some]

    def give_back(self, name: str) -> None:
        """Give back some of the rows, keep some, and be done with the rest."""
        self.read.pop(name, None)
        mine = member(self.rig, name)
        read = [
            (number, mine.row(number))
            for chunk in mine.undone()
            for number in range(chunk.first, chunk.end)
        ]
        cuts = sorted(self.dice.randint(0, len(read)) for _ in range(2))
        parts = read[: cuts[0]], read[cuts[0] : cuts[1]], read[cuts[1] :]
        gone, given, kept = self.dice.sample(parts, 3)
        mine.give_back(ranges(given), ranges(kept)).result(PATIENCE)
        self.done |= {row for _, row in gone}
        mine.seek(mine.cursor.low)

    def end(self) -> None:
        fate = self.dice.choice(["close", "kill", *FATES])
        self.read.clear()
        assert isinstance(self.rig.disk, CrashDisk)
        if fate == "close":
            self.rig.journal.close()
        elif isinstance(fate, Survival):
            self.rig.disk = self.rig.disk.reboot(fate)
        else:
            self.rig.disk = self.rig.disk.kill()
        self.rig.open()

    def check(self) -> None:
        """What keeps room is what has a row that is not done."""
        held = sum(
            size for first, end, size in self.frames if not self.done.issuperset(range(first, end))
        )
        assert self.rig.journal.stats()["a"].held_bytes == held
        assert self.rig.journal._room._limits["a"].bytes == held

    def drain(self) -> None:
        """Have one after the other do all that it can get."""
        for name in NAMES:
            mine = member(self.rig, name)
            mine.seek(mine.cursor.low)
            self.read.pop(name, None)
            while True:
                before = len(self.read.get(name, []))
                self.take(name)
                if len(self.read.get(name, [])) == before:
                    break
        for name in NAMES:
            while self.read.get(name):
                self.deliver(name)


def ranges(numbers: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    return tuple((number, number + 1) for number, _ in numbers)


def lives(seeds: range) -> None:
    for seed in seeds:
        rig = Rig()
        life = Life(rig, Random(seed))
        group(rig, 1 << 30)
        for _ in range(120):
            life.step()
            life.check()
        life.drain()
        life.check()
        assert all(life.done.issuperset(range(first, end)) for first, end, _ in life.frames)
        rig.settled()
        for journal in rig.opened:
            journal.close()


@pytest.mark.parametrize(
    "seeds", [range(2), pytest.param(range(2, 20), marks=pytest.mark.slow)], ids=str
)
def test_a_few_lives(seeds: range) -> None:
    lives(seeds)


@pytest.mark.slow
@pytest.mark.parametrize("begin", range(1_000, 1_000 + thorough.share(800), 100))
def test_many_lives(begin: int) -> None:
    lives(range(begin, begin + 100))
