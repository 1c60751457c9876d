"""A channel that spills: memory first, the journal when that is full, one order, one balance."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import Thread

import pyarrow as pa
import pytest
from flumec.runtime.disk import Disk
from flumec.runtime.journal import ChannelSpec, JournalDamaged, JournalFailed, Settings
from flumec.runtime.journal.packing import Key, Keys
from flumec.runtime.journal.records import (
    Aside,
    Cursor,
    Frame,
    Full,
    Outcome,
    Output,
    Progress,
    Put,
    Stored,
)
from flumec.runtime.journal.specs import WhenFull
from flumec.runtime.testing import EVERYTHING, NOTHING, CrashDisk, PowerCut, Survival

from .conftest import DIRECTORY, PATIENCE, Rig

SPILL = ChannelSpec("a", 1000, durable=True, memory=200)
FILE = ChannelSpec("a", 1000, durable=True)
MEMORY = ChannelSpec("a", 1000, durable=False)


def operations(rig: Rig) -> int:
    assert isinstance(rig.disk, CrashDisk)
    return rig.disk.operations


def where(rig: Rig, name: str = "a") -> tuple[int, int]:
    """Return (rows in memory, rows that are on disk or done ahead)."""
    stats = rig.journal.stats()[name]
    return stats.in_memory, stats.held - stats.in_memory


def killed(rig: Rig, *channels: ChannelSpec) -> None:
    journal = rig.journal
    rig.killed()
    journal.close()
    rig.open(*channels)


def test_memory_first_then_the_disk_and_the_order_is_kept(rig: Rig) -> None:
    rig.open(SPILL)
    for _ in range(5):
        rig.put("a")
    assert where(rig) == (4, 6)
    assert rig.rows() == list(range(10))
    rig.done("a", 4)
    for _ in range(3):
        rig.put("a")
    assert where(rig) == (4, 8), "what is in memory now is newer than what is on disk"
    assert rig.rows() == list(range(4, 16))
    assert rig.balance() == (16, 4, 0, 12)


def test_what_fits_into_memory_costs_no_disk(rig: Rig) -> None:
    rig.open(SPILL)
    before = operations(rig)
    for row in range(0, 100, 2):
        rig.put("a")
        rig.done("a", row + 2)
    assert operations(rig) == before
    assert rig.balance() == (100, 100, 0, 0)
    assert rig.consumer().fullness == 0


def test_what_is_larger_than_the_memory_lies_on_disk(rig: Rig) -> None:
    rig.open(SPILL)
    rig.put("a", size=201)
    assert where(rig) == (0, 2)
    rig.done("a", 2)
    rig.put("a", size=2000)
    assert rig.outcome(rig.submit("a", size=2000)) == Full("a")
    rig.put("a")
    assert where(rig) == (2, 2)


def test_a_put_that_waits_takes_whichever_part_has_room_first(rig: Rig) -> None:
    rig.open(ChannelSpec("a", 100, durable=True, memory=100))
    rig.put("a")
    rig.put("a")
    got: list[Outcome] = []
    thread = Thread(target=lambda: got.append(rig.submit("a", wait=True).result(PATIENCE)))
    thread.start()
    rig.done("a", 2)
    thread.join(PATIENCE)
    assert got == [Stored(4, 2)]
    assert where(rig) == (2, 2)
    assert rig.rows() == [2, 3, 4, 5]


def test_the_number_of_events_counts_both_parts(rig: Rig) -> None:
    rig.open(ChannelSpec("a", 1 << 20, durable=True, events=6, memory=200))
    for _ in range(3):
        rig.put("a")
    assert rig.outcome(rig.submit("a")) == Full("a")
    rig.done("a", 2)
    rig.put("a")
    assert where(rig) == (4, 2)


def test_a_killed_process_takes_along_what_was_in_memory_and_no_more(rig: Rig) -> None:
    rig.open(SPILL)
    for _ in range(4):
        rig.put("a")
    rig.done("a", 1)
    killed(rig)
    assert rig.rows() == [4, 5, 6, 7]
    assert rig.balance() == (8, 1, 3, 4)
    rig.done("a", 8)
    killed(rig)
    assert rig.balance() == (8, 5, 3, 0)
    assert not rig.consumer().unread


def test_an_orderly_end_loses_nothing_and_keeps_the_order(rig: Rig) -> None:
    rig.open(SPILL)
    for _ in range(4):
        rig.put("a")
    rig.done("a", 4)
    rig.put("a")
    rig.done("a", 5)
    rig.put("a")
    rig.reopen()
    assert where(rig) == (0, 7)
    assert rig.rows() == [5, 6, 7, 8, 9, 10, 11]
    killed(rig)
    assert rig.rows() == [5, 6, 7, 8, 9, 10, 11], "what an orderly end has written is safe"
    rig.done("a", 9)
    rig.put("a")
    rig.reopen()
    assert rig.rows() == [9, 10, 11, 12, 13]
    assert rig.balance() == (14, 9, 0, 5)


def test_what_an_orderly_end_has_no_room_for_is_counted(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    rig.open(ChannelSpec("a", 100, durable=True, memory=300))
    for _ in range(4):
        rig.put("a")
    rig.reopen()
    assert "6 events in memory have no room on the disk" in caplog.text
    assert rig.rows() == [6, 7]
    assert rig.balance() == (8, 0, 6, 2)


def test_an_orderly_end_on_a_full_disk_counts_too(new_rig: Callable[[Disk], Rig]) -> None:
    disk = CrashDisk(room=160 << 10)
    rig = new_rig(disk)
    spec = ChannelSpec("a", 1 << 20, durable=True, memory=1 << 20)
    rig.open(spec)
    for _ in range(8):
        rig.put("a", size=30_000)
    rig.reopen()
    put, delivered, dropped, held = rig.balance()
    assert (put, delivered) == (16, 0)
    assert dropped
    assert held == len(rig.rows())
    rig.journal.close()


def test_many_orderly_ends_write_nothing_twice(rig: Rig) -> None:
    rig.open(ChannelSpec("a", 1 << 20, durable=True, memory=1 << 20))
    for number in range(8):
        for _ in range(4):
            rig.put("a", size=3000)
        rig.done("a", 5 * number)
        rig.reopen()
        assert rig.rows() == list(range(5 * number, 8 * (number + 1)))
    assert rig.balance() == (64, 35, 0, 29)
    rig.done("a", 64)
    rig.put("a", size=3000)
    rig.reopen()
    assert rig.rows() == [64, 65]
    segments = [name for name in rig.disk.names(DIRECTORY) if name.endswith(".seg")]
    assert len(segments) <= 3, "what is done is deleted"


def test_rows_that_were_delivered_ahead_are_not_lost_and_not_repeated(rig: Rig) -> None:
    rig.open(SPILL)
    for _ in range(4):
        rig.put("a")
    rig.rows()
    # Of each frame the first row goes to x, the second to y; x is published up to row 6.
    cursor = Cursor(1, {"x": 7}, delivered=4)
    rig.consumer().advance(cursor).result(PATIENCE)
    killed(rig)
    # Rows 1 to 3 were in memory: 2 is delivered, 1 and 3 are lost. Which of them, only x knows.
    put, delivered, dropped, held = rig.balance()
    assert (put, delivered) == (8, 4)
    assert dropped + held == 4
    assert rig.rows() == [4, 5, 6, 7]
    assert rig.consumer().cursor.ahead == {"x": 7}
    rig.consumer().advance(Cursor(8, delivered=2)).result(PATIENCE)
    assert rig.balance() == (8, 6, 2, 0)
    assert rig.consumer().fullness == 0


def test_an_intent_that_was_open_decides_what_was_lost(rig: Rig) -> None:
    rig.open(SPILL)
    for _ in range(3):
        rig.put("a")
    rig.rows()
    rig.consumer().intend([Output("x", 0, 4, 3, "hidden", "final", 10)])
    killed(rig)
    assert rig.balance()[2] <= 1, "three rows may be published"
    (intent,) = rig.consumer().intents
    rig.rows()
    rig.consumer().resolve(intent, Cursor(4, delivered=3)).result(PATIENCE)
    assert rig.balance() == (6, 3, 1, 2)
    rig.consumer().advance(Cursor(6, delivered=2)).result(PATIENCE)
    assert rig.balance() == (6, 5, 1, 0)


def test_marks_that_were_set_in_memory_survive_an_orderly_end(rig: Rig) -> None:
    rig.open(SPILL)
    rig.put("a")
    rig.put("a")
    rig.rows()
    rig.consumer().advance(Cursor(0, {"x": 3}, delivered=2)).result(PATIENCE)
    rig.reopen()
    assert rig.consumer().cursor.ahead == {"x": 3}
    assert rig.rows() == [0, 1, 2, 3]
    assert rig.balance() == (4, 2, 0, 2)


def test_dead_letters_leave_and_enter_it(rig: Rig) -> None:
    rig.open(SPILL, ChannelSpec("b", 1000, durable=True, memory=100))
    for _ in range(3):
        rig.put("a")
    rig.rows()
    letters = Frame(("b",), 2, pa.py_buffer(b"y" * 100))
    for ranges in (((2, 4),), ((4, 6),)):
        put = Put((letters,), aside=Aside("a", ranges))
        assert isinstance(rig.journal.submit(put).result(PATIENCE), Stored)
        rig.consumer().forget(ranges)
    assert rig.rows() == [0, 1]
    assert where(rig, "b") == (2, 2)
    stats = rig.journal.stats()["a"]
    assert (stats.put, stats.dead_lettered, stats.held) == (6, 4, 2)
    killed(rig)
    assert rig.rows() == []
    assert rig.rows("b") == [8, 9]
    rig.consumer().advance(rig.consumer().cursor).result(PATIENCE)  # as a sink's start does
    stats = rig.journal.stats()["a"]
    assert (stats.put, stats.dead_lettered, stats.dropped, stats.held) == (6, 4, 2, 0)
    assert rig.balance("b") == (4, 0, 2, 2)


@pytest.mark.parametrize("memory", [0, 100, 500])
def test_a_put_to_several_kinds_is_one(rig: Rig, memory: int) -> None:
    spill = ChannelSpec("a", 1000, durable=True, memory=memory)
    rig.open(spill, ChannelSpec("b", 1000, durable=True), ChannelSpec("c", 1000, durable=False))
    for _ in range(4):
        rig.put("a", "b", "c")
    assert where(rig) == (2 * min(4, memory // 100), 8 - 2 * min(4, memory // 100))
    assert rig.rows("a") == rig.rows("b") == rig.rows("c") == list(range(8))
    killed(rig)
    assert rig.rows("b") == list(range(8))
    assert rig.rows("a") == list(range(2 * min(4, memory // 100), 8))
    assert rig.rows("c") == []


def test_a_full_channel_beside_it_takes_nothing_in_it(rig: Rig) -> None:
    rig.open(SPILL, ChannelSpec("b", 100, durable=True))
    rig.put("b")
    assert rig.outcome(rig.submit("a", "b")) == Full("b")
    assert rig.consumer().fullness == 0
    assert isinstance(rig.outcome(rig.submit("a", "b", optional=["b"])), Stored)
    assert where(rig) == (2, 0)
    rig.done("b", 2)
    rig.put("a", size=1000)
    assert isinstance(rig.outcome(rig.submit("b", "a", size=150, optional=["a"])), Stored)
    assert where(rig) == (2, 2)
    assert rig.rows("b") == [6, 7]
    assert rig.balance() == (6, 0, 2, 4), "and the optional one that spills is left out"


def test_a_refused_put_gives_its_memory_back(rig: Rig) -> None:
    rig.open(SPILL)
    step = Progress("source", b"k", b"wrong", b"to")
    outcome = rig.outcome(rig.submit("a", progress=[step]))
    assert not isinstance(outcome, Stored)
    assert rig.consumer().fullness == 0
    assert where(rig) == (0, 0)


def test_a_full_disk_leaves_the_memory(new_rig: Callable[[Disk], Rig]) -> None:
    disk = CrashDisk(room=100 << 10)
    rig = new_rig(disk)
    rig.open(ChannelSpec("a", 1 << 20, durable=True, memory=40_000))
    rig.put("a", size=30_000)
    while isinstance(rig.outcome(rig.submit("a", size=12_000)), Stored):
        pass
    assert rig.outcome(rig.submit("a", size=12_000)) in {Full("disk"), Full("a")}
    assert isinstance(rig.outcome(rig.submit("a", size=9_000)), Stored), "there is room in memory"
    rows = rig.rows()
    assert rows == list(range(len(rows)))
    rig.journal.close()


@pytest.mark.parametrize("compression", ["none", "zstd"])
@pytest.mark.parametrize("secret", [None, "s" * 32])
def test_bodies_are_packed_as_the_journal_says(
    rig: Rig, compression: str, secret: str | None
) -> None:
    keys = Keys(Key(secret)) if secret else Keys()
    rig.settings = Settings(compression, keys)  # type: ignore[arg-type]
    rig.open(ChannelSpec("a", 10_000, durable=True, memory=1000))
    for _ in range(6):
        rig.put("a", size=500)
    assert where(rig) == (4, 8)
    stats = rig.journal.stats()["a"]
    assert rig.consumer().fullness == pytest.approx(stats.held_bytes / stats.size)
    rig.reopen()
    chunks = [chunk for _ in range(9) for chunk in rig.consumer().read(0)]
    assert [chunk.first for chunk in chunks] == [0, 2, 4, 6, 8, 10]
    assert {bytes(chunk.body) for chunk in chunks} == {b"x" * 500}
    rig.done("a", 12)
    assert rig.consumer().fullness == 0
    assert rig.balance() == (12, 12, 0, 0)


def test_from_file_to_spill_to_file_and_back(rig: Rig) -> None:
    rig.open(FILE)
    for _ in range(3):
        rig.put("a")
    rig.done("a", 3)
    rig.reopen(SPILL)
    rig.put("a")
    assert where(rig) == (2, 3)
    assert rig.rows() == [3, 4, 5, 6, 7]
    rig.reopen(FILE)
    rig.put("a")
    assert where(rig) == (0, 7)
    assert rig.rows() == list(range(3, 10))
    rig.done("a", 10)
    rig.reopen(FILE)
    rig.put("a")
    rig.reopen(ChannelSpec("b", 1000, durable=True, memory=200, formerly="a"))
    assert rig.rows("b") == [10, 11]
    assert rig.balance("b") == (12, 10, 0, 2)


@pytest.mark.parametrize("ended", ["stopped", "killed"])
def test_rows_of_a_file_that_were_delivered_ahead_are_known_when_it_spills(
    rig: Rig, ended: str
) -> None:
    rig.open(FILE)
    for _ in range(4):
        rig.put("a")
    # Of each frame the first row goes to x, the second to y; x is published up to row 6.
    rig.rows()
    rig.consumer().advance(Cursor(1, {"x": 7}, delivered=4)).result(PATIENCE)
    (rig.reopen if ended == "stopped" else partial(killed, rig))(SPILL)
    rig.rows()
    for _ in range(3):
        rig.put("a")
    rig.consumer().advance(Cursor(8, delivered=4)).result(PATIENCE)
    assert rig.rows() == [8, 9, 10, 11, 12, 13]
    assert where(rig) == (4, 2)
    rig.consumer().advance(Cursor(8, {"x": 13}, delivered=3)).result(PATIENCE)
    killed(rig)
    assert rig.rows() == [12, 13]
    assert rig.consumer().cursor.ahead == {"x": 13}, "12 is on disk, and must not come twice"
    rig.consumer().advance(Cursor(14, delivered=1)).result(PATIENCE)
    assert rig.balance() == (14, 12, 2, 0)


def test_dead_letters_of_a_file_are_known_when_it_spills(rig: Rig) -> None:
    rig.open(FILE, ChannelSpec("b", 1000, durable=True))
    for _ in range(4):
        rig.put("a")
    aside = Put((Frame(("b",), 6, pa.py_buffer(b"x")),), aside=Aside("a", ((2, 8),)))
    assert isinstance(rig.outcome(rig.journal.submit(aside)), Stored)
    rig.reopen(SPILL)
    for _ in range(3):
        rig.put("a")
    rig.rows()
    rig.consumer().advance(Cursor(2, delivered=2)).result(PATIENCE)
    rig.consumer().advance(Cursor(19, delivered=5)).result(PATIENCE)
    killed(rig)
    assert rig.rows() == [19]
    rig.consumer().advance(Cursor(20, delivered=1)).result(PATIENCE)
    assert rig.balance()[3] == 0


def test_from_memory_to_spill_and_back(rig: Rig) -> None:
    rig.open(MEMORY)
    rig.put("a")
    rig.reopen(SPILL)
    assert rig.rows() == []
    for _ in range(3):
        rig.put("a")
    rig.reopen(MEMORY)
    assert rig.rows() == []
    rig.reopen(SPILL)
    assert rig.rows() == [2, 3, 4, 5, 6, 7], "what was on disk was kept meanwhile"


def test_the_oldest_make_room_wherever_they_lie(rig: Rig) -> None:
    rig.open(ChannelSpec("a", 300, durable=True, when_full="drop_oldest", memory=200))
    for _ in range(12):
        rig.put("a")
        assert rig.balance()[3] <= 10
    assert rig.rows() == list(range(14, 24))
    assert rig.balance() == (24, 0, 14, 10)
    killed(rig)
    rows = rig.rows()
    assert rows
    assert rig.balance()[3] == len(rows)
    rig.done("a", 24)
    assert rig.consumer().fullness == 0


def test_what_an_orderly_end_wrote_makes_room_once(rig: Rig) -> None:
    rig.open(ChannelSpec("a", 600, durable=True, when_full="drop_oldest", memory=200))
    for _ in range(4):
        rig.put("a")
    rig.done("a", 4)
    rig.put("a")  # in memory, and newer than what is on disk
    rig.reopen()
    for _ in range(12):
        rig.put("a")
        held = rig.journal.stats()["a"].held
        assert rig.balance() == (rig.journal._state.next_row, 4, rig.balance()[2], held)
    assert rig.rows() == list(range(18, 34))
    assert rig.balance() == (34, 4, 14, 16)


def test_after_a_kill_nothing_seems_to_be_unread_that_was_in_memory(rig: Rig) -> None:
    rig.open(SPILL, ChannelSpec("b", 1 << 20, durable=True))
    rig.put("a")
    for _ in range(8):  # into a new segment, which begins with all that is known
        rig.put("b", size=4000)
    killed(rig)
    assert not rig.consumer().unread
    assert rig.consumer().read(0) == []
    assert rig.balance() == (2, 0, 2, 0)


def test_a_segment_with_late_frames_stays_as_it_is(rig: Rig) -> None:
    rig.segment_size = 64 << 10
    rig.open(SPILL, ChannelSpec("b", 1 << 20, durable=True))
    for _ in range(10):
        rig.put("b", size=4000)
    rig.put("a")
    rig.reopen()
    for _ in range(3):
        rig.put("b", size=30_000)
    rig.done("b", 28)
    rig.settled()
    rig.reopen()
    assert rig.rows() == [20, 21]
    assert rig.rows("b") == []


def test_a_damaged_body_stops_the_consumer_in_its_place(rig: Rig) -> None:
    rig.open(SPILL)
    rig.put("a")
    rig.put("a")
    rig.put("a")
    rig.reopen()
    (late, *_) = rig.journal._live["a"].memory.late  # type: ignore[union-attr]
    assert isinstance(rig.disk, CrashDisk)
    rig.disk.corrupt(late.path, late.offset)
    with pytest.raises(JournalDamaged, match=r"rows 0 to 1 \(2 of them\)"):
        rig.consumer().read(0)


def test_whoever_reads_on_after_an_error_of_the_disk_misses_nothing(rig: Rig) -> None:
    rig.open(SPILL)
    for _ in range(5):
        rig.put("a")
    assert isinstance(rig.disk, CrashDisk)
    for spoiled in ("walked to", "late"):
        rig.disk.rotten = set(map(DIRECTORY.joinpath, rig.disk.names(DIRECTORY)))
        rig.consumer().seek(0)
        with pytest.raises(OSError, match="rows of the journal cannot be read back"):
            for _ in range(6):
                rig.consumer().read(0)
        rig.disk.rotten = set()
        assert rig.consumer().unread, spoiled
        assert rig.rows() == list(range(10))
        rig.reopen()


def test_the_age_of_the_oldest_event_is_known_wherever_it_lies(rig: Rig) -> None:
    rig.open(SPILL)
    assert rig.journal.stats()["a"].oldest_born is None
    for _ in range(3):
        rig.put("a")
    ages = []
    for low in (2, 4, 6):
        ages.append(rig.journal.stats()["a"].oldest_born or 0)
        rig.done("a", low)
    assert ages == sorted(set(ages))
    assert rig.journal.stats()["a"].oldest_born is None


@pytest.mark.parametrize("puts", [150, pytest.param(2000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("when_full", ["block", "drop_oldest"])
def test_many_threads_and_a_reader_see_one_order(rig: Rig, puts: int, when_full: WhenFull) -> None:
    rig.open(ChannelSpec("a", 600, True, memory=200, when_full=when_full))

    def produce() -> None:
        for number in range(puts):
            size = 100 if number % 5 else 250  # the larger ones never lie in memory
            assert isinstance(rig.submit("a", size=size, wait=True).result(PATIENCE), Stored)

    threads = [Thread(target=produce) for _ in range(3)]
    for thread in threads:
        thread.start()
    consumer, got = rig.consumer(), list[int]()
    stored = consumer.advance(Cursor(0))
    while any(thread.is_alive() for thread in threads) or consumer.unread:
        for chunk in consumer.read(0.05, 300):
            got += range(chunk.first, chunk.end)
            stored = consumer.advance(Cursor(chunk.end, delivered=chunk.rows))
    stored.result(PATIENCE)
    put, delivered, dropped, held = rig.balance()
    assert got == sorted(set(got))
    assert (put, held) == (6 * puts, 0)
    assert delivered == len(got)
    assert dropped == put - len(got)
    assert not dropped or when_full == "drop_oldest"
    assert consumer.fullness == 0


class Promised:
    """What a channel's user may rely on after a crash."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.stored: set[int] = set()
        """Rows that lay on disk when they were acknowledged, or after an orderly end."""
        self.low = 0
        """Rows below it are done."""
        self.tried = 0
        """Rows below it may be done: the power went before that was acknowledged."""

    def work(self) -> None:
        """Put into memory and onto the disk, deliver some, end in order, and go on."""
        for _ in range(4):
            self.put()
        self.done(3)
        self.put()
        self.done(6)
        self.rig.reopen()
        self.stored |= set(self.rig.rows())
        self.put()
        self.done(9)
        self.put()

    def put(self) -> None:
        in_memory = where(self.rig)[0]
        stored = self.rig.put("a")
        if where(self.rig)[0] == in_memory:
            self.stored |= {stored.first, stored.first + 1}

    def done(self, low: int) -> None:
        self.tried = low
        self.rig.done("a", low)
        self.low = low


