"""Gzip in pieces, so that what unpacks to far more than was sent is noticed on the way."""

import zlib
from collections.abc import Iterator

_PIECE = 1 << 16
_GZIP = 31  # the largest window, with gzip's header and checksum


class BrokenError(Exception):
    """What was sent is no gzip, or not all of it."""


class Gzip:
    """Unpacks one body: one or several gzip members, one behind the other."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_GZIP)

    def unpack(self, data: bytes) -> Iterator[bytes]:
        """Yield what comes out of the next bytes, at most 64 KiB at a time."""
        while True:
            if self._member.eof:
                if not data:
                    return
                self._member = zlib.decompressobj(_GZIP)
            try:
                piece = self._member.decompress(data, _PIECE)
            except zlib.error:
                raise BrokenError("it is no gzip, or was damaged on the way") from None
            if piece:
                yield piece
            data = self._member.unused_data or self._member.unconsumed_tail
            if not data and len(piece) < _PIECE:
                return

    def end(self) -> None:
        """Raise BrokenError if something is missing."""
        if not self._member.eof:
            raise BrokenError("the gzip ends too early")
