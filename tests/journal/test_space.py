"""Disk space: given back when all channels are past it, and enough of it to drain a full disk."""

import errno
import os
from pathlib import Path

import pytest
from flumec.runtime.disk import DiskFile, Mode
from flumec.runtime.journal import ChannelSpec, StateError
from flumec.runtime.journal.log import RESERVES
from flumec.runtime.journal.records import Cursor, Full, Stored
from flumec.runtime.journal.segment import SegmentState
from flumec.runtime.testing import CrashDisk, ManualClock

from .conftest import Rig

A, B = ChannelSpec("a", 1 << 30, durable=True), ChannelSpec("b", 1 << 30, durable=True)
PATIENCE = 20.0


def segments(rig: Rig) -> list[str]:
    return [name for name in rig.disk.names(rig.directory) if name.endswith(".seg")]


def test_segments_go_when_every_channel_is_past_them(rig: Rig) -> None:
    rig.open(A, B)
    for _ in range(20):
        rig.put("a", size=3000)
    kept = segments(rig)
    assert len(kept) > 3
    rig.done("a", 20)
    assert segments(rig) == [name for name in kept if name in segments(rig)]
    assert 1 < len(segments(rig)) < len(kept)
    rig.done("a", 40)
    assert segments(rig) == [kept[-1]]


def test_positions_outlive_the_segments_they_were_written_in(rig: Rig) -> None:
    from flumec.runtime.journal.records import Progress

    rig.open(A)
    progress = Progress("source", b"idle file", b"", b"77", b"inode")
    rig.outcome(rig.submit("a", progress=[progress]))
    oldest = segments(rig)[0]
    for _ in range(20):
        rig.put("a", size=3000)
    rig.done("a", 42)
    assert oldest not in segments(rig)
    rig.killed()
    rig.open()
    assert rig.journal.positions("source")[b"idle file"].to == b"77"


def on_disk(directory: Path) -> int:
    return sum(entry.stat().st_blocks * 512 for entry in directory.glob("*.seg"))


def test_a_quiet_channel_does_not_pin_a_busy_ones_bodies(real: Rig) -> None:
    real.segment_size = 1 << 20
    real.open(A, B)
    for _ in range(8):
        real.put("b", size=100)
        for _ in range(12):
            real.put("a", size=100_000)
        real.done("a", real.journal._state.next_row)
    real.settled()
    held = on_disk(real.directory)
    assert real.rows("b") == [n for k in range(8) for n in (k * 26, k * 26 + 1)]
    assert len(segments(real)) >= 8, "they are pinned"
    assert held < 4 << 20, "9.6 MB were put"
    real.reopen()
    assert len(real.rows("b")) == 16


def test_a_sealed_segment_gives_back_what_it_did_not_use(rig: Rig) -> None:
    rig.segment_size = 1 << 20
    rig.open(A)
    rig.put("a")
    rig.put("a")
    rig.killed()
    rig.open()
    first = rig.disk.stat(rig.directory / segments(rig)[0])
    assert first.st_size < 10_000


def full_disk(rig: Rig) -> int:
    """Fill the disk with puts; return how many there were."""
    rig.disk.room = 700_000
    rig.clock = ManualClock()
    rig.open(A, B)
    for count in range(1000):
        outcome = rig.outcome(rig.submit("a", size=9000))
        if outcome == Full("disk"):
            return count
        assert isinstance(outcome, Stored)
    raise AssertionError("it never filled")


@pytest.mark.slow
def test_a_full_disk_is_said_and_can_be_drained(rig: Rig) -> None:
    count = full_disk(rig)
    assert count > 20
    rows = rig.rows()
    assert len(rows) == 2 * count
    for low in range(2, 2 * count + 1, 2):
        rig.done("a", low)
    rig.clock.advance(2)
    rig.put("a", size=9000)
    assert set(RESERVES) <= set(rig.disk.names(rig.directory))
    rig.killed()
    rig.open()
    assert rig.rows() == [2 * count, 2 * count + 1]
    assert not rig.failures


def test_a_put_that_waits_is_stored_when_the_disk_has_room_again(rig: Rig) -> None:
    count = full_disk(rig)
    rig.clock.advance(2)
    waiting = rig.submit("a", size=9000, wait=True)
    rig.done("a", count)
    rig.clock.advance(2)
    assert rig.outcome(waiting) == Stored(2 * count, 2)


class Guarded(dict[int, SegmentState]):
    """Segments that readers look through with the lock held, so it is held where one is added."""

    def __init__(self, rig: Rig) -> None:
        super().__init__(rig.journal._state.segments)
        self._lock = rig.journal._lock

    def __setitem__(self, number: int, segment: SegmentState) -> None:
        assert self._lock.locked()
        super().__setitem__(number, segment)


def test_a_new_segment_is_entered_while_no_reader_looks_through_them(rig: Rig) -> None:
    rig.open()
    rig.journal._state.segments = Guarded(rig)
    while len(rig.journal._state.segments) < 4:
        rig.put("a", size=3000)
    assert not rig.failures


def test_a_full_disk_can_be_opened_and_drained(rig: Rig) -> None:
    count = full_disk(rig)
    for _ in range(3):
        rig.killed()
        rig.open()
        assert len(rig.rows()) == 2 * count
    rig.done("a", 2 * count)
    rig.clock.advance(2)
    rig.put("a", size=9000)


