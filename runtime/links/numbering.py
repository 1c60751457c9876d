"""Which numbers a link's rows go by: the journal's own, or those of its lane among several peers.

A link alone at its channel sends rows as the journal numbers them. Of several that share one, each
peer's has a lane (journal/lanes.py): what it gets ascends, whatever was at another peer before. So
to a receiver each link is alone; "below this row all is settled" stays true, and its memory small.
A number of a lane names one event under the opening of the journal that gave it, for ever.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from flumec.runtime.journal.member import Member
from flumec.runtime.journal.parts import named, part
from flumec.runtime.journal.ranges import above, union
from flumec.runtime.links import memory as memories
from flumec.runtime.links.greeting import OPEN, Epoch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flumec.runtime.context import SenderContext
    from flumec.runtime.journal import Journal
    from flumec.runtime.journal.records import Chunk, Ranges
    from flumec.runtime.links.memory import Memory
    from flumec.runtime.links.sender_session import Sender


class Numbering(Protocol):
    """How rows are named on the wire."""

    def begin(self, known: "Memory | None", sender: "Sender", low: int, /) -> "Memory":
        """Return what is to be remembered from now on: what was, or a new stream's."""

    def epochs(self, memory: "Memory", durable: int, /) -> tuple[Epoch, ...]:
        """Return the openings whose rows may be sent; those below `durable` are settled."""

    def named(self, chunk: "Chunk", memory: "Memory", /) -> "Iterator[Chunk]":
        """Yield a chunk as it goes over the wire."""

    def welcomed(self, have: "Mapping[bytes, Ranges]") -> None:
        """Note that the peer has what it says, and nothing else of what it may have been sent."""

    def sends(self, end: int) -> None:
        """Note that rows below `end` may be at the peer from now on."""

    def parted(self, done: "Ranges", refused: "Ranges", /) -> None:
        """Note what a connection that ended had got acknowledged, and refused."""

    def hindered(self) -> int:
        """Return the number after the last that was refused; 0 for none."""

    def lost(self) -> None:
        """Note that the peer is gone with all that it may have: it goes to others."""


class RowNumbering:
    """The journal's own numbers, under its own epochs."""

    def __init__(self, journal: "Journal") -> None:
        self._journal = journal
        self._hindered = 0

    def begin(self, known: "Memory | None", sender: "Sender", _low: int) -> "Memory":
        """Return what is to be remembered: a new stream, if rows had other numbers before."""
        if known is not None and not known.lanes:
            return known
        names = [sender.journal.hex(), sender.link]
        if known is not None:
            names.append(sender.epoch.hex())
        return memories.Memory(memories.digest(*names), sender.target)

    def epochs(self, _memory: "Memory", durable: int) -> tuple[Epoch, ...]:
        """Return the journal's epochs, but those without a row, which many starts leave."""
        return tuple(
            Epoch(one.epoch, one.first, end, min(max(durable, one.first), end))
            for one in self._journal.epochs()
            for end in (OPEN if one.end is None else one.end,)
            if one.first < end
        )

    def named(self, chunk: "Chunk", _memory: "Memory") -> "Iterator[Chunk]":
        """Yield the chunk as it is."""
        yield chunk

    def welcomed(self, have: "Mapping[bytes, Ranges]") -> None:
        """Nobody else gets what this one had."""

    def sends(self, end: int) -> None:
        """Nobody else gets what this one sends."""

    def parted(self, _done: "Ranges", refused: "Ranges") -> None:
        """Note where it stands; the next Welcome says what is there."""
        self._hindered = max([self._hindered, *(end for _, end in refused)])

    def hindered(self) -> int:
        """Return the row after the last that was refused; 0 for none."""
        return self._hindered

    def lost(self) -> None:
        """There is nobody else: it is sent again to whoever comes in the peer's place."""


class LaneNumbering:
    """A member's numbers, under the opening of the journal in which the member got them."""

    def __init__(self, member: Member) -> None:
        self._member = member
        member.surely = True  # also of one that is left alone: its numbers are said before sent

    def begin(self, known: "Memory | None", sender: "Sender", low: int) -> "Memory":
        """Return what is to be remembered: this opening begins where the lane ends."""
        if known is None or not known.lanes:
            names = (sender.journal.hex(), sender.link, sender.peer, sender.epoch.hex())
            known = memories.Memory(memories.digest(*names), sender.target)
        lanes = known.lanes
        if not lanes or lanes[-1][0] != sender.epoch:
            lanes = (*lanes, (sender.epoch, self._member.lane.end if lanes else low))
        ends = (*(first for _, first in lanes[1:]), OPEN)
        kept = tuple(lane for lane, end in zip(lanes, ends, strict=True) if end > max(lane[1], low))
        return replace(known, lanes=kept)

    def epochs(self, memory: "Memory", durable: int) -> tuple[Epoch, ...]:
        """Return the openings that gave numbers above what is settled."""
        return tuple(
            Epoch(epoch, first, end, min(max(durable, first), end))
            for epoch, first, end in _spans(memory)
            if first < end
        )

    def named(self, chunk: "Chunk", memory: "Memory") -> "Iterator[Chunk]":
        """Yield the chunk by openings; its rows' own tags are said in full, and stay."""
        for epoch, first, end in _spans(memory):
            begin, stop = max(first, chunk.first), min(end, chunk.end)
            if begin < stop:
                whole = (begin, stop) == (chunk.first, chunk.end)
                piece = chunk if whole else part(chunk, begin, stop)
                tags = piece.tags if piece.tags is not None else named(piece)
                yield replace(piece, epoch=epoch, tags=tags)

    def welcomed(self, have: "Mapping[bytes, Ranges]") -> None:
        """Note that what the peer lacks may go anywhere: an older session stores nothing more."""
        self._member.shown = 0
        self._member.has = union((), [piece for ranges in have.values() for piece in ranges])

    def sends(self, end: int) -> None:
        """Note what nobody else may get, until the peer says that it lacks it."""
        self._member.shown = max(self._member.shown, end)

    def parted(self, done: "Ranges", refused: "Ranges") -> None:
        """Note what nobody else gets: neither is in doubt."""
        member, low = self._member, self._member.cursor.low
        member.has = above(union(member.has, done), low)
        member.refused = above(union(member.refused, refused), low)

    def hindered(self) -> int:
        """Return the number after the last that was refused; 0 for none."""
        refused = self._member.refused
        return refused[-1][1] if refused else 0

    def lost(self) -> None:
        """Let the others have all that it may have, doubled where it had it after all."""
        self._member.shown, self._member.has, self._member.refused = 0, (), ()


def numbering(context: "SenderContext") -> Numbering:
    """Return how the rows of a sender are named, as its channel has one reader or several."""
    consumer = context.journal.consumer(context.consumer.name)
    return (
        LaneNumbering(consumer) if isinstance(consumer, Member) else RowNumbering(context.journal)
    )


def _spans(memory: "Memory") -> Iterator[tuple[bytes, int, int]]:
    ends = (*(first for _, first in memory.lanes[1:]), OPEN)
    for (epoch, first), end in zip(memory.lanes, ends, strict=True):
        yield epoch, first, end
