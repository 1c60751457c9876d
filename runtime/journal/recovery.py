"""Finding what a journal held when it stopped: the newest snapshot and what follows.

Nothing is written here. The last group found may not have been synced, nor those before it which
it does not say that of; so they are copied, with their bodies, into a new segment before anything
is served; older segments are never appended to.
"""

import re
from collections import deque
from dataclasses import dataclass, field, replace
from pathlib import Path

from flumec.runtime.checksum import crc32
from flumec.runtime.disk import Disk, DiskFile
from flumec.runtime.journal.cut import is_cut
from flumec.runtime.journal.entries import FrameEntry
from flumec.runtime.journal.errors import JournalDamaged, StateError
from flumec.runtime.journal.layout import (
    PAGE,
    SECTOR,
    GroupHeader,
    NewerFormat,
    SegmentHeader,
    read_segment_header,
)
from flumec.runtime.journal.log import RESERVES
from flumec.runtime.journal.replay import frames, opening_state, replay
from flumec.runtime.journal.segment import SegmentState
from flumec.runtime.journal.state import State
from flumec.runtime.journal.synced import Group, synced_below
from flumec.runtime.journal.walk import GroupReader, damaged, segment_path

SEGMENT = re.compile(r"\d{20}\.seg")


@dataclass
class Recovered:
    """The state, the frames to copy, the files that hold nothing, and the next segment's number."""

    state: State
    copied: list[tuple[FrameEntry, memoryview]] = field(default_factory=list)
    garbage: list[Path] = field(default_factory=list)
    next_segment: int = 1
    key: int = 0
    """The id of the key that the frames to copy are encrypted with."""


def recover(directory: Path, disk: Disk, new_journal: bytes) -> Recovered:
    """Read what is in `directory`; raise JournalDamaged or StateError."""
    numbers = [int(name[:20]) for name in disk.names(directory) if SEGMENT.fullmatch(name)]
    unopened: list[int] = []
    following: SegmentHeader | None = None
    for number in reversed(numbers):
        if unopened and number != unopened[-1] - 1:
            break
        path = segment_path(directory, number)
        file = disk.open(path)
        try:
            newest = _Newest.find(path, file)
            if isinstance(newest, _Newest):
                recovered = newest.recover(following)
                _require_one_journal(newest, directory, disk, numbers)
                _require_segments(directory, recovered.state, numbers)
                recovered.garbage = _unlisted(directory, recovered.state, numbers)
                recovered.next_segment = number + 1
                return recovered
        finally:
            file.close()
        unopened.append(number)
        following = newest
    if unopened and unopened[-1] != 1:
        path = segment_path(directory, unopened[-1] - 1)
        raise damaged(path, 0, 0, None, "no segment has a valid snapshot, and this one is gone")
    if not numbers and not set(RESERVES).isdisjoint(disk.names(directory)):
        path = segment_path(directory, 1)
        raise damaged(path, 0, 0, None, "this segment, and all others, are gone")
    garbage = [segment_path(directory, number) for number in numbers]
    return Recovered(State(new_journal), garbage=garbage)


def _require_one_journal(
    newest: "_Newest", directory: Path, disk: Disk, numbers: list[int]
) -> None:
    """Raise if the newest segment is of another journal than the one before it."""
    older = [number for number in numbers if number < newest.header.number]
    if not older:
        return
    file = disk.open(segment_path(directory, older[-1]))
    try:
        header = read_segment_header(file)
    finally:
        file.close()
    if header is not None and header.journal != newest.header.journal:
        raise damaged(newest.path, 0, 0, None, "it is of another journal than the one before it")


def _require_segments(directory: Path, state: State, numbers: list[int]) -> None:
    for segment in state.segments.values():
        if segment.number not in numbers and state.is_live(segment):
            path = segment_path(directory, segment.number)
            end = max(segment.channels.values())
            raise damaged(path, 0, segment.first_row, end, "the file does not exist")


def _unlisted(directory: Path, state: State, numbers: list[int]) -> list[Path]:
    """Return the segments that the newest does not know: never opened, or freed already."""
    for number in [known for known in state.segments if known not in numbers]:
        del state.segments[number]
    return [segment_path(directory, n) for n in numbers if n not in state.segments]


