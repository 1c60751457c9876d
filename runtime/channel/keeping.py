"""Opening the journal of an agent that does not run, to change what is in it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

from flumec.runtime.channel.place import Place
from flumec.runtime.clock import Clock
from flumec.runtime.disk import Disk
from flumec.runtime.journal import ChannelSpec, ConsumerSpec, Identity, Journal
from flumec.runtime.journal.inspection import inspect
from flumec.runtime.journal.journal import SEGMENT_SIZE
from flumec.runtime.journal.opening import Opening
from flumec.runtime.journal.recovery import Recovered

SOURCE = "flumec channel"
"""The source by whose name the journal knows which files were replayed."""

Recovery = Callable[[Path, Disk, bytes], Recovered]


@contextmanager
def kept(
    place: Place, disk: Disk, clock: Clock, recovery: Recovery | None = None
) -> Iterator[Journal]:
    """Open the journal as its agent left it, with its lock, and close it.

    Channels, sources and consumers are those that it knows; removed channels stay removed. Raise
    JournalLocked while an agent runs, JournalDamaged unless `recovery` gets over it.
    """
    found = inspect(place.journal, disk)
    state, opened = found.state, found.opened
    declared = [c for c in state.channels.values() if c.declared]
    names = {channel.number: channel.name for channel in declared}
    opening = Opening(
        place.journal,
        disk,
        clock,
        Identity(
            opened.host if opened else "",
            opened.agent if opened else "",
            metadata.version("flumec"),
            opened.bundle if opened else "",
        ),
        [ChannelSpec(channel.name, channel.size, durable=True) for channel in declared],
        [*state.sources.values(), SOURCE],
        [
            ConsumerSpec(each.name, names[each.channel], each.kind)
            for each in state.consumers.values()
            if each.channel in names
        ],
        SEGMENT_SIZE,
        recovery,
    )
    journal = Journal(opening, opening.run(), None)
    try:
        yield journal
    finally:
        journal.close()
