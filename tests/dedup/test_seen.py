"""After any crash a key is live exactly if its row was published: no key lost, no event lost."""

from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import numpy as np
import pytest
from flumec.runtime.dedup.ageing import Age, Ageing
from flumec.runtime.dedup.keys import Keys
from flumec.runtime.dedup.memory import Memory
from flumec.runtime.dedup.seen import Seen
from flumec.runtime.output.store import Unknown
from flumec.runtime.testing import CrashDisk, ManualClock
from flumec.runtime.testing.crash_disk import PowerCut
from flumec.runtime.testing.surviving import EVERYTHING, NOTHING, Survival

FOLDER = Path("/state/dedup")
HOUR = 3_600.0
SURVIVALS = [
    NOTHING,
    EVERYTHING,
    Survival(0.5, 0.5, "any", torn=True, seed=1),
    Survival(0.5, 1.0, "last", torn=True, seed=2),
    Survival(1.0, 0.0),
]


class SettableClock(ManualClock):
    """One whose wall clock can be set, as an operator may."""

    ahead = 0.0

    def now_ns(self) -> int:
        return super().now_ns() + round(self.ahead * 1e9)


def keys_of(numbers: Iterator[int] | list[int] | range) -> Keys:
    """Return a key for each number, spread as digests are."""
    return np.array([[n * 0x9E3779B97F4A7C15 % 2**64, n] for n in numbers], np.uint64).reshape(
        -1, 2
    )


@dataclass
class Cursor:
    """What a journal would hold: the newest cursor's memory, and the open intent's hidden file."""

    memory: Memory = field(default_factory=lambda: Memory("header.id"))
    intent: str = ""


class Sink:
    """The steps of a publication, in their order, with a journal that is never torn."""

    def __init__(self, disk: CrashDisk, cursor: Cursor, clock: ManualClock, start: int) -> None:
        self.cursor = cursor
        if cursor.intent:
            cursor.memory, cursor.intent = cursor.memory.resolved(cursor.intent), ""
        self.start, self.count = start, 0
        ageing = Ageing(clock, HOUR, cursor.memory.age)
        self.seen = Seen(FOLDER, disk, ageing, cursor.memory, start=f"epoch{start}")

    def append(self, numbers: list[int], owner: int) -> list[int]:
        """Stage rows in a file; return those that are new."""
        keys = keys_of(numbers)
        new = self.seen.admit(keys)
        self.seen.stage(keys[new], owner)
        return [number for number, is_new in zip(numbers, new.tolist(), strict=True) if is_new]

    def publish(self, owners: list[int]) -> Iterator[str]:
        """Publish files; a crash may come at each yield, and in between."""
        self.count += 1
        hidden = f"/out/.flumec/sink/epoch{self.start}-{self.count}"
        self.seen.seal(owners, hidden)
        yield "sealed"
        self.cursor.intent = hidden
        yield "intended"
        self.seen.commit()
        assert self.seen.tend(lambda: None) == ""
        yield "tended"
        self.cursor.memory, self.cursor.intent = self.seen.memory, ""
        yield "stored"
        stored: Future[None] = Future()
        stored.set_result(None)
        self.seen.remembered(stored)

    def knows(self, numbers: list[int]) -> list[int]:
        return [
            n for n, new in zip(numbers, self.seen.admit(keys_of(numbers)), strict=True) if not new
        ]


def work(disk: CrashDisk, cursor: Cursor, clock: ManualClock, published: set[int]) -> None:
    """Publish nine rolls of two files each, in an order of their own; some runs age, some join."""
    sink = Sink(disk, cursor, clock, 1)
    number = 0
    for roll in range(9):
        clock.advance(60 if roll != 5 else HOUR / 10)
        for owner in (2 * roll, 2 * roll + 1):
            assert len(sink.append(list(range(number, number + 5)), owner)) == 5
            number += 5
        intended = list(range(number - 10, number - 5))
        for step in sink.publish([2 * roll]):
            if step == "intended":
                published.update(intended)
        sink.seen.abandon()


