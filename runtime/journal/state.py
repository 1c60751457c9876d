"""What a journal knows besides its rows, and how each record changes it, live and at recovery."""

from bisect import bisect_right
from dataclasses import dataclass, field, replace

from flumec.runtime.journal.entries import CursorEntry, DropEntry, FrameEntry
from flumec.runtime.journal.lanes import GroupState, Lane
from flumec.runtime.journal.ranges import above, count, covers, union, without
from flumec.runtime.journal.records import (
    NO_TROUBLE,
    ChannelStats,
    Cursor,
    Intent,
    Progress,
    Ranges,
    Received,
    Trouble,
)
from flumec.runtime.journal.segment import SegmentState
from flumec.runtime.journal.spill import Spill


@dataclass(slots=True)
class ChannelState:
    """A channel's identity, its consumer's place and its balance.

    put = delivered + dropped + dead_lettered + held; `low` is the first row that is not done, `end`
    the row after the last put. `held_bytes` are of frames that reach above `low` and are not whole
    in `gaps`. One that is not `declared` was removed from the bundle.
    """

    number: int
    uuid: bytes
    name: str
    durable: bool
    low: int
    end: int
    size: int = 0
    put: int = 0
    delivered: int = 0
    dropped: int = 0
    dead_lettered: int = 0
    held_bytes: int = 0
    declared: bool = field(default=True, kw_only=True)
    memory: int = field(default=0, kw_only=True)
    """How many bytes it may hold in memory beside the `size` on disk, in this opening."""
    gaps: Ranges = field(default=(), kw_only=True)
    """Rows above `low` that were dropped, or that a group has done: nobody reads them, and they
    hold no space."""
    spill: Spill | None = field(default=None, kw_only=True)
    """What of it is in memory and what on disk, where it may be either."""

    def stats(self, oldest_born: int | None) -> ChannelStats:
        """Return its balance, with the age of the oldest row that is not done."""
        spill = self.spill or Spill()
        return ChannelStats(
            self.put, self.delivered, self.dropped, self.dead_lettered, self.held,
            self.held_bytes + spill.kept_bytes, self.size + self.memory, oldest_born,
            spill.kept, spill.kept_bytes, self.memory,
        )  # fmt: skip

    def past(self, first: int, end: int) -> bool:
        """Say whether it needs none of the rows from `first` to `end` any more."""
        return end <= self.low or covers(self.gaps, max(first, self.low), end)

    @property
    def held(self) -> int:
        """How many rows are put and not done."""
        return self.put - self.delivered - self.dropped - self.dead_lettered


@dataclass(slots=True)
class ConsumerState:
    """What is known of a channel's reader, under its newest name: its cursor, its open intents."""

    number: int
    uuid: bytes
    name: str
    kind: str
    channel: int
    cursor: Cursor
    next_intent: int = 1
    intents: dict[int, Intent] = field(default_factory=dict)
    trouble: Trouble = NO_TROUBLE
    aside: Ranges = ()
    """Rows at or above the cursor's low that are done with otherwise, and never read again."""
    claimed: int = 0
    """The row up to which what it read may be elsewhere; for senders on channels that drop."""
    lane: Lane | None = None
    """Which rows it has, where a group shares them; the cursor's and all others are the lane's."""
    repeated: frozenset[int] = frozenset()
    """Open intents whose rows were given to another member."""
    former: bool = False
    """Whether it was a member of a group, and is declared no more."""

    @property
    def taken(self) -> int:
        """The row below which rows may be with it or where it delivers: they are not dropped."""
        ends = (o.end for intent in self.intents.values() for o in intent.outputs)
        done = (self.cursor.low, *self.cursor.ahead.values(), *(end for _, end in self.aside))
        return max((*done, self.claimed, *ends))

    def begin_anew(self, low: int) -> None:
        """Go on at a row with nothing under way; who it is stays."""
        self.cursor = Cursor(low, note=self.cursor.note)
        self.intents.clear()
        self.trouble, self.aside, self.repeated = NO_TROUBLE, (), frozenset()
        if self.lane is not None:
            self.lane = Lane(max(low, self.lane.end))
            self.cursor = Cursor(self.lane.end, note=self.cursor.note)


@dataclass(slots=True)
class Stream:
    """What was received of a stream: per epoch of its sender (settled, ranges above it)."""

    session: int = 0
    have: dict[bytes, tuple[int, Ranges]] = field(default_factory=dict)


@dataclass(slots=True)
class EpochRange:
    """The rows that one opening of the journal numbered; `end` is None while it is open."""

    epoch: bytes
    first: int
    end: int | None


