"""What the putting thread does: names to numbers, checksums of bodies, the room that is needed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from flumec.runtime.checksum import crc32
from flumec.runtime.journal.packing import compress
from flumec.runtime.journal.putting import Packed, PreparedFrame, PutOp
from flumec.runtime.journal.records import Frame, Put
from flumec.runtime.journal.room import Taken, Want
from flumec.runtime.journal.specs import ChannelSpec, Settings
from flumec.runtime.journal.spreading import Spreading

_NOT_STORED = Packed(memoryview(b""), 0, 0, 0, 0)
_CONTINUATION = b"\xff\xff\xff\xff"


@dataclass(slots=True)
class Plan:
    """What a put needs: of each channel, and the bytes of all its bodies."""

    required: dict[str, Want]
    optional: dict[str, Want]
    bytes: int
    needs_disk: bool
    """Whether it cannot be stored at all on a full disk, not even in memory alone."""


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
        self._spreading = Spreading(channels)
        self._numbers = numbers
        self._spilling = {spec.name for spec in channels if spec.memory is not None}
        self._durable = {spec.name for spec in channels if spec.durable} - self._spilling
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
                length, rows, kept = needs.get(name, Want())
                needs[name] = Want(
                    length + self._size(name, frame, body), rows + frame.rows,
                    kept + frame.body.size,
                )  # fmt: skip
        plan.needs_disk = plan.needs_disk or not self._durable.isdisjoint(plan.required)
        return plan

    def _size(self, name: str, frame: Frame, body: Packed | None) -> int:
        """Return the bytes that a frame takes in a channel; on disk, the most."""
        if body is not None and (name in self._durable or name in self._spilling):
            return body.length
        return frame.body.size + (self._settings.added if name in self._spilling else 0)

    def off_disk(self, optional: dict[str, Want]) -> dict[str, Want]:
        """Return those of the optional channels that need no disk."""
        return {name: need for name, need in optional.items() if name not in self._durable}

    def pack(self, put: Put) -> tuple[Put, list[Packed | None]]:
        """Return the put, into channels that hold rows, and what of each body surely goes to disk.

        That is what is stored of it, and its checksum.
        """
        put = self._spreading.spread(put)
        return put, [
            None if self._durable.isdisjoint(frame.channels) else self.packed(frame)
            for frame in put.frames
        ]

    def packed(self, frame: Frame) -> Packed:
        """Return what is stored of a body, and its checksum."""
        body, form = compress(frame.body, self._settings.compression)
        crc = frame.crc if frame.crc is not None and not form else None
        if crc is None:
            crc = 0 if self._settings.keys.current else crc32(body)
        schema = _schema(memoryview(frame.body).cast("B"))
        return Packed(memoryview(body), form, crc, schema, body.size + self._settings.added)

    def operation(
        self, put: Put, plan: Plan, taken: Taken, packed: Sequence[Packed | None]
    ) -> PutOp:
        """Return the operation on the channels that were taken; the others are left out."""
        stored = (self._durable | (self._spilling - taken.kept)) & taken.channels
        needs = {**plan.required, **plan.optional}
        room = {
            name: Want(0, want.rows, want.kept) if name in taken.kept else want._replace(kept=0)
            for name, want in needs.items()
            if name in taken.channels
        }
        ready = []
        for frame, known in zip(put.frames, packed, strict=True):
            names = [name for name in dict.fromkeys(frame.channels) if name in taken.channels]
            durable = tuple(self._numbers[name] for name in names if name in stored)
            volatile = tuple(self._numbers[name] for name in names if name not in stored)
            body = self.packed(frame) if known is None and durable else known
            if names:
                ready.append(PreparedFrame(frame, body or _NOT_STORED, durable, volatile))
        left_out = {
            self._numbers[name]: want.rows
            for name, want in plan.optional.items()
            if name not in taken.channels
        }
        spilled = self._spilling & stored
        return PutOp(
            put=put, frames=ready, sources=self._sources,
            room={self._numbers[name]: want for name, want in room.items()}, left_out=left_out,
            needs_disk=plan.needs_disk or not spilled.isdisjoint(plan.required),
            spilled=frozenset(self._numbers[name] for name in spilled),
        )  # fmt: skip


def _schema(body: memoryview) -> int:
    """Return a digest of the schema message that an Arrow stream begins with; 0 for other bytes."""
    if body[:4] != _CONTINUATION:
        return 0
    length = int.from_bytes(body[4:8], "little")
    return int.from_bytes(blake2b(body[8 : 8 + length], digest_size=8).digest(), "little")
