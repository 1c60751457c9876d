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
    """What lies in it already, since less passed than came before it began to fill."""
    passes: float = 0.0
    """The part of what would come, if nothing waited before, that goes on to whoever is too slow
    for all of it.
    """
    strait: str = ""
    """Who that is, and what comes there."""

    def needs(self, seconds: float) -> float:
        """Return how much room would do for so long, in bytes of events."""
        comes = self.rate * seconds
        return self.waits + min(comes + self.open, comes / (1 - CROWDED))

    @property
    def blocks(self) -> bool:
        """Whether those that put into it wait once it is full."""
        return self.rooms[0].when_full != "drop_oldest"
