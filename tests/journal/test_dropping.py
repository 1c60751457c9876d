"""`drop_oldest`: the oldest rows that no consumer has taken make room, and each one is counted."""

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from queue import Empty, Queue
from threading import Thread

import pyarrow as pa
import pytest
import thorough
from flumec.runtime.disk import Disk
from flumec.runtime.journal import ChannelSpec, ConsumerSpec, Journal, JournalFailed
from flumec.runtime.journal.records import Aside, Cursor, Frame, Full, Outcome, Output, Put, Stored
from flumec.runtime.journal_format import FORMAT, PLAIN
from flumec.runtime.testing import EVERYTHING, NOTHING, CrashDisk, PowerCut, Survival

from .conftest import PATIENCE, Rig

OLDEST = ChannelSpec("a", 1000, durable=True, when_full="drop_oldest")
IN_MEMORY = ChannelSpec("a", 1000, durable=False, when_full="drop_oldest")
KINDS = pytest.mark.parametrize("spec", [OLDEST, IN_MEMORY], ids=["file", "memory"])


def take(rig: Rig, name: str = "a") -> list[int]:
    """Read one frame, as a sink that takes a little at a time."""
    return [row for c in rig.consumer(name).read(0, 1) for row in range(c.first, c.end)]


@KINDS
def test_the_oldest_rows_make_room(rig: Rig, spec: ChannelSpec) -> None:
    rig.open(spec)
    for _ in range(12):
        rig.put("a", size=250)
    assert rig.balance() == (24, 0, 16, 8)
    assert rig.rows() == list(range(16, 24))
    rig.consumer().advance(Cursor(24, delivered=8)).result(PATIENCE)
    assert rig.balance() == (24, 8, 16, 0)
    assert rig.consumer().fullness == 0


@KINDS
def test_what_a_sink_has_taken_is_not_dropped(rig: Rig, spec: ChannelSpec) -> None:
    rig.open(spec)
    rig.put("a", size=250)
    rig.put("a", size=250)
    assert take(rig) == [0, 1]
    for _ in range(6):
        rig.put("a", size=250)
    assert take(rig) == [10, 11], "rows 2 to 9 were dropped"
    assert rig.balance() == (16, 0, 8, 8)
    rig.consumer().seek(0)
    assert [take(rig), take(rig)] == [[0, 1], [10, 11]], "and taken stays taken"
    rig.put("a", size=250)
    assert take(rig) == [14, 15]
    assert rig.balance() == (18, 0, 10, 8)


@KINDS
def test_what_was_dropped_is_forgotten_once_the_cursor_is_past_it(
    rig: Rig, spec: ChannelSpec
) -> None:
    rig.open(spec)
    for _ in range(10):
        for _ in range(6):
            rig.put("a", size=250)
        first = rig.rows()[0]
        rig.consumer().advance(Cursor(first + 2, delivered=2)).result(PATIENCE)
    assert rig.balance()[2] > 60
    assert len(rig.journal._live["a"].gaps) <= 5, "of ten"


@KINDS
def test_a_channel_that_is_taken_whole_is_full(rig: Rig, spec: ChannelSpec) -> None:
    rig.open(spec)
    rig.put("a", size=600)
    assert take(rig) == [0, 1]
    assert rig.outcome(rig.submit("a", size=600)) == Full("a")
    assert rig.outcome(rig.submit("a", size=1600)) == Full("a")
    assert rig.balance() == (2, 0, 0, 2)


@KINDS
def test_the_number_of_events_is_kept_by_dropping(rig: Rig, spec: ChannelSpec) -> None:
    rig.open(ChannelSpec("a", 1 << 20, spec.durable, events=10, when_full="drop_oldest"))
    rig.put("a", rows=8)
    rig.put("a", rows=3)
    assert rig.balance() == (11, 0, 8, 3)
    rig.put("a", rows=7)
    assert rig.balance() == (18, 0, 8, 10)


