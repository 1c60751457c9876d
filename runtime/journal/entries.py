"""The records of a group's head: frames, progress, cursors and the rest, with the bytes of each."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from struct import Struct

from flumec.runtime.frozen import frozen
from flumec.runtime.journal.codec import Decoder, Encoder
from flumec.runtime.journal.records import Cursor, Intent, Output, Progress, Ranges, TagRun


class Kind(IntEnum):
    """The first byte of a record."""

    OPEN = 1
    SNAPSHOT = 2
    FRAME = 3
    COPIED = 4
    PROGRESS = 5
    RECEIVED = 6
    SESSION = 7
    CURSOR = 8
    INTENT = 9
    RESOLVED = 10
    LEFT_OUT = 11
    CLOSE = 12
    DROP = 13
    ATTEMPT = 14
    DROPPED = 17
    CLAIMED = 18
    ASIDE = 20
    SYNCED = 32
    SHARED = 33
    SPILL = 34


_RECORD = Struct("<BI")
_FRAME = Struct("<QQIQIqQH")
_TAG = Struct("<16sQQ")
FRAME_HEAD = _RECORD.size + _FRAME.size + 6
"""The bytes of a frame's record with one channel and no tags of others."""

_FORM = Struct("<BQ")
_U16 = Struct("<H")
_OWN = 0xFFFFFFFF


def record(kind: Kind, payload: bytes | bytearray) -> bytes:
    """Return a record's bytes: kind, length, payload."""
    return _RECORD.pack(kind, len(payload)) + payload


def records(head: bytes | memoryview, offset: int = 0) -> Iterator[tuple[Kind, Decoder]]:
    """Yield each record of a head: its kind, and a decoder of its payload."""
    view = memoryview(head)
    while offset < len(view):
        kind, length = _RECORD.unpack_from(view, offset)
        offset += _RECORD.size
        yield Kind(kind), Decoder(view[: offset + length], offset)
        offset += length


@dataclass(slots=True)
class FrameEntry:
    """Where rows lie: their body is `length` bytes at `offset` from the group's start.

    `schema` is a digest of the body's schema, 0 where it is no Arrow stream. A copied frame was
    counted when it was first put, in a segment whose end was not trusted.
    """

    channels: tuple[int, ...]
    first: int
    rows: int
    length: int
    crc: int
    born: int
    schema: int
    tags: tuple[TagRun, ...] | None
    offset: int = 0
    copied: bool = False
    form: int = 0
    """How the body is stored; 0 is as it was put (see packing.py)."""
    size: int = 0
    """The body's bytes as it was put, where that is another form."""

    @property
    def end(self) -> int:
        """The row after the last."""
        return self.first + self.rows

    def encode(self) -> bytes:
        """Return the record."""
        fields = _FRAME.pack(
            self.offset, self.first, self.rows, self.length, self.crc, self.born, self.schema,
            len(self.channels),
        )  # fmt: skip
        channels = b"".join(channel.to_bytes(2, "little") for channel in self.channels)
        rest = encode_tags(self.tags)
        if self.form:
            rest += _FORM.pack(self.form, self.size)
        return record(Kind.COPIED if self.copied else Kind.FRAME, fields + channels + rest)

    @classmethod
    def decode(cls, data: Decoder, *, copied: bool) -> "FrameEntry":
        """Read the payload of a FRAME or COPIED record."""
        offset, first, rows, length, crc, born, schema, count = _FRAME.unpack_from(
            data.data, data.offset
        )
        data.offset += _FRAME.size
        channels = tuple(data.u16() for _ in range(count))
        tags = decode_tags(data)
        form, size = _FORM.unpack(data.raw(_FORM.size)) if data.left else (0, 0)
        return cls(
            channels, first, rows, length, crc, born, schema, tags, offset, copied, form, size
        )


def frame_channels(data: Decoder) -> tuple[int, ...]:
    """Return a frame's channels alone, without taking its record."""
    start = data.offset + _FRAME.size
    (count,) = _U16.unpack_from(data.data, start - _U16.size)
    if count == 1:
        return _U16.unpack_from(data.data, start)
    return Struct(f"<{count}H").unpack_from(data.data, start)


def encode_tags(tags: tuple[TagRun, ...] | None) -> bytes:
    """Return the runs, or the mark that the rows' own numbers are their tags."""
    if tags is None:
        return _OWN.to_bytes(4, "little")
    runs = b"".join(_TAG.pack(run.epoch, run.row, run.count) for run in tags)
    return len(tags).to_bytes(4, "little") + runs


def decode_tags(data: Decoder) -> tuple[TagRun, ...] | None:
    """Read what `encode_tags` wrote."""
    count = data.u32()
    if count == _OWN:
        return None
    start, data.offset = data.offset, data.offset + count * _TAG.size
    runs = (_TAG.unpack_from(data.data, start + i * _TAG.size) for i in range(count))
    return tuple(TagRun(*run) for run in runs)


