"""A channel that spills, against a model in a few lines: every interleaving up to a length."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product

import pytest
import thorough
from flumec.runtime.journal import ChannelSpec
from flumec.runtime.journal.records import Cursor, Full, Stored
from flumec.runtime.testing import CrashDisk
from hypothesis import given, settings
from hypothesis import strategies as st

from .conftest import PATIENCE, Rig

SIZE, ROWS = 100, 2
"""Of every frame."""

PUT, READ, DONE, PART, KILL, STOP = "put", "read", "done", "part", "kill", "stop"


@dataclass
class Held:
    """A frame that is put and not done: its first row, and whether it is in memory."""

    first: int
    kept: bool
    number: int
    """Which put it was: rows of memory that a kill took, unknown to the log, are numbered again."""


@dataclass
class Model:
    """What the channel must hold; a frame's rows leave it with the cursor, in order."""

    memory: int
    disk: int
    held: list[Held] = field(default_factory=list)
    read: int = 0
    """How many of the held frames are read."""
    low: int = 0
    puts: int = 0

    def put(self, first: int) -> bool:
        kept = sum(frame.kept for frame in self.held)
        if kept < self.memory:
            self.held.append(Held(first, True, self.puts))
        elif len(self.held) - kept < self.disk:
            self.held.append(Held(first, False, self.puts))
        else:
            return False
        self.puts += 1
        return True

    def done(self, rows: int) -> None:
        """Move the cursor by so many rows of what is read."""
        while rows and self.read:
            frame = self.held[0]
            self.low = max(self.low, frame.first) + 1
            rows -= 1
            if self.low == frame.first + ROWS:
                self.held.pop(0)
                self.read -= 1

    def kill(self) -> None:
        self.held = [frame for frame in self.held if not frame.kept]
        self.read = 0

    def stop(self) -> None:
        room = self.disk - sum(not frame.kept for frame in self.held)
        stored = []
        for frame in self.held:
            if frame.kept and room <= 0:
                continue
            room -= frame.kept
            stored.append(Held(frame.first, False, frame.number))
        self.held, self.read = stored, 0

    @property
    def rows(self) -> list[int]:
        return [row for _, row in self.events]

    @property
    def events(self) -> list[tuple[int, int]]:
        """Every row with the number of its put."""
        every = [(f.number, row) for f in self.held for row in range(f.first, f.first + ROWS)]
        return [(number, row) for number, row in every if row >= self.low]


class World:
    """A journal and its model, which are to agree after each step."""

    def __init__(self, rig: Rig, memory: int, disk: int) -> None:
        self.spec = ChannelSpec("a", disk * SIZE, durable=True, memory=memory * SIZE)
        self.rig, self.model = rig, Model(memory, disk)
        rig.open(self.spec)
        self.delivered: list[tuple[int, int]] = []

    def possible(self, step: str) -> bool:
        """Say whether a step changes anything."""
        if step == READ:
            return self.model.read < len(self.model.held)
        return step not in (DONE, PART) or self.model.read > 0

    def do(self, step: str) -> None:
        getattr(self, step)()
        assert self.rig.balance()[3] == len(self.model.rows)
        kept = sum(frame.kept for frame in self.model.held)
        stats = self.rig.journal.stats()["a"]
        assert stats.memory_bytes == kept * SIZE
        assert stats.held_bytes == len(self.model.held) * SIZE

    def put(self) -> None:
        outcome = self.rig.outcome(self.rig.submit("a", rows=ROWS, size=SIZE))
        if isinstance(outcome, Stored):
            assert self.model.put(outcome.first)
        else:
            assert outcome == Full("a")
            assert not self.model.put(0)

    def read(self) -> None:
        (chunk,) = self.rig.consumer().read(PATIENCE, 1)
        frame = self.model.held[self.model.read]
        assert (chunk.first, chunk.end) == (max(frame.first, self.model.low), frame.first + ROWS)
        self.model.read += 1

    def done(self) -> None:
        self._advance(ROWS * self.model.read)

    def part(self) -> None:
        self._advance(1)

    def _advance(self, rows: int) -> None:
        before = self.model.events
        self.model.done(rows)
        delivered = [event for event in before if event[1] < self.model.low]
        self.delivered += delivered
        cursor = Cursor(self.model.low, delivered=len(delivered))
        self.rig.consumer().advance(cursor).result(PATIENCE)

    def kill(self) -> None:
        assert isinstance(self.rig.disk, CrashDisk)
        disk = self.rig.disk.kill()
        self.rig.journal.close()
        self.rig.disk = disk
        self.model.kill()
        self.rig.open(self.spec)
        # What went through memory alone left no trace: neither its rows nor that they are done.
        assert self.rig.consumer().cursor.low <= self.model.low
        self.model.low = self.rig.consumer().cursor.low
        self._check()

    def stop(self) -> None:
        self.rig.journal.close()
        self.model.stop()
        self.rig.open(self.spec)
        assert self.rig.consumer().cursor.low == self.model.low
        self._check()

    def _check(self) -> None:
        assert self.rig.rows() == self.model.rows
        consumer = self.rig.consumer()
        consumer.seek(consumer.cursor.low)

    def finish(self) -> None:
        """All that is held comes in order, once."""
        left = self.model.rows
        whole = self.delivered + self.model.events
        assert whole == sorted(set(whole)), "nothing twice, all in order"
        assert self.rig.rows() == left
        self.rig.consumer().advance(
            Cursor(max([self.model.low, *(row + 1 for row in left)]), delivered=len(left))
        ).result(PATIENCE)
        assert self.rig.balance()[3] == 0
        assert self.rig.consumer().fullness == 0
        assert not self.rig.consumer().unread
        self.rig.journal.close()


def lives(length: int, steps: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield every sequence in which something is put before anything else."""
    for rest in product(steps, repeat=length - 1):
        yield (PUT, *rest)


def live(sequence: tuple[str, ...], memory: int, disk: int) -> None:
    world = World(Rig(CrashDisk()), memory, disk)
    for step in sequence:
        if world.possible(step):
            world.do(step)
    world.finish()


@pytest.mark.timeout(900)  # 3,125 lives
@pytest.mark.parametrize("length", [3, pytest.param(6, marks=pytest.mark.slow)])
def test_every_life_is_as_the_model_says(length: int) -> None:
    for sequence in lives(length, (PUT, READ, DONE, KILL, STOP)):
        live(sequence, 1, 1)


@pytest.mark.parametrize("number", thorough.spread(range(6), 2))
def test_a_long_life_is_as_the_model_says(number: int) -> None:
    chance = random.Random(number)
    weights = [12, 8, 3, 2, 1, 1]
    steps = chance.choices([PUT, READ, DONE, PART, KILL, STOP], weights, k=120)
    live(tuple(steps), 1 + number % 3, 2 + number % 4)


@pytest.mark.slow
@pytest.mark.timeout(900)
@settings(max_examples=150, deadline=None)
@given(
    steps=st.lists(st.sampled_from([PUT, PUT, READ, READ, DONE, PART, KILL, STOP]), max_size=60),
    memory=st.integers(1, 4),
    disk=st.integers(1, 4),
)
def test_any_life_is_as_the_model_says(steps: list[str], memory: int, disk: int) -> None:
    live(tuple(steps), memory, disk)
