"""What the putting thread does: names to numbers, checksums of bodies, the room that is needed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from flumec.runtime.checksum import crc32
from flumec.runtime.journal.putting import PreparedFrame, PutOp
from flumec.runtime.journal.records import Put
from flumec.runtime.journal.specs import ChannelSpec

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
    ) -> None:
        self._numbers = numbers
        self._durable = {spec.name for spec in channels if spec.durable}
        self._sources = {name: number for number, name in sources.items()}

    def source(self, name: str) -> int:
        """Return a source's number; raise ValueError."""
        if name not in self._sources:
            raise ValueError(f"no source `{name}` was declared")
        return self._sources[name]

    def plan(self, put: Put) -> Plan:
        """Sum up what the put needs; raise ValueError for a name that was not declared."""
        for step in put.progress:
            self.source(step.source)
        needs_disk = bool(put.progress) or put.received is not None or put.aside is not None
        plan = Plan({}, {}, 0, needs_disk)
        for frame in put.frames:
            if not frame.rows or not frame.channels:
                raise ValueError("a frame needs rows, and a channel to go to")
            plan.bytes += frame.body.size
            for name in frame.channels:
                if name not in self._numbers:
                    raise ValueError(f"no channel `{name}` was declared")
                needs = plan.optional if name in put.optional else plan.required
                length, rows = needs.get(name, (0, 0))
                needs[name] = (length + frame.body.size, rows + frame.rows)
        plan.needs_disk = plan.needs_disk or not self._durable.isdisjoint(plan.required)
        return plan

    def off_disk(self, optional: dict[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
        """Return those of the optional channels that need no disk."""
        return {name: need for name, need in optional.items() if name not in self._durable}

    def checksums(self, put: Put) -> list[tuple[int, int]]:
        """Return (crc, digest of the schema) of each body that goes to disk."""
        return [
            (
                crc32(frame.body) if frame.crc is None else frame.crc,
                _schema(memoryview(frame.body)),
            )
            if not self._durable.isdisjoint(frame.channels)
            else (0, 0)
            for frame in put.frames
        ]

    def operation(
        self, put: Put, plan: Plan, taken: frozenset[str], checksums: Sequence[tuple[int, int]]
    ) -> PutOp:
        """Return the operation on the channels that were taken; the others are left out."""
        ready = []
        for frame, (crc, schema) in zip(put.frames, checksums, strict=True):
            names = [name for name in dict.fromkeys(frame.channels) if name in taken]
            durable = tuple(self._numbers[name] for name in names if name in self._durable)
            volatile = tuple(self._numbers[name] for name in names if name not in self._durable)
            if names:
                body = memoryview(frame.body)
                ready.append(PreparedFrame(frame, body, durable, volatile, crc, schema))
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
