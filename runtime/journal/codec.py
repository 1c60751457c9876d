"""Little-endian bytes of numbers, texts and lists: what records are made of."""

from struct import Struct

_U8, _U16, _U32, _U64, _I64 = (Struct("<" + code) for code in ("B", "H", "I", "Q", "q"))


class Encoder:
    """Appends values to `data`."""

    __slots__ = ("data",)

    def __init__(self) -> None:
        self.data = bytearray()

    def u8(self, value: int) -> None:
        """Append a byte."""
        self.data += _U8.pack(value)

    def u16(self, value: int) -> None:
        """Append two bytes."""
        self.data += _U16.pack(value)

    def u32(self, value: int) -> None:
        """Append four bytes."""
        self.data += _U32.pack(value)

    def u64(self, value: int) -> None:
        """Append eight bytes."""
        self.data += _U64.pack(value)

    def i64(self, value: int) -> None:
        """Append eight bytes, signed."""
        self.data += _I64.pack(value)

    def raw(self, value: bytes) -> None:
        """Append bytes whose length the reader knows."""
        self.data += value

    def binary(self, value: bytes | bytearray) -> None:
        """Append a length and bytes."""
        self.data += _U32.pack(len(value))
        self.data += value

    def text(self, value: str) -> None:
        """Append a length and UTF-8."""
        self.binary(value.encode())


class Decoder:
    """Takes values from `data` in the order in which an Encoder appended them."""

    __slots__ = ("data", "offset")

    def __init__(self, data: bytes | memoryview, offset: int = 0) -> None:
        self.data = data
        self.offset = offset

    def _take(self, struct: Struct) -> int:
        value: int = struct.unpack_from(self.data, self.offset)[0]
        self.offset += struct.size
        return value

    def u8(self) -> int:
        """Take a byte."""
        return self._take(_U8)

    def u16(self) -> int:
        """Take two bytes."""
        return self._take(_U16)

    def u32(self) -> int:
        """Take four bytes."""
        return self._take(_U32)

    def u64(self) -> int:
        """Take eight bytes."""
        return self._take(_U64)

    def i64(self) -> int:
        """Take eight bytes, signed."""
        return self._take(_I64)

    def raw(self, length: int) -> bytes:
        """Take bytes of a known length."""
        value = bytes(self.data[self.offset : self.offset + length])
        self.offset += length
        return value

    @property
    def left(self) -> int:
        """How many bytes were not taken: fields that a newer version appended, or none."""
        return len(self.data) - self.offset

    def binary(self) -> bytes:
        """Take a length and as many bytes."""
        return self.raw(self.u32())

    def text(self) -> str:
        """Take a length and as many bytes of UTF-8."""
        return self.binary().decode()