@dataclass(slots=True)
class State:
    """Everything that a snapshot holds."""

    journal: bytes
    next_row: int = 0
    dropped: int = 0
    closed: bool = False
    """Whether the last opening ended as it should: nobody died with rows in hand."""
    channels: dict[int, ChannelState] = field(default_factory=dict)
    consumers: dict[int, ConsumerState] = field(default_factory=dict)
    sources: dict[int, str] = field(default_factory=dict)
    progress: dict[int, dict[bytes, Progress]] = field(default_factory=dict)
    streams: dict[tuple[bytes, bytes], Stream] = field(default_factory=dict)
    bound: dict[bytes, str] = field(default_factory=dict)
    """For each sender's journal that came with a certificate, the host that it belongs to."""
    epochs: list[EpochRange] = field(default_factory=list)
    segments: dict[int, SegmentState] = field(default_factory=dict)
    discarded: int = 0
    """Rows that were dropped with the channels that held them."""
    lost: int = 0
    """Rows that damage took and that somebody gave up, whose channels cannot be known."""
    holes: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    """For each segment the damaged bytes, from and to, that somebody gave up: nobody reads them."""
    groups: dict[int, GroupState] = field(default_factory=dict)
    """Of each channel that a group reads."""

    def hole(self, segment: int, offset: int) -> int | None:
        """Return where damage that begins at a byte, and was given up, ends; None without any."""
        holes = self.holes.get(segment, ())
        return next((stop for start, stop in holes if start == offset), None)

    def epoch_of(self, row: int) -> bytes:
        """Return the epoch that numbered `row`."""
        index = bisect_right(self.epochs, row, key=lambda known: known.first) - 1
        return self.epochs[max(index, 0)].epoch

    def put_frame(self, entry: FrameEntry, segment: SegmentState | None) -> None:
        """Count a frame in its channels; the segment is where it lies, None in memory."""
        if segment is not None:
            segment.add(entry)
        for number in entry.channels:
            channel = self.channels[number]
            channel.put += entry.rows
            channel.end = entry.end
            if channel.spill is not None:
                channel.spill.put(entry.rows, entry.length, stored=segment is not None)
            if channel.spill is None or segment is not None:
                channel.held_bytes += entry.length

    def leave_out(self, channel: int, rows: int) -> None:
        """Count rows for which a channel had no room."""
        self.channels[channel].put += rows
        self.channels[channel].dropped += rows

    def move(self, source: int, progress: Progress) -> None:
        """Store a source's position; without an identity the stored one stays."""
        known = self.progress.setdefault(source, {})
        if progress.done:
            known.pop(progress.key, None)
            return
        if not progress.identity and (old := known.get(progress.key)) is not None:
            progress = replace(progress, identity=old.identity)
        known[progress.key] = progress

    def receive(self, received: Received) -> None:
        """Remember the rows of a sender, and forget those that it has settled."""
        stream = self.streams.setdefault((received.sender, received.stream), Stream())
        stream.session = max(stream.session, received.session)
        settled, have = stream.have.get(received.epoch, (0, ()))
        settled = max(settled, received.settled)
        stream.have[received.epoch] = (settled, above(union(have, received.ranges), settled))

    def begin_session(self, key: tuple[bytes, bytes], session: int, gone: list[bytes]) -> None:
        """Raise a stream's session, and forget the epochs that its sender has settled whole."""
        stream = self.streams.setdefault(key, Stream())
        stream.session = session
        for epoch in gone:
            stream.have.pop(epoch, None)

    def advance(self, entry: CursorEntry) -> None:
        """Store a cursor; marks that its low has passed vanish, the counts go to the channel."""
        consumer, cursor = self.consumers[entry.consumer], entry.cursor
        ahead = {bucket: row for bucket, row in cursor.ahead.items() if row > cursor.low}
        consumer.cursor = Cursor(cursor.low, ahead, note=cursor.note)
        consumer.aside = above(consumer.aside, cursor.low)
        channel = self.channels[consumer.channel]
        if consumer.lane is None:
            channel.low = max(channel.low, cursor.low)
        else:
            consumer.lane.move(cursor.low)
            self.pass_shared(channel)
        channel.gaps = above(channel.gaps, channel.low)
        channel.delivered += cursor.delivered
        channel.dropped += cursor.dropped
        channel.dead_lettered += cursor.dead_lettered
        channel.held_bytes -= entry.freed
        if (spill := channel.spill) is not None and spill.late:
            spill.late = tuple(late for late in spill.late if late.end > channel.low)

    def pass_shared(self, channel: ChannelState) -> None:
        """Move a channel's low over what its group has done, and note what it has done above it.

        One member may have rows for as long as it is away; those around them keep no space.
        """
        group, number = self.groups[channel.number], channel.number
        left = group.left(c.lane for c in self.consumers.values() if c.channel == number and c.lane)
        channel.low = max(channel.low, left[0][0] if left else group.next)
        if group.apart:
            done = without(channel.low, group.next, left)
            channel.gaps = union(above(channel.gaps, max(channel.low, group.next)), done)

    def set_aside(self, consumer: int, ranges: Ranges, *, dropped: bool) -> None:
        """Count rows above a consumer's cursor as dropped, or as dead-lettered."""
        known = self.consumers[consumer]
        known.aside = union(known.aside, ranges)
        channel = self.channels[known.channel]
        if dropped:
            channel.dropped += count(ranges)
        else:
            channel.dead_lettered += count(ranges)

    def drop(self, drop: DropEntry) -> None:
        """Count rows as dropped that are above a channel's low; from now on nobody reads them."""
        channel = self.channels[drop.channel]
        channel.gaps = union(channel.gaps, [(drop.first, drop.end)])
        channel.dropped += drop.rows
        channel.held_bytes -= drop.freed

    def claim(self, consumer: int, row: int) -> None:
        """Note that a consumer has what is below `row`."""
        self.consumers[consumer].claimed = max(row, self.consumers[consumer].claimed)

    def intend(self, consumer: int, intent: Intent) -> None:
        """Open an intent."""
        known = self.consumers[consumer]
        known.intents[intent.number] = intent
        known.next_intent = max(known.next_intent, intent.number + 1)

    def resolve(self, consumer: int, intent: int) -> None:
        """Close an intent."""
        known = self.consumers[consumer]
        known.intents.pop(intent, None)
        known.repeated -= {intent}

    def is_live(self, segment: SegmentState) -> bool:
        """Say whether a channel still holds a row of the segment."""
        return any(
            number in self.channels and not self.channels[number].past(segment.first_row, end)
            for number, end in segment.channels.items()
        )