def test_a_put_goes_to_another_channel_whole(rig: Rig) -> None:
    rig.open(OLDEST, ChannelSpec("b", 1 << 20, durable=True))
    for _ in range(8):
        rig.put("a", "b", size=250)
    assert rig.rows("b") == list(range(16))
    rig.put("b", size=10)
    assert rig.outcome(rig.submit("b", "a", optional=["a"], size=250)) == Stored(18, 2)
    assert rig.rows() == [*range(10, 16), 18, 19], "an optional channel makes room too"


def test_a_waiting_put_drops_what_came_meanwhile(rig: Rig) -> None:
    rig.open(OLDEST, ChannelSpec("b", 300, durable=True))
    rig.put("b", size=300)
    waiting = rig.submit("a", size=100, wait=True)
    assert rig.outcome(waiting) == Stored(2, 2)


def test_a_put_that_only_one_of_two_channels_takes_is_answered(rig: Rig) -> None:
    rig.open(OLDEST, replace(OLDEST, name="b"))
    rig.put("b", size=600)
    rig.put("b", size=400)
    take(rig, "b")
    answers: Queue[Outcome] = Queue()
    Thread(
        target=lambda: answers.put(rig.outcome(rig.submit("a", "b", size=700))), daemon=True
    ).start()
    assert answers.get(timeout=PATIENCE) == Full("b")


def test_a_put_that_waits_for_what_is_taken_drops_the_rest_then(rig: Rig) -> None:
    rig.open(OLDEST)
    rig.put("a", size=600)
    rig.put("a", size=400)
    take(rig)
    answers: Queue[Outcome] = Queue()
    waiting = Thread(
        target=lambda: answers.put(rig.outcome(rig.submit("a", size=700, wait=True))), daemon=True
    )
    waiting.start()
    with pytest.raises(Empty):
        answers.get(timeout=0.3)
    rig.consumer().advance(Cursor(2, delivered=2)).result(PATIENCE)
    assert answers.get(timeout=PATIENCE) == Stored(4, 2)
    assert rig.balance() == (6, 2, 2, 2)


def test_dropped_rows_stay_dropped_after_a_restart(rig: Rig) -> None:
    rig.open(OLDEST)
    for _ in range(4):
        rig.put("a", size=250)
    take(rig)
    for _ in range(3):
        rig.put("a", size=250)
    for restart in (rig.reopen, rig.killed):
        restart()
        if restart == rig.killed:
            rig.open()
        assert rig.rows() == [0, 1, 8, 9, 10, 11, 12, 13]
        assert rig.balance() == (14, 0, 6, 8)
    rig.done("a", 14)
    assert rig.balance() == (14, 8, 6, 0)
    assert rig.consumer().fullness == 0


def test_a_frame_that_is_half_done_is_not_dropped_after_a_restart(rig: Rig) -> None:
    rig.open(OLDEST)
    for _ in range(4):
        rig.put("a", size=250)
    take(rig)
    rig.consumer().advance(Cursor(1, delivered=1)).result(PATIENCE)
    for _ in range(2):
        rig.reopen()
        rig.put("a", size=250)
    assert rig.rows() == [1, *range(6, 12)]
    assert rig.balance() == (12, 1, 4, 7)


def test_what_was_dropped_between_rows_that_came_back_is_not_dropped_again(rig: Rig) -> None:
    rig.open(OLDEST)
    four = Put(tuple(Frame(("a",), 2, pa.py_buffer(b"x" * 250)) for _ in range(4)))
    rig.outcome(rig.journal.submit(four))
    take(rig)
    rig.put("a", size=250)
    rig.reopen()
    assert rig.rows() == [0, 1, 4, 5, 6, 7, 8, 9], "rows 2 and 3 were dropped"
    rig.reopen()
    rig.put("a", size=500)
    assert rig.balance() == (12, 0, 6, 6)
    assert rig.rows() == list(range(6, 12))
    rig.done("a", 12)
    assert rig.balance() == (12, 6, 6, 0)
    rig.reopen()
    assert rig.consumer().fullness == 0


