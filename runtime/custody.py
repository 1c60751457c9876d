"""Handing rows to a sink so that it is known which it had when it died.

While all goes well this costs nothing: rows are read as they come. After a death the rows that may
have caused it are handed out in small parts, and before each the log says who has which. A death
narrows them down, and one row alone in hand at three deaths is poison: it goes to the dead-letter
channel, or stops this channel and no other.

A process may be killed for many reasons. So a death of the process counts against a row only if
that row was handed out alone, as a suspect, the sink was not waiting for its target, and no other
sink of the agent had a suspect in hand.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from math import isqrt

from flumec.runtime.journal import Consumer
from flumec.runtime.journal.parts import part
from flumec.runtime.journal.ranges import without
from flumec.runtime.journal.records import Attempt, Chunk, Ranges
from flumec.runtime.turn import Turn

DEATHS = 3
"""How often a row may kill its sink."""

SINGLE = 1024
"""Suspects that are handed out one by one; of more, this many at once, or their root."""

_COMES_BACK = 2
"""The read that shows that a sink lives: it has dealt with what the first one gave it."""

Judge = Callable[[Chunk, Attempt], bool]
"""Takes a poison row away; False if there is nowhere to take it to."""


class Custody:
    """Between a journal's consumer and its sink; for the sink's thread."""

    def __init__(
        self, consumer: Consumer, left: tuple[int, int] | None, by: str, turn: Turn, judge: Judge
    ) -> None:
        self._consumer = consumer
        self._by = by
        self._turn = turn
        self._judge = judge
        self._waiting: deque[Chunk] = deque()
        self._in_hand, self._hand = False, (0, 0)
        self._handed = consumer.cursor.low
        """The row after the last one that the sink got in this life."""
        found = consumer.trouble.attempt
        self.suspect = self._still(self._blamed(found) if found else _of(left))
        """What may kill the sink: to be handed out with care."""
        self._survived: Callable[[], None] = lambda: None
        self._reads = 0
        self.stopped = False
        """Whether nothing is handed out any more, as the next row is poison."""
        self._given_up: Ranges = ()

    @property
    def unread(self) -> bool:
        """Whether the sink can get something that it has not got."""
        return not self.stopped and (bool(self._waiting) or self._consumer.unread)

    @property
    def handed(self) -> int:
        """The row after the last one that the sink got in this life."""
        return self._handed

    @property
    def careful(self) -> bool:
        """Whether the sink should be done with what it gets at once: there was a death."""
        return self.suspect is not None and self.suspect.count > 0

    def read(self, timeout: float, max_bytes: int) -> list[Chunk]:
        """Return what comes next: as it comes, or of suspects a part, marked in the log.

        Coming back for more means that the sink has survived what it had in hand.
        """
        self._reads += 1
        if self._reads == _COMES_BACK:
            self._survived()
        if self.suspect is None:
            chunks = self._consumer.read(timeout, max_bytes)
        else:
            if self._turn.wanted:
                self.release()
            if not self._waiting:
                self._waiting.extend(self._consumer.read(0, max_bytes))
            if not self._waiting:
                self.release()
                self._waiting.extend(self._consumer.read(timeout, max_bytes))
            chunks = self._part(self.suspect) if self._waiting else self._nothing(self.suspect)
        if chunks:
            self._handed = chunks[-1].end
        return chunks

    def seek(self, row: int) -> None:
        """Read again from a row: of what the sink had it has nothing any more."""
        self.release()
        self._waiting.clear()
        self._consumer.seek(row)

    def give_up(self, ranges: Ranges) -> None:
        """Have the sink's thread go on behind a poison row that was set aside; for any thread."""
        self._given_up = ranges

    def goes_on(self) -> bool:
        """Go on behind the poison row if it was given up; False while it was not."""
        ranges, self._given_up = self._given_up, ()
        if not ranges:
            return False
        self._consumer.forget(ranges)
        self._waiting.clear()
        self.stopped = False
        self._pass()
        return True

    def release(self) -> None:
        """Note that what the sink has in hand is no danger: it has passed, or waits elsewhere."""
        if self._in_hand:
            self._in_hand = False
            self.unmark()
            self._turn.give(self)

    def unmark(self) -> None:
        """Have the log forget that something is in hand, before another may have its turn."""
        suspect = self.suspect
        self._note(suspect if suspect is not None and suspect.count else None, wait=True)

    def died(self, error: str) -> bool:
        """Narrow down what the sink died of; False if no row can be blamed."""
        suspect, low = self.suspect, self._consumer.cursor.low
        if suspect is not None:
            if not self._in_hand:
                return False
            row, end = self._hand
            found = Attempt(row, end, suspect.count + 1, error=error, by=self._by)
        elif self._handed <= low:
            return False
        else:
            found = Attempt(low, self._handed, 1, error=error, by=self._by)
        self.suspect = found
        if self._in_hand:
            self.release()
        else:
            self._note(found)
        return True

    def begin(self, survived: Callable[[], None]) -> None:
        """Begin the sink's next life where its cursor is; it has `survived` once it comes back."""
        self._survived, self._reads = survived, 0
        self.seek(self._consumer.cursor.low)
        self._handed = self._consumer.cursor.low
        self.suspect = self._still(self.suspect)

    def _part(self, suspect: Attempt) -> list[Chunk]:
        """Hand out the next chunk, or a part of it; after a kill, what was read at once."""
        if not suspect.count and self._waiting[0].first < suspect.end:
            chunks = list(self._waiting)
            self._waiting.clear()
            self._take(chunks[0].first, chunks[-1].end, suspect)
            return chunks
        chunk = self._waiting.popleft()
        if chunk.first >= suspect.end:
            self._pass()
            chunks = [chunk, *self._waiting]
            self._waiting.clear()
            return chunks
        suspected = chunk.first >= suspect.row
        end = min(chunk.end, chunk.first + _step(suspect) if suspected else suspect.row)
        if suspected and suspect.count >= DEATHS and suspect.rows == 1:
            return self._poison(part(chunk, chunk.first, end), suspect)
        end = min(end, suspect.end if suspected else end)
        if end < chunk.end:
            self._waiting.appendleft(part(chunk, end, chunk.end))
            chunk = part(chunk, chunk.first, end)
        if suspected:
            self._take(chunk.first, chunk.end, suspect)
        return [chunk]

    def _take(self, first: int, end: int, suspect: Attempt) -> None:
        """Mark in the log what is in hand: nobody else has a suspect in hand then."""
        self._turn.take(self)
        self._in_hand, self._hand = True, (first, end)
        count = suspect.count if suspect.rows == 1 else 0
        hand = Attempt(first, end, count, True, suspect.error, self._by)
        self._note(hand, wait=True)

    def _poison(self, chunk: Chunk, suspect: Attempt) -> list[Chunk]:
        if self._judge(chunk, suspect):
            self._pass()
        else:
            self.stopped = True
        self.seek(chunk.first)
        return []

    def _nothing(self, suspect: Attempt) -> list[Chunk]:
        """Note that the sink came back and there was nothing: it has survived what it had."""
        if self._handed >= suspect.end:
            self._pass()
        else:
            self.release()
        return []

    def _pass(self) -> None:
        """Go on as ever: the suspects are done."""
        self.suspect, self._in_hand = None, False
        if self._consumer.trouble.attempt is not None:
            self._note(None, wait=True)
        self._turn.give(self)

    def _blamed(self, found: Attempt) -> Attempt:
        """Judge what the last process left: it died of what was in hand; by another, once less."""
        count = found.count
        if found.in_hand:
            count = count + 1 if found.rows == 1 else 1
            found = replace(found, error="its process died")
        if found.by != self._by:
            count = min(count, DEATHS - 1)
        return replace(found, count=count, in_hand=False, by=self._by)

    def _still(self, suspect: Attempt | None) -> Attempt | None:
        """Return what of the suspects is not done with."""
        if suspect is None:
            return None
        low = max(suspect.row, self._consumer.cursor.low)
        left = without(low, suspect.end, self._consumer.aside) if low < suspect.end else []
        return replace(suspect, row=left[0][0], end=left[-1][1]) if left else None

    def _note(self, attempt: Attempt | None, *, wait: bool = False) -> None:
        stored = self._consumer.note(replace(self._consumer.trouble, attempt=attempt))
        if wait:
            stored.result()


def _of(left: tuple[int, int] | None) -> Attempt | None:
    return None if left is None else Attempt(*left, 0)


def _step(suspect: Attempt) -> int:
    """Return how many suspects are handed out at once."""
    return 1 if suspect.rows <= SINGLE else max(SINGLE, isqrt(suspect.rows))
