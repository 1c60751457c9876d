"""Writing a sealed segment anew without its dead frames, so that the disk gets their room back.

The new file is whole and synced before it takes the old one's name: a crash leaves the one or the
other. Both say the same of every frame that is needed, and a reader that is inside the old one
still has it open. The new one's header says where it ends, so nothing else need be told of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from flumec.runtime.checksum import crc32
from flumec.runtime.disk import Disk, DiskFile
from flumec.runtime.journal.entries import FrameEntry, Kind, frame_channels, record, records
from flumec.runtime.journal.group import Group
from flumec.runtime.journal.layout import (
    MOST_ROWS,
    PAGE,
    SegmentHeader,
    read_segment_header,
    seed,
)
from flumec.runtime.journal.segment import SegmentState
from flumec.runtime.journal.walk import GroupReader, segment_path

REWRITING = "rewriting"
"""The name of a new file until it is whole; a crash may leave it, and the next start removes it."""

_GROUP_BYTES = 256 << 10
"""What a group takes before the next begins: should one rot, no more is lost with it."""


_READ_AHEAD = 256 << 10
"""What is read at once of a file of which all is."""


class NotWorth(Exception):  # noqa: N818 it is found out, not reported
    """A segment stays as it is: too much of it is needed, or it can't be read whole."""


def pays(length: int, end: int) -> bool:
    """Say whether it pays to write `length` bytes for a segment that has `end`.

    A half: then no more is ever copied than is freed, and what a journal holds is at most twice
    what is needed, and the segments that are not left yet.
    """
    return 2 * length <= end


@dataclass(slots=True)
class Rewriting:
    """One segment, and the file that is to replace it."""

    segment: SegmentState
    kept: frozenset[int]
    """The channels that still need rows of it, as of a state that is durable."""
    following: Path
    """The next segment: its snapshot says what was true where this one ends."""
    directory: Path
    disk: Disk
    _group: Group = field(default_factory=Group)
    _rows: tuple[int, int] = (0, 0)
    _end: int = PAGE
    _crc: int = 0
    _number: int = 0

    def run(self) -> Iterator[SegmentState | None]:
        """Do it in small steps; the last gives what is in its place now. Raise NotWorth, OSError.

        Whoever stops it in between calls `undo`.
        """
        old = self.disk.open(segment_path(self.directory, self.segment.number))
        try:
            header = read_segment_header(old)
            if header is None:
                raise NotWorth
            opening = self._opening(old, header)
            new = self.disk.open(self.directory / REWRITING, "write")
            try:
                for places in (self.segment.places_of(self.kept), None):
                    done = SegmentState(header.number, header.epoch, header.first_row, 0)
                    yield from self._copy(old, new, header, opening, places, done)
                    if places is None or done.alive(self.kept) == self.segment.alive(self.kept):
                        break
                new.write([replace(header, end=self._end).encode()], 0)
                new.truncate(self._end)
                new.sync()
            finally:
                new.close()
        finally:
            old.close()
        yield None
        self.disk.rename(self.directory / REWRITING, segment_path(self.directory, header.number))
        self.disk.sync_directory(self.directory)
        yield replace(self.segment, end=self._end, sets=done.sets, places=None)

    def undo(self) -> None:
        """Remove what was written of the new file."""
        if REWRITING in self.disk.names(self.directory):
            self.disk.unlink(self.directory / REWRITING)

    def _opening(self, old: DiskFile, header: SegmentHeader) -> list[bytes]:
        """Return the records that the new file opens with: a recovery could begin with it."""
        opened = _first(old, header.epoch, self.segment.end, Kind.OPEN)
        file = self.disk.open(self.following)
        try:
            known = read_segment_header(file)
            if known is None:
                raise NotWorth
            snapshot = _first(file, known.epoch, file.stat().st_size, Kind.SNAPSHOT)
        finally:
            file.close()
        return [opened, snapshot]

    def _copy(  # noqa: PLR0917 what a copy is of, called in one place
        self,
        old: DiskFile,
        new: DiskFile,
        header: SegmentHeader,
        opening: list[bytes],
        places: list[int] | None,
        done: SegmentState,
    ) -> Iterator[None]:
        """Write the groups of the new file, step by step, and note in `done` what is in them."""
        self._end, self._crc, self._number = PAGE, 0, header.first_group
        self._group, self._rows = Group(), (header.first_row, header.first_row)
        for each in opening:
            self._group.add(each)
        end = header.end or self.segment.end
        reader = GroupReader(old, header.epoch, _READ_AHEAD if places is None else PAGE)
        for offset, head in _groups(reader, end, places):
            for entry in self._alive(head):
                body = old.read(entry.length, offset + entry.offset)
                if crc32(body) != entry.crc:
                    raise NotWorth
                self._add(new, entry, memoryview(body))
                done.add(entry)
            yield None
        self._flush(new)

    def _alive(self, head: memoryview) -> Iterator[FrameEntry]:
        """Yield the frames of a group that are needed."""
        for kind, data in records(head):
            if kind in (Kind.FRAME, Kind.COPIED) and not self.kept.isdisjoint(frame_channels(data)):
                yield FrameEntry.decode(data, copied=True)

    def _add(self, new: DiskFile, entry: FrameEntry, body: memoryview) -> None:
        # Between two frames may be any number of rows that went to memory channels only, and what
        # was written late is older than what stands before it.
        first = self._rows[0]
        apart = entry.first < first or entry.end - first > MOST_ROWS
        if self._group.bound > _GROUP_BYTES or apart:
            self._flush(new)
        if not self._group.parts:
            self._rows = (entry.first, entry.first)
        self._rows = (self._rows[0], max(self._rows[1], entry.end))
        self._group.add_frame(entry, body)

    def _flush(self, new: DiskFile) -> None:
        """Write the group as it is; its numbers go on from the segment's first."""
        if not self._group.parts:
            return
        buffers, header = self._group.build(
            self._end, self._number, self._rows, self._crc, seed(self.segment.epoch)
        )
        if not pays(self._end + header.length, self.segment.end):
            raise NotWorth
        new.write(buffers, self._end)
        self._end += header.length
        self._number, self._crc = header.number + 1, header.crc
        self._group = Group()


def _groups(
    reader: GroupReader, end: int, places: list[int] | None
) -> Iterator[tuple[int, memoryview]]:
    """Yield the offset and head of the groups at some places, or of all; raise NotWorth."""
    offset = PAGE
    while places or (places is None and offset < end):
        offset = places.pop(0) if places else offset
        found = reader.group(offset, end)
        if found is None:
            raise NotWorth  # a reader says so with the rows
        yield offset, found[1]
        offset += found[0].length


def _first(file: DiskFile, epoch: bytes, end: int, wanted: Kind) -> bytes:
    """Return a record of a segment's first group as it stands there."""
    found = GroupReader(file, epoch).group(PAGE, end)
    for kind, data in records(found[1]) if found else ():
        if kind is wanted:
            return record(kind, bytes(data.data[data.offset :]))
    raise NotWorth
