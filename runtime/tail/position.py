"""A place in a file: the offset of the next byte, and whether that is within a long line."""

import struct
from typing import Literal

from flumec.runtime.frozen import frozen

Inside = Literal[0, 1, 2]
"""0: at the start of a line; 1: within one whose first part was sent; 2: in what is cut off."""

_FORM = struct.Struct("<QB")


@frozen
class Position:
    """Where reading goes on. Its bytes, u64 offset and u8, are what the journal keeps."""

    offset: int = 0
    inside: Inside = 0

    def encode(self) -> bytes:
        """Return the journal's form."""
        return _FORM.pack(self.offset, self.inside)

    @classmethod
    def decode(cls, stored: bytes) -> "Position":
        """Read the journal's form; nothing stored is the start of the file."""
        return cls(*_FORM.unpack(stored)) if stored else cls()
