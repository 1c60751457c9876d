"""What of a channel lies on the disk: counted where that cannot be told from its balance.

A channel that begins to spill may have rows above its cursor's low that are delivered, or set
aside. They are not held any more, and lie there all the same until the low is past them. A group of
an older runtime had done rows that were not freed yet.
"""

from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Lock

from flumec.runtime.disk import Disk
from flumec.runtime.journal.entries import FrameEntry
from flumec.runtime.journal.errors import JournalDamaged
from flumec.runtime.journal.ranges import without
from flumec.runtime.journal.recovery import Recovered
from flumec.runtime.journal.state import ChannelState
from flumec.runtime.journal.walk import Walk


def count_stored(
    directory: Path, disk: Disk, recovered: Recovered, spilled: Collection[int]
) -> None:
    """Have each channel that spills from now on know how many rows it has on the disk.

    Called before what may not have been synced is copied; those in `spilled` know it.
    """
    for consumer in recovered.state.consumers.values():
        channel = recovered.state.channels[consumer.channel]
        spill, beyond = channel.spill, consumer.cursor.ahead or consumer.aside
        if spill is None or channel.number in spilled or not beyond:
            continue
        rows = 0
        with suppress(JournalDamaged):  # which its reader says
            for entry in _heads(directory, disk, recovered, channel):
                left = without(max(entry.first, channel.low), entry.end, channel.gaps)
                rows += sum(end - first for first, end in left)
        spill.stored = max(rows, channel.held)


def free_apart(directory: Path, disk: Disk, recovered: Recovered) -> None:
    """Free what groups have done above a row that they have not, where no runtime did it yet."""
    state = recovered.state
    for number, group in state.groups.items():
        if group.apart:
            continue
        channel, group.apart = state.channels[number], True
        state.pass_shared(channel)
        if channel.gaps:
            with suppress(JournalDamaged):  # which its reader says
                heads = _heads(directory, disk, recovered, channel)
                held = (e.length for e in heads if not channel.past(e.first, e.end))
                channel.held_bytes = sum(held)


def _heads(
    directory: Path, disk: Disk, recovered: Recovered, channel: ChannelState
) -> Iterator[FrameEntry]:
    walk = Walk(disk, directory, recovered.state, Lock(), channel.number, channel.low)
    try:
        while (located := walk.next()) is not None:
            yield located.entry
    finally:
        walk.close()
    yield from (
        entry
        for entry, _ in recovered.copied
        if channel.number in entry.channels and entry.end > channel.low
    )
