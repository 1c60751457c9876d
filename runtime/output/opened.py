"""The files that a sink has open: one for each bucket, and which of them are to be published."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple

from flumec.runtime.disk import Bytes
from flumec.runtime.formats.format import Piece, Writer
from flumec.runtime.output.store import Hidden

_TELLING = 64 << 10
"""Bytes of rows from which on the size of a file tells how well its rows are compressed."""

_OUTWEIGHING = 8 << 20
"""Bytes of rows beside which those that a compressor still has inside do not count."""


class Limits(NamedTuple):
    """When a file is rolled: sizes in bytes, times in seconds; None is never."""

    size: int
    every: float
    events: int | None
    idle: float | None
    max_open: int


@dataclass(slots=True)
class Opened:
    """An open file of one bucket: rows `first` to `last`, `rows` of them.

    Pieces of rows wait until `write`, which encodes them and appends them to the hidden file. What
    is not encoded yet counts in `size` by the `ratio` of what is.
    """

    bucket: str
    hidden: Hidden
    writer: Writer
    first: int
    opened: float
    read_before: int
    ratio: float = 1.0
    exact: bool = True
    last: int = -1
    rows: int = 0
    raw: int = 0
    encoded: int = 0
    written: float = 0.0
    number: int = field(default_factory=count(1).__next__)
    """Which file of this process it is."""
    _pieces: list[Piece] = field(default_factory=list)
    _waiting: int = 0
    _bytes: list[Bytes] = field(default_factory=list)
    _complete: bool = False

    @property
    def size(self) -> int:
        """The bytes that it has, or will have once what it was given is encoded."""
        return self.encoded + int((self._waiting + self.writer.held) * self.ratio)

    @property
    def held(self) -> int:
        """The bytes in memory until they are encoded together."""
        return self.writer.held

    def append(self, piece: Piece, size: int, rows: int, last: int, now: float) -> None:
        """Add rows up to `last`, `size` bytes of them; they are written by the next `write`."""
        self._pieces.append(piece)
        self._waiting += size
        self.raw += size
        self.rows += rows
        self.last = last
        self.written = now

    def room(self, limits: Limits) -> int:
        """Return how many bytes of rows it takes until it is full."""
        return int((limits.size - self.size) / self.ratio)

    def full(self, limits: Limits) -> bool:
        """Whether no more may be added."""
        return self.size >= limits.size or self.rows == limits.events

    def due(self, limits: Limits) -> float:
        """Return the time at which it must be rolled."""
        due = self.opened + limits.every
        return due if limits.idle is None else min(due, self.written + limits.idle)

    def write(self) -> None:
        """Encode what waits and write it; after an OSError it still waits."""
        if self._pieces:
            pieces, self._pieces, self._waiting = self._pieces, [], 0
            self._take(self.writer.add(pieces))
        if self._bytes:
            self.hidden.write(self._bytes)
            self._bytes = []

    def press(self) -> None:
        """Encode what the format holds back, and write it; after an OSError it still waits."""
        self._take(self.writer.press())
        self.write()

    def complete(self) -> None:
        """Write all that is missing; after an OSError it may be called again."""
        self.write()
        if not self._complete:
            self._complete = True
            self._take(self.writer.finish())
        self.write()

    def _take(self, encoded: list[Bytes]) -> None:
        self._bytes += encoded
        self.encoded += sum(len(each) for each in encoded)
        done = self.raw - self._waiting - self.writer.held
        enough = _TELLING if self._complete else _OUTWEIGHING
        if not self.exact and self.encoded and done >= enough:
            self.ratio = self.encoded / done


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