def operations() -> int:
    disk = CrashDisk()
    work(disk, Cursor(), ManualClock(), set())
    return disk.operations


@pytest.mark.parametrize(
    ("survival", "stride"),
    [(SURVIVALS[0], 5), *(pytest.param(each, 1, marks=pytest.mark.slow) for each in SURVIVALS)],
    ids=["one in 5", *(f"each-{number}" for number in range(len(SURVIVALS)))],
)
def test_the_power_may_go_at_every_step(survival: Survival, stride: int) -> None:
    total = operations()
    assert total > 60
    for cut in range(1, total + 1, stride):
        disk, cursor, published = CrashDisk(cut), Cursor(), set[int]()
        with pytest.raises(PowerCut):
            work(disk, cursor, ManualClock(), published)
        assert_recovers(disk, cursor, published, survival)


def assert_recovers(disk: CrashDisk, cursor: Cursor, published: set[int], s: Survival) -> None:
    """Start again, with the power cut at each step of that too."""
    for cut in range(1, 12):
        again = disk.reboot(s, cut_at=cut)
        memory, intent = cursor.memory, cursor.intent
        try:
            sink = Sink(again, Cursor(memory, intent), ManualClock(), 2)
        except PowerCut:
            again = again.reboot(s)
            sink = Sink(again, Cursor(memory, intent), ManualClock(), 3)
            assert set(sink.knows(list(range(100)))) == published
            continue
        assert set(sink.knows(list(range(100)))) == published
        left = again.names(FOLDER)
        assert len(left) == len(sink.seen.memory.runs), "what nobody names is removed"
        break


def test_rows_of_a_file_that_was_abandoned_are_no_copies_of_themselves() -> None:
    disk, cursor = CrashDisk(), Cursor()
    sink = Sink(disk, cursor, ManualClock(), 1)
    assert sink.append([1, 2, 2, 3], 0) == [1, 2, 3]
    assert sink.append([3, 4], 1) == [4]

    sink.seen.abandon()

    assert sink.append([1, 2, 2, 3], 0) == [1, 2, 3]
    list(sink.publish([0]))
    assert sink.append([3, 4], 1) == [4]


def test_a_seal_that_failed_leaves_nothing() -> None:
    disk, cursor = CrashDisk(), Cursor()
    sink = Sink(disk, cursor, ManualClock(), 1)
    for failing in range(1, 9):
        sink.append([1, 2], 0)
        disk.fail_at = disk.operations + failing
        try:
            sink.seen.seal([0], f"h-{failing}")
        except OSError:
            sink.seen.abandon()
            continue
        break
    assert failing > 3
    sink.seen.commit()
    assert sink.knows([1, 2, 3]) == [1, 2]


def test_runs_that_cannot_be_joined_go_on_as_they_are() -> None:
    disk, cursor = CrashDisk(), Cursor()
    sink = Sink(disk, cursor, ManualClock(), 1)
    sink.append([1], 0)
    list(sink.publish([0]))
    sink.append([2], 0)
    sink.seen.seal([0], "h")
    sink.seen.commit()
    disk.fail_at = disk.operations + 2

    assert "Input/output error" in sink.seen.tend(lambda: None)
    assert sink.knows([1, 2, 3]) == [1, 2]
    assert sink.seen.tend(lambda: None) == ""
    assert sink.knows([1, 2, 3]) == [1, 2]


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in range(1, 30))]
)
def test_a_random_life_is_as_a_set_would_have_it(seed: int) -> None:
    """Rows come again and again, files are published or given up, the power goes, time passes."""
    random, clock = Random(seed), ManualClock()
    disk, cursor = CrashDisk(), Cursor()
    sink = Sink(disk, cursor, clock, 1)
    live: set[int] = set()
    staged: dict[int, set[int]] = {}
    for step in range(250):
        act = random.random()
        if act < 0.6:
            numbers = [random.randrange(400) for _ in range(random.randrange(30))]
            owner = random.randrange(4)
            held = live.union(*staged.values())
            expected = [n for n in dict.fromkeys(numbers) if n not in held]
            assert sink.append(numbers, owner) == expected
            staged.setdefault(owner, set()).update(expected)
        elif act < 0.85:
            owners = random.sample(range(4), random.randrange(1, 4))
            stop = random.choice(["sealed", "intended", "tended", "stored", "", "", ""])
            for at in sink.publish(owners):
                if at == "intended":
                    live.update(*(staged.get(owner, ()) for owner in owners))
                if at == stop:
                    disk = disk.reboot(random.choice(SURVIVALS))
                    sink, staged = Sink(disk, cursor, clock, step + 2), {}
                    break
            else:
                staged = {k: v for k, v in staged.items() if k not in owners}
        elif act < 0.9:
            sink.seen.abandon()
            staged = {}
        else:
            clock.advance(random.randrange(20))
        assert sink.seen.staged == sum(map(len, staged.values()))
    assert set(sink.knows(list(range(400)))) == live.union(*staged.values())


