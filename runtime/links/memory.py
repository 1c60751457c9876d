"""What a sender remembers of its receiver, kept in the note of its cursor and synced with it.

    version u8 | stream id | target id | receiver id | n u32 | n * (epoch id | first u64 | end u64)
               | version 2: n u32 | n * (epoch id | first u64)

The stream's id is made once, of the journal's id and the link's name, and stays: renaming a channel
or a host does not make the receiver forget what it has. `target` is a digest of where the link led
when the note was written, so that a link that was pointed elsewhere on purpose can be told from a
receiver that was reinstalled. Version 2 is of a sender that shares its channel with others, whose
rows have numbers of its own: which number each opening of the journal began with.
"""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import field, replace

from flumec.runtime.frozen import frozen
from flumec.runtime.journal.records import Ranges
from flumec.runtime.links.fields import Reader, Writer
from flumec.runtime.links.ranges import end_of

NOBODY = bytes(16)
_ALONE, _SHARED = 1, 2


@frozen
class Memory:
    """What `receiver` acknowledged: for each epoch of the sender the first row, and the end."""

    stream: bytes
    target: bytes
    receiver: bytes = NOBODY
    acked: Mapping[bytes, tuple[int, int]] = field(default_factory=dict)
    lanes: tuple[tuple[bytes, int], ...] = ()
    """Of a sender that shares its channel: the journal's openings, each with its first number."""

    def pack(self) -> bytes:
        """Return the note."""
        out = (
            Writer()
            .u8(_SHARED if self.lanes else _ALONE)
            .id(self.stream)
            .id(self.target)
            .id(self.receiver)
        )
        out.u32(len(self.acked))
        for epoch, (first, end) in sorted(self.acked.items()):
            out.id(epoch).u64(first).u64(end)
        if self.lanes:
            out.u32(len(self.lanes))
            for epoch, first in self.lanes:
                out.id(epoch).u64(first)
        return bytes(out.parts)

    def of(self, receiver: bytes) -> "Memory":
        """Return the memory of another receiver, of which nothing is known yet."""
        return replace(self, receiver=receiver, acked={})

    def heard(self, epoch: bytes, first: int, end: int, live: Collection[bytes]) -> "Memory":
        """Add acknowledged rows; epochs that are neither live nor this one are forgotten.

        The newest epoch is enough to notice a receiver that went back in time: what it has stored
        since, it would not have.
        """
        kept = {known: rows for known, rows in self.acked.items() if known in live}
        before = self.acked.get(epoch, (first, end))
        kept[epoch] = min(first, before[0]), max(end, before[1])
        return replace(self, acked=kept)


def unpack(note: bytes) -> Memory:
    """Read a note; raise ValueError for one that a newer runtime wrote."""
    read = Reader(note)
    version = read.u8()
    if version not in (_ALONE, _SHARED):
        raise ValueError(f"a link's memory of version {version}; this runtime knows {_SHARED}")
    stream, target, receiver = read.id(), read.id(), read.id()
    acked = read.list(lambda: (read.id(), (read.u64(), read.u64())), 32)
    lanes = read.list(lambda: (read.id(), read.u64()), 24) if version == _SHARED else ()
    return Memory(stream, target, receiver, dict(acked), lanes)


def digest(*texts: str) -> bytes:
    """Return 16 bytes that stand for some texts."""
    return hashlib.blake2b("\0".join(texts).encode(), digest_size=16).digest()


def lost(acked: Mapping[bytes, tuple[int, int]], have: Mapping[bytes, Ranges]) -> int:
    """Return how many row numbers were acknowledged and are not there: lost events, at most."""
    return sum(
        max(0, end - max(first, end_of(have.get(epoch, ()))))
        for epoch, (first, end) in acked.items()
    )
