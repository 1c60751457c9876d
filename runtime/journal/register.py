"""Matching an agent's channels, sources and consumers with those its journal knows, by name."""

import uuid
from collections.abc import Iterable, Sequence
from itertools import count

from flumec.runtime.journal.errors import StateError
from flumec.runtime.journal.membership import enter_group
from flumec.runtime.journal.records import NO_TROUBLE, Cursor
from flumec.runtime.journal.specs import ChannelSpec, ConsumerSpec
from flumec.runtime.journal.spill import Spill, forget_memory
from flumec.runtime.journal.state import ChannelState, ConsumerState, EpochRange, State


def register(
    state: State,
    channels: Sequence[ChannelSpec],
    sources: Iterable[str],
    consumers: Sequence[ConsumerSpec],
) -> dict[str, int]:
    """Enter what is new; return the numbers of this opening's channels by name.

    A new channel starts at the journal's end. One that is gone from the bundle keeps its rows. A
    channel's consumer goes on where the channel's last one was, whatever the two are called: what
    is known of it belongs to the rows, and a name may come back, or move to another channel.
    """
    _require_single(channels, consumers)
    for number, known in list(state.consumers.items()):
        if known.channel not in state.channels:
            del state.consumers[number]  # it was a memory channel's, and what it read is gone
    state.groups = {n: group for n, group in state.groups.items() if n in state.channels}
    numbers = {spec.name: _channel(state, spec, channels) for spec in channels}
    for channel in state.channels.values():
        channel.declared = channel.number in numbers.values()
    for name in sources:
        if name not in state.sources.values():
            state.sources[_unused(state.sources)] = name
    for name, number in numbers.items():
        specs = [spec for spec in consumers if spec.channel == name]
        if number in state.groups or any(spec.group for spec in specs):
            if specs:
                enter_group(state, specs, number)
        elif specs:
            _consumer(state, specs[0], number)
    for declared in channels:
        channel = state.channels[numbers[declared.name]]
        _spill(state, channel, declared)
        if channel.spill is not None and channel.number in state.groups:
            raise StateError(
                f"channel `{channel.name}` has rows of when it spilled, which a group cannot share:"
                " have one sink read it until it is empty, then the group"
            )
    return numbers


def begin_epoch(state: State, epoch: bytes) -> None:
    """End the last epoch at the journal's end, begin another; forget those without live rows."""
    if state.epochs:
        state.epochs[-1].end = state.next_row
    lows = [channel.low for channel in state.channels.values() if channel.end > channel.low]
    oldest = min(lows, default=state.next_row)
    state.epochs = [known for known in state.epochs if (known.end or 0) > oldest]
    state.epochs.append(EpochRange(epoch, state.next_row, None))


def _require_single(channels: Sequence[ChannelSpec], consumers: Sequence[ConsumerSpec]) -> None:
    for kind, names in (
        ("channel", [spec.name for spec in channels]),
        ("consumer", [spec.name for spec in consumers]),
        ("channel with a consumer", [spec.channel for spec in consumers if not spec.group]),
    ):
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise StateError(f"{kind} `{min(twice)}` is named twice")
    for consumer in consumers:
        if consumer.channel not in [spec.name for spec in channels]:
            raise StateError(f"consumer `{consumer.name}` reads `{consumer.channel}`: no channel")


def _unused(numbers: Iterable[int]) -> int:
    known = set(numbers)
    return next(number for number in count() if number not in known)


def _channel(state: State, spec: ChannelSpec, specs: Sequence[ChannelSpec]) -> int:
    known = {channel.name: channel for channel in state.channels.values() if channel.durable}
    if spec.durable:
        found = known.get(spec.name)
        if found is None and spec.formerly and spec.formerly not in [s.name for s in specs]:
            found = known.get(spec.formerly)
        if found is not None:
            found.name, found.size = spec.name, spec.size
            return found.number
    number = _unused(state.channels)
    start = state.next_row
    state.channels[number] = ChannelState(
        number, uuid.uuid4().bytes, spec.name, spec.durable, start, start, spec.size
    )
    return number


def _spill(state: State, channel: ChannelState, spec: ChannelSpec) -> None:
    """Have a channel spill that is declared so, and forget what an earlier process had in memory.

    One that spilled and does not any more goes on as if its memory were full, until all that it
    wrote late is done, and what was in doubt is settled.
    """
    spill = channel.spill
    if spill is not None:
        consumers = (c for c in state.consumers.values() if c.channel == channel.number)
        forget_memory(channel, next(consumers, None))
        ends = (s.channels.get(channel.number, 0) for s in state.segments.values())
        channel.end = max(channel.low, *ends, *(late.end for late in spill.late))
        if spec.memory is None and not spill.doubt and not spill.late:
            channel.spill = None
    elif spec.memory is not None:
        channel.spill = Spill(stored=channel.held)
    channel.memory = spec.memory or 0


def _consumer(state: State, spec: ConsumerSpec, channel: int) -> None:
    for known in state.consumers.values():
        if known.channel == channel:
            if known.kind != spec.kind:
                known.cursor = Cursor(known.cursor.low)
                known.intents.clear()
                known.trouble = NO_TROUBLE
            known.name, known.kind = spec.name, spec.kind
            return
    number = _unused(state.consumers)
    state.consumers[number] = ConsumerState(
        number, uuid.uuid4().bytes, spec.name, spec.kind, channel,
        Cursor(state.channels[channel].low),
    )  # fmt: skip
