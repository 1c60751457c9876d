"""A group being made: the records and bodies that one write and one sync make durable together."""

from struct import Struct

from flumec.runtime.disk import Bytes
from flumec.runtime.journal.entries import FrameEntry
from flumec.runtime.journal.layout import (
    ALIGNMENT,
    GROUP_HEADER,
    SECTOR,
    ZEROS,
    GroupHeader,
    aligned,
    body_bound,
)

_OFFSET = Struct("<Q")
_OFFSET_AT = 5
"""Where a FRAME record has its body's offset: after its kind and length."""

_JOINED = 8 << 10
"""Bodies below this size are joined, so that a group of many needs few buffers."""


class Group:
    """Records in order, and the bodies of those that are frames."""

    def __init__(self) -> None:
        self.parts: list[bytes | bytearray] = []
        self.mark = b""
        """A record that stands before the others: how far the log was synced."""
        self._frames: list[tuple[int, FrameEntry, memoryview]] = []
        self._bodies = 0

    def add(self, record: bytes) -> None:
        """Append a record without a body."""
        self.parts.append(record)

    def add_frame(self, entry: FrameEntry, body: memoryview) -> None:
        """Append a frame; its offset is filled in by `build`."""
        self._frames.append((len(self.parts), entry, body))
        self.parts.append(bytearray(entry.encode()))
        self._bodies += body_bound(len(body))

    @property
    def bound(self) -> int:
        """The most bytes that the group can take."""
        return GROUP_HEADER + sum(len(part) for part in self.parts) + self._bodies + SECTOR

    def build(
        self, start: int, number: int, rows: tuple[int, int], previous: int, epoch_seed: int
    ) -> tuple[list[Bytes], GroupHeader]:
        """Return what to write at `start`, and the header; `rows` is (first, end)."""
        head_length = len(self.mark) + sum(len(part) for part in self.parts)
        head_end = position = start + GROUP_HEADER + head_length
        bodies: list[Bytes] = []
        small: list[Bytes] = []
        for index, entry, body in self._frames:
            begin = aligned(position, ALIGNMENT)
            entry.offset = begin - start
            _OFFSET.pack_into(self.parts[index], _OFFSET_AT, entry.offset)
            small.append(ZEROS[: begin - position])
            if len(body) < _JOINED:
                small.append(body)
            else:
                bodies += (b"".join(small), body)
                small.clear()
            position = begin + len(body)
        bodies.append(b"".join(small))
        head = b"".join((self.mark, *self.parts))
        fields = GroupHeader(
            head_length, position - head_end, number, rows[0], rows[1] - rows[0],
            len(self.parts) + bool(self.mark), previous,
        )  # fmt: skip
        header, crc = fields.seal(head, epoch_seed)
        sealed = GroupHeader(
            fields.head_length, fields.body_length, number, fields.first_row, fields.rows,
            fields.records, previous, crc,
        )  # fmt: skip
        return [header + head, *bodies], sealed
