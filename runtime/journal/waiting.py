"""What a channel has in memory: of a durable one the newest frames, of a memory one all."""

from bisect import bisect_right
from collections import deque

from flumec.runtime.journal.records import Chunk
from flumec.runtime.journal.walk import Located


class Recent:
    """Frames of one durable channel that were just put and not yet read.

    Every frame from row `since` on is here; older ones are on disk.
    """

    def __init__(self, since: int) -> None:
        self.since = since
        self.behind = True
        """Whether its reader may have to read from disk, as far as is known."""
        self._chunks: deque[Chunk] = deque()

    def offer(self, chunk: Chunk) -> None:
        """Append a frame; it has been synced."""
        self._chunks.append(chunk)

    def take(self, row: int) -> Chunk | None:
        """Take the first frame that reaches above `row` (at or above `since`), None without one."""
        self.behind = False
        while self._chunks:
            chunk = self._chunks.popleft()
            self.since = chunk.end
            if chunk.end > row:
                return chunk
        return None

    def has(self, row: int) -> bool:
        """Say whether `take` would return a frame."""
        return bool(self._chunks) and self._chunks[-1].end > row

    def forget(self, chunk: Chunk) -> bool:
        """Leave a frame, and all before it, to the disk; False if it was taken already."""
        if chunk.end <= self.since:
            return False
        while self._chunks and self.since < chunk.end:
            self.since = self._chunks.popleft().end
        self.behind = True
        return True


class RecentBytes:
    """Bounds what all channels of a journal keep in memory: the oldest frames go first."""

    _OVERHEAD = 512

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._total = 0
        self._order: deque[tuple[Recent, Chunk]] = deque()

    def add(self, recent: Recent, chunk: Chunk) -> None:
        """Offer a frame to a channel's memory; forget the oldest ones above the limit."""
        recent.offer(chunk)
        self._order.append((recent, chunk))
        self._total += chunk.body.size + self._OVERHEAD
        while self._order:
            oldest, first = self._order[0]
            if first.end > oldest.since and self._total <= self._limit:
                return
            oldest.forget(first)
            self._order.popleft()
            self._total -= first.body.size + self._OVERHEAD


class Held:
    """All frames of a memory channel from its cursor's low on."""

    def __init__(self) -> None:
        self._unread: deque[Chunk] = deque()
        self._read: deque[Chunk] = deque()

    def offer(self, chunk: Chunk) -> None:
        """Append a frame."""
        self._unread.append(chunk)

    def peek(self, row: int) -> Chunk | None:
        """Return what `take` would return."""
        while self._read and self._read[-1].end > row:
            self._unread.appendleft(self._read.pop())
        return next((chunk for chunk in self._unread if chunk.end > row), None)

    def take(self, row: int) -> Chunk | None:
        """Return the first frame that reaches above `row`, None without one; it stays held."""
        while self._read and self._read[-1].end > row:
            self._unread.appendleft(self._read.pop())
        while self._unread:
            self._read.append(chunk := self._unread.popleft())
            if chunk.end > row:
                return chunk
        return None

    def has(self, row: int) -> bool:
        """Say whether `take` would return a frame."""
        return bool(self._unread and self._unread[-1].end > row) or bool(
            self._read and self._read[-1].end > row
        )

    def from_row(self, row: int) -> list[Chunk]:
        """Return the frames that begin at or above `row`."""
        return [chunk for chunk in (*self._read, *self._unread) if chunk.first >= row]

    def drop(self, first: int, end: int) -> None:
        """Leave out the frames between two rows, of which none is partly outside."""
        for chunks in (self._read, self._unread):
            kept = [chunk for chunk in chunks if chunk.end <= first or chunk.first >= end]
            chunks.clear()
            chunks.extend(kept)

    def all(self) -> list[Chunk]:
        """Return every frame."""
        return [*self._read, *self._unread]

    def release(self, low: int) -> None:
        """Drop the frames that end at or below `low`."""
        for chunks in (self._read, self._unread):
            while chunks and chunks[0].end <= low:
                chunks.popleft()

    @property
    def oldest_born(self) -> int | None:
        """When the oldest frame was put."""
        chunks = self._read or self._unread
        return chunks[0].born if chunks else None


class Spilled(Held):
    """Frames of a channel that spills which are in memory only; the others are on disk."""

    def __init__(self, stored_end: int, late: list[Located]) -> None:
        super().__init__()
        self.stored_end = stored_end
        """The row after the last one on disk."""
        self.late = late
        """Frames on disk that are not in the order of the log: an orderly end wrote them."""
        self._files = {id(located.file): located.file for located in late}

    def release(self, low: int) -> None:
        """Drop the frames that end at or below `low`."""
        super().release(low)
        if self.late and self.late[-1].entry.end <= low:
            self.late = []
            self.close()

    def close(self) -> None:
        """Close the files of late frames."""
        for file in self._files.values():
            file.close()
        self._files = {}

    def late_at(self, row: int) -> Located | None:
        """Return the first late frame that reaches above `row`."""
        index = bisect_right(self.late, row, key=lambda located: located.entry.end)
        return self.late[index] if index < len(self.late) else None