def test_a_disk_too_full_to_begin_says_so_and_keeps_everything(rig: Rig) -> None:
    count = full_disk(rig)
    rig.journal.close()
    for name in set(RESERVES) & set(rig.disk.names(rig.directory)):
        rig.disk.unlink(rig.directory / name)
    rig.disk.room = 0
    with pytest.raises(StateError, match="no room for a journal segment"):
        rig.open()
    rig.disk.room = 10_000_000
    rig.open()
    assert len(rig.rows()) == 2 * count


def test_memory_channels_go_on_while_the_disk_is_full(rig: Rig) -> None:
    memory = ChannelSpec("live", 1 << 20, durable=False)
    rig.disk.room = 300_000
    rig.clock = ManualClock()
    rig.open(A, memory)
    stored = 0
    while rig.outcome(rig.submit("a", size=9000)) != Full("disk"):
        stored += 2
    for known in (True, True, False):
        if not known:
            rig.clock.advance(2)  # so that it meets the full disk in the writer
        archived = rig.submit("live", "a", optional=["a"], size=9000)
        assert isinstance(rig.outcome(archived), Stored)
    assert isinstance(rig.outcome(rig.submit("live")), Stored)
    put, _, dropped, held = rig.balance("a")
    assert held == stored == put - dropped
    assert dropped == 6
    assert rig.balance("live")[3] == 8
    rig.done("a", stored)
    rig.clock.advance(2)
    rig.put("a", size=9000)
    assert not rig.failures


@pytest.mark.slow
def test_the_reserves_take_no_rows_and_do_not_end(rig: Rig) -> None:
    count = full_disk(rig)
    assert isinstance(rig.disk, CrashDisk)
    rig.disk.room = rig.disk.allocated()
    for _ in range(3):
        for _ in range(200):  # more than one reserve has room for
            rig.consumer().advance(Cursor(0)).result(PATIENCE)
        rig.clock.advance(2)
        waiting = rig.submit("a", size=100, wait=True)
        for _ in range(3):  # the put is tried again with each
            rig.consumer().advance(Cursor(0)).result(PATIENCE)
        assert not waiting.done()
        rig.killed()
        rig.open()
        assert len(rig.rows()) == 2 * count
    rig.done("a", 2 * count)
    rig.clock.advance(2)
    rig.put("a", size=9000)
    assert set(RESERVES) <= set(rig.disk.names(rig.directory))


def test_a_full_disk_is_not_taken_to_the_last_byte_again_and_again(rig: Rig) -> None:
    full_disk(rig)
    assert isinstance(rig.disk, CrashDisk)
    before = len(rig.disk.log)
    for _ in range(5):
        rig.clock.advance(2)
        assert rig.outcome(rig.submit("a", size=9000)) == Full("disk")
    assert rig.disk.log[before:] == []


def test_a_directory_without_room_for_a_name_is_a_full_disk(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.open(A)
    create = CrashDisk.open

    def no_names(disk: CrashDisk, path: Path, mode: Mode = "read") -> DiskFile:
        if mode == "create":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return create(disk, path, mode)

    monkeypatch.setattr(CrashDisk, "open", no_names)
    outcomes = [rig.outcome(rig.submit("a", size=6000)) for _ in range(4)]
    assert outcomes[0] == Stored(0, 2)
    assert outcomes[-1] == Full("disk")
    assert not rig.failures


def test_a_failed_sync_ends_everything_and_is_never_tried_again(rig: Rig) -> None:
    from flumec.runtime.journal import JournalFailed

    rig.open(A, B)
    rig.put("a")
    rig.disk.fail_at = rig.disk.operations + 2
    futures = [rig.submit("a") for _ in range(3)]
    for future in futures:
        with pytest.raises(JournalFailed, match="writing failed"):
            future.result(PATIENCE)
    for _ in range(2):
        with pytest.raises(JournalFailed):
            rig.submit("a").result(PATIENCE)
        with pytest.raises(JournalFailed):
            rig.journal.positions("source")
    rig.journal._writer._thread.join(PATIENCE)  # those who wait are told first, and its owner then
    assert len(rig.failures) == 1
    assert rig.disk.log[-1].startswith("sync")
    with pytest.raises(JournalFailed):
        while True:
            rig.consumer().read(PATIENCE)
    rig.disk = rig.disk.reboot()
    rig.open()
    assert rig.rows() == [0, 1]


def test_what_a_failed_sync_left_in_the_page_cache_is_copied_before_it_is_served(rig: Rig) -> None:
    rig.open(A, B)
    rig.put("a")
    rig.disk.fail_at = rig.disk.operations + 2
    with pytest.raises(Exception, match="writing failed"):
        rig.put("a")
    rig.disk = rig.disk.kill()
    rig.open()
    assert rig.rows() == [0, 1, 2, 3]
    rig.disk = rig.disk.reboot()
    rig.open()
    assert rig.rows() == [0, 1, 2, 3]


def test_the_reserve_is_made_again_when_the_power_went_while_it_was_made(rig: Rig) -> None:
    rig.open(A)
    rig.journal.close()
    path = rig.directory / RESERVES[1]
    size = rig.disk.stat(path).st_size
    rig.disk.open(path, "write").truncate(10)
    rig.open()
    assert rig.disk.stat(path).st_size >= size > 64 << 10


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="Linux only")
def test_a_new_segment_has_its_blocks(real: Rig) -> None:
    real.segment_size = 8 << 20
    real.open(A)
    newest = real.directory / segments(real)[-1]
    assert newest.stat().st_blocks * 512 >= 8 << 20
