"""Who reads a channel, alone or in a group, as its journal's state says."""

from flumec.runtime.journal.ranges import union, without
from flumec.runtime.journal.records import Ranges
from flumec.runtime.journal.state import ChannelState, ConsumerState, State


def readers(state: State, channel: ChannelState) -> list[ConsumerState]:
    """Return who reads it: one, or the members of a group with those that were taken out of it."""
    return [each for each in state.consumers.values() if each.channel == channel.number]


def reader_of(state: State, channel: ChannelState, row: int) -> ConsumerState | None:
    """Return who has a row, or, in a group, the first member if none has it; None without any."""
    known = readers(state, channel)
    having = (each for each in known if number(each, row) is not None)
    return next(having, known[0] if known else None)


def number(reader: ConsumerState, row: int) -> int | None:
    """Return the number by which a reader knows a row, in a group its own; None without it."""
    return row if reader.lane is None else reader.lane.number(row)


def gone(state: State, channel: ChannelState) -> Ranges:
    """Return the rows above a channel's low that need nobody: dropped, set aside, done by members.

    What sinks of files have published ahead, of what is with them, is not among them.
    """
    found = channel.gaps
    for reader in readers(state, channel):
        if reader.lane is None:
            found = union(found, reader.aside)
        else:
            aside = reader.lane.parts(reader.aside)
            found = union(found, [(lease.row, lease.last) for lease in aside])
    if (group := state.groups.get(channel.number)) is not None:
        lanes = [reader.lane for reader in readers(state, channel) if reader.lane]
        held = [(lease.row, lease.last) for lane in lanes for lease in lane.leases]
        found = union(found, without(channel.low, group.next, union(group.pool, held)))
    return found
