"""Writing a run: once, in order, and on the disk before anybody names it."""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import numpy as np
from flumec.runtime.checksum import crc32
from flumec.runtime.dedup.filter import Filter
from flumec.runtime.dedup.keys import NONE, Keys
from flumec.runtime.dedup.run import BLOCK, FOOTER, FORMAT, KEY, MAGIC, SUM
from flumec.runtime.disk import Disk, DiskFile


def write(
    path: Path, disk: Disk, count: int, pieces: Iterable[Keys], span: tuple[int, int], *,
    copies: int = 0,
) -> None:  # fmt: skip
    """Write `count` keys, which come in order, as a run; it is durable on return.

    `span` is when the oldest and the newest of them became live. A run that is there is never
    written over; what an error left is removed, if that is possible.
    """
    file = disk.open(path, "create")
    try:
        _Writing(file, count).run(pieces, copies, span)
        file.sync()
    except OSError:
        file.close()
        with suppress(OSError):
            disk.unlink(path)
        raise
    file.close()
    disk.sync_directory(path.parent)


class _Writing:
    """A run on its way to the disk."""

    def __init__(self, file: DiskFile, count: int) -> None:
        self._file = file
        self._filter = Filter.sized(count)
        self._firsts: list[int] = []
        self._sums: list[int] = []
        self._count = 0

    def run(self, pieces: Iterable[Keys], copies: int, span: tuple[int, int]) -> None:
        """Write keys, tables and footer."""
        rest = NONE
        for piece in pieces:
            keys = np.concatenate([rest, piece]) if len(rest) else piece
            whole = len(keys) - len(keys) % BLOCK
            self._append(keys[:whole])
            rest = keys[whole:]
        self._append(rest)
        words = self._filter.words
        tables = b"".join(
            [
                words.tobytes(),
                np.array(self._firsts, "<u8").tobytes(),
                np.array(self._sums, "<u4").tobytes(),
                FOOTER.pack(MAGIC, FORMAT, self._count, copies, *span, len(words)),
            ]
        )
        self._file.write([tables, SUM.pack(crc32(tables))], self._count * KEY)

    def _append(self, keys: Keys) -> None:
        """Write keys that begin a block."""
        if not len(keys):
            return
        data = np.ascontiguousarray(keys).data.cast("B")
        self._firsts += keys[::BLOCK, 0].tolist()
        size = BLOCK * KEY
        self._sums += [crc32(data[start : start + size]) for start in range(0, len(data), size)]
        self._filter.add(keys)
        self._file.write([data], self._count * KEY)
        self._count += len(keys)
