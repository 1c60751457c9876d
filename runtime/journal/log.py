"""The newest segment: made, appended to with one write and one sync, and followed by the next."""

import errno
from collections.abc import Iterable
from pathlib import Path

from flumec.runtime.clock import Clock
from flumec.runtime.disk import Disk, DiskFile
from flumec.runtime.journal import snapshot
from flumec.runtime.journal.entries import FrameEntry, Kind, OpenEntry, record
from flumec.runtime.journal.group import Group
from flumec.runtime.journal.layout import PAGE, SegmentHeader, seed
from flumec.runtime.journal.state import SegmentState, State
from flumec.runtime.journal.walk import segment_path

RESERVE = "reserve"
"""A file as long as a small segment: the room in which a full disk can still be drained."""

_RESERVE_SHARE = 8
_SPARE = 64 << 10


class DiskFull(Exception):  # noqa: N818 it is answered, not reported
    """No segment could be made."""


class Log:
    """Appends groups; one thread calls it. Nothing is written behind an unsynced group."""

    def __init__(  # noqa: PLR0917 called in one place
        self, directory: Path, disk: Disk, clock: Clock, state: State, opened: OpenEntry, size: int
    ) -> None:
        self.directory = directory
        self._disk = disk
        self._clock = clock
        self._state = state
        self._opened = opened
        self._size = size
        self._seed = seed(opened.epoch)
        self._file: DiskFile | None = None
        self._segment: SegmentState | None = None
        self._room = 0
        self._next_group = 0
        self._crc = 0
        self.reserved = False
        """Whether the segment is the reserve: for records without rows only."""

    @property
    def segment(self) -> SegmentState:
        """The segment that is appended to."""
        assert self._segment is not None
        return self._segment

    def fits(self, length: int) -> bool:
        """Say whether a group of `length` bytes has room in the segment."""
        return self._segment is not None and self._segment.end + length <= self._room

    def write(self, group: Group, first_row: int) -> int:
        """Write the group and sync it; return the byte after it, up to which may now be read.

        An OSError means that nothing is known about what is on disk: the caller must end.
        """
        assert self._file is not None
        start = self.segment.end
        buffers, header = group.build(
            start, self._next_group, (first_row, self._state.next_row), self._crc, self._seed
        )
        self._file.write(buffers, start)
        self._file.sync()
        self._next_group, self._crc = header.number + 1, header.crc
        return start + header.length

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
        is cut to what it holds once the new one is durable.
        """
        opening, first_row = self._opening(copied)
        needed = PAGE + opening.bound + room
        path = segment_path(self.directory, number)
        self.reserved = small
        file, allocated = self._make(path, needed, small=small)
        page = SegmentHeader(
            self._state.journal, self._opened.epoch, number, first_row, self._next_group,
            self._clock.now_ns(),
        )  # fmt: skip
        file.write([page.encode()], 0)
        file.sync()
        self._disk.sync_directory(self.directory)
        old_file, old = self._file, self._segment
        self._file, self._room = file, allocated
        self._segment = SegmentState(number, self._opened.epoch, first_row, PAGE)
        for entry, _ in copied:
            self._segment.channels.update(dict.fromkeys(entry.channels, entry.end))
        self._segment.end = self.write(opening, first_row)
        self._state.segments[number] = self._segment
        if old_file is not None and old is not None:
            old_file.truncate(old.end)
            old_file.close()

    def _opening(self, copied: Iterable[tuple[FrameEntry, memoryview]]) -> tuple[Group, int]:
        group, first_row = Group(), self._state.next_row
        group.add(self._opened.encode())
        group.add(snapshot.encode(self._state))
        for entry, body in copied:
            first_row = min(first_row, entry.first)
            group.add_frame(entry, body)
        return group, first_row

    def _make(self, path: Path, needed: int, *, small: bool) -> tuple[DiskFile, int]:
        """Make the file with all its blocks, so that a full disk is met here and not in a sync."""
        reserve = self.directory / RESERVE
        if small and self._has_reserve() and self._disk.stat(reserve).st_size >= needed:
            self._disk.rename(reserve, path)
            return self._disk.open(path, "write"), self._disk.stat(path).st_size
        size = needed + _SPARE if small else max(self._size, needed)
        file = self._disk.open(path, "create")
        try:
            file.allocate(size)
        except OSError as error:
            file.close()
            self._disk.unlink(path)
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise DiskFull from None
            raise
        return file, size

    def _has_reserve(self) -> bool:
        return RESERVE in self._disk.names(self.directory)

    def keep_reserve(self) -> bool:
        """Make the reserve if it is not there; False if the disk has no room for it."""
        path, size = self.directory / RESERVE, max(self._size // _RESERVE_SHARE, _SPARE)
        if self._has_reserve():
            if self._disk.stat(path).st_size == size:
                return True
            self._disk.unlink(path)  # the power went while it was made
        file = self._disk.open(path, "create")
        try:
            file.allocate(size)
            file.sync()
        except OSError as error:
            self._disk.unlink(path)
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                return False
            raise
        finally:
            file.close()
        self._disk.sync_directory(self.directory)
        return True

    def close(self, last_row: int) -> None:
        """Write the Close record, after which nothing may be missing, and close the file."""
        assert self._file is not None
        group = Group()
        group.add(record(Kind.CLOSE, last_row.to_bytes(8, "little")))
        if self.fits(group.bound):
            self.segment.end = self.write(group, self._state.next_row)
            self._file.truncate(self.segment.end)
        self._file.close()

    def abandon(self) -> None:
        """Close the file without a word, after a failure."""
        if self._file is not None:
            self._file.close()
