"""What a consumer finds around it in an open journal, and how it gets a frame from its disk."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from heapq import merge
from itertools import takewhile
from threading import Condition, Lock

import pyarrow as pa
from flumec.runtime.checksum import crc32
from flumec.runtime.clock import Clock
from flumec.runtime.journal.errors import JournalDamaged
from flumec.runtime.journal.packing import Keys, unpack
from flumec.runtime.journal.ranges import above, after, covers, without
from flumec.runtime.journal.records import Chunk, Extent, Ranges
from flumec.runtime.journal.room import Room
from flumec.runtime.journal.state import ChannelState, State
from flumec.runtime.journal.waiting import Held, Recent, RecentBytes, Spilled
from flumec.runtime.journal.walk import Located, Walk, damaged
from flumec.runtime.journal.writer import Writer


@dataclass(slots=True)
class LiveChannel:
    """A channel of this opening: its state, what it has in memory, and who waits for it.

    `end` is the row after the last that may be read. Rows below `taken` are with the consumer, or
    may be where it delivers, in frames of `taken_bytes`; `gaps` were dropped, in the journal
    already or with its next group. All is guarded by the journal's lock.
    """

    state: ChannelState
    memory: Recent | Held
    arrived: Condition
    taken: int
    end: int
    gaps: Ranges = ()
    taken_bytes: int = 0

    @property
    def untaken(self) -> bool:
        """Whether it has rows that could be dropped."""
        return after(self.gaps, self.taken) < self.end

    def take(self, first: int, end: int) -> bool:
        """Take a frame for the consumer; False if it was dropped before."""
        if covers(self.gaps, first, end):
            return False
        self.taken = max(self.taken, end)
        return True

    def close(self) -> None:
        """Close the files that it reads from."""
        if isinstance(self.memory, Spilled):
            self.memory.close()

    def show(self, chunk: Chunk, recent: RecentBytes) -> bool:
        """Let a frame be read that was put; say whether its reader will have it in memory."""
        self.end, in_memory = chunk.end, True
        if isinstance(self.memory, Recent):
            recent.add(self.memory, chunk)
            in_memory = not self.memory.behind
        elif isinstance(self.memory, Spilled) and not chunk.kept:
            self.memory.stored_end = chunk.end
            in_memory = False
        else:
            self.memory.offer(chunk)
        self.arrived.notify_all()
        return in_memory


def go_live(state: State, number: int, lock: Lock, late: list[Located]) -> LiveChannel:
    """Return a channel as it is when its journal has been opened."""
    channel = state.channels[number]
    memory: Recent | Held = Recent(channel.end) if channel.durable else Held()
    if channel.spill is not None:
        memory = Spilled(channel.end, late)
    readers = (c.taken for c in state.consumers.values() if c.channel == number)
    group = state.groups.get(number)
    taken = max(readers, default=channel.low) if group is None else group.next
    return LiveChannel(channel, memory, Condition(lock), taken, channel.end, channel.gaps)


@dataclass(slots=True)
class Shared:
    """What a consumer needs of its journal."""

    state: State
    lock: Lock
    room: Room
    writer: Writer
    clock: Clock
    keys: Keys
    walk: Callable[[int, int], Walk]
    """Begin to read a channel (by number) from a row."""


def frames(shared: Shared, live: LiveChannel, row: int) -> Iterator[Extent]:
    """Yield, in order, each frame of a channel that reaches above `row` and was not dropped.

    On disk the heads are read, so what is wrong with them is raised.
    """
    memory = live.memory
    held: list[Extent] = []
    if isinstance(memory, Held):
        with shared.lock:
            held = [_extent(chunk) for chunk in memory.all() if chunk.end > row]
            late = [each.entry for each in memory.late] if isinstance(memory, Spilled) else []
            end = live.end
    if not isinstance(memory, Spilled):
        yield from held if isinstance(memory, Held) else _stored(shared, live, row)
        return
    wanted = (e for e in late if e.end > row and not covers(live.gaps, e.first, e.end))
    moved = (Extent(entry.first, entry.end, entry.length, entry.born) for entry in wanted)
    stored = takewhile(lambda extent: extent.first < end, _stored(shared, live, row))
    yield from merge(held, moved, stored)


def first_left(shared: Shared, live: LiveChannel, aside: Ranges, low: int) -> int:
    """Return the first row from `low` on that is not set aside, or where what is aside ends.

    Between what is aside may be rows of other channels, which must not keep room.
    """
    if not (aside := above(aside, low)):
        return low
    try:
        for frame in frames(shared, live, low):
            if frame.first >= aside[-1][1]:
                break
            if left := without(max(frame.first, low), frame.end, aside):
                return left[0][0]
    except (JournalDamaged, OSError):  # `read` says so
        return after(aside, low)
    return aside[-1][1]


def _extent(chunk: Chunk) -> Extent:
    return Extent(chunk.first, chunk.end, chunk.held, chunk.born, chunk.kept)


def _stored(shared: Shared, live: LiveChannel, row: int) -> Iterator[Extent]:
    """Yield the frames that the log has."""
    walk = shared.walk(live.state.number, row)
    try:
        while (located := walk.next()) is not None:
            entry = located.entry
            if not covers(live.gaps, entry.first, entry.end):
                yield Extent(entry.first, entry.end, entry.length, entry.born)
    finally:
        walk.close()


def born_at(shared: Shared, live: LiveChannel, row: int) -> int | None:
    """Return when the first frame that reaches above `row` was put, None where it can't be read.

    Asked from another thread than reads: the segment may just be freed, as the cursor moved on.
    If it is damaged, reading says so.
    """
    try:
        return next((frame.born for frame in frames(shared, live, row)), None)
    except (JournalDamaged, OSError):
        return None


def load(located: Located, epoch: bytes, keys: Keys) -> Chunk:
    """Read a frame's body from disk; raise JournalDamaged unless it is what was put there."""
    entry = located.entry
    body = pa.allocate_buffer(entry.length)
    length = located.file.read_into(memoryview(body), located.offset)
    if length < entry.length or crc32(body) != entry.crc:
        raise damaged(located.path, located.offset, entry.first, entry.end, "a body is not valid")
    if not entry.form:
        return Chunk(entry.first, entry.rows, 0, epoch, entry.born, entry.tags, body, entry.crc)
    try:
        opened = keys.opened(located.key, epoch, entry.first)
        body = unpack(body, entry.form, entry.size, opened)
    except (ValueError, pa.ArrowException) as error:
        what = f"a body cannot be opened ({error})"
        raise damaged(located.path, located.offset, entry.first, entry.end, what) from None
    return Chunk(
        entry.first, entry.rows, 0, epoch, entry.born, entry.tags, body, stored=entry.length
    )
