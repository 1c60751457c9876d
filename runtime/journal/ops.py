"""What the writer's queue holds: operations, judged against the state in order, and recorded."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from flumec.runtime.journal.codec import Encoder
from flumec.runtime.journal.entries import (
    CursorEntry,
    FrameEntry,
    Kind,
    put_intent,
    put_progress,
    put_ranges,
    record,
)
from flumec.runtime.journal.group import Group
from flumec.runtime.journal.layout import GROUP_HEADER, PAGE, SECTOR, body_bound
from flumec.runtime.journal.ranges import overlaps, union
from flumec.runtime.journal.records import (
    Chunk,
    Cursor,
    Frame,
    Intent,
    Outcome,
    Put,
    Ranges,
    Received,
    Refused,
    Stored,
)
from flumec.runtime.journal.state import SegmentState, State, Stream

NO_CHANNEL = 0xFFFF
"""In a LEFT_OUT record: the rows went nowhere because a route or filter said so."""

_RECORD = 256
"""More than a record takes besides what it carries."""


@dataclass(slots=True)
class Batch:
    """The operations of one group being judged: what to write, and what follows the sync."""

    state: State
    segment: SegmentState
    now_ns: int
    group: Group = field(default_factory=Group)
    chunks: list[tuple[int, Chunk]] = field(default_factory=list)
    given_back: list[tuple[int, int, int]] = field(default_factory=list)
    lows: list[tuple[int, int]] = field(default_factory=list)
    results: list[tuple["Future[Any]", Any]] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Op:
    """An operation and the future that hears of it after the sync."""

    future: "Future[Any]" = field(default_factory=Future)

    @property
    def bound(self) -> int:
        """The most bytes that its records and bodies take in a group."""
        return _RECORD

    def judge(self, batch: Batch) -> Any:
        """Test it, change the state, add its records; return the future's result."""
        raise NotImplementedError


@dataclass(slots=True)
class PreparedFrame:
    """A frame as the putting thread made it ready: channels by number, checksums done."""

    frame: Frame
    body: memoryview
    durable: tuple[int, ...]
    volatile: tuple[int, ...]
    crc: int
    schema: int


@dataclass(slots=True)
class PutOp(Op):
    """A put whose room has been taken."""

    put: Put
    frames: list[PreparedFrame]
    sources: Mapping[str, int]
    room: Mapping[int, tuple[int, int]]
    left_out: Mapping[int, int]
    wait: bool = False
    stopping: Callable[[], bool] | None = None

    @property
    def bound(self) -> int:
        """The most bytes that its records and bodies take in a group."""
        total = _RECORD * (1 + len(self.left_out))
        for ready in self.frames:
            tags = ready.frame.tags or ()
            total += body_bound(len(ready.body)) + _RECORD + 32 * len(tags) + 2 * len(ready.durable)
        for step in self.put.progress:
            total += len(step.key) + len(step.start) + len(step.to) + len(step.identity) + _RECORD
        if self.put.received is not None:
            received = self.put.received
            names = len(received.sender) + len(received.stream) + len(received.epoch)
            total += 16 * len(received.ranges) + names + _RECORD
        return total

    def give_up(self, batch_room: list[tuple[int, int, int]]) -> None:
        """Give the room back."""
        batch_room += [(number, *need) for number, need in self.room.items()]

    def judge(self, batch: Batch) -> Outcome:
        """Store the put, or refuse it because its precondition does not hold."""
        reason = self._stale(batch.state) or self._known(batch.state)
        if reason is not None:
            self.give_up(batch.given_back)
            return Refused(reason)
        first = batch.state.next_row
        for ready in self.frames:
            self._number(ready, batch)
        for step in self.put.progress:
            batch.state.move(self.sources[step.source], step)
            out = Encoder()
            put_progress(out, self.sources[step.source], step)
            batch.group.add(record(Kind.PROGRESS, out.data))
        if self.put.received is not None:
            batch.state.receive(self.put.received)
            batch.group.add(_received(self.put.received))
        self._count(batch)
        return Stored(first, batch.state.next_row - first)

    def _stale(self, state: State) -> str | None:
        """Say why a position is not the stored one."""
        steps: dict[tuple[str, bytes], bytes] = {}
        for step in self.put.progress:
            key = (step.source, step.key)
            if key not in steps:
                known = state.progress.get(self.sources[step.source], {}).get(step.key)
                steps[key] = known.to if known is not None else b""
            if steps[key] != step.start:
                return (
                    f"{step.source} would go on from {step.start!r} in {step.key!r}, "
                    f"but {steps[key]!r} is stored"
                )
            steps[key] = b"" if step.done else step.to
        return None

    def _known(self, state: State) -> str | None:
        """Say why rows of a sender may not be stored."""
        received = self.put.received
        if received is None:
            return None
        stream = state.streams.get((received.sender, received.stream), Stream())
        if stream.session != received.session:
            return f"session {received.session} has ended, {stream.session} is the newest"
        settled, have = stream.have.get(received.epoch, (0, ()))
        if any(first < settled for first, _ in received.ranges):
            return f"rows below {settled} are settled and may be here already"
        if overlaps(have, received.ranges):
            return f"some of the rows {received.ranges} are here already"
        return None

    def _number(self, ready: PreparedFrame, batch: Batch) -> None:
        state, frame = batch.state, ready.frame
        born = batch.now_ns if frame.born is None else frame.born
        first = state.next_row
        state.next_row += frame.rows
        entry = FrameEntry(
            ready.durable, first, frame.rows, len(ready.body), ready.crc, born, ready.schema,
            frame.tags,
        )  # fmt: skip
        if ready.durable:
            state.put_frame(entry, batch.segment)
            batch.group.add_frame(entry, ready.body)
        if ready.volatile:
            entry = FrameEntry(ready.volatile, first, frame.rows, entry.length, 0, born, 0, None)
            state.put_frame(entry, None)
        epoch = state.epochs[-1].epoch
        chunk = Chunk(first, frame.rows, 0, epoch, born, frame.tags, frame.body)
        batch.chunks += [(number, chunk) for number in (*ready.durable, *ready.volatile)]

    def _count(self, batch: Batch) -> None:
        state = batch.state
        for number, rows in self.left_out.items():
            state.leave_out(number, rows)
            if state.channels[number].durable:
                batch.group.add(left_out(number, rows))
        if self.put.dropped:
            state.dropped += self.put.dropped
            if batch.group.parts:
                batch.group.add(left_out(NO_CHANNEL, self.put.dropped))