@frozen
class OpenEntry:
    """Who opened the journal, with which epoch, from which row on."""

    epoch: bytes
    first_row: int
    host: str
    agent: str
    version: str
    bundle: str
    machine: str = ""
    """Which machine it was, and which boot of it; nothing in what the first version wrote."""

    def encode(self) -> bytes:
        """Return the record."""
        out = Encoder()
        out.raw(self.epoch)
        out.u64(self.first_row)
        for text in (self.host, self.agent, self.version, self.bundle, self.machine):
            out.text(text)
        return record(Kind.OPEN, out.data)

    @classmethod
    def decode(cls, data: Decoder) -> "OpenEntry":
        """Read the payload of an OPEN record."""
        epoch, first_row = data.raw(16), data.u64()
        host, agent, version, bundle = (data.text() for _ in range(4))
        machine = data.text() if data.left else ""
        return cls(epoch, first_row, host, agent, version, bundle, machine)


@frozen
class CursorEntry:
    """A consumer's cursor, and the bytes of bodies that it frees in its channel."""

    consumer: int
    cursor: Cursor
    freed: int

    def encode(self) -> bytes:
        """Return the record."""
        out = Encoder()
        out.u16(self.consumer)
        out.u64(self.freed)
        put_cursor(out, self.cursor)
        return record(Kind.CURSOR, out.data)

    @classmethod
    def decode(cls, data: Decoder) -> "CursorEntry":
        """Read the payload of a CURSOR record."""
        consumer, freed = data.u16(), data.u64()
        return cls(consumer, take_cursor(data), freed)


@frozen
class DropEntry:
    """Rows of a channel from `first` to `end` that are dropped: `rows` of them, `freed` bytes."""

    channel: int
    first: int
    end: int
    rows: int
    freed: int

    def encode(self) -> bytes:
        """Return the record."""
        out = Encoder()
        out.u16(self.channel)
        for number in (self.first, self.end, self.rows, self.freed):
            out.u64(number)
        return record(Kind.DROPPED, out.data)

    @classmethod
    def decode(cls, data: Decoder) -> "DropEntry":
        """Read the payload of a DROPPED record."""
        return cls(data.u16(), *(data.u64() for _ in range(4)))


def put_cursor(out: Encoder, cursor: Cursor) -> None:
    """Append a cursor."""
    for number in (cursor.low, cursor.delivered, cursor.dropped, cursor.dead_lettered):
        out.u64(number)
    out.binary(cursor.note)
    out.u32(len(cursor.ahead))
    for bucket, row in cursor.ahead.items():
        out.text(bucket)
        out.u64(row)


def take_cursor(data: Decoder) -> Cursor:
    """Read what `put_cursor` appended."""
    low, delivered, dropped, dead_lettered = (data.u64() for _ in range(4))
    note = data.binary()
    ahead = {data.text(): data.u64() for _ in range(data.u32())}
    return Cursor(low, ahead, delivered, dropped, dead_lettered, note)


def put_progress(out: Encoder, source: int, progress: Progress) -> None:
    """Append a source's id and its progress."""
    out.u16(source)
    for value in (progress.key, progress.start, progress.to, progress.identity):
        out.binary(value)
    out.u8(progress.done)


def take_progress(data: Decoder, names: dict[int, str]) -> tuple[int, Progress]:
    """Read what `put_progress` appended; `names` has the sources'."""
    source = data.u16()
    key, start, to, identity = (data.binary() for _ in range(4))
    return source, Progress(names[source], key, start, to, identity, bool(data.u8()))


def put_ranges(out: Encoder, ranges: Ranges) -> None:
    """Append ranges."""
    out.u32(len(ranges))
    for first, end in ranges:
        out.u64(first)
        out.u64(end)


def take_ranges(data: Decoder) -> Ranges:
    """Read what `put_ranges` appended."""
    return tuple((data.u64(), data.u64()) for _ in range(data.u32()))


def put_intent(out: Encoder, consumer: int, intent: Intent) -> None:
    """Append a consumer's id and its intent."""
    out.u16(consumer)
    out.u64(intent.number)
    out.u32(len(intent.outputs))
    for output in intent.outputs:
        for text in (output.bucket, output.hidden, output.final):
            out.text(text)
        for number in (output.first, output.end, output.rows, output.bytes):
            out.u64(number)
        out.binary(output.digest)


def take_intent(data: Decoder) -> tuple[int, Intent]:
    """Read what `put_intent` appended."""
    consumer, number = data.u16(), data.u64()
    outputs = []
    for _ in range(data.u32()):
        bucket, hidden, final = (data.text() for _ in range(3))
        first, end, rows, length = (data.u64() for _ in range(4))
        outputs.append(Output(bucket, first, end, rows, hidden, final, length, data.binary()))
    return consumer, Intent(number, tuple(outputs))
