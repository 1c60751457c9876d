"""The `text` format: bodies one after the other, each with its newline."""

from bisect import bisect_left

from flumec.runtime.batch import Column
from flumec.runtime.batch import compute as pc


class Lines:
    """The lines of a batch's bodies, made in one copy, or in none where no newline is wanted.

    They lie in memory one after the other, so a run of them is a piece of that memory.
    """

    def __init__(self, bodies: Column, *, newline: bool) -> None:
        if bodies.null_count:
            bodies = pc.fill_null(bodies, b"")
        lines = pc.binary_join_element_wise(bodies, b"", b"\n") if newline else bodies
        _, offsets, data = lines.buffers()
        bounds = memoryview(offsets).cast("B")[4 * lines.offset :]
        self._ends = bounds[: 4 * (len(lines) + 1)].cast("i")
        self._data = memoryview(b"" if data is None else data).cast("B")

    def piece(self, start: int, stop: int) -> memoryview:
        """Return the lines from `start` up to `stop`."""
        return self._data[self._ends[start] : self._ends[stop]]

    def filling(self, start: int, stop: int, size: int) -> int:
        """Return where `size` bytes from `start` on are full, a line later at least; or `stop`."""
        full = self._ends[start] + size
        if self._ends[stop] < full:
            return stop
        return max(start + 1, bisect_left(self._ends, full, start, stop))
