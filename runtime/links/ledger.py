"""How much of a channel a link has done: what is under way, and how far all of it is settled."""

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass

from flumec.runtime.journal.ranges import union
from flumec.runtime.journal.records import Ranges
from flumec.runtime.links.faults import ProtocolError
from flumec.runtime.links.memory import Memory


@dataclass(slots=True)
class _Entry:
    """Rows that went out in one message, or that the receiver had (then they are done at once)."""

    epoch: bytes
    first: int
    end: int
    done: bool
    buried: bool = False
    """Whether it is a dead letter, and not delivered."""


class Ledger:
    """The sender's books, over all connections of a process.

    Every row below `low` is done, and below `durable` the journal says so on disk. `memory` is what
    the receiver acknowledged, for the cursor's note. Rows are entered in the order of the channel.
    """

    def __init__(self, low: int, memory: Memory) -> None:
        self.low = low
        self.durable = low
        self.memory = memory
        self.noted = memory
        """What of it is on disk: what a sender that is killed now says at its next Hello."""
        self.under_way = 0
        """Messages that are sent and not acknowledged."""
        self.rows_under_way = 0
        self._delivered = 0
        self._entries: deque[_Entry] = deque()

    @property
    def end(self) -> int:
        """The row after the last that is entered."""
        return self._entries[-1].end if self._entries else self.low

    @property
    def done(self) -> Ranges:
        """The rows from `low` on that are done, behind others that are not."""
        return union((), [(entry.first, entry.end) for entry in self._entries if entry.done])

    def forget(self) -> None:
        """Drop what is under way: the connection is gone; the next Welcome says what arrived."""
        self._entries.clear()
        self.under_way = self.rows_under_way = 0

    def sent(self, epoch: bytes, first: int, end: int) -> None:
        """Enter rows [first, end) as sent in one message."""
        self._entries.append(_Entry(epoch, first, end, done=False))
        self.under_way += 1
        self.rows_under_way += end - first

    def had(self, epoch: bytes, first: int, end: int, live: Collection[bytes]) -> None:
        """Enter rows [first, end) as done: the receiver had them when the connection began."""
        self._entries.append(_Entry(epoch, first, end, done=True))
        self.memory = self.memory.heard(epoch, first, end, live)
        self._pass()

    def acknowledge(self, epoch: bytes, ranges: Ranges, live: Collection[bytes]) -> None:
        """Take an acknowledgement; raise ProtocolError if it names rows that are not under way."""
        for first, end in ranges:
            at = first
            for entry in self._entries:
                if at == end or entry.first > at:
                    break
                if entry.first == at and entry.epoch == epoch and not entry.done:
                    entry.done = True
                    self.under_way -= 1
                    self.rows_under_way -= entry.end - entry.first
                    at = entry.end
            if at != end:
                raise ProtocolError(f"it acknowledged rows {at} to {end}, which are not under way")
        if ranges:
            self.memory = self.memory.heard(epoch, ranges[0][0], ranges[-1][1], live)
            self._pass()

    def bears(self, epoch: bytes, first: int, end: int) -> bool:
        """Say whether exactly these rows are under way, in one message."""
        return self._under_way(epoch, first, end) is not None

    def bury(self, epoch: bytes, first: int, end: int) -> None:
        """Enter rows under way as done with, but not delivered."""
        entry = self._under_way(epoch, first, end)
        assert entry is not None
        entry.done = entry.buried = True
        self.under_way -= 1
        self._pass()

    def delivered(self) -> int:
        """Return how many rows were done since the last call."""
        count, self._delivered = self._delivered, 0
        return count

    def _under_way(self, epoch: bytes, first: int, end: int) -> _Entry | None:
        rows = (epoch, first, end)
        entries = (e for e in self._entries if not e.done and (e.epoch, e.first, e.end) == rows)
        return next(entries, None)

    def _pass(self) -> None:
        while self._entries and self._entries[0].done:
            entry = self._entries.popleft()
            self._delivered += 0 if entry.buried else entry.end - entry.first
            self.low = entry.end
