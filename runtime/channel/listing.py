"""What is known of a journal's directory, as data: what `ls` shows, and its JSON."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from flumec.runtime.channel.holding import Bucket, bucket_of, lowest
from flumec.runtime.channel.members import reader_of, readers
from flumec.runtime.channel.place import Place, agent_of, holder
from flumec.runtime.channel.positions import describe
from flumec.runtime.channel.replayed import SOURCE
from flumec.runtime.channel.words import moment
from flumec.runtime.clock import Clock
from flumec.runtime.control.client import Refused, Unreachable
from flumec.runtime.disk import Disk
from flumec.runtime.journal.damage import Damage
from flumec.runtime.journal.inspection import Inspection, inspect
from flumec.runtime.journal.packing import Keys
from flumec.runtime.journal.spill import forget_memory
from flumec.runtime.journal.state import ChannelState, ConsumerState, State
from flumec.runtime.live.find import Live
from flumec.runtime.live.text import troubles

Shown = dict[str, Any]


def listing(place: Place, disk: Disk, clock: Clock, keys: Keys) -> Shown:
    """Return everything that `ls` knows of a journal."""
    found = inspect(place.journal, disk, keys)
    state, opened = found.state, found.opened
    process = holder(place.journal, disk)
    if process is None:
        _forget_memory(found)
    return {
        "state": str(place.state),
        "journal": str(place.journal),
        "id": state.journal.hex(),
        "agent": opened.agent if opened else None,
        "host": opened.host if opened else None,
        "version": opened.version if opened else None,
        "process": process,
        "format": max(header.format for header in found.headers.values()),
        "segments": len(state.segments),
        "disk_bytes": _disk_bytes(found, disk),
        "next_row": state.next_row,
        "dropped_by_routes": state.dropped,
        "dropped_with_channels": state.discarded,
        "lost_to_damage": state.lost,
        "channels": [_channel(found, each, disk, clock) for each in state.channels.values()],
        "sources": list(_sources(state)),
        "streams": list(_streams(state)),
        "epochs": [
            {"epoch": each.epoch.hex(), "first": each.first, "end": each.end}
            for each in state.epochs
        ],
        "damage": [_damage(found, each) for each in found.damage],
        "trouble": list(_trouble(place, state, disk)),
    }


def _trouble(place: Place, state: State, disk: Disk) -> Iterator[str]:
    """Yield why the consumers of a running agent don't work, as it says itself."""
    agent = agent_of(place, disk)
    if agent is None:
        return
    with suppress(Unreachable, Refused):
        names = {consumer.name for consumer in state.consumers.values()}
        live = Live(place.state.name, agent, agent.get("/status"))
        yield from (line for line in troubles(live) if line.split(" ")[0] in names)


def _channel(found: Inspection, channel: ChannelState, disk: Disk, clock: Clock) -> Shown:
    first = lowest(found, channel, disk)
    consumer = reader_of(found.state, channel, channel.low)
    bucket = None
    if first is not None and first.chunk is not None and consumer is not None:
        row = max(channel.low, first.chunk.first)
        bucket = bucket_of(consumer, first.chunk, row)
    return {
        "name": channel.name,
        "declared": channel.declared,
        "held": channel.held,
        "in_memory": channel.spill.kept + channel.spill.doubt if channel.spill else 0,
        "held_bytes": channel.held_bytes,
        "size": channel.size,
        "put": channel.put,
        "delivered": channel.delivered,
        "dropped": channel.dropped,
        "dead_lettered": channel.dead_lettered,
        "low": channel.low,
        "end": _end(channel),
        "oldest": first and moment(first.born),
        "oldest_seconds": first and (clock.now_ns() - first.born) / 1e9,
        "consumer": consumer and _consumer(consumer),
        "consumers": [_consumer(each) for each in readers(found.state, channel)],
        "held_by": _held_by(channel, consumer, bucket),
    }


def _end(channel: ChannelState) -> int:
    """Return the row behind the last one known, which of a channel that spills may lie late."""
    late = channel.spill.late if channel.spill else ()
    return max(channel.low, channel.end, *(each.end for each in late))


def _forget_memory(found: Inspection) -> None:
    """Count what no process has in memory any more, as the next start will."""
    for channel in found.state.channels.values():
        if channel.spill is not None:
            forget_memory(channel, next(iter(readers(found.state, channel)), None))


def _consumer(consumer: ConsumerState) -> Shown:
    return {
        "name": consumer.name,
        "kind": consumer.kind,
        "ahead": dict(consumer.cursor.ahead),
        "intents": [
            {
                "number": intent.number,
                "rows": sum(output.rows for output in intent.outputs),
                "files": [output.final for output in intent.outputs],
            }
            for intent in consumer.intents.values()
        ],
    }


def _held_by(
    channel: ChannelState, consumer: ConsumerState | None, bucket: Bucket | None
) -> str | None:
    """Say why the channel's oldest row is still here, None for an empty channel."""
    if not channel.held:
        return None
    if not channel.declared:
        return "nobody: the bundle has no such channel any more"
    if consumer is None:
        return "nobody: nothing reads it"
    return f"{consumer.name}, for {bucket}" if bucket else consumer.name


def _sources(state: State) -> Iterator[Shown]:
    for number, name in state.sources.items():
        positions = state.progress.get(number, {})
        if name == SOURCE and not positions:
            continue
        yield {"name": name, "positions": list(describe(positions.values()))}


def _streams(state: State) -> Iterator[Shown]:
    for (sender, stream), known in state.streams.items():
        yield {
            "sender": sender.hex(),
            "stream": stream.hex(),
            "session": known.session,
            "has": [
                {"epoch": epoch.hex(), "settled": settled, "above": list(ranges)}
                for epoch, (settled, ranges) in known.have.items()
            ],
        }


def _damage(found: Inspection, damage: Damage) -> Shown:
    channels = found.state.channels
    named = damage.channels and [channels[number].name for number in damage.channels]
    return {
        "file": str(damage.path),
        "from_byte": damage.start,
        "to_byte": damage.stop,
        "first_row": damage.first,
        "end_row": damage.end,
        "what": damage.what,
        "channels": named,
    }


def _disk_bytes(found: Inspection, disk: Disk) -> int:
    """Return the blocks that the journal's files take; those given back don't count."""
    total = 0
    for number in found.state.segments:
        try:
            total += disk.stat(found.path(number)).st_blocks * 512
        except FileNotFoundError:
            continue
    return total