@KINDS
def test_a_cursor_passes_what_was_dropped_between_rows_that_were_set_aside(
    rig: Rig, spec: ChannelSpec
) -> None:
    rig.open(spec)
    for _ in range(4):
        rig.put("a", size=250)
    take(rig)
    rig.put("a", size=250)
    consumer = rig.consumer()
    consumer.read(0)
    for rows in ((0, 2), (4, 10)):
        assert isinstance(rig.outcome(rig.journal.submit(Put(aside=Aside("a", (rows,))))), Stored)
        consumer.forget((rows,))
    consumer.advance(Cursor(0)).result(PATIENCE)
    assert consumer.cursor.low == 10, "rows 2 and 3 were dropped"
    assert consumer.fullness == 0
    assert rig.journal.stats()["a"].oldest_born is None
    assert rig.outcome(rig.submit("a", size=1000)) == Stored(10, 2)


def test_what_was_published_or_may_be_is_not_dropped_after_a_restart(rig: Rig) -> None:
    rig.open(OLDEST)
    for _ in range(4):
        rig.put("a", size=250)
    consumer = rig.consumer()
    consumer.read(0)
    consumer.advance(Cursor(0, {"bucket": 2}, delivered=2)).result(PATIENCE)
    consumer.intend([Output("other", 2, 6, 4, "hidden", "final", 10)])
    rig.reopen()
    rig.put("a", size=250)
    assert rig.rows() == [0, 1, 2, 3, 4, 5, 8, 9]
    assert rig.balance() == (10, 2, 2, 6)


def test_what_was_sent_to_another_host_is_not_dropped_after_a_kill(rig: Rig) -> None:
    rig.consumers = [ConsumerSpec("a", "a", "sender arrow", sends=True)]
    rig.open(OLDEST)
    for _ in range(4):
        rig.put("a", size=250)
    take(rig)
    take(rig)
    for _ in range(2):
        rig.killed()
        rig.open()
        rig.put("a", size=250)
    assert rig.rows() == [0, 1, 2, 3, 8, 9, 10, 11]
    rig.consumer().advance(Cursor(4, delivered=4)).result(PATIENCE)
    assert rig.balance() == (12, 4, 4, 4)


def test_dropped_rows_give_their_disk_back_while_older_ones_are_taken(rig: Rig) -> None:
    rig.open(ChannelSpec("a", 30_000, durable=True, when_full="drop_oldest"))
    rig.put("a", size=1000)
    assert take(rig) == [0, 1]
    used = []
    for _ in range(8):
        for _ in range(20):
            rig.put("a", size=3000)
        used.append(rig.disk.allocated())  # type: ignore[attr-defined] it is a CrashDisk
    assert used[-1] <= used[1]
    assert rig.rows()[:2] == [0, 1]
    assert len(rig.rows()) == 2 + 2 * 9


def test_a_channel_that_drops_is_written_in_the_new_format_and_a_plain_one_is_not(
    rig: Rig,
) -> None:
    rig.open(OLDEST)
    newest = rig.disk.names(rig.directory)[0]
    header = rig.disk.open(rig.directory / newest).read(12, 0)
    assert header[8:] == bytes([FORMAT, 0, FORMAT, 0])
    rig.reopen(ChannelSpec("a", 1000, durable=True))
    newest = [name for name in rig.disk.names(rig.directory) if name.endswith(".seg")][-1]
    header = rig.disk.open(rig.directory / newest).read(12, 0)
    assert header[8:] == bytes([PLAIN, 0, PLAIN, 0])


