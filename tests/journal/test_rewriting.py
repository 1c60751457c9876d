"""Segments of which little is needed are written anew without the rest; nobody else sees it."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from flumec.runtime.disk import Disk, DiskFile, Mode
from flumec.runtime.journal import ChannelSpec, JournalDamaged, Settings
from flumec.runtime.journal.examination import Examination
from flumec.runtime.journal.inspection import inspect
from flumec.runtime.journal.layout import PAGE, SegmentHeader, read_segment_header
from flumec.runtime.journal.log import RESERVES
from flumec.runtime.journal.packing import Key, Keys
from flumec.runtime.journal.records import Cursor
from flumec.runtime.journal.rewriting import REWRITING, pays
from flumec.runtime.journal.segment import SegmentState
from flumec.runtime.journal_format import FORMAT, PLAIN
from flumec.runtime.testing import CrashDisk
from flumec.runtime.testing.crash_disk import CrashFile

from .conftest import PATIENCE, Rig

A, B, C = (ChannelSpec(name, 1 << 30, durable=True) for name in "abc")


@pytest.fixture(autouse=True)
def larger(rig: Rig) -> None:
    rig.segment_size = 64 << 10


def crash_disk(rig: Rig) -> CrashDisk:
    assert isinstance(rig.disk, CrashDisk)
    return rig.disk


def sizes(rig: Rig) -> list[int]:
    """Return the sizes of the segments, oldest first."""
    names = [name for name in rig.disk.names(rig.directory) if name.endswith(".seg")]
    return [rig.disk.stat(rig.directory / name).st_size for name in names]


def headers(rig: Rig) -> list[SegmentHeader]:
    names = [name for name in rig.disk.names(rig.directory) if name.endswith(".seg")]
    found = [read_segment_header(rig.disk.open(rig.directory / name)) for name in names]
    return [header for header in found if header is not None]


def busy_and_quiet(rig: Rig, segments: int = 3, size: int = 1000) -> list[int]:
    """Put until some segments are sealed, each with rows of both; return those of the quiet."""
    quiet = []
    while len(sizes(rig)) <= segments:
        row = rig.put("b", size=200).first
        quiet += [row, row + 1]
        for _ in range(15):
            rig.put("a", size=size)
    return quiet


def delivered(rig: Rig, *names: str) -> None:
    """Have channels be done with everything."""
    for name in names:
        rig.done(name, rig.journal._state.next_row)
    rig.settled()


@pytest.mark.parametrize("size", [100, 1000, 20_000])
def test_a_quiet_channel_pins_its_own_rows_alone(rig: Rig, size: int) -> None:
    rig.open(A, B)
    quiet = busy_and_quiet(rig, size=size)
    before = sizes(rig)
    assert min(before[:-1]) > 30_000
    delivered(rig, "a")
    assert max(sizes(rig)[:-1]) < 12_000
    assert rig.rows("b") == quiet
    assert rig.rows("a") == []
    for killed in (False, True):
        if killed:
            rig.killed()
            rig.open()
        else:
            rig.reopen()
        assert rig.rows("b") == quiet
        assert rig.balance("b")[3] == len(quiet)
    delivered(rig, "b")
    assert len(sizes(rig)) == 1


def test_frames_of_several_channels_stay_for_the_slowest(rig: Rig) -> None:
    rig.open(A, B, C)
    both = []
    while len(sizes(rig)) <= 2:
        row = rig.put("a", "b", size=300).first
        both += [row, row + 1]
        rig.put("c", size=300)
        for _ in range(8):
            rig.put("a", size=600)
    before = sizes(rig)
    delivered(rig, "a")
    assert max(sizes(rig)[:-1]) < 20_000
    middle = sizes(rig)
    delivered(rig, "c")
    assert sum(sizes(rig)) <= sum(middle) < sum(before)
    assert rig.rows("b") == both
    rig.reopen()
    assert rig.rows("b") == both


def test_what_would_free_less_than_it_copies_stays(rig: Rig) -> None:
    rig.open(A, B)
    while len(sizes(rig)) <= 2:
        rig.put("a", size=1000)
        rig.put("b", size=2100)
    before = sizes(rig)
    delivered(rig, "a")
    assert sizes(rig) == before
    assert not pays(501, 1000)
    assert pays(500, 1000)


def test_a_reader_that_is_inside_goes_on_in_the_old_file(rig: Rig) -> None:
    rig.open(A, B)
    quiet = busy_and_quiet(rig)
    rig.killed()  # nothing is in memory: all is read from disk
    rig.open()
    reader = rig.consumer("b")
    got = [row for chunk in reader.read(0, max_bytes=1) for row in range(chunk.first, chunk.end)]
    before = sizes(rig)
    delivered(rig, "a")
    assert sum(sizes(rig)) < sum(before)
    while chunks := reader.read(0, max_bytes=1):
        got += [row for chunk in chunks for row in range(chunk.first, chunk.end)]
    assert got == quiet


def test_a_reader_that_enters_while_the_state_does_not_know_it_yet_reads_all(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.open(A, B)
    quiet = busy_and_quiet(rig)
    rig.killed()
    rig.open()
    renamed, go_on = threading.Event(), threading.Event()
    sync = CrashDisk.sync_directory

    def slow(disk: CrashDisk, path: Path) -> None:
        if threading.current_thread().name == "journal space":
            renamed.set()
            assert go_on.wait(PATIENCE)
        sync(disk, path)

    monkeypatch.setattr(CrashDisk, "sync_directory", slow)
    rig.done("a", rig.journal._state.next_row)
    assert renamed.wait(PATIENCE)
    assert rig.rows("b") == quiet
    go_on.set()
    rig.settled()
    assert rig.rows("b") == quiet


def test_a_segment_that_dies_while_it_is_rewritten_does_not_come_back(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.open(A, B)
    busy_and_quiet(rig)
    rename = CrashDisk.rename
    reached, go_on = threading.Event(), threading.Event()

    def slow(disk: CrashDisk, old: Path, new: Path) -> None:
        reached.set()
        assert go_on.wait(PATIENCE)
        rename(disk, old, new)

    monkeypatch.setattr(CrashDisk, "rename", slow)
    rig.done("a", rig.journal._state.next_row)
    assert reached.wait(PATIENCE)
    rig.done("b", rig.journal._state.next_row)
    go_on.set()
    rig.settled()
    assert len(sizes(rig)) == 1
    assert REWRITING not in rig.disk.names(rig.directory)
    rig.put("a")
    rig.reopen()
    assert len(rig.rows("a")) == 2
    assert not rig.failures


def test_any_number_of_rows_may_have_passed_memory_channels_between_two_frames(rig: Rig) -> None:
    rig.open(A, B, ChannelSpec("memory", 1 << 30, durable=False))
    firsts = []
    while len(sizes(rig)) <= 2:
        firsts.append(rig.put("b", size=200).first)
        rig.put("memory", rows=3 << 30, size=10)
        rig.put("a", size=9000)
    assert firsts[-1] > 5 << 32, "more than a group's header can count"
    rig.consumer("a").advance(Cursor(rig.journal._state.next_row)).result(PATIENCE)
    rig.settled()
    assert max(sizes(rig)[:-1]) < 12_000
    rig.reopen()
    assert rig.rows("b") == [row for first in firsts for row in (first, first + 1)]
    assert not rig.failures


def test_what_was_written_late_and_is_done_keeps_no_segment_from_it(rig: Rig) -> None:
    rig.open(A, ChannelSpec("spills", 1 << 20, durable=True, memory=2500))
    spilled = [rig.put("spills", size=1000).first for _ in range(2)]
    while len(sizes(rig)) < 3:
        rig.put("a", size=4000)
    for _ in range(8):
        rig.put("a", size=4000)
        spilled.append(rig.put("spills", size=1000).first)
    rig.reopen()
    (late,) = rig.journal._state.channels[1].spill.late  # type: ignore[union-attr]
    header = next(each for each in headers(rig) if each.number == late.segment)
    assert late.end <= header.first_row, "it is older than all else in there"
    rig.done("spills", spilled[3])
    delivered(rig, "a")
    assert rig.journal._state.channels[1].spill.late == ()  # type: ignore[union-attr]
    name = f"{late.segment:020}.seg"
    assert rig.disk.stat(rig.directory / name).st_size < late.offset
    rows = [row for first in spilled[3:] for row in (first, first + 1)]
    assert rig.rows("spills") == rows
    rig.reopen()
    assert rig.rows("spills") == rows
    found = inspect(rig.directory, rig.disk)
    assert found.damage == list(Examination(found, rig.disk).run()) == []
    assert not rig.failures


def test_epochs_tags_and_encryption_are_kept(rig: Rig) -> None:
    old, new = Key("an old secret of 32 characters..."), Key("a new secret of 32 characters...")
    rig.settings = Settings("zstd", Keys(old))
    rig.open(A, B)
    quiet, epochs = [], []
    for turn in range(3):
        quiet += busy_and_quiet(rig, segments=2 * turn + 1)
        epochs.append(rig.journal.epoch)
        rig.settings = Settings("none", Keys(new, [old]))
        rig.reopen()
    reader = rig.consumer("b")
    reader.seek(0)
    before = [(c.first, c.rows, c.epoch, c.born, c.tags, bytes(c.body)) for c in reader.read(0)]
    delivered(rig, "a")
    assert sum(header.end > 0 for header in headers(rig)) >= 3
    for _ in range(2):
        rig.reopen()
        chunks = []
        while more := rig.consumer("b").read(0):
            chunks += more
        found = [(c.first, c.rows, c.epoch, c.born, c.tags, bytes(c.body)) for c in chunks]
        assert found == before
        assert [row for c in chunks for row in range(c.first, c.end)] == quiet
        assert {c.epoch for c in chunks} == set(epochs)


def test_it_is_sound_for_who_looks_in_from_outside(rig: Rig) -> None:
    rig.open(A, B)
    quiet = busy_and_quiet(rig)
    stale = inspect(rig.directory, rig.disk)
    delivered(rig, "a")
    for found in (stale, inspect(rig.directory, rig.disk)):  # a tool that has looked before, too
        examination = Examination(found, rig.disk)
        assert found.damage == []
        assert list(examination.run()) == [], "no damage"
        number = next(c.number for c in found.state.channels.values() if c.name == "b")
        assert examination.totals.held[number][0] == len(quiet)


def test_the_last_runtime_can_read_it(rig: Rig) -> None:
    """Its groups are numbered and chained without a gap, and its format is as before."""
    rig.open(A, B)
    quiet = busy_and_quiet(rig)
    delivered(rig, "a")
    for header in headers(rig):
        assert header.format == PLAIN < FORMAT
    for segment in rig.journal._state.segments.values():
        segment.end += 50_000  # as a snapshot has it that is older than the rewriting
    ends = {number: s.end for number, s in rig.journal._state.segments.items()}
    assert rig.rows("b") == quiet
    assert ends == {number: s.end for number, s in rig.journal._state.segments.items()}


def test_where_the_newest_opening_is_destroyed_the_one_before_says_the_same(rig: Rig) -> None:
    rig.open(A, B)
    quiet = busy_and_quiet(rig)
    delivered(rig, "a")
    rig.journal.close()
    disk = crash_disk(rig)
    newest = [name for name in disk.names(rig.directory) if name.endswith(".seg")][-1]
    disk.corrupt(rig.directory / newest, PAGE + 60)
    found = inspect(rig.directory, disk)
    assert [each.what for each in found.damage] == ["the opening group is not valid"]
    held = {c.name: c.held for c in found.state.channels.values()}
    assert held == {"a": 0, "b": len(quiet)}
    sources = found.state.progress
    assert sources == rig.journal._state.progress


def test_rot_in_what_is_needed_is_not_copied_and_is_said(rig: Rig) -> None:
    rig.open(A, B)
    busy_and_quiet(rig)
    rig.killed()
    rig.open()
    names = [name for name in rig.disk.names(rig.directory) if name.endswith(".seg")]
    walk = rig.consumer("b")._shared.walk(1, 0)
    while (located := walk.next()) is not None and located.path.name != names[1]:
        pass
    assert located is not None
    crash_disk(rig).corrupt(rig.directory / names[1], located.offset + 10)
    before = sizes(rig)
    delivered(rig, "a")
    assert sizes(rig)[1] == before[1]
    assert sizes(rig)[0] < before[0]
    with pytest.raises(JournalDamaged, match="a body is not valid"):
        rig.rows("b")


def test_one_in_which_damage_was_given_up_stays_as_it_is(rig: Rig) -> None:
    rig.open(A, B)
    quiet = busy_and_quiet(rig)
    number = next(iter(rig.journal._state.segments))
    rig.journal._state.holes[number] = [(PAGE, PAGE + 512)]
    before = sizes(rig)
    delivered(rig, "a")
    assert sizes(rig)[0] == before[0]
    assert sizes(rig)[1] < before[1]
    del rig.journal._state.holes[number]
    assert rig.rows("b") == quiet


def test_on_a_full_disk_a_reserve_is_the_room(rig: Rig) -> None:
    rig.open(A, B)
    quiet = busy_and_quiet(rig)
    disk = crash_disk(rig)
    disk.room = disk.allocated()
    before = disk.allocated()
    delivered(rig, "a")
    assert max(sizes(rig)[:-1]) < 12_000
    assert disk.allocated() < before - 100_000
    assert rig.rows("b") == quiet
    while len(sizes(rig)) <= 4:
        rig.put("a", size=2000)
    assert set(RESERVES) <= set(disk.names(rig.directory)), "it was made anew"
    rig.killed()
    rig.open()
    assert rig.rows("b") == quiet


@pytest.mark.parametrize("verb", ["stat", "rename"])
def test_the_writer_gets_over_a_reserve_that_the_rewriter_takes_before_its_eyes(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    rig.open(A, B)
    rig.put("a", size=1000)
    act, taken = getattr(CrashDisk, verb), []

    def raced(disk: CrashDisk, path: Path, *others: Path) -> object:
        """Do it, just after another thread has taken the file."""
        if path.name in RESERVES and threading.current_thread().name == "journal" and not taken:
            taken.append(path)
            disk.unlink(path)
        return act(disk, path, *others)

    disk = crash_disk(rig)
    disk.room = disk.allocated()
    monkeypatch.setattr(CrashDisk, verb, raced)
    for _ in range(200):  # on a full disk, so that segments are made of the reserves
        rig.consumer("a").advance(Cursor(0)).result(PATIENCE)
    assert taken
    assert not rig.failures
    assert len(rig.rows("a")) == 2


def test_what_a_crash_left_of_a_new_file_is_removed(rig: Rig) -> None:
    rig.open(A, B)
    rig.put("a")
    rig.journal.close()
    rig.disk.open(rig.directory / REWRITING, "write").write([b"half"], 0)
    rig.open()
    assert REWRITING not in rig.disk.names(rig.directory)
    assert len(rig.rows("a")) == 2


def test_a_disk_that_fails_it_ends_nothing(rig: Rig) -> None:
    rig.open(A, B)
    quiet = busy_and_quiet(rig)
    before = sizes(rig)
    disk = crash_disk(rig)
    rig.consumer("a").advance(Cursor(0)).result(PATIENCE)
    disk.fail_at = disk.operations + 4  # after the cursor's write and sync: its new file
    rig.done("a", rig.journal._state.next_row)
    rig.settled()
    assert any(what.endswith(REWRITING) for what in disk.log)
    assert sizes(rig)[0] == before[0]
    assert REWRITING not in disk.names(rig.directory)
    assert not rig.failures
    assert rig.rows("b") == quiet


@pytest.mark.parametrize("most", [256, 3], ids=["remembered", "more than is remembered"])
def test_of_what_was_just_written_only_what_is_needed_is_read(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr("flumec.runtime.journal.segment.MOST_PLACES", most)
    rig.segment_size = 512 << 10
    rig.open(A, B)
    quiet = []
    while len(sizes(rig)) < 2:
        quiet += [(row := rig.put("b", size=200).first), row + 1]
        for _ in range(8):
            rig.put("a", size=9000)
    got = []
    read = CrashFile.read

    def counted(file: CrashFile, length: int, offset: int) -> bytes:
        data = read(file, length, offset)
        if threading.current_thread().name == "journal space":
            got.append(len(data))
        return data

    monkeypatch.setattr(CrashFile, "read", counted)
    before = sizes(rig)[0]
    delivered(rig, "a")
    assert sizes(rig)[0] < 12_000
    assert (sum(got) < before // 2) == (most == 256)
    assert rig.rows("b") == quiet


def test_what_is_not_found_where_it_is_remembered_is_looked_for(rig: Rig) -> None:
    rig.open(A, B)
    quiet = busy_and_quiet(rig)
    for segment in rig.journal._state.segments.values():
        for places in (segment.places or {}).values():
            del places[0]
    delivered(rig, "a")
    assert max(sizes(rig)[:-1]) < 12_000
    assert rig.rows("b") == quiet


def test_without_the_sync_of_its_file_a_power_cut_takes_rows(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = CrashFile.sync

    def lax(file: CrashFile) -> None:
        if threading.current_thread().name != "journal space":
            sync(file)

    quiet = []
    for saboteur in (sync, lax):
        monkeypatch.setattr(CrashFile, "sync", saboteur)
        rig.disk = CrashDisk()
        rig.disk.make_directory(rig.directory.parent)
        rig.open(A, B)
        quiet = busy_and_quiet(rig)
        delivered(rig, "a")
        rig.disk = rig.disk.reboot()
        if saboteur is sync:
            rig.open()
            assert rig.rows("b") == quiet
    rig.open()
    with pytest.raises(JournalDamaged):
        rig.rows("b")


class Unfit:
    """A disk on which the new file of a rewriting is not one that can be opened."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def __getattr__(self, name: str) -> object:
        return getattr(self._disk, name)

    def open(self, path: Path, mode: Mode = "read") -> DiskFile:
        if path.name == REWRITING:
            raise RuntimeError("a mistake of ours")
        return self._disk.open(path, mode)


