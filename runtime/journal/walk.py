"""Reading groups back from a segment, and telling a torn end from damage."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from flumec.runtime.disk import Disk, DiskFile
from flumec.runtime.journal.entries import FrameEntry, Kind, records
from flumec.runtime.journal.errors import JournalDamaged
from flumec.runtime.journal.layout import (
    GROUP_HEADER,
    GROUP_MAGIC,
    PAGE,
    SECTOR,
    GroupHeader,
    group_crc,
    parse_group_header,
    read_segment_header,
    seed,
)
from flumec.runtime.journal.ranges import after
from flumec.runtime.journal.segment import SegmentState
from flumec.runtime.journal.state import State

_WINDOW = 64 << 10
_BLOCK = 1 << 20


def segment_path(directory: Path, number: int) -> Path:
    """Return the path of a segment: names sort as numbers do."""
    return directory / f"{number:020}.seg"


class GroupReader:
    """The groups of one segment, in order; heads only. `ahead` is how much is read at once."""

    def __init__(self, file: DiskFile, epoch: bytes, ahead: int = _WINDOW) -> None:
        self.file = file
        self._seed = seed(epoch)
        self._window = memoryview(b"")
        self._at = 0
        self._ahead = self._most = ahead

    def group(self, offset: int, end: int) -> tuple[GroupHeader, memoryview] | None:
        """Return the header and head of the group at `offset`, None if there is no valid one."""
        data = self._data(offset, min(PAGE, end - offset), end)
        header = parse_group_header(data)
        if header is None or offset + header.head_end + header.body_length > end:
            return None
        data = self._data(offset, header.head_end, end)
        if (
            len(data) < header.head_end
            or group_crc(data, header.head_end, self._seed) != header.crc
        ):
            return None
        self._ahead = self._most if header.length < self._most else PAGE
        return header, data[GROUP_HEADER : header.head_end]

    def _data(self, offset: int, length: int, end: int) -> memoryview:
        """Return at least `length` bytes from `offset`, if the file has them.

        Nothing from `end` on is kept: it may be written after that.
        """
        skip = offset - self._at
        if skip < 0 or skip + length > len(self._window):
            self._window = memoryview(
                self.file.read(min(max(length, self._ahead), end - offset), offset)
            )
            self._at, skip = offset, 0
        return self._window[skip:]

    def later(self, offset: int, end: int, number: int) -> tuple[int, GroupHeader] | None:
        """Find a valid group from `offset` on whose number is at least `number`."""
        for at, (header, _) in self.all_later(offset, end):
            if header.number >= number:
                return at, header
        return None

    def all_later(
        self, offset: int, end: int
    ) -> Iterator[tuple[int, tuple[GroupHeader, memoryview]]]:
        """Yield every valid group from `offset` on, wherever it stands."""
        for start in range(offset - offset % SECTOR, end, _BLOCK):
            block = self.file.read(min(_BLOCK, end - start), start)
            at = block.find(GROUP_MAGIC)
            while at >= 0:
                if at % SECTOR == 0 and start + at >= offset:
                    found = self.group(start + at, end)
                    if found is not None:
                        yield start + at, found
                at = block.find(GROUP_MAGIC, at + 1)


def damaged(path: Path, offset: int, first: int, end: int | None, what: str) -> JournalDamaged:
    """Return the error for rows `first` to `end` (None: unknown): how to look, what to do."""
    if end is None:
        rows = f"rows from {first} on are"
    elif end <= first:
        rows = "records without rows (positions, cursors) are"
    else:
        rows = f"rows {first} to {end - 1} ({end - first} of them) are"
    tool = "python3 -m flumec.runtime.channel"
    return JournalDamaged(
        f"{path}: {what} at byte {offset}; {rows} missing, although they were acknowledged. "
        f"To look: `{tool} verify {path.parent}`. To go on: restore the file from a copy of the "
        f"disk; or give up exactly these rows: `{tool} skip {path.parent} --damaged`"
    )


@dataclass(slots=True)
class Located:
    """A frame, and the open file it lies in."""

    entry: FrameEntry
    path: Path
    file: DiskFile
    offset: int
    """Of the body, in the file."""
    key: int = 0
    """The id of the key that its segment's bodies are encrypted with."""


