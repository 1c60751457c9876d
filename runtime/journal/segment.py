"""What a journal knows of one of its files: what lies in it, and where."""

from array import array
from dataclasses import dataclass, field

from flumec.runtime.journal.entries import FRAME_HEAD, FrameEntry
from flumec.runtime.journal.layout import PAGE

MOST_PLACES = 256
"""How many groups with frames of one set of channels are remembered of a segment."""


@dataclass(slots=True)
class SegmentState:
    """A segment that ends at byte `end`; `channels` has the row after each channel's last in it."""

    number: int
    epoch: bytes
    first_row: int
    end: int
    channels: dict[int, int] = field(default_factory=dict)
    sets: dict[tuple[int, ...], int] = field(default_factory=dict)
    """The bytes that the frames of each set of channels take in it; empty where an older runtime
    wrote it."""
    places: "dict[tuple[int, ...], array[int]] | None" = None
    """Where the groups begin that have frames of a set, the first few; known of what this process
    has written."""
    written: int = PAGE
    """The byte after the last group that was written, synced or not: where the next one begins."""

    def add(self, entry: FrameEntry) -> None:
        """Note a frame that lies in it; one that an orderly end wrote may be older than others."""
        self.first_row = min(self.first_row, entry.first)
        for number in entry.channels:
            self.channels[number] = max(entry.end, self.channels.get(number, 0))
        taken = self.sets.get(entry.channels, 0)
        self.sets[entry.channels] = taken + entry.length + FRAME_HEAD
        if self.places is not None:
            places = self.places.setdefault(entry.channels, array("Q"))
            if len(places) < MOST_PLACES and not (places and places[-1] == self.written):
                places.append(self.written)

    def places_of(self, kept: frozenset[int]) -> list[int] | None:
        """Return where the groups begin that have what a channel still needs, None if unknown."""
        if self.places is None:
            return None
        needed = [at for numbers, at in self.places.items() if not kept.isdisjoint(numbers)]
        if any(len(places) == MOST_PLACES for places in needed):
            return None
        return sorted({offset for places in needed for offset in places})

    def alive(self, kept: frozenset[int]) -> int:
        """Return the bytes of its frames that one of the channels still needs."""
        return sum(size for numbers, size in self.sets.items() if not kept.isdisjoint(numbers))
