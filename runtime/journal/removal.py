"""Giving up what a channel holds, and the channel itself if the bundle has it no more."""

from dataclasses import dataclass

from flumec.runtime.frozen import frozen
from flumec.runtime.journal.codec import Decoder, Encoder
from flumec.runtime.journal.entries import Kind, record
from flumec.runtime.journal.errors import StateError
from flumec.runtime.journal.lanes import GroupState
from flumec.runtime.journal.ops import RECORD_BOUND, Batch, Op
from flumec.runtime.journal.state import ChannelState, State

_PAST_ALL = (1 << 64) - 1


@frozen
class Dropped:
    """What was given up."""

    rows: int
    bytes: int


@dataclass(slots=True)
class RemoveOp(Op):
    """Drops a channel by its name, because of `word`; one that is declared only with `force`."""

    channel: str
    word: str
    force: bool = False

    @property
    def plain(self) -> bool:
        """It has a new one."""
        return False

    @property
    def bound(self) -> int:
        """The most bytes that its record takes in a group."""
        return RECORD_BOUND + 4 * len(self.word)

    def judge(self, batch: Batch) -> Dropped | StateError:
        """Drop it; return why not if it may not be dropped."""
        state = batch.state
        known = [c for c in state.channels.values() if c.name == self.channel and c.durable]
        if not known:
            return StateError(f"there is no channel `{self.channel}` on the disk")
        channel = next((each for each in known if not each.declared), known[0])
        if channel.declared and not self.force:
            return StateError(
                f"the bundle declares `{self.channel}`: only removed ones are dropped"
            )
        dropped = Dropped(channel.held, channel.held_bytes)
        batch.group.add(_record(channel, self.word))
        drop(state, channel.number, removed=not channel.declared)
        batch.lows.append((channel.number, _PAST_ALL))
        return dropped


def _record(channel: ChannelState, word: str) -> bytes:
    out = Encoder()
    out.u16(channel.number)
    out.raw(channel.uuid)
    out.u8(not channel.declared)
    out.u64(channel.held)
    out.u64(channel.held_bytes)
    out.text(word)
    return record(Kind.DROP, out.data)


def replay_drop(state: State, data: Decoder) -> None:
    """Do again what a DROP record says."""
    number = data.u16()
    data.raw(16)
    drop(state, number, removed=bool(data.u8()))


def drop(state: State, number: int, *, removed: bool) -> None:
    """Count a channel's rows as dropped; forget one that was removed, with its last consumer."""
    channel = state.channels[number]
    consumers = [known for known in state.consumers.values() if known.channel == number]
    if removed:
        state.discarded += channel.held
        del state.channels[number]
        for segment in state.segments.values():
            segment.channels.pop(number, None)
        for consumer in consumers:
            del state.consumers[consumer.number]
        state.groups.pop(number, None)
        return
    channel.dropped += channel.held
    channel.low = channel.end = max(channel.end, state.next_row)
    channel.held_bytes = 0
    if channel.spill is not None:
        channel.spill.clear()
    for consumer in consumers:
        consumer.begin_anew(channel.low)
    if number in state.groups:
        state.groups[number] = GroupState(channel.low)
