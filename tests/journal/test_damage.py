"""Rotten bytes: a torn end is cut, anything else stops the journal with the missing rows."""

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
import thorough
from flumec.runtime.disk import DiskFile
from flumec.runtime.journal import JournalDamaged
from flumec.runtime.journal.layout import GROUP_HEADER, PAGE, GroupHeader, read_segment_header
from flumec.runtime.journal.replay import frames
from flumec.runtime.journal.walk import GroupReader, segment_path
from flumec.runtime.testing import CrashDisk

from .conftest import Rig

DIRECTORY = Path("/state/journal")
FIRST = segment_path(DIRECTORY, 1)


def groups(disk: CrashDisk, path: Path = FIRST) -> list[tuple[int, GroupHeader, list[range]]]:
    """Return (offset, header, where its checked bytes lie) of each group."""
    file: DiskFile = disk.open(path)
    header = read_segment_header(file)
    assert header is not None
    reader, offset, found = GroupReader(file, header.epoch), PAGE, []
    while (group := reader.group(offset, file.stat().st_size)) is not None:
        parts = [range(offset, offset + GROUP_HEADER + group[0].head_length)]
        starts = [(offset + entry.offset, entry.length) for entry in frames(group[1])]
        parts += [range(start, start + length) for start, length in starts]
        found.append((offset, group[0], parts))
        offset += group[0].length
    return found


def flips(parts: list[range]) -> Iterator[tuple[int, int]]:
    """Yield every byte of a group's head and bodies, each with another bit."""
    for part in parts:
        for offset in part:
            yield offset, 1 << (offset % 8)


@pytest.fixture
def three(rig: Rig) -> CrashDisk:
    """Return a disk with three puts of two rows each, in a journal that was killed."""
    rig.open()
    for _ in range(3):
        rig.put("a")
    rig.killed()
    return rig.disk


def test_any_bit_of_a_group_with_another_after_it_is_damage_with_its_rows(
    rig: Rig, three: CrashDisk
) -> None:
    _, group, parts = groups(three)[2]
    assert (group.first_row, group.end_row) == (2, 4)
    for offset, mask in flips(parts):
        rig.disk = three.kill()
        rig.disk.corrupt(FIRST, offset, mask)
        with pytest.raises(JournalDamaged, match=r"rows 2 to 3 \(2 of them\)") as raised:
            rig.open()
        assert str(FIRST) in str(raised.value)
        assert f"flumec.runtime.channel verify {DIRECTORY}" in str(raised.value)


@thorough.strides(5)
def test_any_bit_of_the_last_group_cuts_it_and_nothing_else(
    rig: Rig, three: CrashDisk, stride: int
) -> None:
    _, group, parts = groups(three)[-1]
    assert (group.first_row, group.end_row) == (4, 6)
    for offset, mask in islice(flips(parts), 0, None, stride):
        rig.disk = three.kill()
        rig.disk.corrupt(FIRST, offset, mask)
        rig.open()
        assert rig.rows() == [0, 1, 2, 3]
        rig.journal.close()


def test_after_a_clean_end_nothing_may_be_missing(rig: Rig, three: CrashDisk) -> None:
    rig.open()
    rig.put("a")
    rig.journal.close()
    closed = rig.disk
    *_, (_, group, parts), (_, last, _) = groups(closed, segment_path(DIRECTORY, 2))
    assert (group.first_row, group.end_row, last.rows) == (6, 8, 0)
    for offset, mask in flips(parts):
        rig.disk = closed.kill()
        rig.disk.corrupt(segment_path(DIRECTORY, 2), offset, mask)
        with pytest.raises(JournalDamaged, match=r"rows 6 to 7 \(2 of them\)"):
            rig.open()


def test_two_bad_groups_are_reported_as_one_gap(rig: Rig, three: CrashDisk) -> None:
    for _, _, parts in groups(three)[1:3]:
        three.corrupt(FIRST, parts[0][0])
    rig.disk = three
    with pytest.raises(JournalDamaged, match=r"rows 0 to 3 \(4 of them\)"):
        rig.open()


