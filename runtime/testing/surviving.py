"""What of a file's unsynced changes is left after a power cut."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from flumec.runtime.frozen import frozen

SECTOR = 512
"""The disk writes these whole, unless the cut tears one."""


@frozen
class Survival:
    """Which unsynced changes reach the disk, for each file and each directory by itself.

    `writes` is the share of a file's unsynced sectors that survive: the first ones, the last ones
    (a later block may be written before an earlier one), or any. `entries` is the share of a
    directory's unsynced changes, always the first ones. `torn` leaves garbage in the sector where
    the cut came. `apart` has each file keep all or nothing, and each directory as much as it will,
    by the `seed`: what was written to one file last may survive, and what to another before, not.
    Of the write in which the power went as much may survive as of those before it, if it had begun.
    """

    writes: float = 0.0
    entries: float = 0.0
    order: Literal["first", "last", "any"] = "first"
    torn: bool = False
    seed: int = 0
    apart: bool = False
    begun: bool = True

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
EVERYTHING = Survival(1.0, 1.0, begun=False)
"""All had reached the disk when the power went, although nobody had waited for it. What was not
done yet is not there: a cut before each operation leaves each beginning of all that was done.
"""


@frozen
class Change:
    """A write into a file, or a change of its length, that was not synced."""

    kind: Literal["write", "allocate", "truncate"]
    offset: int
    length: int
    data: bytes = b""


def sectors(change: Change) -> Iterator[Change]:
    """Cut a write at the sectors' borders: each reaches the disk by itself."""
    if change.kind != "write":
        yield change
        return
    start = 0
    while start < change.length:
        room = SECTOR - (change.offset + start) % SECTOR
        part = change.data[start : start + room]
        yield Change("write", change.offset + start, len(part), part)
        start += len(part)


@dataclass(slots=True, eq=False)
class Inode:
    """A file: what the disk has for certain, what a reader sees, and the changes in between."""

    number: int
    durable: bytearray = field(default_factory=bytearray)
    seen: bytearray = field(default_factory=bytearray)
    pending: list[Change] = field(default_factory=list)
    cut: Change | None = None
    """The write that was under way when the power went: nobody saw it."""
    locked: bool = False

    def change(self, change: Change) -> None:
        """Make a change that the next sync makes durable."""
        apply(self.seen, change)
        self.pending.append(change)

    def sync(self) -> None:
        """Make every change durable."""
        for change in self.pending:
            apply(self.durable, change)
        self.pending.clear()

    @property
    def allocated(self) -> int:
        """The bytes of the disk that the file takes."""
        return len(self.seen)

    def after_cut(self, survival: Survival) -> "Inode":
        """Return the file as the disk has it when the power is back."""
        content = bytearray(self.durable)
        begun = [self.cut] if self.cut is not None and survival.begun else []
        pieces = [piece for change in (*self.pending, *begun) for piece in sectors(change)]
        chosen = survival.choose(len(pieces), self.number)
        for index in sorted(chosen):
            apply(content, pieces[index])
        if survival.torn and chosen and max(chosen) + 1 < len(pieces):
            _tear(content, pieces[max(chosen) + 1])
        return Inode(self.number, content, bytearray(content))

    def after_kill(self) -> "Inode":
        """Return the file as the next process has it: the same, and unlocked."""
        return Inode(self.number, bytearray(self.durable), bytearray(self.seen), list(self.pending))


def apply(content: bytearray, change: Change) -> None:
    """Make one change."""
    end = change.offset + change.length
    if change.kind == "truncate":
        del content[change.length :]
        end = change.length
    if len(content) < end:
        content.extend(bytes(end - len(content)))
    if change.kind == "write":
        content[change.offset : end] = change.data


def _tear(content: bytearray, change: Change) -> None:
    """Leave the first half of a write in its sector, and garbage behind it."""
    if change.kind != "write":
        return
    half = change.length // 2
    garbage = bytes(byte ^ 0x5A for byte in change.data[half:])
    apply(content, Change("write", change.offset, change.length, change.data[:half] + garbage))