def test_a_mistake_in_it_is_loud_and_ends_nothing(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    rig.disk = Unfit(rig.disk)  # type: ignore[assignment]
    rig.open(A, B)
    quiet = busy_and_quiet(rig)
    rig.done("a", rig.journal._state.next_row)
    rig.settled()
    later = [rig.put("b", size=3000) for _ in range(60)]
    rig.settled()
    assert rig.failures == []
    assert "cannot be made smaller, and stays: " in caplog.text
    assert "a mistake of ours" in caplog.text
    assert rig.rows("b")[: len(quiet)] == quiet
    assert len(rig.rows("b")) == len(quiet) + 2 * len(later)


def test_its_header_says_its_end_though_a_sector_went_bad(rig: Rig) -> None:
    rig.open(A, B)
    quiet = busy_and_quiet(rig, segments=1)
    delivered(rig, "a")
    (header, _) = headers(rig)
    assert header.end == sizes(rig)[0]
    name = next(name for name in rig.disk.names(rig.directory) if name.endswith(".seg"))
    for place in (0, 20, 84, 90):
        crash_disk(rig).corrupt(rig.directory / name, place)
        assert headers(rig)[0] == header
        assert rig.rows("b") == quiet
        crash_disk(rig).corrupt(rig.directory / name, place)
    assert replace(header, end=0).encode() != header.encode()


@pytest.mark.parametrize(
    ("kept", "alive"), [({1}, 5000), ({2}, 4000), ({1, 2}, 8000), (set(), 0), ({3}, 0)]
)
def test_what_is_alive_is_what_a_kept_channel_needs(kept: set[int], alive: int) -> None:
    taken = {(1,): 4000, (1, 2): 1000, (2,): 3000}
    segment = SegmentState(1, b"", 0, 10_000, {1: 5, 2: 9}, taken)
    assert segment.alive(frozenset(kept)) == alive
