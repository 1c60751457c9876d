"""Rows that a consumer is rid of: their letters and its not reading them again are one."""

from collections.abc import Callable
from contextlib import suppress

import pyarrow as pa
import pytest
from flumec.runtime.batch import decode, encode
from flumec.runtime.disk import Disk
from flumec.runtime.journal import ChannelSpec, JournalFailed
from flumec.runtime.journal.records import (
    NO_TROUBLE,
    Aside,
    Attempt,
    Chunk,
    Cursor,
    Frame,
    Full,
    Outcome,
    Output,
    Put,
    Ranges,
    Refused,
    Stored,
    TagRun,
    Trouble,
)
from flumec.runtime.testing import EVERYTHING, NOTHING, CrashDisk, PowerCut, Survival

from .conftest import PATIENCE, Rig

DIED = Trouble(Attempt(3, 7, 2, in_hand=True, error="ValueError: no", by="1/bundle"), 5, 9)


def put(rig: Rig, *bodies: bytes, channel: str = "a") -> None:
    """Store events, as a source would."""
    batch = pa.record_batch({"body": pa.array(bodies, pa.binary())})
    frame = Frame((channel,), batch.num_rows, encode(batch))
    assert isinstance(rig.journal.submit(Put((frame,))).result(PATIENCE), Stored)


def set_aside(rig: Rig, *ranges: tuple[int, int], letters: int = 0) -> Outcome:
    """Set rows of channel `a` aside, with some dead letters in `b`."""
    frame = Frame(("b",), letters, pa.py_buffer(b"letter"), tags=(TagRun(b"e" * 16, 0, letters),))
    done = Put((frame,) if letters else (), aside=Aside("a", ranges))
    outcome = rig.journal.submit(done).result(PATIENCE)
    if isinstance(outcome, Stored):
        rig.consumer().forget(ranges)
    return outcome


def bodies(chunks: list[Chunk]) -> list[bytes]:
    """Return what a sink would see of them."""
    batches = [(chunk, decode(chunk.body)) for chunk in chunks]
    seen = [batch.slice(chunk.skip, chunk.rows) for chunk, batch in batches]
    return [body for batch in seen for body in batch.column("body").to_pylist()]


@pytest.mark.parametrize("durable", [True, False], ids=["on disk", "in memory"])
@pytest.mark.parametrize(
    "ranges",
    [((0, 1),), ((2, 3),), ((5, 6),), ((0, 6),), ((0, 4),), ((1, 2), (3, 4)), ((2, 5),)],
    ids=str,
)
def test_what_is_set_aside_is_not_read_again(rig: Rig, ranges: Ranges, durable: bool) -> None:
    rig.open(ChannelSpec("a", 1 << 20, durable), ChannelSpec("b", 1 << 20, durable))
    put(rig, b"0", b"1", b"2")
    put(rig, b"3", b"4", b"5")
    consumer = rig.consumer()
    read = consumer.read(0)
    assert bodies(read) == [b"%d" % row for row in range(6)]
    rows = [row for row in range(6) if not any(first <= row < end for first, end in ranges)]
    assert isinstance(set_aside(rig, *ranges, letters=6 - len(rows)), Stored)
    consumer.seek(0)
    again = consumer.read(0)
    assert bodies(again) == [b"%d" % row for row in rows]
    assert [row for chunk in again for row in range(chunk.first, chunk.end)] == rows
    assert rig.journal.stats()["b"].held == 6 - len(rows)
    assert rig.balance()[3] == len(rows)
    if durable:
        consumer = rig.reopen().consumer("a")
        assert bodies(consumer.read(0)) == [b"%d" % row for row in rows]
    consumer.advance(Cursor(rows[-1] + 1 if rows else 0, delivered=len(rows))).result(PATIENCE)
    stats = rig.journal.stats()["a"]
    assert (stats.delivered, stats.dead_lettered, stats.held) == (len(rows), 6 - len(rows), 0)
    assert (stats.held_bytes, consumer.cursor.low, consumer.fullness) == (0, 6, 0)


def test_a_sink_that_knows_nothing_of_it_goes_on_with_its_own_cursor(rig: Rig) -> None:
    rig.open()
    put(rig, b"0", b"1", b"2")
    consumer = rig.consumer()
    consumer.read(0)
    consumer.advance(Cursor(1, delivered=1)).result(PATIENCE)
    assert isinstance(set_aside(rig, (1, 2)), Stored)
    consumer.advance(Cursor(1)).result(PATIENCE)
    assert consumer.cursor.low == 2
    consumer.advance(Cursor(1, {"bucket": 3})).result(PATIENCE)
    assert (consumer.cursor.low, consumer.cursor.ahead) == (2, {"bucket": 3})
    consumer.seek(1)
    assert bodies(consumer.read(0)) == [b"2"]
    with pytest.raises(ValueError, match="a cursor at 0"):
        consumer.advance(Cursor(0))


