"""The bytes of a segment's header and of a group's; docs/journal.md draws them."""

from dataclasses import replace
from struct import Struct

from flumec.runtime.checksum import crc32
from flumec.runtime.disk import DiskFile
from flumec.runtime.frozen import frozen
from flumec.runtime.journal_format import FORMAT, PLAIN

SEGMENT_MAGIC = b"FLOWJRNL"
GROUP_MAGIC = b"FGRP"
SECTOR = 512
"""Groups start on sectors, so that no torn write of one reaches into another."""

PAGE = 4096
"""The header has one."""

ALIGNMENT = 8
"""What the offset of a body is a multiple of."""

ZEROS = bytes(PAGE)

MOST_ROWS = (1 << 32) - 1
"""How many rows may lie between the first and the end of a group."""

_SEGMENT = Struct("<8sHH16s16sQQQqI")
_GROUP = Struct("<4sIQQQIII")
_CRC = Struct("<I")
_REWRITTEN = Struct("<QI")
GROUP_HEADER = _GROUP.size + _CRC.size
_COPIES = (0, PAGE // 2)


def aligned(offset: int, unit: int) -> int:
    """Return the next multiple of `unit` at or after `offset`."""
    return -(-offset // unit) * unit


def body_bound(length: int) -> int:
    """Return the most bytes that such a body takes in a group."""
    return length + ALIGNMENT


def seed(epoch: bytes) -> int:
    """Return what an epoch's CRCs start from, so that no other epoch's bytes pass as its own."""
    return crc32(epoch)


@frozen
class SegmentHeader:
    """The first page of a segment; it is synced before the first group is written."""

    journal: bytes
    epoch: bytes
    number: int
    first_row: int
    first_group: int
    created_ns: int
    key: int = 0
    """The id of the key that encrypts bodies, 0 for none."""
    format: int = PLAIN
    """The format that it is written in, and the oldest that can read it."""
    end: int = 0
    """Where its groups end, if it was rewritten without its dead frames; else 0."""

    def encode(self) -> bytes:
        """Return the page: the header twice, so that one bad sector doesn't hide the segment."""
        fields = _SEGMENT.pack(
            SEGMENT_MAGIC, self.format, self.format, self.journal, self.epoch, self.number,
            self.first_row, self.first_group, self.created_ns, self.key,
        )  # fmt: skip
        copy = fields + _CRC.pack(crc32(fields))
        if self.end:
            copy += _REWRITTEN.pack(self.end, crc32(self.end.to_bytes(8, "little"), crc32(fields)))
        return (copy + ZEROS[: PAGE // 2 - len(copy)]) * 2


class NewerFormat(Exception):  # noqa: N818 it is caught where the message is made
    """A segment says that only formats from `needs` on can read it."""

    def __init__(self, needs: int) -> None:
        super().__init__(needs)
        self.needs = needs


def read_segment_header(file: DiskFile) -> SegmentHeader | None:
    """Return the header, None where neither copy is valid; raise NewerFormat."""
    page = file.read(PAGE, 0).ljust(PAGE, b"\0")
    found: SegmentHeader | None = None
    for offset in _COPIES:
        fields = page[offset : offset + _SEGMENT.size]
        magic, _, readable_from, *rest = _SEGMENT.unpack(fields)
        (crc,) = _CRC.unpack_from(page, offset + _SEGMENT.size)
        if magic == SEGMENT_MAGIC and crc == crc32(fields):
            if readable_from > FORMAT:
                raise NewerFormat(readable_from)
            end, check = _REWRITTEN.unpack_from(page, offset + _SEGMENT.size + _CRC.size)
            sound = check == crc32(end.to_bytes(8, "little"), crc)
            found = replace(SegmentHeader(*rest), format=readable_from, end=end if sound else 0)
            if sound:
                break
    return found


@frozen
class GroupHeader:
    """The start of a group: what follows it, its place in the chain, the rows it numbers.

    `crc` is of the header and the head, seeded with the epoch; `previous` is the crc of the group
    before, 0 in an epoch's first.
    """

    head_length: int
    body_length: int
    number: int
    first_row: int
    rows: int
    records: int
    previous: int
    crc: int = 0

    @property
    def head_end(self) -> int:
        """Where the head ends, from the group's start."""
        return GROUP_HEADER + self.head_length

    @property
    def length(self) -> int:
        """The group's length up to the start of the next."""
        return aligned(self.head_end + self.body_length, SECTOR)

    @property
    def end_row(self) -> int:
        """The row after the group's last."""
        return self.first_row + self.rows

    def seal(self, head: bytes | bytearray, epoch_seed: int) -> tuple[bytes, int]:
        """Return the header's bytes with the crc in them, and the crc."""
        fields = _GROUP.pack(
            GROUP_MAGIC, self.head_length, self.body_length, self.number, self.first_row,
            self.rows, self.records, self.previous,
        )  # fmt: skip
        crc = crc32(head, crc32(fields, epoch_seed))
        return fields + _CRC.pack(crc), crc


def parse_group_header(data: bytes | memoryview, offset: int = 0) -> GroupHeader | None:
    """Return the header that stands at `offset`, unchecked but for its magic; None without one."""
    if len(data) < offset + GROUP_HEADER or data[offset : offset + 4] != GROUP_MAGIC:
        return None
    fields = _GROUP.unpack_from(data, offset)
    (crc,) = _CRC.unpack_from(data, offset + _GROUP.size)
    _, head, body, number, first, rows, records, previous = fields
    return GroupHeader(head, body, number, first, rows, records, previous, crc)


def group_crc(data: bytes | memoryview, head_end: int, epoch_seed: int) -> int:
    """Return the crc of a group's header and head, which `data` starts with."""
    view = memoryview(data)
    fields = crc32(view[: _GROUP.size], epoch_seed)
    return crc32(view[GROUP_HEADER:head_end], fields)