def test_keys_leave_by_the_time_that_passed_and_not_before() -> None:
    disk, cursor, clock = CrashDisk(), Cursor(), ManualClock()
    sink = Sink(disk, cursor, clock, 1)
    sink.append([1], 0)
    list(sink.publish([0]))
    clock.advance(HOUR - 1)
    sink.append([2], 0)
    list(sink.publish([0]))
    assert sink.knows([1, 2]) == [1, 2]

    clock.advance(HOUR / 2)
    list(sink.publish([]))

    assert sink.knows([1, 2]) == [2]
    clock.advance(HOUR)
    list(sink.publish([]))
    assert sink.knows([1, 2]) == []
    assert disk.names(FOLDER) == []


@pytest.mark.parametrize("jump", [-10 * HOUR, 1_000 * HOUR])
def test_a_clock_that_jumps_ages_nothing(jump: float) -> None:
    disk, cursor, clock = CrashDisk(), Cursor(), SettableClock()
    sink = Sink(disk, cursor, clock, 1)
    sink.append([1], 0)
    list(sink.publish([0]))

    clock.ahead += jump
    list(sink.publish([]))
    assert sink.knows([1]) == [1]

    clock.ahead += jump
    sink = Sink(disk.reboot(), cursor, clock, 2)
    list(sink.publish([]))
    assert sink.knows([1]) == [1], "of the time that an agent was down, a twelfth is believed"


def test_a_row_is_late_shortly_before_its_key_is_gone() -> None:
    clock = SettableClock()
    ageing = Ageing(clock, HOUR, Age())
    born = clock.now_ns()
    clock.advance(HOUR - 300)
    assert not ageing.is_late(born)
    clock.advance(1)
    assert ageing.is_late(born)
    clock.ahead -= HOUR
    assert ageing.is_late(born), "a clock that is set back makes nothing younger"


def test_a_run_that_is_missing_is_said_and_not_passed_over() -> None:
    disk, cursor = CrashDisk(), Cursor()
    sink = Sink(disk, cursor, ManualClock(), 1)
    sink.append([1], 0)
    list(sink.publish([0]))
    (name,) = disk.names(FOLDER)
    disk.unlink(FOLDER / name)

    with pytest.raises(Unknown, match="is missing, and with it the proof of what was written"):
        Sink(disk, cursor, ManualClock(), 2)
    disk.open(FOLDER / f"{name}.lost", "create").close()
    sink = Sink(disk, cursor, ManualClock(), 3)

    assert sink.append([1], 0) == [1]
    list(sink.publish([0]))
    Sink(disk, cursor, ManualClock(), 4)
    assert not [left for left in disk.names(FOLDER) if left.endswith(".lost")]


@pytest.mark.slow
def test_a_window_has_few_runs_however_many_files_were_published() -> None:
    disk, cursor, clock = CrashDisk(), Cursor(), ManualClock()
    sink = Sink(disk, cursor, clock, 1)
    most = 0
    for roll in range(600):
        clock.advance(HOUR / 500)
        sink.append([roll], 0)
        list(sink.publish([0]))
        most = max(most, len(sink.seen.memory.runs))
    assert most <= 13 + 7
