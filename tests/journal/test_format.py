"""Which format a segment needs, as it says: the last runtime refuses what it can't read."""

from collections.abc import Callable

import pytest
from flumec.runtime.disk import Disk
from flumec.runtime.journal import ChannelSpec, Settings
from flumec.runtime.journal.layout import read_segment_header
from flumec.runtime.journal.records import Aside, Attempt, Cursor, Put, Trouble
from flumec.runtime.journal_format import FORMAT, PLAIN
from flumec.runtime.testing import CrashDisk

from .conftest import PATIENCE, Rig

B = ChannelSpec("b", 1 << 20, durable=True)


def newest_format(rig: Rig) -> int:
    name = [name for name in rig.disk.names(rig.directory) if name.endswith(".seg")][-1]
    header = read_segment_header(rig.disk.open(rig.directory / name))
    assert header is not None
    return header.format


def dies(rig: Rig) -> None:
    rig.consumer().note(Trouble(Attempt(0, 1, 1))).result(PATIENCE)


def sets_aside(rig: Rig) -> None:
    rig.outcome(rig.journal.submit(Put(aside=Aside("a", ((1, 2),)))))


NEW = pytest.mark.parametrize("new", [dies, sets_aside])


@NEW
def test_what_the_last_runtime_cannot_read_stands_in_the_new_format_only(
    rig: Rig, new: Callable[[Rig], None]
) -> None:
    rig.open()
    rig.put("a")
    assert newest_format(rig) == PLAIN
    new(rig)
    assert newest_format(rig) == FORMAT
    new_segments = len(rig.disk.names(rig.directory))
    dies(rig)
    assert len(rig.disk.names(rig.directory)) == new_segments, "once is enough"


@NEW
def test_a_journal_without_anything_new_is_plain_again(
    rig: Rig, new: Callable[[Rig], None]
) -> None:
    rig.open()
    rig.put("a")
    new(rig)
    rig.put("b")
    rig.put("b")
    rig.killed()
    rig.open()
    assert newest_format(rig) == FORMAT
    rig.put("a")
    rig.reopen()
    held = rig.journal.stats()["a"].held
    rig.consumer().advance(Cursor(8, delivered=held)).result(PATIENCE)
    rig.done("b", 6)
    rig.reopen()
    assert newest_format(rig) == PLAIN


def test_a_removed_channel_is_dropped_in_the_new_format(rig: Rig) -> None:
    rig.open()
    rig.put("a")
    rig.reopen(B)
    rig.journal.drop("a", "why")
    assert newest_format(rig) == FORMAT


def test_bodies_that_were_compressed_keep_the_new_format(rig: Rig) -> None:
    rig.settings = Settings("zstd")
    rig.open()
    rig.put("a", size=1000)
    rig.settings = Settings()
    for _ in range(2):
        rig.reopen()
        assert newest_format(rig) == FORMAT
    rig.done("a", 2)
    rig.reopen()
    assert newest_format(rig) == PLAIN


@NEW
def test_a_full_disk_stops_no_record(
    new_rig: Callable[[Disk], Rig], new: Callable[[Rig], None]
) -> None:
    disk = CrashDisk()
    rig = new_rig(disk)
    rig.open()
    rig.put("a")
    disk.room = disk.allocated()
    new(rig)
    rig.put("a")
    assert not rig.failures
    rig.journal.close()
