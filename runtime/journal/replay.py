"""The records of a group as recovery reads them: each changes the state as it did when written."""

from flumec.runtime.journal import snapshot
from flumec.runtime.journal.assigning import replay_shared
from flumec.runtime.journal.codec import Decoder
from flumec.runtime.journal.entries import (
    CursorEntry,
    DropEntry,
    FrameEntry,
    Kind,
    records,
    take_intent,
    take_progress,
    take_ranges,
)
from flumec.runtime.journal.layout import GroupHeader
from flumec.runtime.journal.ops import NO_CHANNEL
from flumec.runtime.journal.records import Received
from flumec.runtime.journal.removal import replay_drop
from flumec.runtime.journal.segment import SegmentState
from flumec.runtime.journal.spill import replay_spill
from flumec.runtime.journal.state import State
from flumec.runtime.journal.trouble import take_aside, take_trouble


def opening_state(head: memoryview) -> State | None:
    """Return the snapshot in a segment's first group, None if it has none."""
    for kind, data in records(head):
        if kind is Kind.SNAPSHOT:
            return snapshot.decode(data)
    return None


def frames(head: memoryview) -> list[FrameEntry]:
    """Return a group's frames."""
    return [
        FrameEntry.decode(data, copied=kind is Kind.COPIED)
        for kind, data in records(head)
        if kind in (Kind.FRAME, Kind.COPIED)
    ]


def replay(state: State, segment: SegmentState, header: GroupHeader, head: memoryview) -> None:
    """Apply a group that follows the snapshot."""
    for kind, data in records(head):
        apply(state, segment, kind, data)
    state.next_row = max(state.next_row, header.end_row)


def apply(state: State, segment: SegmentState, kind: Kind, data: Decoder) -> None:
    """Apply one record."""
    if kind is Kind.FRAME:
        state.put_frame(FrameEntry.decode(data, copied=False), segment)
    elif kind is Kind.COPIED:
        segment.add(FrameEntry.decode(data, copied=True))
    elif kind is Kind.PROGRESS:
        state.move(*take_progress(data, state.sources))
    elif kind is Kind.RECEIVED:
        state.receive(_take_received(data))
    elif kind is Kind.SESSION:
        _begin_session(state, data)
    elif kind is Kind.CURSOR:
        state.advance(CursorEntry.decode(data))
    elif kind is Kind.INTENT:
        state.intend(*take_intent(data))
    elif kind is Kind.RESOLVED:
        state.resolve(data.u16(), data.u64())
    elif kind is Kind.ATTEMPT:
        consumer, trouble = take_trouble(data)
        state.consumers[consumer].trouble = trouble
    elif kind is Kind.ASIDE:
        consumer, ranges, dropped = take_aside(data)
        state.set_aside(consumer, ranges, dropped=dropped)
    elif kind is Kind.DROP:
        replay_drop(state, data)
    elif kind is Kind.CLOSE:
        state.closed = True
    elif kind is Kind.DROPPED:
        state.drop(DropEntry.decode(data))
    elif kind is Kind.CLAIMED:
        state.claim(data.u16(), data.u64())
    elif kind is Kind.SHARED:
        replay_shared(state, data)
    elif kind is Kind.SPILL:
        replay_spill(state, data)
    elif kind is Kind.LEFT_OUT:
        _leave_out(state, data.u16(), data.u64())


def _take_received(data: Decoder) -> Received:
    sender, stream, session = data.binary(), data.binary(), data.u64()
    epoch, settled = data.binary(), data.u64()
    return Received(sender, stream, session, epoch, take_ranges(data), settled)


def _begin_session(state: State, data: Decoder) -> None:
    key, session = (data.binary(), data.binary()), data.u64()
    state.begin_session(key, session, [data.binary() for _ in range(data.u32())])
    if data.left:
        state.bound[key[0]] = data.text()


def _leave_out(state: State, channel: int, rows: int) -> None:
    if channel == NO_CHANNEL:
        state.dropped += rows
    else:
        state.leave_out(channel, rows)
