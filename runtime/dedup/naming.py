"""Which key an event has: of one header or several, or of its tag."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from flumec.runtime.batch import Column, header
from flumec.runtime.batch import compute as pc
from flumec.runtime.dedup.keys import Keys, Mask, from_digests
from flumec.runtime.digest import digests
from flumec.runtime.journal.parts import named
from flumec.runtime.journal.records import Chunk
from xxhash import xxh3_128_digest

TAG = "tag"

_TAG_BYTES = 24
"""An epoch and a row number."""


class Naming:
    """A `key`, ready to be asked for the keys of rows."""

    def __init__(self, key: str | Sequence[str]) -> None:
        self._headers = [] if key == TAG else [key] if isinstance(key, str) else list(key)

    @property
    def text(self) -> str:
        """The key as it is remembered: keys of another one mean nothing to this one."""
        return "\0".join(f"header.{name}" for name in self._headers) or TAG

    def keys(self, rows: pa.RecordBatch, chunk: Chunk) -> tuple[Keys, Mask]:
        """Return the keys of a chunk's rows, and which rows have one at all."""
        if not self._headers:
            return from_digests(_tags(chunk)), np.ones(rows.num_rows, np.bool_)
        columns = [header(rows, name) for name in self._headers]
        present: Mask = np.ones(rows.num_rows, np.bool_)
        for column in columns:
            if column.null_count:
                present &= _valid(column)
        return from_digests(digests(columns)), present


def _valid(column: Column) -> npt.NDArray[np.bool_]:
    return np.asarray(pc.is_valid(column).to_numpy(zero_copy_only=False))


def _tags(chunk: Chunk) -> bytes:
    """Return the digests of a chunk's tags: of the epoch and the row, 24 bytes."""
    pieces = []
    for run in named(chunk):
        piece = np.empty((run.count, _TAG_BYTES // 8), "<u8")
        piece[:, :2] = np.frombuffer(run.epoch, "<u8")
        piece[:, 2] = np.arange(run.row, run.row + run.count)
        pieces.append(piece.tobytes())
    data = pa.py_buffer(b"".join(pieces))
    tags: Column = pa.Array.from_buffers(pa.binary(_TAG_BYTES), chunk.rows, [None, data])
    return b"".join(map(xxh3_128_digest, tags.to_pylist()))