class Model:
    """What puts, reads, cursors and restarts must leave in a channel that drops its oldest."""

    def __init__(self, rig: Rig, spec: ChannelSpec, seed: int) -> None:
        self.rig, self.spec = rig, spec
        self.dice = random.Random(seed)
        self.delivered: list[int] = []
        self.taken: list[tuple[int, int]] = []

    def step(self) -> None:
        what = self.dice.random()
        if what < 0.5:
            frames = tuple(
                Frame(("a",), self.dice.randint(1, 3), pa.py_buffer(b"x" * size))
                for size in self.dice.choice(((100,), (300,), (400,), (100, 200), (200, 100, 100)))
            )
            self.rig.outcome(self.rig.journal.submit(Put(frames)))
        elif what < 0.8:
            chunks = self.rig.consumer().read(0, 1)
            self.taken += [(c.first, c.end) for c in chunks]
        elif what < 0.95 and self.taken:
            count = self.dice.randint(1, len(self.taken))
            done, self.taken = self.taken[:count], self.taken[count:]
            first, end = done[-1]
            low = self.dice.randint(first + 1, end)
            done[-1] = (first, low)
            if low < end:
                self.taken.insert(0, (low, end))
            rows = [row for first, end in done for row in range(first, end)]
            self.delivered += rows
            self.rig.consumer().advance(Cursor(done[-1][1], delivered=len(rows))).result(PATIENCE)
        elif what < 0.97:
            self.rig.consumer().seek(self.rig.consumer().cursor.low)
            self.taken.clear()
        elif self.spec.durable:
            self.rig.killed()
            self.rig.open()
            self.taken.clear()

    def check(self) -> None:
        self.rig.journal.positions("source")  # so that what was dropped last is counted
        put, delivered, dropped, held = self.rig.balance()
        rest = self.rig.rows()
        everything = self.delivered + rest
        assert everything == sorted(set(everything)), "once each, and in order"
        assert (delivered, held) == (len(self.delivered), len(rest))
        assert put == len(everything) + dropped


@KINDS
@pytest.mark.parametrize("seed", thorough.spread(range(12), 6))
def test_every_row_is_delivered_once_or_counted_as_dropped(
    rig: Rig, spec: ChannelSpec, seed: int
) -> None:
    rig.open(spec)
    model = Model(rig, spec, seed)
    for _ in range(150):
        model.step()
    model.check()
    assert rig.balance()[2] > 0


def puts_and_takes(rig: Rig) -> None:
    for count in range(6):
        rig.put("a", size=300)
        if count in {1, 3}:
            take(rig)
    rig.consumer().advance(Cursor(2, delivered=2)).result(PATIENCE)
    for _ in range(3):
        rig.put("a", size=300)


@pytest.mark.parametrize(
    ("survival", "cuts"),
    [
        (NOTHING, slice(0, None, 4)),
        (EVERYTHING, slice(2, None, 4)),
        *(
            pytest.param(survival, slice(None), marks=pytest.mark.slow)
            for survival in (NOTHING, EVERYTHING, Survival(0.5, 1.0, torn=True))
        ),
    ],
    ids=["nothing, one in 4", "everything, one in 4", "nothing", "everything", "torn"],
)
def test_the_power_goes_at_every_operation(
    new_rig: Callable[[Disk], Rig], survival: Survival, cuts: slice
) -> None:
    whole = new_rig(CrashDisk())
    whole.open(OLDEST)
    puts_and_takes(whole)
    assert isinstance(whole.disk, CrashDisk)
    for cut in range(1, whole.disk.operations + 1)[cuts]:
        disk = CrashDisk()
        rig = new_rig(disk)
        disk.cut_at = disk.operations + cut
        opened: list[Journal] = []
        with suppress(PowerCut, JournalFailed):
            opened.append(rig.open(OLDEST))
            puts_and_takes(rig)
        rig.disk = disk.reboot(survival)
        rig.open(OLDEST)
        rig.put("a", size=400)
        rows = rig.rows()
        put, delivered, dropped, held = rig.balance()
        assert held == len(rows)
        assert put - delivered - dropped == held
        assert put - 2 in rows
        rig.journal.close()
