"""What a test machine's own disks and clock can't be made to do, by their doubles."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from flumec.runtime.journal import ChannelSpec, JournalFailed
from flumec.runtime.journal.records import Cursor, Full, Stored
from flumec.runtime.metrics import Reading
from flumec.runtime.sinks import FileRoll
from flumec.runtime.sinks.filing import Roll
from flumec.runtime.testing import CrashDisk, ManualClock
from flumec.runtime.testing.crash_disk import CrashFile

from tests.journal.conftest import PATIENCE, Rig
from tests.output.conftest import Channel, SinkPlace, TroubledDisk

A = ChannelSpec("a", 1 << 30, durable=True)
YEAR = 365 * 86_400


@pytest.fixture
def rig() -> Iterator[Rig]:
    made = Rig()
    yield made
    for journal in made.opened:
        journal.close()


def test_a_quota_that_is_used_up_is_a_full_disk(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.clock = ManualClock()
    rig.open(A)
    with monkeypatch.context() as quota:

        def allocate(file: CrashFile, size: int) -> None:
            raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

        quota.setattr(CrashFile, "allocate", allocate)
        outcomes = [rig.outcome(rig.submit("a", size=6000)) for _ in range(4)]
        assert outcomes[0] == Stored(0, 2)
        assert outcomes[-1] == Full("disk")
        stored = sum(isinstance(each, Stored) for each in outcomes)
        rig.done("a", 2 * stored)
    assert isinstance(rig.clock, ManualClock)
    rig.clock.advance(2)
    rig.put("a", size=6000)
    assert not rig.failures


def test_what_cannot_be_read_is_not_passed_over(rig: Rig) -> None:
    """EIO where a channel's rows lie: its consumer stops there, and nothing is taken for done."""
    rig.open(A)
    for _ in range(6):
        rig.put("a", size=9000)
    rig.killed()
    rig.open()
    assert isinstance(rig.disk, CrashDisk)
    segments = [name for name in rig.disk.names(rig.directory) if name.endswith(".seg")]
    rig.disk.rotten = {rig.directory / name for name in segments[:-1]}
    with pytest.raises(OSError, match="Input/output"):
        rig.rows()
    assert rig.consumer().cursor.low == 0
    rig.disk.rotten.clear()
    assert rig.rows() == list(range(12))


def test_who_reads_on_after_an_error_misses_no_row(rig: Rig) -> None:
    """Without seeking back: neither what came before the error nor what it hid is passed over."""
    rig.open(A)
    for _ in range(6):
        rig.put("a", size=9000)
    rig.killed()
    rig.open()
    assert isinstance(rig.disk, CrashDisk)
    segments = [name for name in rig.disk.names(rig.directory) if name.endswith(".seg")]
    consumer, found, errors = rig.consumer(), [], 0
    for name in segments[1:-1]:
        rig.disk.rotten = {rig.directory / name}
        for _ in range(3):
            try:
                found += consumer.read(0)
            except OSError as error:
                errors += "rows of the journal cannot be read back" in str(error)
    rig.disk.rotten.clear()
    while more := consumer.read(0):
        found += more
    assert errors > 1
    assert [row for chunk in found for row in range(chunk.first, chunk.end)] == list(range(12))


def test_a_journal_that_cannot_be_read_is_no_start_and_loses_nothing(rig: Rig) -> None:
    rig.open(A)
    for _ in range(3):
        rig.put("a", size=9000)
    rig.killed()
    assert isinstance(rig.disk, CrashDisk)
    names = [name for name in rig.disk.names(rig.directory) if name.endswith(".seg")]
    rig.disk.rotten = {rig.directory / name for name in names}
    with pytest.raises(OSError, match="Input/output"):
        rig.open()
    rig.disk.rotten.clear()
    rig.open()
    assert rig.rows() == list(range(6))


@pytest.mark.parametrize("operation", range(1, 5))
def test_after_any_write_or_sync_that_fails_nothing_is_acknowledged(
    rig: Rig, operation: int
) -> None:
    """EIO at each operation of a put that opens a segment; then what is surely there goes on."""
    rig.open(A)
    stored = 0
    assert isinstance(rig.disk, CrashDisk)
    rig.disk.fail_at = rig.disk.operations + operation
    with pytest.raises(JournalFailed):
        while True:
            rig.put("a", size=9000)
            stored += 2
    for _ in range(2):
        with pytest.raises(JournalFailed):
            rig.submit("a").result(PATIENCE)
    before = rig.disk.operations
    assert len(rig.failures) == 1
    rig.journal.close()
    assert rig.disk.operations == before, "something was written after a failure"
    rig.disk = rig.disk.reboot()
    rig.open()
    assert rig.rows()[:stored] == list(range(stored))


class LeapingWall(ManualClock):
    """A clock whose wall can be set, as by an administrator or a time server; its ticks go on."""

    leap_ns = 0

    def now_ns(self) -> int:
        return super().now_ns() + self.leap_ns


def test_a_clock_that_leaps_changes_no_order_and_no_count(rig: Rig) -> None:
    clock = LeapingWall()
    rig.clock = clock
    rig.open(A)
    born = []
    for years in (0, -20, 30, -1, 0):
        clock.leap_ns = years * YEAR * 10**9
        rig.put("a", size=9000)
        rig.consumer().seek(0)
        chunks = []
        while more := rig.consumer().read(0):
            chunks += more
        born = [chunk.born for chunk in chunks]
        rig.reopen()
    assert rig.rows() == list(range(10))
    assert len(set(born)) == 4
    rig.consumer().advance(Cursor(10, delivered=10)).result(PATIENCE)
    assert rig.balance() == (10, 10, 0, 0)


def test_the_age_of_what_waits_is_never_negative(rig: Rig) -> None:
    clock = LeapingWall()
    rig.clock = clock
    rig.open(A)
    rig.put("a")
    lags = []
    for years in (1, -20):
        clock.leap_ns = years * YEAR * 10**9
        reading = Reading(
            agent="a", host="h", version="1", bundle="b", now_ns=clock.now_ns(), started_ns=0,
            ready=True, stopping=False, channels=rig.journal.stats(), parts=(),
        )  # fmt: skip
        lags.append(reading.lag("a"))
    assert lags == [YEAR, 0]


def test_rolls_go_by_the_time_that_passed_and_paths_by_when_rows_were_born(
    channel: Channel, tmp_path: Path
) -> None:
    channel.bodies(b"one", born=1_795_344_000 * 10**9)
    channel.bodies(b"two", born=1_795_344_000 * 10**9 - 20 * YEAR * 10**9)
    place = SinkPlace(channel.consumer(), TroubledDisk())
    clock = LeapingWall()
    place.clock = clock
    seen = []

    def leap() -> bool:
        clock.leap_ns = (-1) ** place.steps * 30 * YEAR * 10**9
        seen.append(len(list((tmp_path / "out").glob("*/*.log"))))
        if place.steps == 6:
            clock.advance(301)
        return place.steps >= 9

    place.until = leap
    FileRoll("files", directory=tmp_path / "out", path="%Y", roll=Roll()).run(place)
    assert seen[:6] == [0] * 6
    folders = sorted(path.parent.name for path in (tmp_path / "out").glob("*/*.log"))
    assert folders == ["2006", "2026"]


@pytest.fixture
def channel() -> Channel:
    return Channel()
