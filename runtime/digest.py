"""A 128-bit name for what an event holds: XXH3 of length-prefixed fields, equal on every host.

Each field is its length as four bytes, little-endian, and its bytes; one that is absent is
ff ff ff ff alone. So no two lists of fields have the same bytes, and absent is not empty. XXH3-128
without a seed has been frozen since xxHash 0.8.0. It is fast, not secret: who can choose what is in
events can make two that share a name, so it guards against chance and not against malice.
"""

from array import array
from collections.abc import Callable, Sequence
from functools import lru_cache

import pyarrow as pa
from flumec.runtime.batch import BODY, Column, header, with_header
from flumec.runtime.batch import compute as pc
from flumec.runtime.component import Header
from xxhash import xxh3_128_digest

LENGTH = 16
"""Bytes of a digest."""

_WIDTH = 2 * LENGTH
_ABSENT = -1
_ZERO = pa.scalar(0, pa.int32())
_NOTHING = pa.scalar(b"", pa.binary())


def naming(
    name: str, parts: Sequence[str], *, preserve: bool = False
) -> Callable[[pa.RecordBatch], pa.RecordBatch]:
    """Return the step that sets the header `name` to the hexadecimal digest of `parts`.

    With `preserve` only where it is absent or empty: an empty name would be that of many events.
    """

    def step(batch: pa.RecordBatch) -> pa.RecordBatch:
        if not preserve:
            return with_header(batch, name, _digits(batch, parts))
        given = header(batch, name)
        nameless = pc.fill_null(pc.equal(pc.binary_length(given), _ZERO), True)
        if not pc.any(nameless).as_py():
            return batch
        return with_header(batch, name, pc.if_else(nameless, _digits(batch, parts), given))

    return step


def _digits(batch: pa.RecordBatch, parts: Sequence[str]) -> Column:
    """Return the digests of all rows, in hexadecimal."""
    digits = digests([_part(batch, part) for part in parts]).hex().encode()
    buffers = [None, _offsets(batch.num_rows), pa.py_buffer(digits)]
    return pa.Array.from_buffers(pa.utf8(), batch.num_rows, buffers)


def digests(fields: Sequence[Column]) -> bytes:
    """Return the rows' digests, one after the other; the columns are of texts or binaries.

    >>> digests([pa.array(["a", None])]).hex(" ", LENGTH)
    '11a7721c705222583cdb5a3e3b9b29cb a03472865ceee4a8780952daaa607a20'
    """
    framed = [piece for field in fields for piece in (_prefix(field), field.cast(pa.binary()))]
    rows = pc.binary_join_element_wise(
        *framed, _NOTHING, null_handling="replace", null_replacement=b""
    ).to_pylist()
    return b"".join(
        map(xxh3_128_digest, rows)
    )  # the one loop over events: the library has no other


def _prefix(field: Column) -> Column:
    """Return each value's length as four bytes."""
    lengths = pc.binary_length(field).cast(pa.int32()).fill_null(_ABSENT)
    return lengths.view(pa.binary(4)).cast(pa.binary())


def _part(batch: pa.RecordBatch, part: str) -> Column:
    if isinstance(part, Header):
        return header(batch, part)
    return batch.column(batch.schema.get_field_index(BODY))


@lru_cache(8)
def _offsets(rows: int) -> pa.Buffer:
    """Return where each of `rows` texts of a digest's length begins, and the last one's end."""
    return pa.py_buffer(array("i", range(0, (rows + 1) * _WIDTH, _WIDTH)))
