"""The frames of one channel read from a journal's files, over its damage."""

from collections.abc import Iterator
from heapq import merge

import pyarrow as pa
from flumec.runtime.channel.keys import locked
from flumec.runtime.checksum import crc32
from flumec.runtime.disk import Disk, DiskFile
from flumec.runtime.frozen import frozen
from flumec.runtime.journal.damage import Damage
from flumec.runtime.journal.entries import FrameEntry
from flumec.runtime.journal.inspection import Inspection
from flumec.runtime.journal.needed import key_of, reading
from flumec.runtime.journal.packing import Locked, unpack
from flumec.runtime.journal.records import Chunk
from flumec.runtime.journal.replay import frames
from flumec.runtime.journal.scan import Gap, Sound
from flumec.runtime.journal.spill import Late
from flumec.runtime.journal.walk import Located


@frozen
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
        yield from filter(self._concerns, self.inspection.damage)
        late = self._late()
        yield from merge(self._log(), late, key=lambda each: each.first)

    def _late(self) -> Iterator[Chunk | Damage]:
        """Yield the frames that an orderly end wrote when newer ones were stored already."""
        found = self.inspection
        for group in self._late_groups():
            if group.segment not in found.state.segments:
                continue
            file = self.disk.open(found.path(group.segment))
            try:
                sound = reading(found, group.segment, file)
                for each in sound:
                    if isinstance(each, Sound) and each.offset == group.offset:
                        yield from self._group(group.segment, file, each)
                        break
            finally:
                file.close()

    def _late_groups(self) -> tuple[Late, ...]:
        channel = self.inspection.state.channels.get(self.channel)
        return channel.spill.late if channel is not None and channel.spill is not None else ()

    def _log(self) -> Iterator[Chunk | Damage]:
        """Yield the frames that stand in the order of the log."""
        found = self.inspection
        for number in self._segments():
            file = self.disk.open(found.path(number))
            try:
                yield from self._segment(number, file)
            finally:
                file.close()

    def require_keys(self) -> None:
        """Raise StateError where a key is missing, before anything is read."""
        for number in self._segments():
            file = self.disk.open(self.inspection.path(number))
            try:
                key = key_of(self.inspection, number, file)
            finally:
                file.close()
            if not self.inspection.keys.knows(key):
                raise locked(self.inspection, key)

    def _segments(self) -> Iterator[int]:
        found = self.inspection
        gone = {damage.segment for damage in found.damage if not damage.stop}
        for number, segment in sorted(found.state.segments.items()):
            behind = segment.channels.get(self.channel, 0) <= self.first
            if not behind and segment.first_row < self.end and number not in gone:
                yield number

    def _segment(self, number: int, file: DiskFile) -> Iterator[Chunk | Damage]:
        known = {each.start for each in self.inspection.damage if each.segment == number}
        late = {each.offset for each in self._late_groups() if each.segment == number}
        for found in reading(self.inspection, number, file):
            if isinstance(found, Gap):
                if found.start not in known:
                    path = self.inspection.path(number)
                    yield from filter(self._concerns, [Damage.of(number, path, found)])
            elif found.header.first_row < self.end and found.offset not in late:
                yield from self._group(number, file, found)

    def _group(self, number: int, file: DiskFile, found: Sound) -> Iterator[Chunk | Damage]:
        path, key = self.inspection.path(number), key_of(self.inspection, number, file)
        for entry in frames(found.head):
            start = found.offset + entry.offset
            given_up = self.inspection.state.hole(number, start) is not None
            if self._wants(entry) and not given_up:
                yield self._chunk(number, Located(entry, path, file, start, key))

    def _concerns(self, damage: Damage) -> bool:
        mine = damage.channels is None or self.channel in damage.channels
        return mine and damage.first < self.end and damage.end > self.first

    def _wants(self, entry: FrameEntry) -> bool:
        mine = self.channel in entry.channels
        return mine and entry.first < self.end and entry.end > self.first

    def _chunk(self, number: int, located: Located) -> Chunk | Damage:
        """Return what is wanted of a frame, or what is wrong with it; raise without its key."""
        entry, start = located.entry, located.offset
        try:
            plain = self._body(located)
        except ValueError as error:
            return Damage(
                number, located.path, start, start + entry.length, entry.first, entry.end,
                str(error), entry.channels,
            )  # fmt: skip
        first, end = max(self.first, entry.first), min(self.end, entry.end)
        return Chunk(
            first,
            end - first,
            first - entry.first,
            self.inspection.state.epoch_of(entry.first),
            entry.born,
            entry.tags,
            plain,
            None if entry.form else entry.crc,
        )

    def _body(self, located: Located) -> pa.Buffer:
        """Return a body as it was put; raise ValueError for one that is not."""
        found, entry = self.inspection, located.entry
        body = pa.allocate_buffer(entry.length)
        length = located.file.read_into(memoryview(body), located.offset)
        if length < entry.length or crc32(body) != entry.crc:
            raise ValueError(
                "a body's checksum is wrong"
                if found.needs(entry)
                else "a body is not there any more: it was delivered, and its room given back"
            )
        opened = found.keys.opened(located.key, found.state.epoch_of(entry.first), entry.first)
        try:
            return unpack(body, entry.form, entry.size, opened)
        except Locked:
            raise locked(found, located.key) from None
        except (ValueError, pa.ArrowException) as error:
            raise ValueError(f"a body cannot be opened ({error})") from None
