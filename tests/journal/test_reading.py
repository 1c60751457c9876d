"""Reading: in order, from memory or disk alike, in parts, again, and woken by a put."""

import threading
import time
from pathlib import Path

import pyarrow as pa
import pytest
from flumec.runtime.disk import DiskFile, Mode
from flumec.runtime.journal import ChannelSpec, journal
from flumec.runtime.journal.records import Cursor, Frame, Put, Stored, TagRun
from flumec.runtime.testing import ManualClock

from .conftest import Rig

PATIENCE = 20.0
BIG = ChannelSpec("a", 1 << 30, durable=True)


def test_the_buffer_that_was_put_is_the_one_that_is_read(rig: Rig) -> None:
    rig.open()
    body = pa.py_buffer(b"x" * 1000)
    rig.journal.submit(Put((Frame(("a", "b"), 5, body),))).result(PATIENCE)
    assert rig.consumer("a").read(0)[0].body.address == body.address
    assert rig.consumer("b").read(0)[0].body.address == body.address


def test_what_is_older_than_memory_comes_from_disk(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "RECENT_BYTES", 5000)
    rig.open(BIG)
    for _ in range(30):
        rig.put("a", size=500)
    assert rig.rows() == list(range(60))
    assert rig.rows() == list(range(60)), "again, from the low"
    rig.put("a")
    assert [chunk.first for chunk in rig.consumer().read(0)] == [60]


def test_memory_is_bounded_whatever_is_queued(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "RECENT_BYTES", 5000)
    rig.open(BIG, ChannelSpec("b", 1 << 30, durable=True))
    for _ in range(100):
        rig.put("a", "b", size=500)
    live = rig.journal._live
    kept = sum(c.body.size for name in "ab" for c in live[name].memory._chunks)
    assert 0 < kept <= 5000
    assert len(rig.journal._recent._order) < 20


