"""The newest segment: made, appended to and synced, group by group, and followed by the next."""

import errno
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from flumec.runtime.clock import Clock
from flumec.runtime.disk import Disk, DiskFile
from flumec.runtime.journal import snapshot
from flumec.runtime.journal.entries import FrameEntry, Kind, OpenEntry, record
from flumec.runtime.journal.group import Group
from flumec.runtime.journal.layout import PAGE, SECTOR, SegmentHeader, aligned, seed
from flumec.runtime.journal.segment import SegmentState
from flumec.runtime.journal.state import State
from flumec.runtime.journal.synced import mark
from flumec.runtime.journal.walk import segment_path
from flumec.runtime.journal_format import FORMAT, PLAIN

RESERVES = ("reserve-1", "reserve-2")
"""Files as long as small segments: the room in which a full disk can still be drained.

There are two, so that a segment made of one ends by the other: it holds no rows, so it is deleted
then, and what it took makes the first anew.
"""

GROUP_BYTES = 8 << 20
"""A group takes no more operations from here on."""

_RESERVE_SHARE = 8
_SPARE = 64 << 10
_ENOUGH = 1 << 20
"""What is written is taken out of the system's memory in pieces of at least this size."""


class DiskFull(Exception):  # noqa: N818 it is answered, not reported
    """No segment could be made."""


