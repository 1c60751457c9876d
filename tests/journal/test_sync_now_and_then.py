"""When a journal with `sync = 1s` syncs, what it shows and answers before, and what is damage."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest
from flumec.runtime.journal import ChannelSpec, JournalDamaged, JournalFailed, Settings
from flumec.runtime.journal.entries import Kind, records
from flumec.runtime.journal.layout import PAGE, read_segment_header
from flumec.runtime.journal.records import (
    Aside,
    Cursor,
    Frame,
    Full,
    Output,
    Progress,
    Put,
    Received,
    Stored,
)
from flumec.runtime.journal.recovery import recover
from flumec.runtime.journal.unsynced import MOST_UNSYNCED
from flumec.runtime.journal.walk import GroupReader, segment_path
from flumec.runtime.journal_format import FORMAT, PLAIN
from flumec.runtime.testing import CrashDisk, ManualClock
from flumec.runtime.timed_disk import TimedDisk

from .conftest import DIRECTORY, PATIENCE, Rig
from .test_damage import FIRST, flips, groups

SOON = 0.05


@pytest.fixture
def lazy(rig: Rig) -> Rig:
    """Return a rig whose journal syncs once a second, by a clock that stands still."""
    rig.settings = Settings(sync_every=1.0)
    rig.clock = ManualClock()
    return rig


def syncs(rig: Rig) -> int:
    assert isinstance(rig.disk, CrashDisk)
    return sum(each.startswith("sync 0000") for each in rig.disk.log)


def pass_time(rig: Rig, seconds: float) -> None:
    assert isinstance(rig.clock, ManualClock)
    rig.clock.advance(seconds)


def lose_power(rig: Rig) -> None:
    """Cut the power, and lose what was not synced."""
    assert isinstance(rig.disk, CrashDisk)
    rig.disk = rig.disk.reboot()


def holds(what: Callable[[], bool]) -> bool:
    """Wait for it, a while."""
    deadline = time.monotonic() + PATIENCE
    while not what():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.001)
    return True


def stays(what: Callable[[], bool]) -> bool:
    """Say whether it is so, and some moments later as well."""
    time.sleep(SOON)
    return what()


def test_what_is_put_is_answered_at_once_and_shown_after_the_sync(lazy: Rig) -> None:
    lazy.open()
    before = syncs(lazy)
    lazy.put("a")
    lazy.put("a")
    assert lazy.rows() == []
    pass_time(lazy, 0.9)
    assert stays(lambda: syncs(lazy) == before)
    pass_time(lazy, 0.2)
    assert holds(lambda: lazy.rows() == [0, 1, 2, 3])
    assert syncs(lazy) == before + 1
    pass_time(lazy, 100)
    assert stays(lambda: syncs(lazy) == before + 1)


def test_an_idle_journal_is_synced_without_another_put(lazy: Rig) -> None:
    disk = lazy.disk = TimedDisk(CrashDisk(), time.monotonic)
    disk.make_directory(DIRECTORY.parent)
    lazy.open()
    before = sum(disk.syncs.counts)
    lazy.put("a")
    pass_time(lazy, 1.0)
    assert holds(lambda: sum(disk.syncs.counts) == before + 1)


def test_no_more_is_unsynced_than_a_start_copies(lazy: Rig) -> None:
    lazy.segment_size = 64 << 20
    lazy.open(ChannelSpec("a", 64 << 20, durable=True))
    before = syncs(lazy)
    for _ in range(MOST_UNSYNCED // (1 << 20)):
        lazy.put("a", size=1 << 20)
    assert holds(lambda: syncs(lazy) == before + 1)
    for _ in range(5):
        lazy.put("a", size=1 << 20)
    assert stays(lambda: syncs(lazy) == before + 1)
    lazy.killed()
    found = recover(DIRECTORY, lazy.disk, b"")
    assert [entry.length for entry, _ in found.copied] == [1 << 20] * 6  # it was full with one more
    assert found.state.channels[0].held == 2 * (MOST_UNSYNCED // (1 << 20) + 5)


def test_a_put_larger_than_that_is_synced_at_once(lazy: Rig) -> None:
    lazy.segment_size = 64 << 20
    lazy.open(ChannelSpec("a", 64 << 20, durable=True))
    lazy.put("a")
    before = syncs(lazy)
    lazy.put("a", size=MOST_UNSYNCED)
    assert holds(lambda: syncs(lazy) == before + 2)  # what was before it, and it


def intend(rig: Rig) -> None:
    rig.consumer().intend([Output("bucket", 0, 2, 2, "hidden", "final", 10, b"digest")])


def resolve(rig: Rig) -> None:
    consumer = rig.consumer()
    rig.rows()
    intent = consumer.intend([Output("bucket", 0, 2, 2, "hidden", "final", 10, b"digest")])
    consumer.resolve(intent, Cursor(2, delivered=2)).result(PATIENCE)


def receive(rig: Rig) -> None:
    number = rig.journal.session(b"sender", b"stream").number
    received = Received(b"sender", b"stream", number, b"e" * 16, ((0, 2),), 0)
    assert isinstance(rig.outcome(rig.submit("a", received=received)), Stored)


def set_aside(rig: Rig) -> None:
    rig.outcome(rig.journal.submit(Put(aside=Aside("a", ((0, 1),), "dropped"))))


def surely(rig: Rig) -> None:
    rig.outcome(rig.journal.submit(Put((Frame(("b",), 1, pa.py_buffer(b"x")),), surely=True)))


@pytest.mark.parametrize("act", [intend, resolve, receive, set_aside, surely])
def test_what_others_stand_on_is_synced_at_once_with_all_before_it(
    lazy: Rig, act: Callable[[Rig], None]
) -> None:
    lazy.open()
    lazy.put("a")
    lazy.put("a")
    act(lazy)
    lose_power(lazy)
    lazy.open()
    assert lazy.journal.stats()["a"].put >= 4


def test_a_cursor_waits_for_the_next_sync(lazy: Rig) -> None:
    lazy.open()
    lazy.put("a")
    pass_time(lazy, 1.0)
    assert holds(lambda: lazy.rows() == [0, 1])
    before = syncs(lazy)
    stored = lazy.consumer().advance(Cursor(2, delivered=2))
    assert stays(lambda: not stored.done())
    assert syncs(lazy) == before
    pass_time(lazy, 1.0)
    stored.result(PATIENCE)
    assert syncs(lazy) == before + 1


def test_who_wants_room_does_not_wait_for_the_time_to_pass(lazy: Rig) -> None:
    lazy.open(ChannelSpec("a", 4000, durable=True))
    lazy.put("a", size=3000)
    assert isinstance(lazy.outcome(lazy.submit("a", size=3000)), Full)
    assert holds(lambda: lazy.rows() == [0, 1])

    with ThreadPoolExecutor(1) as pool:
        put = pool.submit(lambda: lazy.submit("a", size=3000, wait=True).result(PATIENCE))
        lazy.consumer().advance(Cursor(2, delivered=2)).result(PATIENCE)
        assert isinstance(put.result(PATIENCE), Stored)


def test_a_memory_channel_waits_for_no_sync_and_keeps_its_order(lazy: Rig) -> None:
    lazy.open(
        ChannelSpec("a", 1 << 20, durable=True),
        ChannelSpec("m", 1 << 20, durable=False),
        ChannelSpec("n", 1 << 20, durable=False),
    )
    lazy.put("a")
    lazy.put("m")
    assert lazy.rows("m") == [2, 3]
    lazy.put("a", "m")
    lazy.put("m")  # it comes behind a put that is not synced
    lazy.put("n")
    assert lazy.rows("n") == [8, 9]
    assert stays(lambda: lazy.rows("m") == [2, 3])
    pass_time(lazy, 1.0)
    assert holds(lambda: lazy.rows("m") == [2, 3, 4, 5, 6, 7])


def test_at_the_end_all_is_shown_at_once_and_each_group_synced(lazy: Rig) -> None:
    lazy.open(ChannelSpec("a", 1 << 20, durable=True), ChannelSpec("m", 1 << 20, durable=False))
    lazy.put("a", "m")
    lazy.put("m")  # it comes behind one that is not synced
    assert stays(lambda: lazy.rows("m") == [])
    lazy.journal.settle().result(PATIENCE)
    assert lazy.rows("m") == [0, 1, 2, 3]
    assert lazy.rows("a") == [0, 1]
    before = syncs(lazy)
    lazy.put("a")
    lazy.consumer().advance(Cursor(2, delivered=2)).result(PATIENCE)
    assert syncs(lazy) == before + 2
    assert lazy.rows("a") == [4, 5]


def test_a_failed_sync_ends_it_and_what_waited_hears_so(lazy: Rig) -> None:
    lazy.open()
    lazy.put("a")
    waits = lazy.consumer().advance(lazy.consumer().cursor)
    assert stays(lambda: not waits.done())
    disk = lazy.disk
    assert isinstance(disk, CrashDisk)
    disk.fail_at = disk.operations + 1
    pass_time(lazy, 1.0)
    with pytest.raises(JournalFailed, match="writing failed"):
        waits.result(PATIENCE)
    with pytest.raises(JournalFailed, match="writing failed"):
        lazy.put("a")
    assert len(lazy.failures) == 1
    lazy.disk = disk.kill()  # what the page cache has is copied, and synced before it is shown
    lazy.open()
    assert lazy.rows() == [0, 1]
    lose_power(lazy)
    lazy.open()
    assert lazy.rows() == [0, 1]


def test_closing_syncs_everything(lazy: Rig) -> None:
    lazy.open()
    lazy.put("a")
    lazy.put("a")
    lazy.journal.close()
    lose_power(lazy)
    lazy.open()
    assert lazy.rows() == [0, 1, 2, 3]


def marks(disk: CrashDisk) -> list[int | None]:
    """Return what each group says of how far the log was synced."""
    file = disk.open(FIRST)
    header = read_segment_header(file)
    assert header is not None
    reader, offset, found = GroupReader(file, header.epoch), PAGE, list[int | None]()
    while (group := reader.group(offset, file.stat().st_size)) is not None:
        kind, data = next(records(group[1]))
        found.append(data.u64() if kind is Kind.SYNCED else None)
        offset += group[0].length
    return found


def some_groups(rig: Rig) -> CrashDisk:
    """Return a disk on which groups 1 to 3 are synced, as 4 says; 4 to 6 are not."""
    rig.open()
    for _ in range(3):
        rig.put("a")
    pass_time(rig, 1.0)
    assert holds(lambda: rig.rows() == [0, 1, 2, 3, 4, 5])
    for _ in range(3):
        rig.put("a")
    rig.killed()
    assert isinstance(rig.disk, CrashDisk)
    assert marks(rig.disk) == [None, None, 1, 1, None, 4, 4]
    return rig.disk


@pytest.mark.parametrize("number", [1, 2, 3])
def test_any_bit_of_a_group_that_was_synced_is_damage(lazy: Rig, number: int) -> None:
    disk = some_groups(lazy)
    _, group, parts = groups(disk)[number]
    for offset, mask in list(flips(parts))[::7]:
        lazy.disk = disk.kill()
        lazy.disk.corrupt(FIRST, offset, mask)
        with pytest.raises(JournalDamaged, match=f"rows {group.first_row} to"):
            lazy.open()


@pytest.mark.parametrize("number", [4, 5, 6])
def test_any_bit_of_a_group_that_was_not_synced_cuts_it_and_what_is_behind(
    lazy: Rig, number: int
) -> None:
    disk = some_groups(lazy)
    _, group, parts = groups(disk)[number]
    for offset, mask in list(flips(parts))[::7]:
        lazy.disk = disk.kill()
        lazy.disk.corrupt(FIRST, offset, mask)
        lazy.open()
        assert lazy.rows() == list(range(group.first_row))
        lazy.journal.close()


def test_who_syncs_each_group_writes_as_before(rig: Rig) -> None:
    rig.open()
    for _ in range(3):
        rig.put("a")
    assert isinstance(rig.disk, CrashDisk)
    assert (
        rig.disk.log[-6:] == ["write 00000000000000000001.seg", "sync 00000000000000000001.seg"] * 3
    )
    assert marks(rig.disk) == [None] * 4
    header = read_segment_header(rig.disk.open(FIRST))
    assert header is not None
    assert header.format == PLAIN


def test_an_older_runtime_refuses_what_is_synced_now_and_then(lazy: Rig) -> None:
    lazy.open()
    header = read_segment_header(lazy.disk.open(segment_path(DIRECTORY, 1)))
    assert header is not None
    assert header.format == FORMAT


def test_a_source_goes_on_from_what_is_written(lazy: Rig) -> None:
    lazy.open()
    step = Progress("source", b"file", b"", b"1")
    assert isinstance(lazy.outcome(lazy.submit("a", progress=[step])), Stored)
    assert lazy.journal.positions("source")[b"file"].to == b"1"


def test_it_is_known_where_groups_begin_that_are_not_synced(lazy: Rig) -> None:
    """So that a segment is rewritten without being read whole."""
    lazy.open()
    for channel in "aba":
        lazy.put(channel)
    pass_time(lazy, 1.0)
    assert holds(lambda: lazy.rows() == [0, 1, 4, 5])
    places = lazy.journal._state.segments[1].places
    assert places is not None
    assert isinstance(lazy.disk, CrashDisk)
    _, first, second, third = (offset for offset, _, _ in groups(lazy.disk))
    assert [list(places[(number,)]) for number in (0, 1)] == [[first, third], [second]]
