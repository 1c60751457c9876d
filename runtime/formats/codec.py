"""Compressors for files of lines, each one stream a file, as Hadoop and everybody else reads them.

`lz4` and `snappy` are missing on purpose: what Hadoop reads under these names is a framing of its
own, which no other program can read, and the frames that others write, Hadoop cannot read.
"""

import bz2
import io
import zlib
from typing import Any, Protocol

import pyarrow as pa
from flumec.runtime.disk import Bytes

_GZIP = 16 + zlib.MAX_WBITS


class Compressor(Protocol):
    """A stream that is compressed."""

    def compress(self, data: Bytes) -> bytes:
        """Take data in; return what comes out of it by now."""

    def flush(self) -> bytes:
        """Return the end of the stream."""


def compressor(codec: str) -> Compressor | None:
    """Return a new stream; None for `none`.

    >>> stream = compressor("gzip")
    >>> zlib.decompress(stream.compress(b"a line") + stream.flush(), _GZIP)
    b'a line'
    """
    if codec == "gzip":
        return _gzip()
    if codec == "zstd":
        return Zstandard()
    if codec == "bzip2":
        return bz2.BZ2Compressor()
    assert codec == "none"
    return None


def _gzip() -> Compressor:
    """Return a gzip stream: by isal, which takes a seventh of zlib's time, where it is to be had.

    Level 1 of either: a log that is to be small rather than soon is better off with zstd.
    """
    try:
        from isal import isal_zlib
    except ImportError:  # it has wheels for two processors only
        return zlib.compressobj(1, zlib.DEFLATED, _GZIP)
    found: Compressor = isal_zlib.compressobj(1, isal_zlib.DEFLATED, _GZIP)
    return found


class Drain(io.RawIOBase):
    """A file for Arrow to write to that keeps what was written until it is taken out."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        """Say that it can be written to."""
        return True

    def write(self, data: Any) -> int:
        """Keep the data."""
        self._parts.append(bytes(data))
        return len(data)

    def take(self) -> list[Bytes]:
        """Return what was written since the last call."""
        parts, self._parts = self._parts, []
        return list(parts)


class Zstandard:
    """A zstd stream at Arrow's level, which is the fastest that is worth it."""

    def __init__(self) -> None:
        self._drain = Drain()
        self._stream = pa.CompressedOutputStream(pa.PythonFile(self._drain, mode="w"), "zstd")

    def compress(self, data: Bytes) -> bytes:
        """Take data in; return what comes out of it by now."""
        self._stream.write(data)
        return b"".join(self._drain.take())

    def flush(self) -> bytes:
        """Return the end of the stream."""
        self._stream.close()
        return b"".join(self._drain.take())
