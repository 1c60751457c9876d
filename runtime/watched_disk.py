"""The disk as a component gets it: while it is slow, the component is not taken for hanging."""

import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from flumec.runtime.disk import Bytes, Disk, DiskFile, Mode

Waiting = Callable[[], AbstractContextManager[None]]
"""Around whatever may take as long as a disk that writes back gigabytes."""


class WatchedDisk:
    """A disk, each of whose calls tells the watchdog that it is the disk that is waited for."""

    def __init__(self, disk: Disk, waiting: Waiting) -> None:
        self._disk = disk
        self._waiting = waiting

    def open(self, path: Path, mode: Mode = "read") -> DiskFile:
        """Open a file; raise FileNotFoundError or FileExistsError."""
        with self._waiting():
            return WatchedFile(self._disk.open(path, mode), self._waiting)

    def rename(self, old: Path, new: Path) -> None:
        """Give a file another name, atomically; one that had it is replaced."""
        with self._waiting():
            self._disk.rename(old, new)

    def unlink(self, path: Path) -> None:
        """Remove a file's name; raise FileNotFoundError."""
        with self._waiting():
            self._disk.unlink(path)

    def make_directory(self, path: Path) -> None:
        """Make a directory and its parents, durably; one that exists is fine."""
        with self._waiting():
            self._disk.make_directory(path)

    def remove_directory(self, path: Path) -> None:
        """Remove an empty directory."""
        with self._waiting():
            self._disk.remove_directory(path)

    def names(self, path: Path) -> list[str]:
        """Return the names in a directory, sorted; raise FileNotFoundError."""
        with self._waiting():
            return self._disk.names(path)

    def stat(self, path: Path) -> os.stat_result:
        """Return size, inode and times; raise FileNotFoundError."""
        with self._waiting():
            return self._disk.stat(path)

    def sync_directory(self, path: Path) -> None:
        """Make the directory's entries durable."""
        with self._waiting():
            self._disk.sync_directory(path)

    def free(self, path: Path) -> int:
        """Return the bytes that may still be allocated on the directory's file system."""
        with self._waiting():
            return self._disk.free(path)


class WatchedFile:
    """A file of a `WatchedDisk`."""

    def __init__(self, file: DiskFile, waiting: Waiting) -> None:
        self._file = file
        self._waiting = waiting
        self.stat = file.stat
        self.lock = file.lock
        self.close = file.close

    def read(self, length: int, offset: int) -> bytes:
        """Return at most `length` bytes from `offset`; fewer only at the file's end."""
        with self._waiting():
            return self._file.read(length, offset)

    def read_into(self, buffer: bytearray | memoryview, offset: int) -> int:
        """Fill `buffer` from `offset`; return how many bytes there were."""
        with self._waiting():
            return self._file.read_into(buffer, offset)

    def write(self, buffers: Sequence[Bytes], offset: int) -> None:
        """Write the buffers one after the other from `offset`, all of them or raise OSError."""
        with self._waiting():
            self._file.write(buffers, offset)

    def sync(self) -> None:
        """Make the content and size durable. After an error, what is on disk is unknown."""
        with self._waiting():
            self._file.sync()

    def allocate(self, size: int) -> None:
        """Make the file `size` bytes long, the new ones zero and theirs; raise OSError ENOSPC."""
        with self._waiting():
            self._file.allocate(size)

    def truncate(self, size: int) -> None:
        """Cut the file, or extend it with a hole."""
        with self._waiting():
            self._file.truncate(size)

    def uncache(self, offset: int, length: int) -> None:
        """Let the system's memory go of the range, or begin to bring to disk what is not there."""
        with self._waiting():
            self._file.uncache(offset, length)