class Log:
    """Appends groups; one thread calls it. What is written behind unsynced groups says so."""

    def __init__(  # noqa: PLR0917 called in one place
        self, directory: Path, disk: Disk, clock: Clock, state: State, opened: OpenEntry, size: int,
        written: int,
        key: int,
    ) -> None:  # fmt: skip
        self.directory = directory
        self._disk = disk
        self._clock = clock
        self._state = state
        self._opened = opened
        self._size = size
        self._format = written
        self._key = key
        self._seed = seed(opened.epoch)
        self._file: DiskFile | None = None
        self._segment: SegmentState | None = None
        self._room = 0
        self._least_reserve = 0
        self._cached_from = 0
        self._next_group = 0
        self._first_unsynced = 0
        self._crc = 0
        self.reserved = False
        """Whether the segment is the reserve: for records without rows only."""

    @property
    def segment(self) -> SegmentState:
        """The segment that is appended to."""
        assert self._segment is not None
        return self._segment

    def leave_plain(self) -> bool:
        """Write new segments in the newest format from now on; say whether that is a change."""
        changed = self._format == PLAIN
        self._format = FORMAT
        return changed

    def fits(self, length: int) -> bool:
        """Say whether a group of `length` bytes has room in the segment."""
        return self._segment is not None and self._segment.written + length <= self._room

    @property
    def share(self) -> int:
        """The bytes that a group, and what is unsynced, should not exceed.

        A start on a full disk has the reserve to copy them into. A single put may be larger.
        """
        return min(GROUP_BYTES, max(self._size // _RESERVE_SHARE, _SPARE))

    @property
    def unsynced(self) -> int:
        """The bytes that were written since the last sync."""
        return 0 if self._segment is None else self._segment.written - self._segment.end

    def write(self, group: Group, first_row: int) -> None:
        """Write the group; a power cut may still take it.

        An OSError means that nothing is known about what is on disk: the caller must end.
        """
        assert self._file is not None
        if self._first_unsynced < self._next_group:
            group.mark = mark(self._first_unsynced)
        rows = first_row, self._state.next_row
        start = self.segment.written
        buffers, header = group.build(start, self._next_group, rows, self._crc, self._seed)
        self._file.write(buffers, start)
        self._next_group, self._crc = header.number + 1, header.crc
        self.segment.written = start + header.length

    def sync(self) -> int:
        """Sync what was written; return the byte after it, up to which may now be read.

        An OSError means that nothing is known about what is on disk: the caller must end.
        """
        assert self._file is not None
        self._file.sync()
        self._first_unsynced = self._next_group
        return self.segment.written

    def let_go(self, in_memory: bool) -> None:
        """Take what was written out of the system's memory, if its readers have it in theirs.

        Else every write would be into memory that was not touched for long, which costs a busy
        machine about as much as all other work of the journal.
        """
        assert self._file is not None
        end = self.segment.end - self.segment.end % PAGE
        if not in_memory:
            self._cached_from = end
        elif end - self._cached_from >= _ENOUGH:
            self._file.uncache(self._cached_from, end - self._cached_from)
            self._cached_from = end

    def roll(
        self,
        number: int,
        room: int,
        copied: Iterable[tuple[FrameEntry, memoryview]] = (),
        *,
        small: bool = False,
    ) -> None:
        """Go on in a new segment with room for `room` bytes more; raise DiskFull.

        Its first group has Open, the snapshot of the state as it is, and the frames that recovery
        took over. With `small`, the reserve is used or only as much as is needed. The older segment
        was synced before; it is cut to what it holds once the new one is durable. The caller enters
        `segment` in the state: readers may be looking through its segments.
        """
        assert not self.unsynced
        opening, first_row = self._opening(copied)
        needed = aligned(PAGE + opening.bound + room + SECTOR, PAGE)
        file, allocated = self._make(segment_path(self.directory, number), needed, small=small)
        page = SegmentHeader(
            self._state.journal, self._opened.epoch, number, first_row, self._next_group,
            self._clock.now_ns(), self._key, self._format,
        )  # fmt: skip
        file.write([page.encode()], 0)
        file.sync()
        self._disk.sync_directory(self.directory)
        old_file, old = self._file, self._segment
        # The last sector stays empty, so that a sealed segment, which is cut, can be told from one
        # that others have not followed: if those are gone, they are missed.
        self._file, self._room, self.reserved = file, allocated - SECTOR, small
        self._cached_from = 0
        self._segment = SegmentState(number, self._opened.epoch, first_row, PAGE, places={})
        for entry, _ in copied:
            self._segment.add(entry)
        self.write(opening, first_row)
        self._segment.end = self.sync()
        if old_file is not None and old is not None:
            old_file.truncate(old.end)
            old_file.close()

    def _opening(self, copied: Iterable[tuple[FrameEntry, memoryview]]) -> tuple[Group, int]:
        group, first_row = Group(), self._state.next_row
        group.add(self._opened.encode())
        group.add(snapshot.encode(self._state))
        least = aligned(PAGE + 2 * group.bound + self.share, PAGE)
        self._least_reserve = max(self._least_reserve, least)
        for entry, body in copied:
            first_row = min(first_row, entry.first)
            group.add_frame(entry, body)
        return group, first_row

    def _make(self, path: Path, needed: int, *, small: bool) -> tuple[DiskFile, int]:
        """Make the file with all its blocks, so that a full disk is met here and not in a sync."""
        if small:
            for name, size in self._reserves().items():
                if size >= needed:
                    with suppress(FileNotFoundError):  # the rewriter took it just now
                        self._disk.rename(self.directory / name, path)
                        return self._disk.open(path, "write"), size
        size = needed + _SPARE if small else max(aligned(self._size, PAGE), needed)
        return self._create(path, size), size

    def _create(self, path: Path, size: int) -> DiskFile:
        """Make a file of `size` bytes, or nothing; raise DiskFull.

        What has no room is not tried: until it fails it would take what is left from others, from
        our own sinks and from those who write the logs that are followed.
        """
        if self._disk.free(self.directory) < size:
            raise DiskFull
        try:
            file = self._disk.open(path, "create")
        except OSError as error:  # a name takes room too: in its directory, and an inode
            raise _full(error) from None
        try:
            file.allocate(size)
        except OSError as error:
            file.close()
            self._disk.unlink(path)
            raise _full(error) from None
        return file

    def _reserves(self) -> dict[str, int]:
        """Return the sizes of the reserves that are there; the rewriter may take one any time."""
        sizes = {}
        for name in RESERVES:
            with suppress(FileNotFoundError):
                sizes[name] = self._disk.stat(self.directory / name).st_size
        return sizes

    def keep_reserves(self) -> None:
        """Make the reserves that are not there, as far as the disk has room.

        One may be too small: the power went while it was made, or the snapshot has grown.
        """
        known = self._reserves()
        for name in RESERVES:
            missing = self._least_reserve - known.get(name, 0)
            if 0 < missing <= self._disk.free(self.directory):
                self._keep_reserve(self.directory / name)

    def _keep_reserve(self, path: Path) -> None:
        try:
            file = self._disk.open(path, "write")
            try:
                file.allocate(self._least_reserve)
                file.sync()
            finally:
                file.close()
        except OSError as error:
            if not isinstance(_full(error), DiskFull):
                raise
        self._disk.sync_directory(self.directory)

    def close(self, last_row: int) -> None:
        """Write the Close record, after which nothing may be missing, and close the file."""
        assert self._file is not None
        group = Group()
        group.add(record(Kind.CLOSE, last_row.to_bytes(8, "little")))
        if self.fits(group.bound):
            self.write(group, self._state.next_row)
            self.segment.end = self.sync()
            self._file.truncate(self.segment.end)
        self._file.close()

    def abandon(self) -> None:
        """Close the file without a word, after a failure; a disk that is gone fails this too."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()


def _full(error: OSError) -> Exception:
    """Return DiskFull if that is what the error says, else the error."""
    return DiskFull() if error.errno in (errno.ENOSPC, errno.EDQUOT) else error
