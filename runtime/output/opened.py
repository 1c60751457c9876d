"""The files that a sink has open: one for each bucket, and which of them are to be published."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from flumec.runtime.disk import Bytes
from flumec.runtime.output.store import Hidden


class Limits(NamedTuple):
    """When a file is rolled: sizes in bytes, times in seconds; None is never."""

    size: int
    every: float
    events: int | None
    idle: float | None
    max_open: int


@dataclass(slots=True)
class Opened:
    """An open file of one bucket: rows `first` to `last`, `rows` of them, `size` bytes."""

    bucket: str
    hidden: Hidden
    first: int
    opened: float
    read_before: int
    last: int = -1
    rows: int = 0
    size: int = 0
    written: float = 0.0
    waiting: list[Bytes] = field(default_factory=list)

    def append(self, lines: memoryview, rows: int, last: int, now: float) -> None:
        """Add rows up to `last`; they are written by the next `write`."""
        self.waiting.append(lines)
        self.size += len(lines)
        self.rows += rows
        self.last = last
        self.written = now

    def write(self) -> None:
        """Write what waits; after an OSError it still waits."""
        if self.waiting:
            self.hidden.write(self.waiting)
            self.waiting = []

    def full(self, limits: Limits) -> bool:
        """Whether no more may be added."""
        return self.size >= limits.size or self.rows == limits.events

    def due(self, limits: Limits) -> float:
        """Return the time at which it must be rolled."""
        due = self.opened + limits.every
        return due if limits.idle is None else min(due, self.written + limits.idle)


class OpenFiles:
    """The open files by bucket, the one that was written to longest ago first."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._files: dict[str, Opened] = {}

    def __len__(self) -> int:
        return len(self._files)

    def __iter__(self) -> Iterator[Opened]:
        return iter(list(self._files.values()))

    def get(self, bucket: str) -> Opened | None:
        """Return the bucket's file, which counts as written to last from now on."""
        file = self._files.pop(bucket, None)
        if file is not None:
            self._files[bucket] = file
        return file

    def add(self, file: Opened) -> None:
        """Add a file of a bucket that has none."""
        assert file.bucket not in self._files
        self._files[file.bucket] = file

    def take(self, file: Opened) -> None:
        """Take a file out: it gets no more rows."""
        del self._files[file.bucket]

    def discard(self, file: Opened) -> None:
        """Take a file out, if it is in."""
        if self._files.get(file.bucket) is file:
            del self._files[file.bucket]

    @property
    def crowded(self) -> list[Opened]:
        """The files to roll before one more is opened: several at once, as one sync serves all."""
        if len(self._files) < self.limits.max_open:
            return []
        return list(self)[: max(1, self.limits.max_open // 8)]

    def due(self, now: float) -> list[Opened]:
        """Return the files whose time has come."""
        return [file for file in self if file.due(self.limits) <= now]

    def next_due(self) -> float | None:
        """Return when the next file is due; None where none is open."""
        return min((file.due(self.limits) for file in self._files.values()), default=None)

    def lowest(self) -> Opened | None:
        """Return the file with the first row that is not delivered."""
        return min(self._files.values(), key=lambda file: file.first, default=None)

    def clear(self) -> list[Opened]:
        """Take all files out."""
        files, self._files = list(self._files.values()), {}
        return files
