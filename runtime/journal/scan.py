"""Reading a segment over its damage: the groups that are sound, and the gaps between them."""

from collections.abc import Iterator

from flumec.runtime.disk import DiskFile
from flumec.runtime.frozen import frozen
from flumec.runtime.journal.entries import OpenEntry, records
from flumec.runtime.journal.layout import (
    GROUP_HEADER,
    PAGE,
    SECTOR,
    GroupHeader,
    SegmentHeader,
    parse_group_header,
    read_segment_header,
)
from flumec.runtime.journal.snapshot import decode as decode_snapshot
from flumec.runtime.journal.synced import synced_below
from flumec.runtime.journal.walk import GroupReader

_OPEN_EPOCH = PAGE + GROUP_HEADER + 5
"""Where the opening group has its epoch: in its first record, Open, behind kind and length."""

_EPOCH = 16


@frozen
class Sound:
    """A group whose head is as it was written; its bodies are not looked at."""

    offset: int
    header: GroupHeader
    head: memoryview


@frozen
class Gap:
    """Bytes `start` to `stop` in which there is no sound group, although there was one.

    Rows `first` to `end` are numbered in them; some may have been of memory channels only.
    """

    start: int
    stop: int
    first: int
    end: int


class Scan:
    """The groups of one segment in order. `stop` is where a sealed one ends, `end` its rows.

    One that another of its epoch has `followed` was synced whole.

    After the last one `offset` is where the groups end. A live segment may be appended to
    meanwhile: what is found not valid is read again before it is called a gap.
    """

    def __init__(
        self,
        file: DiskFile,
        header: SegmentHeader,
        *,
        stop: int | None = None,
        end: int = 0,
        chained: bool = True,
        followed: bool = False,
    ) -> None:
        self._file = file
        self._header = header
        self._stop = stop
        self._sealed = followed or stop is not None
        self._end = end
        self._number = header.first_group if chained else -1
        self._crc: int | None = None
        self._row = header.first_row
        self._reader = GroupReader(file, header.epoch)
        self.offset = PAGE

    def __iter__(self) -> Iterator[Sound | Gap]:
        """Yield what is found; a gap is followed by a sound group, or by the segment's end."""
        size = self._file.stat().st_size if self._stop is None else self._stop
        while self.offset < size:
            found = self._group(size)
            if found is None:
                gap = self._gap(size)
                if gap is None:
                    if (found := self._again(size)) is None:
                        return
                else:
                    yield gap
                    self.offset, self._number, self._crc = gap.stop, -1, None
                    self._row = max(self._row, gap.end)
                    continue
            header, head = found
            yield Sound(self.offset, header, head)
            self.offset += header.length
            self._number, self._crc = header.number + 1, header.crc
            self._row = max(self._row, header.end_row)

    def _group(self, size: int) -> tuple[GroupHeader, memoryview] | None:
        """Return the group at the offset if it is valid and follows the last."""
        found = self._reader.group(self.offset, size)
        if found is None:
            return None
        follows = self._number in (-1, found[0].number)
        chained = self._crc is None or found[0].previous == self._crc
        return found if follows and chained else None

    def _again(self, size: int) -> tuple[GroupHeader, memoryview] | None:
        """Read the group at the offset anew: it may just have been written."""
        self._reader = GroupReader(self._file, self._header.epoch)
        return self._group(size)

    def _was_synced(self, size: int) -> bool:
        """Say whether what is not valid had been synced, and is not an end that a cut tore."""
        if self._sealed:
            return True
        later = (group for _, group in self._reader.all_later(self.offset, size))
        return any(synced_below(group) > self._number for group in later)

    def _gap(self, size: int) -> Gap | None:
        """Return the gap at the offset, None where nothing is missing."""
        later = self._reader.later(self.offset, size, max(self._number, 0))
        if later is not None:
            if self._again(size) is not None or not self._was_synced(size):
                return None
            return Gap(self.offset, later[0], self._row, max(self._row, later[1].first_row))
        if self._stop is not None:
            return Gap(self.offset, size, self._row, max(self._row, self._end))
        return None


def header_of(file: DiskFile) -> SegmentHeader | None:
    """Return a segment's header, from its opening group where neither copy of it is valid.

    None where there is neither. Raise NewerFormat.
    """
    header = read_segment_header(file)
    if header is not None:
        return header
    epoch = file.read(_EPOCH, _OPEN_EPOCH)
    found = GroupReader(file, epoch).group(PAGE, file.stat().st_size)
    if found is None:
        return None
    (_, opened), (_, snapshot), *_ = records(found[1])
    first = OpenEntry.decode(opened)
    journal = decode_snapshot(snapshot).journal
    return SegmentHeader(journal, first.epoch, 0, found[0].first_row, found[0].number, 0)


def looks_written(file: DiskFile) -> bool:
    """Say whether there are bytes where a segment's first group stands, valid or not."""
    return any(file.read(SECTOR, PAGE)) or parse_group_header(file.read(PAGE, PAGE)) is not None
