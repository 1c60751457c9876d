"""The state as a record at the head of each segment, so that freeing one forgets nothing.

What came later than the first version stands in sections at the end, each with its number and
length: an older runtime ignores those that it does not know.
"""

from enum import IntEnum

from flumec.runtime.journal.assigning import group_bytes, take_group
from flumec.runtime.journal.codec import Decoder, Encoder
from flumec.runtime.journal.entries import (
    Kind,
    put_cursor,
    put_intent,
    put_progress,
    put_ranges,
    record,
    take_cursor,
    take_intent,
    take_progress,
    take_ranges,
)
from flumec.runtime.journal.records import NO_TROUBLE
from flumec.runtime.journal.segment import SegmentState
from flumec.runtime.journal.sets import sets_bytes, take_sets
from flumec.runtime.journal.spill import spill_bytes, take_spill
from flumec.runtime.journal.state import ChannelState, ConsumerState, EpochRange, State, Stream
from flumec.runtime.journal.trouble import aside_bytes, take_aside, take_trouble, trouble_bytes

_OPEN = 0xFFFFFFFFFFFFFFFF


class Section(IntEnum):
    """The number of a section: the kind of the record that changes it, or one from 128 on."""

    DROP = Kind.DROP
    """How many rows were dropped with their channels."""
    ATTEMPT = Kind.ATTEMPT
    """What consumers died of."""
    ASIDE = Kind.ASIDE
    """The rows above their cursors that consumers are rid of."""
    DROPPED = Kind.DROPPED
    """The rows above a channel's low that were dropped."""
    SPILL = Kind.SPILL
    """What of a channel is in memory and what on disk."""
    CLAIMED = Kind.CLAIMED
    """How far a consumer has rows that may be elsewhere."""
    SHARED = Kind.SHARED
    """Which rows a group's members have."""
    LOST = 16
    """How many rows damage took, and where in which segment nobody reads any more."""
    BOUND = 48
    """Which host each sender's journal belongs to, by the certificates that it came with."""
    SETS = 35
    """What the frames of each set of channels take in each segment."""
    REMOVED = 128
    """The channels that the bundle does not declare any more."""


def encode(state: State) -> bytes:
    """Return the SNAPSHOT record; memory channels are left out."""
    out = Encoder()
    out.raw(state.journal)
    out.u64(state.next_row)
    out.u64(state.dropped)
    _put_channels(out, state)
    _put_consumers(out, state)
    _put_progress(out, state)
    _put_streams(out, state)
    _put_history(out, state)
    _put_sections(out, state)
    return record(Kind.SNAPSHOT, out.data)


def decode(data: Decoder) -> State:
    """Read the payload of a SNAPSHOT record."""
    state = State(data.raw(16), data.u64(), data.u64())
    _take_channels(data, state)
    _take_consumers(data, state)
    _take_progress(data, state)
    _take_streams(data, state)
    _take_history(data, state)
    while data.left:
        _take_section(data.u8(), Decoder(data.binary()), state)
    return state


def _put_channels(out: Encoder, state: State) -> None:
    durable = [channel for channel in state.channels.values() if channel.durable]
    out.u32(len(durable))
    for channel in durable:
        out.u16(channel.number)
        out.raw(channel.uuid)
        out.text(channel.name)
        for count in (
            channel.low, channel.end, channel.size, channel.put, channel.delivered,
            channel.dropped, channel.dead_lettered, channel.held_bytes,
        ):  # fmt: skip
            out.u64(count)


def _take_channels(data: Decoder, state: State) -> None:
    for _ in range(data.u32()):
        number, uuid, name = data.u16(), data.raw(16), data.text()
        counts = [data.u64() for _ in range(8)]
        state.channels[number] = ChannelState(number, uuid, name, True, *counts)


def _put_consumers(out: Encoder, state: State) -> None:
    out.u32(len(state.consumers))
    for consumer in state.consumers.values():
        out.u16(consumer.number)
        out.raw(consumer.uuid)
        out.text(consumer.name)
        out.text(consumer.kind)
        out.u16(consumer.channel)
        put_cursor(out, consumer.cursor)
        out.u64(consumer.next_intent)
        out.u32(len(consumer.intents))
        for intent in consumer.intents.values():
            put_intent(out, consumer.number, intent)


def _take_consumers(data: Decoder, state: State) -> None:
    for _ in range(data.u32()):
        number, uuid, name, kind = data.u16(), data.raw(16), data.text(), data.text()
        channel, cursor, next_intent = data.u16(), take_cursor(data), data.u64()
        intents = [take_intent(data)[1] for _ in range(data.u32())]
        state.consumers[number] = ConsumerState(
            number, uuid, name, kind, channel, cursor, next_intent,
            {intent.number: intent for intent in intents},
        )  # fmt: skip


def _put_progress(out: Encoder, state: State) -> None:
    out.u32(len(state.sources))
    for number, name in state.sources.items():
        out.u16(number)
        out.text(name)
        known = state.progress.get(number, {})
        out.u32(len(known))
        for progress in known.values():
            put_progress(out, number, progress)


def _take_progress(data: Decoder, state: State) -> None:
    for _ in range(data.u32()):
        number, name = data.u16(), data.text()
        state.sources[number] = name
        for _ in range(data.u32()):
            _, progress = take_progress(data, state.sources)
            state.progress.setdefault(number, {})[progress.key] = progress


