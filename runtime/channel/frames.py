"""The frames of one channel read from a journal's files, over its damage."""

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
from flumec.runtime.checksum import crc32
from flumec.runtime.disk import Disk, DiskFile
from flumec.runtime.journal.damage import Damage
from flumec.runtime.journal.entries import FrameEntry
from flumec.runtime.journal.errors import StateError
from flumec.runtime.journal.inspection import Inspection
from flumec.runtime.journal.needed import reading
from flumec.runtime.journal.packing import is_sealed, unpack
from flumec.runtime.journal.records import Chunk
from flumec.runtime.journal.replay import frames
from flumec.runtime.journal.scan import Gap, Sound


@dataclass(frozen=True, slots=True)
class Frames:
    """Rows `first` to `end` of a channel, in order."""

    inspection: Inspection
    disk: Disk
    channel: int
    first: int
    end: int

    def __iter__(self) -> Iterator[Chunk | Damage]:
        """Yield the rows, and the damage in between.

        A body that every channel is past may have been given back to the disk: it is passed over.
        """
        found = self.inspection
        yield from filter(self._concerns, found.damage)
        gone = {damage.segment for damage in found.damage if not damage.stop}
        for number, segment in sorted(found.state.segments.items()):
            if segment.channels.get(self.channel, 0) <= self.first or number in gone:
                continue
            file = self.disk.open(found.path(number))
            try:
                yield from self._segment(number, file)
            finally:
                file.close()

    def _segment(self, number: int, file: DiskFile) -> Iterator[Chunk | Damage]:
        known = {each.start for each in self.inspection.damage if each.segment == number}
        for found in reading(self.inspection, number, file):
            if isinstance(found, Gap):
                if found.start not in known:
                    path = self.inspection.path(number)
                    yield from filter(self._concerns, [Damage.of(number, path, found)])
            elif found.header.first_row < self.end:
                for entry in frames(found.head):
                    start = found.offset + entry.offset
                    given_up = self.inspection.state.hole(number, start) is not None
                    if self._wants(entry) and not given_up:
                        yield self._chunk(number, file, found, entry)

    def _concerns(self, damage: Damage) -> bool:
        mine = damage.channels is None or self.channel in damage.channels
        return mine and damage.first < self.end and damage.end > self.first

    def _wants(self, entry: FrameEntry) -> bool:
        mine = self.channel in entry.channels
        return mine and entry.first < self.end and entry.end > self.first

    def _chunk(
        self, number: int, file: DiskFile, group: Sound, entry: FrameEntry
    ) -> Chunk | Damage:
        """Return what is wanted of a frame, or what is wrong with it."""
        found, start = self.inspection, group.offset + entry.offset
        body = pa.allocate_buffer(entry.length)
        length = file.read_into(memoryview(body), start)
        what = ""
        if length < entry.length or crc32(body) != entry.crc:
            what = (
                "a body's checksum is wrong"
                if found.needs(entry)
                else "a body is not there any more: it was delivered, and its room given back"
            )
        elif is_sealed(entry.form):
            raise StateError(
                f"{found.directory} is encrypted, and this tool has no key: it lists and verifies "
                "such a journal, and takes nothing out"
            )
        if what:
            return Damage(
                number, found.path(number), start, start + entry.length, entry.first, entry.end,
                what, entry.channels,
            )  # fmt: skip
        first, end = max(self.first, entry.first), min(self.end, entry.end)
        epoch = found.state.epoch_of(entry.first)
        plain = unpack(body, entry.form, entry.size)
        return Chunk(
            first,
            end - first,
            first - entry.first,
            epoch,
            entry.born,
            entry.tags,
            plain,
            None if entry.form else entry.crc,
        )
