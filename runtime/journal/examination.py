"""Every frame that a journal still needs, read whole: what is sound of it, and what is not."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pyarrow as pa
from flumec.runtime.batch import decode
from flumec.runtime.checksum import crc32
from flumec.runtime.disk import Disk, DiskFile
from flumec.runtime.frozen import frozen
from flumec.runtime.journal.damage import Damage
from flumec.runtime.journal.entries import FrameEntry
from flumec.runtime.journal.inspection import Inspection
from flumec.runtime.journal.needed import key_of, reading
from flumec.runtime.journal.packing import Opened, is_sealed, unpack
from flumec.runtime.journal.replay import frames
from flumec.runtime.journal.scan import Sound
from flumec.runtime.journal.segment import SegmentState

_STEP = 64 << 20
"""Bytes after which it is said how far the reading has come."""


@frozen
class Read:
    """How many bytes of the segments have been read, for whoever shows progress."""

    bytes: int


@dataclass(slots=True)
class Totals:
    """What was sound. `held` are, for each channel, the rows and bytes that it has not passed."""

    segments: int = 0
    groups: int = 0
    frames: int = 0
    rows: int = 0
    bytes: int = 0
    freed: int = 0
    """Frames that every channel is past: their bodies may have been given back to the disk."""
    given_up: int = 0
    """Frames that are damaged, and that somebody gave up."""
    sealed: int = 0
    """Frames whose key is not here: of them only the checksums are known to be right."""
    held: dict[int, tuple[int, int]] = field(default_factory=dict)


class Examination:
    """Reads the segments of an inspected journal, oldest first; memory holds one body at a time."""

    def __init__(self, inspection: Inspection, disk: Disk) -> None:
        self._found = inspection
        self._disk = disk
        self.totals = Totals()
        self.size = sum(segment.end for segment in inspection.state.segments.values())

    def run(self) -> Iterator[Damage | Read]:
        """Yield damage as it is met, and now and then how far it has come."""
        done = shown = 0
        gone = {damage.segment for damage in self._found.damage if not damage.stop}
        for number, segment in sorted(self._found.state.segments.items()):
            if number in gone:
                continue
            try:
                file = self._disk.open(self._found.path(number))
            except FileNotFoundError:
                continue  # a running agent has freed it meanwhile: its rows are done
            try:
                self.totals.segments += 1
                for found in self._segment(segment, file):
                    if isinstance(found, Damage):
                        yield found
                    elif done + found.bytes - shown >= _STEP:
                        shown = done + found.bytes
                        yield Read(shown)
                done += segment.end
            finally:
                file.close()

    def _segment(self, segment: SegmentState, file: DiskFile) -> Iterator[Damage | Read]:
        known = {d.start for d in self._found.damage if d.segment == segment.number}
        for found in reading(self._found, segment.number, file):
            if isinstance(found, Sound):
                yield from self._group(segment, file, found)
                yield Read(found.offset)
            elif found.start not in known:
                yield Damage.of(segment.number, self._found.path(segment.number), found)

    def _group(self, segment: SegmentState, file: DiskFile, group: Sound) -> Iterator[Damage]:
        self.totals.groups += 1
        key = key_of(self._found, segment.number, file)
        for entry in frames(group.head):
            if not self._found.needs(entry):
                self.totals.freed += 1
                continue
            start = group.offset + entry.offset
            if self._found.state.hole(segment.number, start) is not None:
                self.totals.given_up += 1
                continue
            epoch = self._found.state.epoch_of(entry.first)
            opened = self._found.keys.opened(key, epoch, entry.first)
            self.totals.sealed += is_sealed(entry.form) and opened is None
            what = _unsound(file, start, entry, opened)
            if what is None:
                self._count(entry)
                continue
            path = self._found.path(segment.number)
            yield Damage(
                segment.number, path, start, start + entry.length, entry.first, entry.end, what,
                entry.channels,
            )  # fmt: skip

    def _count(self, entry: FrameEntry) -> None:
        totals, channels = self.totals, self._found.state.channels
        totals.frames += 1
        totals.rows += entry.rows
        totals.bytes += entry.length
        for number in entry.channels:
            if number in channels and not channels[number].past(entry.first, entry.end):
                rows, length = totals.held.get(number, (0, 0))
                rows += entry.end - max(entry.first, channels[number].low)
                totals.held[number] = rows, length + entry.length


def _unsound(file: DiskFile, start: int, entry: FrameEntry, opened: Opened | None) -> str | None:
    """Say what is wrong with a frame's body, None if it is as it was put."""
    body = pa.allocate_buffer(entry.length)
    if file.read_into(memoryview(body), start) < entry.length:
        return "a body is cut short"
    if crc32(body) != entry.crc:
        return "a body's checksum is wrong"
    if not entry.schema or (is_sealed(entry.form) and opened is None):
        return None
    try:
        plain = unpack(body, entry.form, entry.size, opened)
    except (pa.ArrowException, OSError, ValueError) as error:
        return f"a body cannot be opened ({str(error).splitlines()[0][:120]})"
    try:
        batch = decode(plain)
        batch.validate(full=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        return f"a body is no Arrow stream ({str(error).splitlines()[0][:120]})"
    if batch.num_rows != entry.rows:
        return f"a body has {batch.num_rows} rows where {entry.rows} are recorded"
    return None
