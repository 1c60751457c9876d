"""One followed file: its handle, how far it was read, and whether it is still what it was."""

import os
from dataclasses import dataclass, field

from flumec.runtime.frozen import frozen
from flumec.runtime.journal.records import Progress
from flumec.runtime.tail.identity import SAMPLE, Identity, Nature, digest, nature, sample
from flumec.runtime.tail.lines import Splitter, Taken
from flumec.runtime.tail.pace import Pace
from flumec.runtime.tail.position import Position


class TruncatedError(Exception):
    """The file is shorter than what was read of it, or begins otherwise: it was emptied."""


@dataclass(slots=True)
class Window:
    """The one buffer that all files of a source are read into, at its pace."""

    data: bytearray
    view: memoryview
    pace: Pace

    @classmethod
    def of(cls, size: int, least: int) -> "Window":
        """Return a window of `size` bytes, or of `least` if that is more, in which there is always
        a line, or a part of one; its memory is touched once and used for ever.
        """
        data = bytearray(max(size, least))
        return cls(data, memoryview(data), Pace(least))


@frozen
class Piece:
    """Lines of one file, and the positions before and after them."""

    file: "Followed"
    taken: Taken
    start: bytes
    to: bytes
    path: str


@dataclass(slots=True, eq=False)
class Followed:
    """A file and its state in memory; what must outlive the process is in `progress`."""

    key: bytes
    path: str
    nature: Nature
    position: Position = field(default_factory=Position)
    sent: bytes = b""
    """Where the newest put leaves off, under way or stored; `stored`, the newest that is stored."""
    stored: bytes = b""
    head: bytes = b""
    head_length: int = 0
    tail: bytes = b""
    size: int = 0
    """How long the file was when it was last looked at, with `modified` (nanoseconds)."""
    most: int = 0
    """How long its content was known to be at most: what is lost if it goes."""
    modified: int = -1
    descriptor: int = -1
    flights: int = 0
    """Puts under way that have lines of this file."""
    displaced: bool = False
    """Whether it has left its name: it will be finished some day."""
    matched: bool = True
    """Whether a pattern means its present path."""
    at_end: bool = False
    failed: bool = False
    truncated: bool = False
    is_copied: bool = False
    """Whether rotation copies it: then its beginning is kept, which short copies are known by."""
    beginning: bytes = b""
    """What `head` is the digest of, once it was seen in this life of the source."""
    changed: float = 0.0
    """When it last grew, on the monotonic clock."""
    waits_for: list["Followed"] = field(default_factory=list)
    """Files that must have been read to their ends before this one is begun."""

    @classmethod
    def recovered(cls, progress: Progress) -> "Followed":
        """Return the file that a stored record tells of, not yet found again."""
        identity = Identity.decode(progress.identity)
        return cls(
            progress.key,
            os.fsdecode(identity.path),
            identity.nature,
            Position.decode(progress.to),
            sent=progress.to,
            stored=progress.to,
            head=identity.head,
            head_length=identity.head_length,
            tail=identity.tail,
            size=identity.size,
            most=identity.size,
        )

    @property
    def rest(self) -> int:
        """Bytes that are known to be there and were not read."""
        return max(0, self.size - self.position.offset)

    @property
    def unread(self) -> int:
        """Bytes that were known to be there at some time and were not read."""
        return max(0, self.most - self.position.offset)

    @property
    def unlinked(self) -> bool:
        """Whether the open file has no name any more; on NFS its handle may be stale then."""
        try:
            return self.descriptor >= 0 and os.fstat(self.descriptor).st_nlink == 0
        except OSError:
            return True

    def look(self, now: float, wall: int) -> bool:
        """Note size and time of the open file; return whether they changed since the last look.

        At the first look the file's own time tells for how long it has been at rest.
        """
        try:
            status = os.fstat(self.descriptor)
        except OSError:
            return True  # stale, on NFS: reading tells
        if (status.st_size, status.st_mtime_ns) == (self.size, self.modified):
            return False
        if self.modified < 0 and not self.displaced:
            self.changed = now - max(0, wall - status.st_mtime_ns) / 1e9
        elif status.st_size != self.size:
            self.changed = now
        self.size, self.modified = status.st_size, status.st_mtime_ns
        return True

    def is_intact(self) -> bool:
        """Return whether the open file still begins as it did and is as long as what was read."""
        return self._beginning() is not None

    def _beginning(self) -> bytes | None:
        """Return the file's first bytes, None where they are not what they were. Raises OSError."""
        if os.fstat(self.descriptor).st_size < self.position.offset:
            return None
        block = os.pread(self.descriptor, SAMPLE, 0)
        same = self.head_length == 0 or digest(block[: self.head_length]) == self.head
        return block if same else None

    def is_continued_by(self, descriptor: int) -> bool:
        """Return whether an open file has, up to this one's position, the very same content.

        Judged by its beginning and by the last bytes before the position.
        """
        offset = self.position.offset
        return (
            os.fstat(descriptor).st_size >= offset
            and (
                self.head_length == 0
                or digest(os.pread(descriptor, self.head_length, 0)) == self.head
            )
            and (not self.tail or sample(descriptor, offset) == self.tail)
        )

    def covers(self, descriptor: int) -> bool:
        """Return whether an open file begins as this one and has no more than was read of it.

        So does a copy that is older than the last lines that were read, where rotation copies.
        Judged by its beginning; what is shorter than what was kept of this one's is judged whole.
        """
        size = os.fstat(descriptor).st_size
        if not self.is_copied or not 0 < size <= self.position.offset:
            return False
        begins = os.pread(descriptor, self.head_length, 0)
        if size < self.head_length:
            return self.beginning[:size] == begins
        return digest(begins) == self.head

    def adopt(self, descriptor: int) -> None:
        """Take over an open handle of this file."""
        self.close()
        self.descriptor = descriptor

    def close(self) -> None:
        """Give the handle back; the file may be opened again by its path."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def read(self, window: Window, splitter: Splitter, *, final: bool) -> Piece | None:
        """Read on and return the next lines, None where there is no whole line yet.

        With `final` the file is finished, and its last line needs no newline. Raises TruncatedError
        when what was read is not from the file that was read before.
        """
        offset = self.position.offset
        length = os.preadv(self.descriptor, [window.view], offset)
        self.at_end = length < len(window.view)
        beginning = self._beginning()
        if beginning is None:
            raise TruncatedError
        self._keep(beginning)
        self.most = max(self.most, offset + length)
        if length == 0:
            return None
        end = window.pace.end_of(window.data, length)
        self.at_end = self.at_end and end == length
        taken = splitter.take(window.data, end, self.position.inside, final=final and self.at_end)
        if taken.consumed == 0:
            return None
        self._remember(window, taken.consumed, beginning)
        start, self.position = self.sent, Position(offset + taken.consumed, taken.inside)
        self.sent = self.position.encode()
        return Piece(self, taken, start, self.sent, self.path)

    def _remember(self, window: Window, consumed: int, beginning: bytes) -> None:
        """Keep digests of the file's first bytes, and of the last ones before what comes next.

        Raises TruncatedError when what was just read is gone: a digest of what came in its place
        would know no copy of it.
        """
        offset = self.position.offset
        end = offset + consumed
        if consumed >= SAMPLE:
            tail = bytes(window.data[consumed - SAMPLE : consumed])
        else:
            length = min(SAMPLE, end)
            tail = os.pread(self.descriptor, length, end - length)
            if tail[-consumed:] != window.data[:consumed]:
                raise TruncatedError
        self.tail = digest(tail)
        if self.head_length < min(SAMPLE, end):
            source = beginning if offset else window.data
            self.head_length = min(SAMPLE, end)
            self.head = digest(bytes(source[: self.head_length]))
            self._keep(source)

    def _keep(self, block: bytes | bytearray) -> None:
        if self.is_copied and len(self.beginning) < self.head_length:
            self.beginning = bytes(block[: self.head_length])

    def rewind(self, stored: bytes) -> None:
        """Go back to a position that the journal has, after a put was not stored."""
        self.position = Position.decode(stored)
        self.sent = self.stored = stored
        if self.descriptor >= 0:
            self.tail = sample(self.descriptor, self.position.offset)
        self.at_end = self.failed = False

    def identity(self, seen: int) -> bytes:
        """Return the record that the journal keeps beside the position; `seen` in nanoseconds."""
        return Identity(
            os.fsencode(self.path), self.nature, self.head, self.head_length, self.tail,
            max(self.most, self.position.offset), seen,
        ).encode()  # fmt: skip

    def progress(self, source: str, seen: int, start: bytes, to: bytes) -> Progress:
        """Return the record of having come from `start` to `to`."""
        return Progress(source, self.key, start, to, self.identity(seen))

    def end(self, source: str) -> Progress:
        """Return the record that lets the journal forget the file."""
        return Progress(source, self.key, self.stored, self.stored, done=True)


def open_nature(path: str) -> tuple[int, os.stat_result, Nature]:
    """Open a file for reading; return handle, status and nature.

    A FIFO is not waited for. Raises OSError.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    status = os.fstat(descriptor)
    return descriptor, status, nature(descriptor, status)