def test_a_reader_that_met_memory_and_fell_behind_again_repeats_nothing(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What memory gave it is not read once more by the walk over the disk that it had begun."""
    monkeypatch.setattr(journal, "RECENT_BYTES", 6000)
    rig.open(BIG)
    consumer, seen = rig.consumer("a"), []

    def read(frames: int) -> None:
        for _ in range(frames):
            (chunk,) = consumer.read(0, max_bytes=1)
            seen.extend(range(chunk.first, chunk.end))

    def put(frames: int) -> None:
        for _ in range(frames):
            rig.put("a", size=500)

    put(12)  # the older half is on disk
    read(10)  # and the last of these are from memory, which has more
    put(20)  # now even what comes next is on disk
    read(22)
    assert consumer.read(0) == []
    assert seen == list(range(64))


def test_a_slow_reader_catches_up_with_memory_without_a_gap_or_a_repeat(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "RECENT_BYTES", 3000)
    rig.open(BIG, ChannelSpec("b", 1 << 30, durable=True))
    seen: list[int] = []
    for step in range(60):
        rig.put("a", size=300)
        rig.put("b", size=300)
        if step % 7 == 3:
            chunks = rig.consumer().read(0, max_bytes=300 * (step % 5 + 1))
            seen += [row for c in chunks for row in range(c.first, c.end)]
    while chunks := rig.consumer().read(0):
        seen += [row for c in chunks for row in range(c.first, c.end)]
    assert seen == [row for row in range(240) if row % 4 < 2]


def test_at_most_max_bytes_but_at_least_one(rig: Rig) -> None:
    rig.open()
    for _ in range(5):
        rig.put("a", size=100)
    sizes = [len(rig.consumer().read(0, max_bytes=n)) for n in (1, 250, 99, 1000)]
    assert sizes == [1, 2, 1, 1]


def test_reading_resumes_within_a_frame(rig: Rig) -> None:
    rig.open()
    rig.put("a", rows=10)
    for get in (lambda: None, rig.reopen):
        get()
        rig.consumer().seek(4)
        (chunk,) = rig.consumer().read(0)
        assert (chunk.first, chunk.rows, chunk.skip, chunk.end) == (4, 6, 4, 10)


def test_a_seek_below_the_low_is_refused(rig: Rig) -> None:
    rig.open()
    rig.put("a", rows=10)
    rig.done("a", 5)
    with pytest.raises(ValueError, match="below 5"):
        rig.consumer().seek(4)


@pytest.mark.parametrize("durable", [True, False])
def test_nothing_comes_back_empty_after_the_time(rig: Rig, durable: bool) -> None:
    rig.clock = clock = ManualClock()
    rig.open(ChannelSpec("a", 1000, durable))
    got: list[list[object]] = []
    reader = threading.Thread(target=lambda: got.append(rig.consumer().read(3600.0)))
    reader.start()
    clock.advance(3599)
    reader.join(0.05)
    assert reader.is_alive()
    clock.advance(2)
    reader.join(PATIENCE)
    assert got == [[]]


@pytest.mark.parametrize("durable", [True, False])
def test_a_put_wakes_the_reader(rig: Rig, durable: bool) -> None:
    rig.open(ChannelSpec("a", 1000, durable))
    got: list[int] = []
    reader = threading.Thread(target=lambda: got.append(len(rig.consumer().read(3600.0))))
    reader.start()
    time.sleep(0.02)
    rig.put("a")
    reader.join(PATIENCE)
    assert got == [1]


def test_frames_keep_born_tags_and_epoch(rig: Rig) -> None:
    tags = (TagRun(b"e" * 16, 7, 3), TagRun(b"f" * 16, 0, 1))
    first_epoch = rig.open().epoch
    frame = Frame(("a",), 4, pa.py_buffer(b"x"), born=123, tags=tags)
    rig.journal.submit(Put((frame,))).result(PATIENCE)
    assert rig.reopen().epoch != first_epoch
    (chunk,) = rig.consumer().read(0)
    assert (chunk.born, chunk.tags, chunk.epoch) == (123, tags, first_epoch)
    rig.put("a")
    assert rig.consumer().read(0)[0].epoch == rig.journal.epoch


def test_the_writer_stamps_what_is_not_born(rig: Rig) -> None:
    rig.clock = ManualClock()
    rig.open()
    rig.put("a")
    rig.clock.advance(5)
    rig.put("a")
    assert rig.journal.stats()["a"].oldest_born == 1_700_000_000_000_000_000
    assert [c.born % 10**12 // 10**9 for c in rig.consumer().read(0)] == [0, 5]
    rig.done("a", 2)
    assert rig.journal.stats()["a"].oldest_born == 1_700_000_005_000_000_000


def test_the_age_is_asked_for_while_the_oldest_segment_is_freed(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.open(BIG)
    for _ in range(8):
        rig.put("a", size=3000)
    oldest, rest = min(rig.journal._state.segments), rig.journal._state.next_row
    consumer, opened = rig.consumer(), rig.disk.open

    def done_just_before(path: Path, mode: Mode = "read") -> DiskFile:
        monkeypatch.setattr(rig.disk, "open", opened)
        consumer.advance(Cursor(rest, delivered=rest)).result(PATIENCE)
        while path.name in rig.disk.names(path.parent):
            time.sleep(0.001)
        return opened(path, mode)

    monkeypatch.setattr(rig.disk, "open", done_just_before)
    assert rig.journal.stats()["a"].oldest_born is None
    assert oldest not in rig.journal._state.segments


def test_a_cursor_may_not_go_back_nor_beyond_the_end(rig: Rig) -> None:
    rig.open()
    rig.put("a", rows=10)
    rig.done("a", 5)
    for low in (4, 11):
        with pytest.raises(ValueError, match="not between 5"):
            rig.consumer().advance(Cursor(low))


def test_marks_ahead_vanish_when_the_low_passes_them(rig: Rig) -> None:
    rig.open()
    rig.put("a", rows=10)
    cursor = Cursor(2, {"x": 5, "y": 2, "z": 8}, delivered=8, note=b"template")
    rig.consumer().advance(cursor).result(PATIENCE)
    for get in (lambda: None, rig.reopen):
        get()
        assert rig.consumer().cursor == Cursor(2, {"x": 5, "z": 8}, note=b"template")
    rig.consumer().advance(Cursor(6, rig.consumer().cursor.ahead, delivered=1))
    assert rig.consumer().cursor.ahead == {"z": 8}


def test_rows_that_were_never_read_may_be_done(rig: Rig) -> None:
    rig.open()
    for _ in range(4):
        rig.put("a", size=100)
    rig.consumer().advance(Cursor(5, delivered=5)).result(PATIENCE)
    assert rig.journal.stats()["a"].held_bytes == 200
    assert rig.rows() == [5, 6, 7]


def test_a_memory_channel_keeps_rows_until_they_are_done(rig: Rig) -> None:
    rig.open(ChannelSpec("a", 10_000, durable=False))
    for _ in range(4):
        rig.put("a", size=100)
    assert rig.rows() == rig.rows() == list(range(8))
    rig.consumer().advance(Cursor(4, delivered=4)).result(PATIENCE)
    assert rig.rows() == [4, 5, 6, 7]
    assert rig.balance() == (8, 4, 0, 4)
    assert rig.journal.stats()["a"].held_bytes == 200


def test_a_memory_channel_needs_no_disk_and_is_empty_after_a_restart(rig: Rig) -> None:
    rig.open(ChannelSpec("a", 10_000, durable=False))
    operations = rig.disk.operations
    rig.put("a")
    rig.rows()
    rig.consumer().advance(Cursor(2, delivered=2)).result(PATIENCE)
    assert rig.disk.operations == operations
    rig.put("a")
    rig.reopen()
    assert rig.rows() == []
    assert rig.balance() == (0, 0, 0, 0)


def test_a_put_to_disk_and_memory_has_one_number_for_both(rig: Rig) -> None:
    rig.open(BIG, ChannelSpec("m", 1 << 20, durable=False))
    rig.put("m")
    frames = (
        Frame(("m",), 3, pa.py_buffer(b"x")),
        Frame(("a",), 2, pa.py_buffer(b"y")),
        Frame(("a", "m"), 1, pa.py_buffer(b"z")),
    )
    assert rig.journal.submit(Put(frames)).result(PATIENCE) == Stored(2, 6)
    assert rig.rows("a") == [5, 6, 7]
    assert rig.rows("m") == [0, 1, 2, 3, 4, 7]
    rig.killed()
    rig.open()
    assert rig.rows("a") == [5, 6, 7]
    assert rig.put("a") == Stored(8, 2)


def test_many_threads_put_and_each_row_is_read_once(real: Rig) -> None:
    real.segment_size = 1 << 20
    real.open(ChannelSpec("a", 1 << 20, durable=True))
    threads = [
        threading.Thread(
            target=lambda: [
                real.submit("a", wait=True, size=3000).result(PATIENCE) for _ in range(200)
            ]
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    seen: list[int] = []
    while len(seen) < 1600:
        chunks = real.consumer().read(PATIENCE)
        assert chunks
        seen += [row for c in chunks for row in range(c.first, c.end)]
        low = chunks[-1].end
        real.consumer().advance(Cursor(low, delivered=low - real.consumer().cursor.low))
    assert seen == list(range(1600))
    for thread in threads:
        thread.join()