@dataclass
class _Newest:
    """The newest segment whose opening group is valid."""

    path: Path
    file: DiskFile
    header: SegmentHeader
    reader: GroupReader
    size: int
    opening: Group

    @classmethod
    def find(cls, path: Path, file: DiskFile) -> "_Newest | SegmentHeader | None":
        """Return it if its opening is valid, else its header, None if not even that was written."""
        try:
            header = read_segment_header(file)
        except NewerFormat as newer:
            raise StateError(
                f"{path} was written by a newer flumec, in format {newer.needs}: install that "
                "version again, or let it drain the journal first"
            ) from None
        size = file.stat().st_size
        if header is None:
            if any(file.read(SECTOR, PAGE)):
                raise damaged(path, 0, 0, None, "the segment's header is not valid")
            return None
        reader = GroupReader(file, header.epoch)
        opening = whole_group(reader, PAGE, size)
        if header.number != int(path.name[:20]):
            raise damaged(path, 0, 0, None, f"it is a copy of segment {header.number}")
        if opening is not None:
            return cls(path, file, header, reader, size, opening)
        later = reader.later(PAGE + SECTOR, size, header.first_group + 1)
        if later is not None:
            end = later[1].first_row
            raise damaged(path, PAGE, header.first_row, end, "the opening group is not valid")
        return header

    def recover(self, following: SegmentHeader | None) -> Recovered:
        """Read the snapshot, and every group up to the last valid one."""
        state, segment = self._opening()
        doubtful = deque([(PAGE, self.opening)])
        while True:
            at, last = doubtful[-1]
            offset = at + last[0].length
            found = whole_group(self.reader, offset, self.size)
            if found is None or not _follows(found[0], last[0]):
                break
            doubtful.append((offset, found))
            while doubtful[0][1][0].number < synced_below(found):
                self._replay(state, segment, doubtful.popleft()[1])
        # These groups move to the next segment, so this one ends before them, with fewer rows.
        segment.end = doubtful[0][0]
        for _, group in doubtful:
            self._replay(state, SegmentState(0, b"", 0, 0), group)
        self._require_end(offset, last[0].number + 1, state.next_row, following)
        if is_cut(self.file, offset, self.header.epoch) and not state.closed:
            raise self._missed(state.next_row, following)
        copied = [
            (replace(entry, copied=True), self._body(at, entry))
            for at, (_, head) in doubtful
            for entry in frames(head)
        ]
        return Recovered(state, copied, key=self.header.key)

    def _opening(self) -> tuple[State, SegmentState]:
        state = opening_state(self.opening[1])
        if state is None:
            raise damaged(self.path, PAGE, self.header.first_row, None, "the snapshot is missing")
        header = self.header
        segment = SegmentState(header.number, header.epoch, header.first_row, PAGE)
        state.segments[header.number] = segment
        return state, segment

    def _replay(self, state: State, segment: SegmentState, group: Group) -> None:
        header, head = group
        if header is self.opening[0]:
            for entry in frames(head):
                segment.add(entry)
        else:
            replay(state, segment, header, head)

    def _body(self, offset: int, entry: FrameEntry) -> memoryview:
        return memoryview(self.file.read(entry.length, offset + entry.offset))

    def _require_end(
        self, offset: int, number: int, row: int, following: SegmentHeader | None
    ) -> None:
        """Raise if what follows the group that is invalid at `offset` says that it was synced."""
        groups = (group for _, group in self.reader.all_later(offset + SECTOR, self.size))
        later = next((group[0] for group in groups if synced_below(group) > number), None)
        if later is not None:
            end = later.first_row
        elif (
            following is not None
            and following.epoch == self.header.epoch
            and following.first_group > number
        ):
            end = following.first_row
        else:
            return
        raise damaged(self.path, offset, row, end, f"group {number} is not valid")

    def _missed(self, row: int, following: SegmentHeader | None) -> JournalDamaged:
        """Return the error for a segment that was cut, although no other goes on behind it."""
        if following is None:
            path = segment_path(self.path.parent, int(self.path.name[:20]) + 1)
            return damaged(
                path, 0, row, None, "the file does not exist, or the one before it was cut"
            )
        path = segment_path(self.path.parent, following.number)
        return damaged(path, PAGE, following.first_row, None, "the opening group is not valid")


def _follows(header: GroupHeader, previous: GroupHeader) -> bool:
    return header.number == previous.number + 1 and header.previous == previous.crc


def whole_group(reader: GroupReader, offset: int, end: int) -> Group | None:
    """Return the group at `offset` if its head and all its bodies are valid."""
    found = reader.group(offset, end)
    if found is None:
        return None
    for entry in frames(found[1]):
        body = reader.file.read(entry.length, offset + entry.offset)
        if crc32(body) != entry.crc:
            return None
    return found
