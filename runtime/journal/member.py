"""A member of a group as the reader of its lane: to its sink a channel like any other."""

import math
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace

from flumec.runtime.journal.assigning import ReturnOp
from flumec.runtime.journal.bell import Bell
from flumec.runtime.journal.consumer import Consumer
from flumec.runtime.journal.consuming import CursorOp, IntentOp
from flumec.runtime.journal.errors import JournalFailed
from flumec.runtime.journal.lanes import Lane
from flumec.runtime.journal.live import LiveChannel, Shared, born_at
from flumec.runtime.journal.parts import remaining
from flumec.runtime.journal.ranges import above, after, union, without
from flumec.runtime.journal.records import Chunk, Cursor, Intent, Output, Ranges, Stored, Trouble
from flumec.runtime.journal.sharing import Again, Sharing, renumbered
from flumec.runtime.journal.state import ConsumerState
from flumec.runtime.journal.trouble import TroubleOp

SENDS = "sender "
"""What the kind of a link's sending end begins with."""


class Member(Consumer):
    """Reads its lane: first what it has, then what it may take. For one thread at a time.

    All its rows, also those of cursors, marks and intents, are numbers of the lane.
    """

    def __init__(
        self, shared: Shared, known: ConsumerState, live: LiveChannel, sharing: Sharing
    ) -> None:
        super().__init__(shared, known, live)
        assert known.lane is not None
        self.number = known.number
        self.former = known.former
        self.lane = Lane(known.lane.end, list(known.lane.leases))
        self.asking = False
        """Whether it waits for rows, until it has looked whose turn it is after that."""
        self.surely = False
        """Whether it must be on disk that rows are its own, before it gets them."""
        self.sends = known.kind.startswith(SENDS)
        self.shown = self.lane.end if self.sends else 0
        """Below this number rows may be at a link's other end, until that says what it has."""
        self.has: Ranges = ()
        """What is at a link's other end, as that said, behind rows that are not."""
        self.refused: Ranges = ()
        """What a link's other end refused, and would stop or kill another as well."""
        self.sharing = sharing
        self._bell = Bell(live.arrived, sharing.turn)
        self.repeated = known.repeated
        self._position = known.cursor.low
        self._again = Again(shared, live)
        self._ages: tuple[int, int | None] = (-1, None)
        sharing.members.append(self)

    @property
    def unread(self) -> bool:
        """Whether it has rows that `read` has not returned, or may take some."""
        if self.lane.left(self._position) < self.lane.end:
            return True
        return self.sharing.may_take(self.name) and self.sharing.unread

    @property
    def position(self) -> int:
        """The number after the last that was read."""
        return self._position

    def read(self, timeout: float, max_bytes: int = 8 << 20) -> list[Chunk]:
        """Return what comes after the rows last read; an empty list after `timeout` seconds."""
        try:
            return self._read(timeout, max_bytes)
        finally:
            self.asking = False

    def _read(self, timeout: float, max_bytes: int) -> list[Chunk]:
        clock, sharing, deadline = self._shared.clock, self.sharing, None
        while True:
            with self._shared.lock:
                changes = sharing.changes
            if chunks := list(self._had(max_bytes)):
                return chunks
            mine = sharing.may_take(self.name)
            patience = math.inf if mine else sharing.patience(self.name)
            self.asking = False
            if mine and (chunks := sharing.take(self, max_bytes)):
                self._position = self.lane.end
                if self.surely:
                    sharing.secure()
                return chunks
            with self._shared.lock:
                if self._shared.writer.failure is not None:
                    raise JournalFailed(str(self._shared.writer.failure))
                now = clock.monotonic()
                deadline = now + timeout if deadline is None else deadline
                if now >= deadline or self._bell.heard():
                    return []
                if changes == sharing.changes and not (mine and sharing.arrived):
                    self.asking = True
                    waited = self._live.arrived if mine else sharing.turn
                    clock.wait(waited, min(deadline - now, patience))

    def seek(self, row: int) -> None:
        """Read again from a number (at or above the cursor's low)."""
        if row < self._said:
            raise ValueError(f"row {row} is below {self._said}: it is done, and may be gone")
        self._position = max(row, self._cursor.low)

    def intend(self, outputs: Sequence[Output]) -> Intent:
        """Store an intent to publish, and whose its rows are; returns after the sync."""
        intent = Intent(self._next_intent, tuple(outputs))
        self._next_intent += 1
        op = IntentOp(consumer=self._number, intent=intent)
        with self.sharing.lock:
            self.sharing.store(op)
        op.future.result()
        self._intents[intent.number] = intent
        return intent

    def resolve(self, intent: Intent, cursor: Cursor | None) -> "Future[Stored]":
        """Close an intent; what another was given is counted when that one delivers it."""
        if cursor is not None and intent.number in self.repeated:
            cursor = replace(cursor, delivered=0)
        self.repeated -= {intent.number}
        return super().resolve(intent, cursor)

    def note(self, trouble: Trouble) -> "Future[Stored]":
        """Store what the next start must know of failures and deaths."""
        self._trouble = trouble
        op = TroubleOp(consumer=self._number, trouble=trouble)
        with self.sharing.lock:
            self.sharing.store(op)
        return op.future

    def secure(self) -> None:
        """Have it stored that its rows are its own, before anything is said of them."""
        with self.sharing.lock:
            self.sharing.store()

    def forget(self, ranges: Ranges) -> None:
        """Read no rows any more that a put has set aside; the cursor moves over them by itself."""
        self.aside = union(self.aside, ranges)

    def row(self, number: int) -> int:
        """Return the channel's row that a number of the lane stands for."""
        return self.lane.row(number)

    def number_of(self, row: int) -> int | None:
        """Return the lane's number of a row; None if this member does not have it."""
        return self.lane.number(row)

    @property
    def bound(self) -> Ranges:
        """What goes to nobody else, whatever becomes of this member."""
        return union(self.has, self.refused)

    def give_back(
        self, given: Ranges, kept: Ranges, repeated: frozenset[int] = frozenset()
    ) -> "Future[Stored]":
        """Have rows be anybody's again, and keep others; what is neither is done.

        `repeated` are open intents that have rows among those given: they may be published already,
        and are delivered once more by another. The cursor moves over what is gone.
        """
        with self.sharing.lock:
            keep = list(self.lane.parts(kept))
            rows = union((), [(lease.row, lease.last) for lease in self.lane.parts(given)])
            gone = without(self._cursor.low, self.lane.end, union(kept, given))
            freed = self.sharing.passed(list(self.lane.parts(tuple(gone))))
            self.lane = Lane(self.lane.end, keep)
            self.repeated |= repeated
            op = ReturnOp(
                consumer=self._number, kept=list(keep), given=rows, repeated=self.repeated,
                freed=freed,
            )  # fmt: skip
            self.sharing.store(op)
            self.sharing.put_back(rows)
            return self._store(self._cursor, None)

    def oldest_born(self) -> int | None:
        """Return when its oldest row was put; where it has none, the oldest that it could take."""
        left = self.lane.left(self._cursor.low)
        if left == self.lane.end:
            return self.sharing.oldest_born() if self.sharing.may_take(self.name) else None
        row = self.lane.row(left)
        if self._ages[0] != row:
            self._ages = row, born_at(self._shared, self._live, row)
        return self._ages[1]

    def undone(self) -> Iterator[Chunk]:
        """Yield all that it has from its cursor on, whatever was read."""
        self._position = self._cursor.low
        while chunks := list(self._had(4 << 20)):
            yield from chunks

    def left(self, first: int) -> Ranges:
        """Return the numbers from `first` on that it has, and that are not set aside."""
        parts = self.lane.parts(((first, self.lane.end),)) if first < self.lane.end else ()
        return tuple(piece for p in parts for piece in without(p.lane, p.end, self.aside))

    def close(self) -> None:
        """Close the files that are read."""
        self._again.close()
        super().close()

    def _had(self, max_bytes: int) -> Iterator[Chunk]:
        """Yield what it has and has not read, of bodies at most so many bytes, but one chunk."""
        size = 0
        while size < max_bytes and (lease := self.lane.at(self._position)) is not None:
            number = max(self._position, lease.lane)
            first = lease.row + number - lease.lane
            with self.sharing.lock:
                chunk = self._again.next(first, lease.last)
            if chunk is None:
                self._position = lease.end
                continue
            chunk = renumbered(chunk, number + chunk.first - first)
            self._position = chunk.end
            for piece in remaining(chunk, chunk.first, self.aside):
                size += piece.body.size
                yield piece

    def _store(self, cursor: Cursor | None, intent: int | None) -> "Future[Stored]":
        with self.sharing.lock:
            freed = 0
            if cursor is not None:
                cursor = self._past_left(cursor)
                ahead = {bucket: row for bucket, row in cursor.ahead.items() if row > cursor.low}
                self._cursor = Cursor(cursor.low, ahead, note=cursor.note)
                self.aside = above(self.aside, cursor.low)
                freed = self.sharing.passed(self.lane.move(cursor.low))
                if cursor.delivered:
                    self.sharing.delivered(self.name)
            op = CursorOp(consumer=self._number, cursor=cursor, freed=freed, intent=intent)
            self.sharing.store(op)
        return op.future

    def _past_left(self, cursor: Cursor) -> Cursor:
        """Return the cursor moved over what the member does not have, or is set aside."""
        if not self._said <= cursor.low <= self.lane.end:
            raise ValueError(
                f"{self.name}: a cursor at {cursor.low} is not between {self._said}, "
                f"where it was, and {self.lane.end}, the end of what it has"
            )
        self._said = cursor.low
        low = max(cursor.low, self._cursor.low)
        while (left := after(self.aside, self.lane.left(low))) != low:
            low = left
        return cursor if low == cursor.low else replace(cursor, low=low)