@pytest.mark.parametrize(
    ("survival", "stride"),
    [
        (NOTHING, 3),
        *(
            pytest.param(each, 1, marks=pytest.mark.slow)
            for each in (
                NOTHING,
                EVERYTHING,
                Survival(0.5, 1.0, torn=True),
                Survival(0.7, order="any"),
            )
        ),
    ],
)
def test_the_power_goes_at_every_operation(
    new_rig: Callable[[Disk], Rig], survival: Survival, stride: int
) -> None:
    spec = ChannelSpec("a", 300, durable=True, memory=100)
    whole = new_rig(CrashDisk())
    whole.open(spec)
    Promised(whole).work()
    for cut in range(1, operations(whole) + 1, stride):
        disk = CrashDisk()
        rig = new_rig(disk)
        disk.cut_at = disk.operations + cut
        promised = Promised(rig)
        with suppress(PowerCut, JournalFailed):
            rig.open(spec)
            promised.work()
        for journal in rig.opened:
            with suppress(PowerCut, JournalFailed):
                journal.close()
        rig.disk = disk.reboot(survival)
        rig.open(spec)
        rows = rig.rows()
        assert rows == sorted(set(rows))
        assert {row for row in promised.stored if row >= promised.tried} <= set(rows)
        assert all(row >= promised.low for row in rows)
        assert rig.balance()[3] == len(rows)
        stored = rig.put("a")
        assert rig.rows() == [*rows, stored.first, stored.first + 1]
        rig.done("a", stored.first + 2)
        assert rig.balance()[3] == 0
        assert rig.consumer().fullness == 0
        rig.journal.close()
