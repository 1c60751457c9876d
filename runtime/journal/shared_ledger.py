"""What the members of a group have read and not done: frames that are freed in any order."""

from array import array
from bisect import bisect_right
from collections.abc import Iterable

from flumec.runtime.journal.ledger import COMPACT, Ledger
from flumec.runtime.journal.ranges import count, union, without
from flumec.runtime.journal.records import Chunk, Extent, Ranges


class SharedLedger(Ledger):
    """A ledger that knows of each frame how many of its rows are not done; 40 bytes for a frame.

    One whose rows are all done is free, whatever stands before it. Below `low`, and in `done`, are
    the rows that were done when the ledger began: what lies whole in them was freed before.
    """

    def __init__(self, low: int, done: Ranges) -> None:
        super().__init__(low)
        self._was_done = union(done, [(0, low)])
        self._firsts = array("Q")
        self._left = array("Q")
        self._columns = (*self._columns, self._firsts, self._left)
        self._free = 0
        """How many frames are free, and stand behind one that is not."""

    @property
    def low(self) -> int:
        """The first row of the first frame that is not free."""
        return self._firsts[self._done] if self._done < len(self._firsts) else self.end

    def enter(self, frame: Chunk | Extent) -> None:
        """Enter a frame that was read; one that was entered before is left alone."""
        left = count(tuple(without(frame.first, frame.end, self._was_done)))
        if frame.end > self.end and left:
            self._firsts.append(frame.first)
            self._left.append(left)
            super().enter(frame)
        self.end = max(self.end, frame.end)

    def do(self, ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int, int]]:
        """Note rows that were not done as done; return what is free by it: (first, end, bytes)."""
        freed = []
        for first, end in ranges:
            at = bisect_right(self._ends, first, lo=self._done)
            while at < len(self._ends) and self._firsts[at] < end:
                self._left[at] -= min(end, self._ends[at]) - max(first, self._firsts[at])
                if not self._left[at]:
                    freed.append((self._firsts[at], self._ends[at], self._bytes[at]))
                    self.bytes -= self._bytes[at]
                    self._bytes[at] = 0
                at += 1
        self._free += len(freed)
        self._leave()
        return freed

    def _leave(self) -> None:
        """Pass over what is free, and forget it once it is most."""
        passed = self._done
        while passed < len(self._left) and not self._left[passed]:
            passed += 1
        self._free -= passed - self._done
        self._pass(passed)
        if self._free >= COMPACT and self._free * 2 > len(self._left) - self._done:
            kept = [at for at, left in enumerate(self._left) if left]
            for column in self._columns:
                column[:] = array(column.typecode, [column[at] for at in kept])
            self._done = self._free = 0
