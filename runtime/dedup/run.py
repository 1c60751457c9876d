"""A run: an immutable file of keys in order, with what a look-up needs beside them.

    keys      16 bytes each, in blocks of 4 KiB
    filter    two bytes for each key
    firsts    each block's first number, 8 bytes
    sums      each block's CRC-32, 4 bytes
    footer    "FLOWKEYS", format, how many keys, how many copies, from when to when,
              words of the filter, CRC-32 of all but the keys

Little-endian. Keys are read a block at a time, and only for what the filter lets pass.
"""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from struct import Struct

import numpy as np
import numpy.typing as npt
from flumec.runtime.checksum import crc32
from flumec.runtime.dedup.filter import Filter, Probe
from flumec.runtime.dedup.keys import Keys, Mask, found
from flumec.runtime.disk import Disk
from flumec.runtime.output.store import Unknown

BLOCK = 256
"""Keys of a block."""

KEY = 16
MAGIC = b"FLOWKEYS"
FORMAT = 1
FOOTER = Struct("<8sQQQqqQ")
SUM = Struct("<I")

LOST = ".lost"
"""The end of an empty file's name by which an operator says that a run's keys are given up."""

_BYTES = BLOCK * KEY
_AT_ONCE = 256
"""Blocks that are looked at together."""

_NEAR = 8
"""Blocks that are no further apart are read together: that costs less than to ask twice."""


class Run:
    """A run that is open for look-ups; `oldest` and `newest` say when its keys became live.

    `copies` is how many rows the intent of its name is past because they were left out.
    """

    def __init__(self, path: Path, disk: Disk) -> None:
        self.path = path
        self.name = path.name
        self._file = disk.open(path)
        try:
            self._open(self._file.stat().st_size)
        except BaseException:
            self._file.close()
            raise

    def _open(self, size: int) -> None:
        end = FOOTER.size + SUM.size
        footer = self._file.read(end, max(0, size - end))
        if len(footer) < end or footer[:8] != MAGIC:
            raise self._damaged("its end is missing")
        self.count: int
        self.copies: int
        _, form, self.count, self.copies, *span, words = FOOTER.unpack_from(footer)
        self.oldest, self.newest = span
        if form != FORMAT:
            raise Unknown(f"`{self.path}` is in format {form}: a newer flumec wrote it")
        self._end = self.count * KEY
        blocks = -(-self.count // BLOCK)
        tables = words * 8 + blocks * 12
        if size != self._end + tables + end:
            raise self._damaged("its length is not as it was written")
        data = np.empty(tables + end, np.uint8)
        self._file.read_into(data.data, self._end)
        if SUM.unpack_from(footer, FOOTER.size) != (crc32(data.data[: -SUM.size]),):
            raise self._damaged("its tables are not as they were written")
        self._filter = Filter(np.frombuffer(data, "<u8", words))
        self._firsts = np.frombuffer(data, "<u8", blocks, words * 8)
        self._sums = np.frombuffer(data, "<u4", blocks, words * 8 + blocks * 8)

    def found(self, keys: Keys, probe: Probe) -> Mask:
        """Say of each key whether it is here."""
        hit = np.zeros(len(keys), np.bool_)
        maybe = np.flatnonzero(self._filter.perhaps(probe))
        if len(maybe):
            hit[maybe] = self._read_and_find(keys[maybe])
        return hit

    def _read_and_find(self, keys: Keys) -> Mask:
        hit = np.zeros(len(keys), np.bool_)
        low = np.maximum(np.searchsorted(self._firsts, keys[:, 0]) - 1, 0)
        high = np.maximum(np.searchsorted(self._firsts, keys[:, 0], "right") - 1, 0)
        blocks = np.unique(np.concatenate([low, high]))
        if len(wide := np.flatnonzero(high - low > 1)):  # so many keys with one first number
            ranges = [np.arange(low[one], high[one]) for one in wide]
            blocks = np.unique(np.concatenate([blocks, *ranges]))
        for start in range(0, len(blocks), _AT_ONCE):
            chosen = blocks[start : start + _AT_ONCE]
            asked = np.flatnonzero((low <= chosen[-1]) & (high >= chosen[0]))
            hit[asked] |= found(keys[asked], self._read(chosen))
        return hit

    def blocks(self) -> Iterator[Keys]:
        """Yield all keys in order, some blocks at a time."""
        count = len(self._firsts)
        for start in range(0, count, _AT_ONCE):
            yield self._read(np.arange(start, min(start + _AT_ONCE, count)))

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _read(self, blocks: npt.NDArray[np.intp]) -> Keys:
        """Return the keys of some blocks, in their order; raise Unknown where one is damaged."""
        cuts = np.flatnonzero(np.diff(blocks) > _NEAR) + 1
        edges = [0, *cuts.tolist(), len(blocks)]
        pieces: list[memoryview] = []
        for start, stop in pairwise(edges):
            self._read_stretch(blocks[start:stop], pieces)
        return np.frombuffer(b"".join(pieces), "<u8").reshape(-1, 2)

    def _read_stretch(self, blocks: npt.NDArray[np.intp], pieces: list[memoryview]) -> None:
        """Append the blocks of one read, which may lie in between others that nobody asked for."""
        first = int(blocks[0]) * _BYTES
        stop = min((int(blocks[-1]) + 1) * _BYTES, self._end)
        data = memoryview(self._file.read(stop - first, first))
        sums = self._sums[blocks].tolist()
        for offset, total in zip((blocks * _BYTES - first).tolist(), sums, strict=True):
            piece = data[offset : offset + _BYTES]
            if crc32(piece) != total:
                block = (first + offset) // _BYTES
                raise self._damaged(f"block {block} is not as it was written")
            pieces.append(piece)

    def _damaged(self, what: str) -> Unknown:
        return Unknown(
            f"`{self.path}` is damaged, {what}: restore it and restart the agent; or remove it, "
            f"and make an empty file `{self.path}{LOST}` to go on without its keys (copies of "
            "their events would be written again)"
        )


def open_run(directory: Path, name: str, disk: Disk) -> Run | None:
    """Open a run that is named, so that it must be there; None where its keys were given up."""
    try:
        return Run(directory / name, disk)
    except FileNotFoundError:
        if name + LOST in disk.names(directory):
            return None
        path = directory / name
        raise Unknown(
            f"`{path}` is missing, and with it the proof of what was written: restore it; or, to "
            f"go on without its keys (copies of their events would be written again), make an "
            f"empty file `{path}{LOST}`"
        ) from None
