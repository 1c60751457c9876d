"""What a consumer has read and not done of a channel that spills: what its cursor goes over."""

from collections import deque

from flumec.runtime.journal.records import Chunk, Extent
from flumec.runtime.journal.spill import Passed


class SpillLedger:
    """Frames in order, from the cursor's low to what was read last, and where each lies."""

    def __init__(self, low: int) -> None:
        self.end = low
        """The row after the last frame that is entered."""
        self.bytes = 0
        """Of the frames that are entered."""
        self.passed: Passed | None = Passed()
        """What the last `free` went over."""
        self._low = low
        self._frames: deque[Extent] = deque()

    def enter(self, frame: Chunk | Extent) -> None:
        """Enter a frame that was read; one that was entered before is left alone."""
        if frame.end > self.end:
            self.end = frame.end
            self.bytes += frame.held
            self._frames.append(Extent(frame.first, frame.end, frame.held, frame.born, frame.kept))

    def free(self, low: int) -> int:
        """Take out the frames that end at or below `low`; return their bytes on disk."""
        self.end = max(self.end, low)
        rows, sizes = [0, 0], [0, 0]
        for frame in self._frames:
            rows[frame.kept] += max(0, min(frame.end, low) - max(frame.first, self._low))
            if frame.end > low:
                break
            sizes[frame.kept] += frame.held
        while self._frames and self._frames[0].end <= low:
            self._frames.popleft()
        self._low = max(self._low, low)
        self.bytes -= sum(sizes)
        self.passed = Passed(rows[False], rows[True], sizes[True])
        return sizes[False]

    @property
    def oldest_born(self) -> int | None:
        """When the first frame was put; None if there is none."""
        return self._frames[0].born if self._frames else None
