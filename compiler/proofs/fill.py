"""How one channel on a host is filled in an outage."""

from dataclasses import dataclass

from flumec.compiler.graph import Node
from flumec.compiler.proofs.room import Room
from flumec.runtime.sinks.filing import CROWDED

Spot = tuple[Node, str]
"""A component on a host."""


@dataclass(frozen=True, slots=True)
class Fill:
    """A channel on a host: from when on it fills, how fast, and when it is full."""

    begins: float
    full: float
    rate: float
    rooms: tuple[Room, ...]
    """Its room; of channels that are filled together, because senders take what has room, all."""
    next: Spot | None
    """What it waits for; None: for the sink, or for a host that is not there."""
    held: float = 0.0
    """What lies in it already, until a sink rolls the files that it has open."""
    open: float = 0.0
    """What those files would hold, had it room for that."""
    waits: float = 0.0
    """What lies in it already: less passed than came before it began to fill, or in a scene before
    this one.
    """
    passes: float = 0.0
    """The part of what would come, if nothing waited before, that goes on to whoever is too slow
    for all of it.
    """
    strait: str = ""
    """Who that is, and what comes there."""

    since: float = 0.0
    """When its scene began."""
    lies: float = 0.0
    """What lay in it then, of `waits`."""

    def at(self, time: float) -> float:
        """Return what waits in it by a time, without what a sink holds back."""
        if time > self.begins:
            return self.waits + self.rate * (min(time, self.full) - self.begins)
        before = self.begins - self.since
        part = max(0.0, time - self.since) / before if before > 0 else 1.0
        return self.lies + (self.waits - self.lies) * part

    def needs(self, seconds: float) -> float:
        """Return how much room would do for so long from when on it fills, in bytes of events."""
        if seconds < 0:
            return self.at(self.begins + seconds)
        comes = self.rate * seconds
        return self.waits + min(comes + self.open, comes / (1 - CROWDED))

    def part(self, room: Room | None) -> float:
        """Return which part of it lies in one channel, of several that are filled together: as much
        as that has of their room.
        """
        if room is None or len(self.rooms) == 1:
            return 1.0
        return room.bytes / sum(one.bytes for one in self.rooms)

    @property
    def blocks(self) -> bool:
        """Whether those that put into it wait once it is full."""
        return self.rooms[0].when_full != "drop_oldest"
