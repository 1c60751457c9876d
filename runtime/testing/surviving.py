"""What of a file's unsynced changes is left after a power cut."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

SECTOR = 512
"""The disk writes these whole, unless the cut tears one."""


@dataclass(frozen=True, slots=True)
class Survival:
    """Which unsynced changes reach the disk, for each file and each directory by itself.

    `writes` is the share of a file's unsynced sectors that survive: the first ones, the last ones
    (a later block may be written before an earlier one), or any. `entries` is the share of a
    directory's unsynced changes, always the first ones. `torn` leaves garbage in the sector where
    the cut came. `apart` has each file keep all or nothing, and each directory as much as it will,
    by the `seed`: what was written to one file last may survive, and what to another before, not.
    """

    writes: float = 0.0
    entries: float = 0.0
    order: Literal["first", "last", "any"] = "first"
    torn: bool = False
    seed: int = 0
    apart: bool = False

    def choose(self, count: int, salt: int) -> set[int]:
        """Return which of `count` pieces survive."""
        if self.apart:
            return set(range(count)) if self._dice(f"file {salt}").random() < self.writes else set()
        kept = round(self.writes * count)
        if self.order == "first":
            return set(range(kept))
        if self.order == "last":
            return set(range(count - kept, count))
        chance = random.Random(self.seed * 1_000_003 + salt)  # noqa: S311 a test's dice
        return {index for index in range(count) if chance.random() < self.writes}

    def lasting(self, count: int, directory: str) -> int:
        """Return how many of a directory's changes survive: the first ones."""
        if self.apart:
            return self._dice(directory).randint(0, count)
        return round(self.entries * count)

    def _dice(self, salt: str) -> random.Random:
        return random.Random(f"{self.seed} {salt}")  # noqa: S311 a test's dice


NOTHING = Survival()
EVERYTHING = Survival(1.0, 1.0)
"""All had reached the disk when the power went, although nobody had waited for it."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A change of at most a sector's content, or of the file's length, that was not synced."""

    kind: Literal["write", "allocate", "truncate"]
    offset: int
    length: int
    data: bytes = b""


def pieces(offset: int, data: bytes) -> list[Piece]:
    """Cut a write at the sectors' borders."""
    cut = []
    start = 0
    while start < len(data):
        room = SECTOR - (offset + start) % SECTOR
        part = data[start : start + room]
        cut.append(Piece("write", offset + start, len(part), part))
        start += len(part)
    return cut


@dataclass(slots=True, eq=False)
class Inode:
    """A file: what the disk has for certain, what a reader sees, and the changes in between."""

    number: int
    durable: bytearray = field(default_factory=bytearray)
    seen: bytearray = field(default_factory=bytearray)
    pending: list[Piece] = field(default_factory=list)
    locked: bool = False

    def change(self, changes: Sequence[Piece]) -> None:
        """Make changes that the next sync makes durable."""
        for piece in changes:
            apply(self.seen, piece)
        self.pending += changes

    def sync(self) -> None:
        """Make every change durable."""
        for piece in self.pending:
            apply(self.durable, piece)
        self.pending.clear()

    @property
    def allocated(self) -> int:
        """The bytes of the disk that the file takes."""
        return len(self.seen)

    def after_cut(self, survival: Survival) -> "Inode":
        """Return the file as the disk has it when the power is back."""
        content = bytearray(self.durable)
        chosen = survival.choose(len(self.pending), self.number)
        for index, piece in enumerate(self.pending):
            if index in chosen:
                apply(content, piece)
        if survival.torn and chosen and max(chosen) + 1 < len(self.pending):
            _tear(content, self.pending[max(chosen) + 1])
        return Inode(self.number, content, bytearray(content))

    def after_kill(self) -> "Inode":
        """Return the file as the next process has it: the same, and unlocked."""
        return Inode(self.number, bytearray(self.durable), bytearray(self.seen), list(self.pending))


def apply(content: bytearray, piece: Piece) -> None:
    """Make one change."""
    end = piece.offset + piece.length
    if piece.kind == "truncate":
        del content[piece.length :]
        end = piece.length
    if len(content) < end:
        content.extend(bytes(end - len(content)))
    if piece.kind == "write":
        content[piece.offset : end] = piece.data


def _tear(content: bytearray, piece: Piece) -> None:
    """Leave the first half of a write in its sector, and garbage behind it."""
    if piece.kind != "write":
        return
    half = piece.length // 2
    garbage = bytes(byte ^ 0x5A for byte in piece.data[half:])
    apply(content, Piece("write", piece.offset, piece.length, piece.data[:half] + garbage))
