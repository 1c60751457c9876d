"""How a link begins: the sender's Hello, and the receiver's Welcome or Refuse.

docs/link.md draws each of them. All numbers are little-endian; times are nanoseconds since 1970.
"""

from enum import IntEnum
from typing import ClassVar, Self

from flumec.runtime.frozen import frozen
from flumec.runtime.journal.records import Ranges
from flumec.runtime.links.fields import Reader, Writer

VERSION = 2
"""The newest protocol that this runtime speaks: a rejected frame gives its credit back."""

OLDEST = 1
"""The oldest: the one before the newest, so that hosts may be brought to a release one by one."""

OPEN = 2**64 - 1
"""The end of an epoch whose journal is still open."""


def common(minimum: int, maximum: int) -> int | None:
    """Return the newest protocol that this end shares with one that speaks a range of them.

    >>> common(1, 9), common(1, 1), common(VERSION + 1, 9)
    (2, 1, None)
    """
    newest = min(maximum, VERSION)
    return newest if max(minimum, OLDEST) <= newest else None


def spoken(minimum: int, maximum: int) -> str:
    """Return a range of protocols for a message.

    >>> spoken(1, 2), spoken(3, 3)
    ('link protocols 1 to 2', 'link protocol 3')
    """
    return (
        f"link protocol {minimum}"
        if minimum == maximum
        else (f"link protocols {minimum} to {maximum}")
    )


class Code(IntEnum):
    """Why a link was refused."""

    VERSION = 1
    UNKNOWN_LINK = 2
    WIRE = 3
    CLONED = 4
    BEHIND = 5
    BUSY = 6
    CERTIFICATE = 7


@frozen
class Epoch:
    """An opening of the sender's journal: its rows [first, end); those below `settled` are done."""

    epoch: bytes
    first: int
    end: int
    settled: int


@frozen
class Hello:
    """The sender's first message: who it is, what it may send, what it knows of the receiver.

    `receiver` is the journal that it last spoke to (16 zeros for none), `acked` the first row and
    the one after the last which that journal acknowledged, for each epoch.
    """

    kind: ClassVar = 1
    minimum: int
    maximum: int
    link: str
    wire: str
    host: str
    agent: str
    machine: str
    journal: bytes
    epoch: bytes
    stream: bytes
    epochs: tuple[Epoch, ...]
    receiver: bytes
    acked: tuple[tuple[bytes, tuple[int, int]], ...]
    largest: int
    clock: int

    def pack(self) -> bytes:
        """Return the payload."""
        out = Writer().u16(self.minimum).u16(self.maximum).text(self.link).text(self.wire)
        out.text(self.host).text(self.agent).text(self.machine)
        out.id(self.journal).id(self.epoch).id(self.stream).u32(len(self.epochs))
        for one in self.epochs:
            out.id(one.epoch).u64(one.first).u64(one.end).u64(one.settled)
        out.id(self.receiver).u32(len(self.acked))
        for epoch, (first, end) in self.acked:
            out.id(epoch).u64(first).u64(end)
        return bytes(out.u32(self.largest).i64(self.clock).parts)

    @classmethod
    def unpack(cls, read: Reader) -> Self:
        """Read the payload."""
        return cls(
            read.u16(), read.u16(), read.name(), read.name(),
            read.name(), read.name(), read.name(),
            read.id(), read.id(), read.id(),
            read.list(lambda: Epoch(read.id(), read.u64(), read.u64(), read.u64()), 40),
            read.id(), read.list(lambda: (read.id(), (read.u64(), read.u64())), 32),
            read.u32(), read.i64(),
        )  # fmt: skip


@frozen
class Welcome:
    """The receiver's yes: the session, what it has of each epoch, and the credit to begin with."""

    kind: ClassVar = 2
    version: int
    journal: bytes
    epoch: bytes
    session: int
    have: tuple[tuple[bytes, Ranges], ...]
    credit: int
    largest: int
    clock: int

    def pack(self) -> bytes:
        """Return the payload."""
        out = Writer().u16(self.version).id(self.journal).id(self.epoch).u64(self.session)
        out.u32(len(self.have))
        for epoch, ranges in self.have:
            out.id(epoch).ranges(ranges)
        return bytes(out.u64(self.credit).u32(self.largest).i64(self.clock).parts)

    @classmethod
    def unpack(cls, read: Reader) -> Self:
        """Read the payload."""
        return cls(
            read.u16(), read.id(), read.id(), read.u64(),
            read.list(lambda: (read.id(), read.ranges()), 20),
            read.u64(), read.u32(), read.i64(),
        )  # fmt: skip


@frozen
class Refuse:
    """The receiver's no, in words for the person who runs the sender; try again after `retry_ms`.

    `rows` is how many acknowledged rows are missing at most, with the code BEHIND.
    """

    kind: ClassVar = 3
    code: int
    text: str
    retry_ms: int
    rows: int = 0

    def pack(self) -> bytes:
        """Return the payload."""
        out = Writer().u8(self.code).text(self.text).u32(self.retry_ms)
        return bytes(out.u64(self.rows).parts)

    @classmethod
    def unpack(cls, read: Reader) -> Self:
        """Read the payload."""
        return cls(read.u8(), read.text(), read.u32(), read.u64())
