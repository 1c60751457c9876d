"""What two ends of a link say to each other once it has begun, and the table of all messages.

docs/link.md draws each of them. All numbers are little-endian; times are nanoseconds since 1970.
"""

from enum import IntEnum
from typing import TYPE_CHECKING, ClassVar, Self

from flumec.runtime.frozen import frozen
from flumec.runtime.journal.records import Ranges, TagRun
from flumec.runtime.links.faults import ProtocolError
from flumec.runtime.links.fields import Reader, Writer
from flumec.runtime.links.greeting import Hello, Refuse, Welcome

if TYPE_CHECKING:
    from pyarrow import Buffer


class Farewell(IntEnum):
    """Why an end says goodbye."""

    DRAIN = 1
    FENCED = 2
    ALARM = 3
    FAULT = 4


@frozen
class Data:
    """Rows [first, end) of an epoch: what stands before the frame's body.

    `born` and `tags` are those of the rows' first put, `crc` is the body's CRC-32, as a rule the
    one that was computed at that put. Rows below `settled` are done, durably, at the sender: it
    will never send them again.
    """

    kind: ClassVar = 4
    session: int
    epoch: bytes
    first: int
    end: int
    rows: int
    born: int
    settled: int
    crc: int
    tags: tuple[TagRun, ...]

    def pack(self) -> bytes:
        """Return the head; the body follows it."""
        out = Writer().u64(self.session).id(self.epoch).u64(self.first).u64(self.end)
        out.u32(self.rows).i64(self.born).u64(self.settled).u32(self.crc).u32(len(self.tags))
        for run in self.tags:
            out.id(run.epoch).u64(run.row).u32(run.count)
        return bytes(out.parts)

    @classmethod
    def unpack(cls, read: Reader) -> Self:
        """Read the head."""
        return cls(
            read.u64(), read.id(), read.u64(), read.u64(), read.u32(), read.i64(),
            read.u64(), read.u32(),
            read.list(lambda: TagRun(read.id(), read.u64(), read.u32()), 28),
        )  # fmt: skip


@frozen
class Ack:
    """Rows that the receiver's journal has, synced; and bytes of credit that come on top."""

    kind: ClassVar = 5
    stored: tuple[tuple[bytes, Ranges], ...]
    credit: int

    def pack(self) -> bytes:
        """Return the payload."""
        out = Writer().u32(len(self.stored))
        for epoch, ranges in self.stored:
            out.id(epoch).ranges(ranges)
        return bytes(out.u64(self.credit).parts)

    @classmethod
    def unpack(cls, read: Reader) -> Self:
        """Read the payload."""
        return cls(read.list(lambda: (read.id(), read.ranges()), 20), read.u64())


@frozen
class Reject:
    """Rows that the receiver will never take as they are, and why.

    `credit` is what they took of it, given back; protocol 1 has no such field, and so None.
    """

    kind: ClassVar = 6
    epoch: bytes
    first: int
    end: int
    text: str
    credit: int | None = None

    def pack(self) -> bytes:
        """Return the payload."""
        out = Writer().id(self.epoch).u64(self.first).u64(self.end).text(self.text)
        return bytes(out.parts if self.credit is None else out.u64(self.credit).parts)

    @classmethod
    def unpack(cls, read: Reader) -> Self:
        """Read the payload."""
        rows = read.id(), read.u64(), read.u64(), read.text()
        return cls(*rows, read.u64() if read.left else None)


@frozen
class Ping:
    """A sign of life that asks for one; `time` comes back as it is."""

    kind: ClassVar = 7
    time: int

    def pack(self) -> bytes:
        """Return the payload."""
        return bytes(Writer().i64(self.time).parts)

    @classmethod
    def unpack(cls, read: Reader) -> Self:
        """Read the payload."""
        return cls(read.i64())


@frozen
class Pong:
    """The answer to a Ping."""

    kind: ClassVar = 8
    time: int

    def pack(self) -> bytes:
        """Return the payload."""
        return bytes(Writer().i64(self.time).parts)

    @classmethod
    def unpack(cls, read: Reader) -> Self:
        """Read the payload."""
        return cls(read.i64())


@frozen
class Bye:
    """The last message; what is not acknowledged is in doubt until the next Welcome."""

    kind: ClassVar = 9
    reason: int
    text: str

    def pack(self) -> bytes:
        """Return the payload."""
        return bytes(Writer().u8(self.reason).text(self.text).parts)

    @classmethod
    def unpack(cls, read: Reader) -> Self:
        """Read the payload."""
        return cls(read.u8(), read.text())


Message = Hello | Welcome | Refuse | Data | Ack | Reject | Ping | Pong | Bye

KINDS: dict[int, type[Message]] = {
    cls.kind: cls for cls in (Hello, Welcome, Refuse, Data, Ack, Reject, Ping, Pong, Bye)
}


@frozen
class Delivery:
    """A Data message that came in: its head, its body, and how many bytes of credit it took."""

    head: Data
    body: "Buffer"
    size: int


def unpack(kind: int, payload: bytes | memoryview) -> Message:
    """Return the message in a payload; raise ProtocolError for what is none."""
    if kind not in KINDS:
        raise ProtocolError(f"no message has the kind {kind}")
    read = Reader(payload)
    message = KINDS[kind].unpack(read)
    read.end()
    return message
