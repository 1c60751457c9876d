"""What a consumer finds around it in an open journal, and how it gets a frame from its disk."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Condition, Lock

import pyarrow as pa
from flumec.runtime.checksum import crc32
from flumec.runtime.clock import Clock
from flumec.runtime.journal.records import Chunk
from flumec.runtime.journal.room import Room
from flumec.runtime.journal.state import ChannelState, State
from flumec.runtime.journal.waiting import Held, Recent
from flumec.runtime.journal.walk import Located, Walk, damaged
from flumec.runtime.journal.writer import Writer


@dataclass(slots=True)
class LiveChannel:
    """A channel of this opening: its state, what it has in memory, and who waits for it."""

    state: ChannelState
    memory: Recent | Held
    arrived: Condition


@dataclass(slots=True)
class Shared:
    """What a consumer needs of its journal."""

    state: State
    lock: Lock
    room: Room
    writer: Writer
    clock: Clock
    walk: Callable[[int, int], Walk]
    """Begin to read a channel (by number) from a row."""


def load(located: Located, epoch: bytes) -> Chunk:
    """Read a frame's body from disk; raise JournalDamaged unless its checksum agrees."""
    entry = located.entry
    body = pa.allocate_buffer(entry.length)
    length = located.file.read_into(memoryview(body), located.offset)
    if length < entry.length or crc32(body) != entry.crc:
        raise damaged(located.path, located.offset, entry.first, entry.end, "a body is not valid")
    return Chunk(entry.first, entry.rows, 0, epoch, entry.born, entry.tags, body, entry.crc)