@dataclass
class Walk:
    """The frames of one channel from `row` on, found by reading heads: nothing is kept in memory.

    `lock` guards the state, whose segments end where the last sync did.
    """

    disk: Disk
    directory: Path
    state: State
    lock: Lock
    channel: int
    row: int
    _found: deque[Located] = field(default_factory=deque)
    _reader: GroupReader | None = None
    _segment: SegmentState | None = None
    _offset: int = 0
    _number: int = 0
    _expected_row: int = 0
    _key: int = 0
    _end: int = 0
    """Where the open file ends, if it was rewritten: the state may not say so yet."""

    def next(self) -> Located | None:
        """Return the next frame that reaches above `row`, None where nothing more is synced."""
        while True:
            while self._found:
                located = self._found.popleft()
                if located.entry.end > self.row:
                    self.row = located.entry.end
                    return located
            if not self._group():
                return None

    def close(self) -> None:
        """Close the file."""
        if self._reader is not None:
            self._reader.file.close()
            self._reader = None

    def _group(self) -> bool:
        """Take in the next group; False where nothing more is synced."""
        with self.lock:
            self.row = after(self.state.channels[self.channel].gaps, self.row)
            segment = next(
                (
                    known
                    for known in self.state.segments.values()
                    if known.channels.get(self.channel, 0) > self.row and self._is_ahead(known)
                ),
                None,
            )
        if segment is None:
            return False
        entered = self._segment is not None and segment.number == self._segment.number
        if not entered and not self._enter(segment):
            return True
        assert self._segment is not None
        with self.lock:  # of the file that is open: another may have taken its place
            end = self._end or self._segment.end
        if self._offset >= end:
            return False
        self._take(self._segment, end)
        return True

    def _is_ahead(self, known: SegmentState) -> bool:
        """Whether a segment has groups that were not taken in."""
        if self._segment is None or known.number != self._segment.number:
            return self._segment is None or known.number > self._segment.number
        return self._offset < (self._end or self._segment.end)

    def _enter(self, segment: SegmentState) -> bool:
        """Open a segment; False if it was just deleted, as its rows were dropped."""
        self.close()
        path = segment_path(self.directory, segment.number)
        try:
            file = self.disk.open(path)
        except FileNotFoundError:
            with self.lock:
                if segment.number not in self.state.segments:
                    return False
            raise damaged(path, 0, segment.first_row, None, "the file does not exist") from None
        self._reader, self._segment = GroupReader(file, segment.epoch), segment
        self._offset, self._number, self._expected_row = PAGE, -1, segment.first_row
        header = read_segment_header(file)
        self._key = 0 if header is None else header.key
        self._end = 0 if header is None else header.end
        return True

    def _take(self, segment: SegmentState, end: int) -> None:
        assert self._reader is not None
        path = segment_path(self.directory, segment.number)
        found = self._reader.group(self._offset, end)
        if found is None or (self._number >= 0 and found[0].number != self._number):
            if (stop := self.state.hole(segment.number, self._offset)) is not None:
                self._offset, self._number = stop, -1
                return
            later = self._reader.later(self._offset + SECTOR, end, 0)
            end_row = later[1].first_row if later else segment.channels[self.channel]
            raise damaged(path, self._offset, self._expected_row, end_row, "a group is not valid")
        header, head = found
        for kind, data in records(head):
            if kind in (Kind.FRAME, Kind.COPIED):
                entry = FrameEntry.decode(data, copied=kind is Kind.COPIED)
                offset = self._offset + entry.offset
                given_up = self.state.hole(segment.number, offset) is not None
                if self.channel in entry.channels and not given_up:
                    self._found.append(Located(entry, path, self._reader.file, offset, self._key))
        self._offset += header.length
        self._number, self._expected_row = header.number + 1, header.end_row


WalkFrom = Callable[[int, int], Walk]
"""Make a walk of a channel from a row."""