@pytest.mark.parametrize("durable", [True, False], ids=["on disk", "in memory"])
@pytest.mark.parametrize("started_anew", [False, True])
def test_other_channels_rows_between_what_is_set_aside_keep_no_room(
    rig: Rig, durable: bool, started_anew: bool
) -> None:
    rig.open(ChannelSpec("a", 1 << 20, durable), ChannelSpec("b", 1 << 20, durable))
    for row in range(6):
        put(rig, b"%d" % row, channel="ab"[row % 2])
    put(rig, b"6", b"7", b"8")
    put(rig, b"9", channel="b")
    assert rig.rows() == [0, 2, 4, 6, 7, 8]
    for row in (0, 2, 4, 7):  # each has its own letter, which has a row of its own as well
        assert isinstance(set_aside(rig, (row, row + 1), letters=1), Stored)
    if started_anew and durable:
        rig.killed()
        rig.open()
    consumer = rig.consumer()
    consumer.advance(consumer.cursor).result(PATIENCE)
    assert (consumer.cursor.low, rig.rows()) == (6, [6, 8])  # not 1
    for row in (6, 8):
        assert isinstance(set_aside(rig, (row, row + 1), letters=1), Stored)
    consumer.advance(consumer.cursor).result(PATIENCE)
    assert (rig.rows(), consumer.fullness, rig.journal.stats()["a"].held_bytes) == ([], 0, 0)
    put(rig, b"more")
    assert len(rig.rows()) == 1


def test_no_row_gets_two_letters_and_none_that_is_done_or_may_be_published(rig: Rig) -> None:
    rig.open()
    put(rig, *(b"%d" % row for row in range(10)))
    consumer = rig.consumer()
    consumer.read(0)
    consumer.advance(Cursor(1, delivered=1)).result(PATIENCE)
    assert set_aside(rig, (0, 2), letters=2) == Refused("rows below 1 are done")
    assert isinstance(set_aside(rig, (2, 4), letters=2), Stored)
    twice = set_aside(rig, (1, 3), letters=2)
    assert isinstance(twice, Refused)
    assert "set aside already" in twice.reason
    intent = consumer.intend([Output("", 4, 8, 4, "hidden", "final", 10)])
    unsure = set_aside(rig, (7, 9), letters=2)
    assert isinstance(unsure, Refused)
    assert "intent 1 is open" in unsure.reason
    consumer.resolve(intent, None).result(PATIENCE)
    assert isinstance(set_aside(rig, (7, 9), letters=2), Stored)
    stranger = rig.journal.submit(Put(aside=Aside("nobody", ((5, 6),)))).result(PATIENCE)
    assert stranger == Refused("no consumer `nobody` was declared")
    assert (rig.journal.stats()["b"].put, rig.balance()) == (4, (10, 1, 0, 5))


def test_a_full_dead_letter_channel_lets_nothing_go(rig: Rig) -> None:
    rig.open(ChannelSpec("a", 1 << 20, True), ChannelSpec("b", 8, True))
    put(rig, b"0", b"1")
    assert isinstance(set_aside(rig, (0, 1), letters=1), Stored)
    assert set_aside(rig, (1, 2), letters=1) == Full("b")
    assert rig.rows() == [1]


def test_rows_may_be_dropped_without_a_letter(rig: Rig) -> None:
    rig.open()
    put(rig, b"0", b"1")
    rig.journal.submit(Put(aside=Aside("a", ((0, 1),), "dropped"))).result(PATIENCE)
    rig.killed()
    rig.open()
    assert (rig.rows(), rig.balance()) == ([1], (2, 0, 1, 1))


@pytest.mark.parametrize("trouble", [DIED, Trouble(None, 1, 1), NO_TROUBLE], ids=str)
def test_trouble_is_known_after_a_kill_and_after_segments_were_freed(
    rig: Rig, trouble: Trouble
) -> None:
    rig.open()
    put(rig, *(b"%d" % row for row in range(10)))
    rig.consumer().note(DIED).result(PATIENCE)
    rig.consumer().note(trouble).result(PATIENCE)
    set_aside(rig, (8, 9))
    rig.killed()
    rig.open()
    assert rig.consumer().trouble == trouble
    for _ in range(12):  # more than a segment
        put(rig, b"x" * 5000, channel="b")
        rig.done("b", rig.journal.stats()["b"].put + 10)
    rig.killed()
    rig.open()
    assert rig.consumer().trouble == trouble
    assert rig.rows() == [0, 1, 2, 3, 4, 5, 6, 7, 9]


@pytest.mark.parametrize(
    "survival",
    [NOTHING, pytest.param(EVERYTHING, marks=pytest.mark.slow),
     pytest.param(Survival(0.5, 1.0, torn=True), marks=pytest.mark.slow)],
    ids=str,
)  # fmt: skip
def test_at_every_cut_a_row_is_in_one_place(
    new_rig: Callable[[Disk], Rig], survival: Survival
) -> None:
    outcomes, cut = set(), 0
    while True:
        cut += 1
        disk = CrashDisk()
        rig = new_rig(disk)
        rig.open()
        put(rig, *(b"%d" % row for row in range(4)))
        disk.cut_at = disk.operations + cut
        told: list[Outcome] = []
        with suppress(JournalFailed, PowerCut):
            rig.consumer().read(0)
            rig.consumer().note(DIED).result(PATIENCE)
            told.append(set_aside(rig, (1, 3), letters=2))
            rig.consumer().advance(Cursor(1, delivered=1)).result(PATIENCE)
            told.append(set_aside(rig, (3, 4), letters=1))
        if not disk.dead:
            break
        with suppress(JournalFailed):
            rig.journal.close()
        after = new_rig(disk.reboot(survival))
        after.open()
        letters = after.journal.stats()["b"].put
        rows = set(after.rows())
        assert {0: {0, 1, 2, 3}, 2: {0, 3}, 3: set()}[letters] - {0} == rows - {0}
        assert letters >= sum(rows for _, rows in zip(told, (2, 1), strict=False))
        put_, delivered, _, held = after.balance()
        assert (put_, held) == (4, len(rows))
        assert delivered == (0 not in rows)
        outcomes.add(letters)
        after.journal.close()
    assert outcomes >= {0, 2}
