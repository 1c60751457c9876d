"""A channel's one reader: from memory what was just put, from disk what is older."""

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace

from flumec.runtime.journal.bell import Bell
from flumec.runtime.journal.consuming import ClaimOp, CursorOp, IntentOp
from flumec.runtime.journal.errors import JournalDamaged, JournalFailed
from flumec.runtime.journal.ledger import Ledger
from flumec.runtime.journal.live import LiveChannel, Shared, born_at, first_left, frames
from flumec.runtime.journal.merging import Merging
from flumec.runtime.journal.parts import remaining
from flumec.runtime.journal.ranges import above, after, union
from flumec.runtime.journal.reading import Reader
from flumec.runtime.journal.records import (
    Chunk,
    Cursor,
    Intent,
    Output,
    Ranges,
    Stored,
    Trouble,
)
from flumec.runtime.journal.spill_ledger import SpillLedger
from flumec.runtime.journal.state import ConsumerState
from flumec.runtime.journal.trouble import TroubleOp
from flumec.runtime.journal.waiting import Held, Spilled


class Consumer:
    """Reads rows in order; nothing is done until `advance` says so. For one thread at a time.

    A callback of a future that is returned here runs in the journal's thread: it must be short.
    """

    careful = False
    """Whether what is read should be delivered before more is; to be said by who hands it out."""

    repeated: frozenset[int] = frozenset()
    """Open intents whose rows another delivers: what of them is not published is not to be."""

    def __init__(
        self, shared: Shared, known: ConsumerState, live: LiveChannel, *, claims: bool = False
    ) -> None:
        self.name = known.name
        self.channel = live.state.name
        self._shared = shared
        self._number = known.number
        self._live = live
        self._cursor = known.cursor
        self._said = known.cursor.low
        self.aside = known.aside
        self._trouble = known.trouble
        self._intents = dict(known.intents)
        self._next_intent = known.next_intent
        self._claimed = known.claimed if claims else None
        spills = isinstance(live.memory, Spilled)
        self._reader = (Merging if spills else Reader)(shared, live, known.cursor.low)
        self._ledger = (SpillLedger if spills else Ledger)(known.cursor.low)
        self._waiting: deque[Chunk] = deque()
        self._oldest: tuple[int, int | None] = (-1, None)
        self._bell = Bell(live.arrived)

    @property
    def cursor(self) -> Cursor:
        """The newest cursor, as recovered or advanced."""
        return self._cursor

    @property
    def intents(self) -> Sequence[Intent]:
        """The intents that are not resolved, oldest first."""
        return tuple(self._intents.values())

    @property
    def intended(self) -> int:
        """How many intents were ever made, by all starts."""
        return self._next_intent - 1

    @property
    def epoch(self) -> bytes:
        """The journal's current epoch, 16 bytes."""
        return self._shared.state.epochs[-1].epoch

    @property
    def fullness(self) -> float:
        """The share of the channel's size that is held; one large put may take it above 1."""
        return self._shared.room.share(self.channel)

    @property
    def unread(self) -> bool:
        """Whether the channel has rows that `read` has not returned."""
        with self._shared.lock:
            return bool(self._waiting) or self._reader.unread

    def read(self, timeout: float, max_bytes: int = 8 << 20) -> list[Chunk]:
        """Return what comes after the rows last read; an empty list after `timeout` seconds.

        It begins at the cursor's low; of bodies it has at most `max_bytes`, but at least one.
        Raise JournalDamaged where a frame can't be read back, JournalFailed if nothing will come.
        """
        first = self._await(timeout)
        if first is None:
            return []
        chunks, size = [first], first.body.size
        while size < max_bytes and (chunk := self._next_whole()) is not None:
            size += chunk.body.size
            if size > max_bytes:
                self._waiting.appendleft(chunk)
                break
            chunks.append(chunk)
        if self._claimed is not None and self._reader.position > self._claimed:
            self._claim(self._reader.position)
        return chunks

    def wake(self) -> None:
        """Have a `read` that waits return, or the next one that would; for any thread."""
        self._bell.ring()

    def seek(self, row: int) -> None:
        """Read again from `row` (at or above the cursor's low)."""
        if row < self._said:
            raise ValueError(f"row {row} is below {self._said}: it is done, and may be gone")
        self._waiting.clear()
        self._reader.seek(max(row, self._cursor.low))

    def advance(self, cursor: Cursor) -> "Future[Stored]":
        """Store the cursor with the next group; its rows' bodies may be freed after that."""
        return self._store(cursor, None)

    def intend(self, outputs: Sequence[Output]) -> Intent:
        """Store an intent to publish; returns after the sync."""
        intent = Intent(self._next_intent, tuple(outputs))
        self._next_intent += 1
        op = IntentOp(consumer=self._number, intent=intent)
        with self._shared.lock:
            self._shared.writer.enqueue(op)
        op.future.result()
        self._intents[intent.number] = intent
        return intent

    def resolve(self, intent: Intent, cursor: Cursor | None) -> "Future[Stored]":
        """Close an intent: as committed with its cursor, or, with None, as abandoned."""
        if self._intents.pop(intent.number, None) is None:
            raise ValueError(f"intent {intent.number} of {self.name} is not open")
        return self._store(cursor, intent.number)

    @property
    def durable(self) -> bool:
        """Whether what the channel holds outlives the process."""
        return self._live.state.durable

    @property
    def trouble(self) -> Trouble:
        """What is stored of the consumer's failures and deaths."""
        return self._trouble

    def note(self, trouble: Trouble) -> "Future[Stored]":
        """Store what the next start must know of failures and deaths."""
        self._trouble = trouble
        op = TroubleOp(consumer=self._number, trouble=trouble)
        with self._shared.lock:
            self._shared.writer.enqueue(op)
        return op.future

    def row(self, number: int) -> int:
        """Return the channel's row that the consumer knows by a number: the same."""
        return number

    def secure(self) -> None:
        """Have it stored which rows are its own: all are."""

    def forget(self, ranges: Ranges) -> None:
        """Read no rows any more that a put has set aside; the cursor moves over them by itself."""
        self.aside = union(self.aside, ranges)
        waiting = [part for c in self._waiting for part in remaining(c, c.first, self.aside)]
        self._waiting = deque(waiting)

    def oldest_born(self) -> int | None:
        """Return when the oldest row that is not done was put; None where there is none."""
        with self._shared.lock:
            if after(self._live.gaps, self._cursor.low) >= self._live.state.end:
                return None
            held = self._live.memory
            if isinstance(held, Held) and not isinstance(held, Spilled):
                return held.oldest_born
            if (born := self._ledger.oldest_born) is not None:
                return born
        low = self._cursor.low
        if self._oldest[0] != low:
            born = born_at(self._shared, self._live, low)
            if born is None or self._cursor.low != low:
                return None
            self._oldest = low, born
        return self._oldest[1]

    def close(self) -> None:
        """Close the file that is read."""
        self._reader.close()

    def _claim(self, row: int) -> None:
        """Have it on disk that rows below `row` may be elsewhere, before anybody gets them."""
        self._claimed, op = row, ClaimOp(consumer=self._number, row=row)
        with self._shared.lock:
            self._shared.writer.enqueue(op)
        op.future.result()

    def _store(self, cursor: Cursor | None, intent: int | None) -> "Future[Stored]":
        freed, passed = 0, None
        if cursor is not None:
            cursor = self._past_aside(cursor)
            freed = self._free(cursor.low)
            passed = self._ledger.passed
            ahead = {bucket: row for bucket, row in cursor.ahead.items() if row > cursor.low}
            self._cursor = Cursor(cursor.low, ahead, note=cursor.note)
            self.aside = above(self.aside, cursor.low)
            if self._reader.position < cursor.low:  # what was aside is forgotten, and not read
                self.seek(cursor.low)
        op = CursorOp(
            consumer=self._number, cursor=cursor, freed=freed, intent=intent, passed=passed
        )
        with self._shared.lock:
            self._shared.writer.enqueue(op)
            if isinstance(self._live.memory, Held):
                self._live.memory.release(self._cursor.low)
        return op.future

    def _past_aside(self, cursor: Cursor) -> Cursor:
        """Return the cursor moved over the rows that are set aside, which its sink never saw."""
        end = max(self._live.state.end, self._shared.state.next_row)
        if not self._said <= cursor.low <= end:
            raise ValueError(
                f"{self.name}: a cursor at {cursor.low} is not between {self._said}, "
                f"where it was, and {end}, the journal's end"
            )
        self._said = cursor.low
        low = first_left(self._shared, self._live, self.aside, max(cursor.low, self._cursor.low))
        return cursor if low == cursor.low else replace(cursor, low=low)

    def _free(self, low: int) -> int:
        """Return the bytes of the frames that end at or below `low`, read or not."""
        self._enter(low)
        with self._shared.lock:
            freed = self._ledger.free(low)
            self._live.taken_bytes = self._ledger.bytes
        return freed

    def _enter(self, low: int) -> None:
        """Enter the frames below `low` that were not read."""
        if self._ledger.end < low:
            for frame in frames(self._shared, self._live, self._ledger.end):
                self._ledger.enter(frame)
                if self._ledger.end >= low:
                    break

    def _await(self, timeout: float) -> Chunk | None:
        """Return the next chunk, waiting for it at most `timeout` seconds."""
        clock, deadline = self._shared.clock, None
        while (chunk := self._next()) is None:
            with self._shared.lock:
                if self._shared.writer.failure is not None:
                    raise JournalFailed(str(self._shared.writer.failure))
                now = clock.monotonic()
                deadline = now + timeout if deadline is None else deadline
                if now >= deadline or self._bell.heard():
                    return None
                if not self._reader.arrived():
                    clock.wait(self._live.arrived, deadline - now)
        return chunk

    def _next(self) -> Chunk | None:
        """Return the next frame, or what is unread of it; None if there is none yet."""
        while not self._waiting:
            position = self._reader.position
            if (found := self._reader.frame()) is None:
                return None
            with self._shared.lock:
                self._ledger.enter(found)
                self._live.taken_bytes = self._ledger.bytes
            self._waiting.extend(remaining(found, position, self.aside))
        return self._waiting.popleft()

    def _next_whole(self) -> Chunk | None:
        """Return the next frame; what is wrong with it is for the next `read` to say."""
        try:
            return self._next()
        except (JournalDamaged, OSError):
            return None
