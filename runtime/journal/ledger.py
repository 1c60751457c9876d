"""What a consumer has read and not done: enough of each frame to free it, 24 bytes."""

from array import array
from bisect import bisect_right

from flumec.runtime.journal.records import Chunk, Extent

COMPACT = 4096
"""So many frames that are done with are forgotten at once."""


class Ledger:
    """Frames in order, from the cursor's low to what was read last."""

    passed = None
    """It goes over frames of one place only."""

    def __init__(self, low: int) -> None:
        self.end = low
        """The row after the last frame that is entered."""
        self._ends = array("Q")
        self._bytes = array("Q")
        self._born = array("q")
        self._columns: tuple[array[int], ...] = (self._ends, self._bytes, self._born)
        self._done = 0
        """The first frame that is not done, by its place in the columns."""
        self.bytes = 0
        """Of the frames that are entered."""

    def add(self, end: int, length: int, born: int) -> None:
        """Enter a frame that was read; one that was entered before is left alone."""
        if end <= self.end:
            return
        self.end = end
        self._ends.append(end)
        self._bytes.append(length)
        self.bytes += length
        self._born.append(born)

    def enter(self, chunk: Chunk | Extent) -> None:
        """Enter a frame that was read."""
        self.add(chunk.end, chunk.held, chunk.born)

    def free(self, low: int) -> int:
        """Take out the frames that end at or below `low`; return their bytes."""
        self.end = max(self.end, low)
        passed = bisect_right(self._ends, low, lo=self._done)
        freed = sum(self._bytes[self._done : passed])
        self.bytes -= freed
        self._pass(passed)
        return freed

    @property
    def oldest_born(self) -> int | None:
        """When the first frame was put; None if there is none."""
        return self._born[self._done] if self._done < len(self._born) else None

    def _pass(self, passed: int) -> None:
        """Be done with the frames up to a place in the columns."""
        self._done = passed
        if passed >= COMPACT and passed * 2 > len(self._ends):
            for column in self._columns:
                del column[:passed]
            self._done = 0