def test_a_cursor_that_is_missing_is_damage_without_rows(rig: Rig) -> None:
    rig.open()
    rig.put("a")
    rig.done("a", 2)
    rig.put("a")
    rig.killed()
    cursor = groups(rig.disk)[2]
    assert cursor[1].rows == 0
    rig.disk.corrupt(FIRST, cursor[0] + 20)
    with pytest.raises(JournalDamaged, match="records without rows"):
        rig.open()


def test_one_bad_copy_of_a_segments_header_is_no_matter(rig: Rig, three: CrashDisk) -> None:
    three.corrupt(FIRST, 30)
    rig.disk = three
    rig.open()
    assert rig.rows() == [0, 1, 2, 3, 4, 5]


def test_both_copies_bad_are_damage(rig: Rig, three: CrashDisk) -> None:
    three.corrupt(FIRST, 30)
    three.corrupt(FIRST, PAGE // 2 + 30)
    rig.disk = three
    with pytest.raises(JournalDamaged, match="header is not valid"):
        rig.open()


def test_a_bad_snapshot_with_groups_after_it_is_damage(rig: Rig, three: CrashDisk) -> None:
    opening = groups(three)[0]
    for offset, mask in list(flips(opening[2]))[::7]:
        rig.disk = three.kill()
        rig.disk.corrupt(FIRST, offset, mask)
        with pytest.raises(JournalDamaged, match="opening group"):
            rig.open()


@pytest.fixture
def sealed(rig: Rig) -> CrashDisk:
    """Return a disk whose first segment is sealed, and full of rows that are held."""
    rig.open()
    while len([name for name in rig.disk.names(DIRECTORY) if name.endswith(".seg")]) < 2:
        rig.put("a", size=3000)
    rig.put("a")
    rig.killed()
    return rig.disk


def test_rot_in_a_sealed_segment_is_met_by_its_reader(rig: Rig, sealed: CrashDisk) -> None:
    _, _, parts = groups(sealed)[2]
    places = [place for part in parts for place in part]
    for place in places[:: len(places) // 60]:
        rig.disk = sealed.kill()
        rig.disk.corrupt(FIRST, place)
        rig.open()
        assert [c.first for c in rig.consumer().read(0, max_bytes=1)] == [0]
        with pytest.raises(JournalDamaged, match=r"rows 2 to 3 \(2 of them\)"):
            rig.consumer().read(0, max_bytes=1)
        rig.journal.close()


def test_the_last_group_of_a_sealed_segment_was_synced(rig: Rig, sealed: CrashDisk) -> None:
    _, group, parts = groups(sealed)[-1]
    rig.disk = sealed
    rig.disk.corrupt(FIRST, parts[0][0])
    rig.open()
    gone = f"rows {group.first_row} to {group.end_row - 1}"
    with pytest.raises(JournalDamaged, match=re.escape(gone)):
        rig.rows()


def test_a_segment_that_is_gone_is_damage_while_rows_of_it_are_held(
    rig: Rig, sealed: CrashDisk
) -> None:
    last = groups(sealed)[-1][1].end_row
    sealed.unlink(FIRST)
    rig.disk = sealed
    with pytest.raises(JournalDamaged, match=f"does not exist.*rows 0 to {last - 1} "):
        rig.open()


def test_the_newest_segments_may_not_be_skipped(rig: Rig, sealed: CrashDisk) -> None:
    newest = segment_path(DIRECTORY, 2)
    rig.disk = sealed
    rig.open()
    rig.journal.close()
    third = segment_path(DIRECTORY, 3)
    rig.disk.unlink(newest)
    for offset in (30, PAGE // 2 + 30):
        rig.disk.corrupt(third, offset)
    with pytest.raises(JournalDamaged):
        rig.open()


def test_a_journal_of_a_newer_format_is_refused_with_the_remedy(
    rig: Rig, three: CrashDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flumec.runtime.journal.layout.FORMAT", 0)
    rig.disk = three
    with pytest.raises(Exception, match="written by a newer flumec, in format 1"):
        rig.open()