@dataclass(slots=True)
class CursorOp(Op):
    """A consumer's cursor, and the intent that it closes, if it does."""

    consumer: int
    cursor: Cursor | None
    freed: tuple[int, int]
    intent: int | None = None

    @property
    def bound(self) -> int:
        """The most bytes that its records take in a group."""
        if self.cursor is None:
            return 2 * _RECORD
        ahead = sum(4 * len(bucket) + 16 for bucket in self.cursor.ahead)
        return 2 * _RECORD + len(self.cursor.note) + ahead

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
            entry = CursorEntry(self.consumer, self.cursor, self.freed[0])
            state.advance(entry)
            if channel.durable:
                batch.group.add(entry.encode())
            batch.given_back.append((channel.number, *self.freed))
            batch.lows.append((channel.number, channel.low))
        return Stored(state.next_row, 0)


@dataclass(slots=True)
class IntentOp(Op):
    """A consumer's promise to publish."""

    consumer: int
    intent: Intent

    @property
    def bound(self) -> int:
        """The most bytes that its record takes in a group."""
        names = (4 * (len(o.bucket) + len(o.hidden) + len(o.final)) for o in self.intent.outputs)
        digests = sum(len(output.digest) + _RECORD for output in self.intent.outputs)
        return _RECORD + sum(names) + digests

    def judge(self, batch: Batch) -> Intent:
        """Open the intent."""
        batch.state.intend(self.consumer, self.intent)
        out = Encoder()
        put_intent(out, self.consumer, self.intent)
        batch.group.add(record(Kind.INTENT, out.data))
        return self.intent


@dataclass(frozen=True, slots=True)
class Session:
    """A stream's newest session, and which rows of each of the sender's epochs are here.

    Rows below what the sender called settled count as here: it was done with them, and a sender that
    was restored from an older copy would send them again.
    """

    number: int
    have: Mapping[bytes, Ranges]


@dataclass(slots=True)
class SessionOp(Op):
    """A sender's stream begins anew: puts of its older sessions are refused from here on."""

    sender: bytes
    stream: bytes
    live: frozenset[bytes] | None

    @property
    def bound(self) -> int:
        """The most bytes that its record takes in a group; an epoch that is forgotten is 20."""
        return PAGE + len(self.sender) + len(self.stream)

    def judge(self, batch: Batch) -> Session:
        """Raise the session's number."""
        key = (self.sender, self.stream)
        known = batch.state.streams.get(key, Stream())
        keep = known.have if self.live is None else self.live
        gone = [epoch for epoch in known.have if epoch not in keep][: PAGE // 64]
        number = known.session + 1
        batch.state.begin_session(key, number, gone)
        out = Encoder()
        out.binary(self.sender)
        out.binary(self.stream)
        out.u64(number)
        out.u32(len(gone))
        for epoch in gone:
            out.binary(epoch)
        batch.group.add(record(Kind.SESSION, out.data))
        have = batch.state.streams[key].have
        done = {e: union(ranges, [(0, settled)]) for e, (settled, ranges) in have.items()}
        return Session(number, done)


@dataclass(slots=True)
class AskOp(Op):
    """A question about the state, answered as of the sync of everything before it."""

    question: Callable[[State], Any]

    @property
    def bound(self) -> int:
        """Nothing is recorded."""
        return 0

    def judge(self, batch: Batch) -> Any:
        """Answer."""
        return self.question(batch.state)


def left_out(channel: int, rows: int) -> bytes:
    """Return the record of rows without room in a channel, or dropped (NO_CHANNEL)."""
    out = Encoder()
    out.u16(channel)
    out.u64(rows)
    return record(Kind.LEFT_OUT, out.data)


def _received(received: Received) -> bytes:
    out = Encoder()
    out.binary(received.sender)
    out.binary(received.stream)
    out.u64(received.session)
    out.binary(received.epoch)
    out.u64(received.settled)
    put_ranges(out, received.ranges)
    return record(Kind.RECEIVED, out.data)


def group_bound(ops: list[Op]) -> int:
    """Return the most bytes that a group of these operations takes."""
    return GROUP_HEADER + SECTOR + sum(op.bound for op in ops)
