"""The fields of a message as bytes: little-endian numbers; texts and lists behind their lengths.

A reader believes nothing: a length or count that goes beyond the payload is a ProtocolError before
any memory is taken for it.
"""

import struct
from collections.abc import Callable
from typing import TypeVar

from flumec.runtime.journal.records import Ranges
from flumec.runtime.links.faults import ProtocolError

T = TypeVar("T")

_U8, _U16, _U32 = struct.Struct("<B"), struct.Struct("<H"), struct.Struct("<I")
_U64, _I64 = struct.Struct("<Q"), struct.Struct("<q")
_RANGE = struct.Struct("<QQ")
_LONGEST_NAME = 4_096


class Writer:
    """Collects fields."""

    def __init__(self) -> None:
        self.parts = bytearray()

    def u8(self, value: int) -> "Writer":
        """Write a byte."""
        self.parts += _U8.pack(value)
        return self

    def u16(self, value: int) -> "Writer":
        """Write an unsigned number of 2 bytes."""
        self.parts += _U16.pack(value)
        return self

    def u32(self, value: int) -> "Writer":
        """Write an unsigned number of 4 bytes."""
        self.parts += _U32.pack(value)
        return self

    def u64(self, value: int) -> "Writer":
        """Write an unsigned number of 8 bytes."""
        self.parts += _U64.pack(value)
        return self

    def i64(self, value: int) -> "Writer":
        """Write a signed number of 8 bytes."""
        self.parts += _I64.pack(value)
        return self

    def id(self, value: bytes) -> "Writer":
        """Write the 16 bytes of a journal, epoch or stream."""
        if len(value) != 16:
            raise ValueError(f"an id has 16 bytes, not {len(value)}")
        self.parts += value
        return self

    def text(self, value: str) -> "Writer":
        """Write a text's length and its UTF-8."""
        data = value.encode()
        self.u32(len(data))
        self.parts += data
        return self

    def ranges(self, value: Ranges) -> "Writer":
        """Write row ranges: their number, then first and end of each."""
        self.u32(len(value))
        for first, end in value:
            self.parts += _RANGE.pack(first, end)
        return self


class Reader:
    """Takes fields from a payload, in order; raises ProtocolError where they cannot be."""

    def __init__(self, payload: bytes | memoryview) -> None:
        self._view = memoryview(payload)
        self._at = 0

    @property
    def left(self) -> int:
        """How many bytes are left."""
        return len(self._view) - self._at

    def take(self, length: int) -> memoryview:
        """Take the next `length` bytes."""
        if length > self.left:
            raise ProtocolError(f"a field of {length} bytes where {self.left} are left")
        self._at += length
        return self._view[self._at - length : self._at]

    def u8(self) -> int:
        """Read a byte."""
        return int(self.take(1)[0])

    def u16(self) -> int:
        """Read an unsigned number of 2 bytes."""
        return int(_U16.unpack(self.take(2))[0])

    def u32(self) -> int:
        """Read an unsigned number of 4 bytes."""
        return int(_U32.unpack(self.take(4))[0])

    def u64(self) -> int:
        """Read an unsigned number of 8 bytes."""
        return int(_U64.unpack(self.take(8))[0])

    def i64(self) -> int:
        """Read a signed number of 8 bytes."""
        return int(_I64.unpack(self.take(8))[0])

    def id(self) -> bytes:
        """Read the 16 bytes of a journal, epoch or stream."""
        return bytes(self.take(16))

    def text(self) -> str:
        """Read a text."""
        try:
            return bytes(self.take(self.u32())).decode()
        except UnicodeDecodeError:
            raise ProtocolError("a text is not UTF-8") from None

    def name(self) -> str:
        """Read a text that is short and can be shown: it is logged before its sender is known."""
        name = self.text()
        if len(name) > _LONGEST_NAME or not name.isprintable():
            raise ProtocolError("a name that is too long, or that cannot be shown")
        return name

    def list(self, item: Callable[[], T], least: int) -> tuple[T, ...]:
        """Read a count and that many items of at least `least` bytes each."""
        count = self.u32()
        if count * least > self.left:
            raise ProtocolError(f"{count} items announced in {self.left} bytes")
        return tuple(item() for _ in range(count))

    def ranges(self) -> Ranges:
        """Read row ranges; they must be sorted, disjoint and not adjacent."""
        ranges = self.list(lambda: (self.u64(), self.u64()), 16)
        before = -1
        for first, end in ranges:
            if not before < first < end:
                raise ProtocolError("row ranges out of order")
            before = end
        return ranges

    def end(self) -> None:
        """Require that nothing is left."""
        if self.left:
            raise ProtocolError(f"{self.left} bytes too many")
