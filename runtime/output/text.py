"""The `text` format: bodies one after the other, each with its newline."""

from bisect import bisect_left

import pyarrow as pa
from flumec.runtime.batch import Column
from flumec.runtime.batch import compute as pc
from flumec.runtime.disk import Bytes

NEWLINE = b"\n"


def lines(bodies: Column, *, newline: bool) -> list[Bytes]:
    """Return what to write for the bodies, in one copy, or in none where no newline is wanted."""
    if not len(bodies):
        return []
    if bodies.null_count:
        bodies = pc.fill_null(bodies, b"")
    if not newline:
        return [_content(bodies)]
    whole = pa.ListArray.from_arrays(pa.array([0, len(bodies)], pa.int32()), bodies)
    return [_content(pc.binary_join(whole, NEWLINE)), NEWLINE]


def rows_until(bodies: Column, size: int, *, newline: bool) -> int:
    """Return how many of the bodies, at least one, fill `size` bytes; all of them if they don't."""
    offsets = _offsets(bodies)
    start, extra = offsets[0], int(newline)
    row = bisect_left(range(1, len(bodies) + 1), size, key=lambda n: offsets[n] - start + n * extra)
    return min(row + 1, len(bodies))


def _offsets(bodies: Column) -> memoryview:
    buffer = bodies.buffers()[1]
    view = memoryview(buffer).cast("B")
    return view[4 * bodies.offset : 4 * (bodies.offset + len(bodies) + 1)].cast("i")


def _content(bodies: Column) -> memoryview:
    """Return the bytes of the bodies as they lie in memory, one after the other."""
    offsets, data = _offsets(bodies), bodies.buffers()[2]
    return memoryview(b"" if data is None else data).cast("B")[offsets[0] : offsets[-1]]
