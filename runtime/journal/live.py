"""What a consumer finds around it in an open journal, and how it gets a frame from its disk."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Condition, Lock

import pyarrow as pa
from flumec.runtime.checksum import crc32
from flumec.runtime.clock import Clock
from flumec.runtime.journal.packing import Keys, unpack
from flumec.runtime.journal.ranges import after, covers
from flumec.runtime.journal.records import Chunk, Ranges
from flumec.runtime.journal.room import Room
from flumec.runtime.journal.state import ChannelState, State
from flumec.runtime.journal.waiting import Held, Recent
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


def frames(shared: Shared, live: LiveChannel, row: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the first row and the end of each frame of a channel that reaches from `row` to `end`.

    On disk the heads are read, so what is wrong with them is raised.
    """
    if isinstance(live.memory, Held):
        with shared.lock:
            held = [(chunk.first, chunk.end) for chunk in live.memory.from_row(0)]
        yield from (each for each in held if each[0] < end and row < each[1])
        return
    walk = shared.walk(live.state.number, row)
    try:
        while (located := walk.next()) is not None and located.entry.first < end:
            if not covers(live.gaps, located.entry.first, located.entry.end):
                yield located.entry.first, located.entry.end
    finally:
        walk.close()


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
