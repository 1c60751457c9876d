"""Opening the journal of an agent that does not run, to change what is in it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from importlib import metadata
from pathlib import Path

from flumec.runtime.channel.keys import require
from flumec.runtime.channel.place import Found
from flumec.runtime.channel.replayed import SOURCE
from flumec.runtime.clock import Clock
from flumec.runtime.disk import Disk
from flumec.runtime.journal import ChannelSpec, ConsumerSpec, Identity, Journal, Settings
from flumec.runtime.journal.inspection import Inspection
from flumec.runtime.journal.journal import SEGMENT_SIZE
from flumec.runtime.journal.opening import Opening
from flumec.runtime.journal.recovery import Recovered
from flumec.runtime.journal.state import ChannelState, ConsumerState

Recovery = Callable[[Path, Disk, bytes], Recovered]


def kept(found: Found, disk: Disk, clock: Clock) -> AbstractContextManager[Journal]:
    """Open the journal of a channel."""
    return opened(found.inspection, disk, clock)


@contextmanager
def opened(
    found: Inspection, disk: Disk, clock: Clock, recovery: Recovery | None = None
) -> Iterator[Journal]:
    """Open a journal as its agent left it, with its lock, and close it.

    Channels, sources and consumers are those that it knows; removed channels stay removed. Raise
    JournalLocked while an agent runs, JournalDamaged unless `recovery` gets over it.
    """
    state, last = found.state, found.opened
    declared = [c for c in state.channels.values() if c.declared]
    names = {channel.number: channel.name for channel in declared}
    opening = Opening(
        found.directory,
        disk,
        clock,
        Identity(
            last.host if last else "",
            last.agent if last else "",
            metadata.version("flumec"),
            last.bundle if last else "",
        ),
        [_spec(channel) for channel in declared],
        [*state.sources.values(), SOURCE],
        [_reader(each, names) for each in state.consumers.values() if each.channel in names],
        SEGMENT_SIZE,
        recovery,
        Settings(keys=require(found, disk)),
    )
    journal = Journal(opening, opening.run(), None)
    try:
        yield journal
    finally:
        journal.close()


def _spec(channel: ChannelState) -> ChannelSpec:
    """Return a channel as it was declared; one that spills has no memory here."""
    memory = None if channel.spill is None else 0
    return ChannelSpec(channel.name, channel.size, durable=True, memory=memory)


def _reader(known: ConsumerState, channels: Mapping[int, str]) -> ConsumerSpec:
    shared = "" if known.lane is None else "group"
    return ConsumerSpec(known.name, channels[known.channel], known.kind, group=shared)
