"""A consumer's operations: its cursor, its intents, and their resolution."""

from dataclasses import dataclass

from flumec.runtime.journal.codec import Encoder
from flumec.runtime.journal.entries import (
    CursorEntry,
    Kind,
    put_intent,
    record,
)
from flumec.runtime.journal.ops import RECORD_BOUND, Batch, Op
from flumec.runtime.journal.records import (
    Cursor,
    Intent,
    Stored,
)
from flumec.runtime.journal.room import Want
from flumec.runtime.journal.spill import Passed, settle
from flumec.runtime.journal.state import ChannelState, ConsumerState


@dataclass(slots=True)
class CursorOp(Op):
    """A consumer's cursor, and the intent that it closes, if it does."""

    consumer: int
    cursor: Cursor | None
    freed: int
    intent: int | None = None
    passed: Passed | None = None
    """What it goes over of a channel that spills."""

    @property
    def forces(self) -> bool:
        """A cursor alone waits: it frees room, and those who want some have it synced."""
        return self.intent is not None

    @property
    def bound(self) -> int:
        """The most bytes that its records take in a group."""
        if self.cursor is None:
            return 2 * RECORD_BOUND
        ahead = sum(4 * len(bucket) + 16 for bucket in self.cursor.ahead)
        return 2 * RECORD_BOUND + len(self.cursor.note) + ahead

    def judge(self, batch: Batch) -> Stored:
        """Store the cursor; the room is given back after the sync."""
        state = batch.state
        channel = state.channels[state.consumers[self.consumer].channel]
        if self.intent is not None:
            state.resolve(self.consumer, self.intent)
            out = Encoder()
            out.u16(self.consumer)
            out.u64(self.intent)
            out.u8(self.cursor is not None)
            batch.group.add(record(Kind.RESOLVED, out.data))
        if self.cursor is not None:
            cursor, needed = self.cursor, channel.durable
            if self.passed is not None:
                needed = self._is_needed(state.consumers[self.consumer], channel)
            entry = CursorEntry(self.consumer, cursor, self.freed)
            state.advance(entry)
            if needed:
                batch.group.add(entry.encode())
            done = cursor.delivered + cursor.dropped + cursor.dead_lettered
            kept = 0
            if self.passed is not None and channel.spill is not None:
                channel.spill.leave(self.passed)
                done += settle(channel, state.consumers[self.consumer])
                kept = self.passed.kept_bytes
            batch.given_back.append((channel.number, Want(self.freed, done, kept)))
            batch.lows.append((channel.number, channel.low))
            if channel.gaps:
                batch.gaps.append(channel.number)
        return Stored(state.next_row, 0)

    def _is_needed(self, consumer: ConsumerState, channel: ChannelState) -> bool:
        """Say whether a start must know the cursor, in a channel that spills.

        While the channel has nothing on disk there is nothing that could be read twice: whatever
        comes there later has higher numbers. So what goes through memory costs no group.
        """
        spill = channel.spill
        assert spill is not None
        assert self.cursor is not None
        return bool(spill.stored or spill.doubt or self.freed) or (
            self.cursor.note != consumer.cursor.note
        )


@dataclass(slots=True)
class ClaimOp(Op):
    """A consumer's rows up to one may be elsewhere from now on; so they are not dropped."""

    consumer: int
    row: int

    def judge(self, batch: Batch) -> None:
        """Note it."""
        batch.state.claim(self.consumer, self.row)
        out = Encoder()
        out.u16(self.consumer)
        out.u64(self.row)
        batch.group.add(record(Kind.CLAIMED, out.data))


@dataclass(slots=True)
class IntentOp(Op):
    """A consumer's promise to publish."""

    consumer: int
    intent: Intent

    @property
    def bound(self) -> int:
        """The most bytes that its record takes in a group."""
        names = (4 * (len(o.bucket) + len(o.hidden) + len(o.final)) for o in self.intent.outputs)
        digests = sum(len(output.digest) + RECORD_BOUND for output in self.intent.outputs)
        return RECORD_BOUND + sum(names) + digests

    def judge(self, batch: Batch) -> Intent:
        """Open the intent."""
        batch.state.intend(self.consumer, self.intent)
        out = Encoder()
        put_intent(out, self.consumer, self.intent)
        batch.group.add(record(Kind.INTENT, out.data))
        return self.intent
