"""What the putting thread does: names to numbers, checksums of bodies, the room that is needed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from flumec.runtime.checksum import crc32
from flumec.runtime.journal.packing import compress
from flumec.runtime.journal.putting import Packed, PreparedFrame, PutOp
from flumec.runtime.journal.records import Frame, Put
from flumec.runtime.journal.specs import ChannelSpec, Settings

_NOT_STORED = Packed(memoryview(b""), 0, 0, 0, 0)
_CONTINUATION = b"\xff\xff\xff\xff"


@dataclass(slots=True)
class Plan:
    """What a put needs: per channel (bytes, rows), and the bytes of all its bodies."""

    required: dict[str, tuple[int, int]]
    optional: dict[str, tuple[int, int]]
    bytes: int
    needs_disk: bool
    """Whether it cannot be stored at all on a full disk, not even in memory channels alone."""


class Preparer:
    """Turns puts into operations; the channels and sources of an opening don't change."""

    def __init__(
        self,
        channels: Sequence[ChannelSpec],
        numbers: Mapping[str, int],
        sources: Mapping[int, str],
        settings: Settings,
    ) -> None:
        self._settings = settings
        self._numbers = numbers
        self._durable = {spec.name for spec in channels if spec.durable}
        self._sources = {name: number for number, name in sources.items()}

    def source(self, name: str) -> int:
        """Return a source's number; raise ValueError."""
        if name not in self._sources:
            raise ValueError(f"no source `{name}` was declared")
        return self._sources[name]

    def plan(self, put: Put, packed: Sequence[Packed | None]) -> Plan:
        """Sum up what the put needs; raise ValueError for a name that was not declared."""
        for step in put.progress:
            self.source(step.source)
        needs_disk = bool(put.progress) or put.received is not None or put.aside is not None
        plan = Plan({}, {}, 0, needs_disk)
        for frame, body in zip(put.frames, packed, strict=True):
            if not frame.rows or not frame.channels:
                raise ValueError("a frame needs rows, and a channel to go to")
            plan.bytes += frame.body.size
            for name in frame.channels:
                if name not in self._numbers:
                    raise ValueError(f"no channel `{name}` was declared")
                needs = plan.optional if name in put.optional else plan.required
                length, rows = needs.get(name, (0, 0))
                stored = body is not None and name in self._durable
                size = body.length if body is not None and stored else frame.body.size
                needs[name] = (length + size, rows + frame.rows)
        plan.needs_disk = plan.needs_disk or not self._durable.isdisjoint(plan.required)
        return plan

    def off_disk(self, optional: dict[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
        """Return those of the optional channels that need no disk."""
        return {name: need for name, need in optional.items() if name not in self._durable}

    def pack(self, put: Put) -> list[Packed | None]:
        """Return what is stored of each body that goes to disk, and its checksum."""
        return [
            None if self._durable.isdisjoint(frame.channels) else self._pack(frame)
            for frame in put.frames
        ]

    def _pack(self, frame: Frame) -> Packed:
        body, form = compress(frame.body, self._settings.compression)
        crc = frame.crc if frame.crc is not None and not form else None
        if crc is None:
            crc = 0 if self._settings.keys.current else crc32(body)
        schema = _schema(memoryview(frame.body).cast("B"))
        return Packed(memoryview(body), form, crc, schema, body.size + self._settings.added)

    def operation(
        self, put: Put, plan: Plan, taken: frozenset[str], packed: Sequence[Packed | None]
    ) -> PutOp:
        """Return the operation on the channels that were taken; the others are left out."""
        ready = []
        for frame, body in zip(put.frames, packed, strict=True):
            names = [name for name in dict.fromkeys(frame.channels) if name in taken]
            durable = tuple(self._numbers[name] for name in names if name in self._durable)
            volatile = tuple(self._numbers[name] for name in names if name not in self._durable)
            if names:
                ready.append(PreparedFrame(frame, body or _NOT_STORED, durable, volatile))
        needs = {**plan.required, **plan.optional}
        room = {self._numbers[name]: needs[name] for name in taken}
        left_out = {
            self._numbers[name]: rows
            for name, (_, rows) in plan.optional.items()
            if name not in taken
        }
        return PutOp(
            put=put, frames=ready, sources=self._sources, room=room, left_out=left_out,
            needs_disk=plan.needs_disk,
        )  # fmt: skip


def _schema(body: memoryview) -> int:
    """Return a digest of the schema message that an Arrow stream begins with; 0 for other bytes."""
    if body[:4] != _CONTINUATION:
        return 0
    length = int.from_bytes(body[4:8], "little")
    return int.from_bytes(blake2b(body[8 : 8 + length], digest_size=8).digest(), "little")