def _put_streams(out: Encoder, state: State) -> None:
    out.u32(len(state.streams))
    for (sender, name), stream in state.streams.items():
        out.binary(sender)
        out.binary(name)
        out.u64(stream.session)
        out.u32(len(stream.have))
        for epoch, (settled, ranges) in stream.have.items():
            out.binary(epoch)
            out.u64(settled)
            put_ranges(out, ranges)


def _take_streams(data: Decoder, state: State) -> None:
    for _ in range(data.u32()):
        key = (data.binary(), data.binary())
        stream = Stream(data.u64())
        for _ in range(data.u32()):
            epoch = data.binary()
            stream.have[epoch] = (data.u64(), take_ranges(data))
        state.streams[key] = stream


def _put_history(out: Encoder, state: State) -> None:
    out.u32(len(state.epochs))
    for known in state.epochs:
        out.raw(known.epoch)
        out.u64(known.first)
        out.u64(_OPEN if known.end is None else known.end)
    out.u32(len(state.segments))
    for segment in state.segments.values():
        out.u64(segment.number)
        out.raw(segment.epoch)
        out.u64(segment.first_row)
        out.u64(segment.end)
        out.u32(len(segment.channels))
        for channel, end in segment.channels.items():
            out.u16(channel)
            out.u64(end)


def _take_history(data: Decoder, state: State) -> None:
    for _ in range(data.u32()):
        epoch, first, end = data.raw(16), data.u64(), data.u64()
        state.epochs.append(EpochRange(epoch, first, None if end == _OPEN else end))
    for _ in range(data.u32()):
        number, epoch, first, end = data.u64(), data.raw(16), data.u64(), data.u64()
        channels = {data.u16(): data.u64() for _ in range(data.u32())}
        state.segments[number] = SegmentState(number, epoch, first, end, channels)


def _put_sections(out: Encoder, state: State) -> None:
    removed = [c.number for c in state.channels.values() if c.durable and not c.declared]
    if removed:
        _section(out, Section.REMOVED, b"".join(number.to_bytes(2, "little") for number in removed))
    if state.discarded:
        _section(out, Section.DROP, state.discarded.to_bytes(8, "little"))
    _put_lost(out, state)
    for consumer in state.consumers.values():
        if consumer.trouble != NO_TROUBLE:
            _section(out, Section.ATTEMPT, trouble_bytes(consumer.number, consumer.trouble))
        if consumer.aside:
            aside = aside_bytes(consumer.number, consumer.aside, dropped=False)
            _section(out, Section.ASIDE, aside)
        if consumer.claimed > consumer.cursor.low:
            part = Encoder()
            part.u16(consumer.number)
            part.u64(consumer.claimed)
            _section(out, Section.CLAIMED, part.data)
    for channel in state.channels.values():
        if channel.durable and channel.gaps:
            part = Encoder()
            part.u16(channel.number)
            put_ranges(part, channel.gaps)
            _section(out, Section.DROPPED, part.data)
        if channel.spill is not None:
            _section(out, Section.SPILL, spill_bytes(channel))
    for group in state.groups:
        if state.channels[group].durable:
            _section(out, Section.SHARED, group_bytes(state, group))
    if sets := sets_bytes(state):
        _section(out, Section.SETS, sets)
    if state.bound:
        part = Encoder()
        for sender, host in state.bound.items():
            part.binary(sender)
            part.text(host)
        _section(out, Section.BOUND, part.data)


def _section(out: Encoder, number: Section, data: bytes | bytearray) -> None:
    out.u8(number)
    out.binary(data)


def _put_lost(out: Encoder, state: State) -> None:
    holes = {number: state.holes[number] for number in state.holes if number in state.segments}
    if state.lost or holes:
        section = Encoder()
        section.u64(state.lost)
        for number, places in holes.items():
            section.u64(number)
            put_ranges(section, tuple(places))
        _section(out, Section.LOST, bytes(section.data))


def _take_section(number: int, data: Decoder, state: State) -> None:
    if number == Section.REMOVED:
        while data.left:
            state.channels[data.u16()].declared = False
    elif number == Section.DROP:
        state.discarded = data.u64()
    elif number == Section.BOUND:
        while data.left:
            sender = data.binary()
            state.bound[sender] = data.text()
    elif number == Section.LOST:
        state.lost = data.u64()
        while data.left:
            segment = data.u64()
            state.holes[segment] = list(take_ranges(data))
    elif number == Section.ATTEMPT:
        consumer, trouble = take_trouble(data)
        state.consumers[consumer].trouble = trouble
    elif number == Section.ASIDE:
        consumer, ranges, _ = take_aside(data)  # they are counted in their channel's balance
        state.consumers[consumer].aside = ranges
    elif number == Section.SETS:
        take_sets(data, state)
    elif number == Section.DROPPED:
        channel = state.channels[data.u16()]
        channel.gaps = take_ranges(data)
    elif number == Section.SPILL:
        take_spill(data, state)
    elif number == Section.CLAIMED:
        reader = state.consumers[data.u16()]
        reader.claimed = data.u64()
    elif number == Section.SHARED:
        take_group(state, data)
