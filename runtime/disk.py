"""The one door to the disk: few verbs, so that a double can cut the power at each of them."""

import errno
import fcntl
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Protocol

__all__ = ["Bytes", "Disk", "DiskFile", "Mode", "RealDisk"]

Bytes = bytes | bytearray | memoryview
"""Anything with the buffer protocol; Arrow buffers are handed over as `memoryview(buffer)`."""

Mode = Literal["read", "write", "create"]
"""`read` an existing file; `write` one that may exist (reads too); `create` one that must not."""

_MOST_BUFFERS = 1024


class DiskFile(Protocol):
    """An open file. Offsets and lengths are bytes; what was written is safe after `sync`."""

    def read(self, length: int, offset: int) -> bytes:
        """Return at most `length` bytes from `offset`; fewer only at the file's end."""

    def read_into(self, buffer: bytearray | memoryview, offset: int) -> int:
        """Fill `buffer` from `offset`; return how many bytes there were."""

    def write(self, buffers: Sequence[Bytes], offset: int) -> None:
        """Write the buffers one after the other from `offset`, all of them or raise OSError."""

    def sync(self) -> None:
        """Make the content and size durable. After an error, what is on disk is unknown."""

    def allocate(self, size: int) -> None:
        """Make the file `size` bytes long, the new ones zero and theirs; raise OSError ENOSPC."""

    def truncate(self, size: int) -> None:
        """Cut the file, or extend it with a hole."""

    def uncache(self, offset: int, length: int) -> None:
        """Let the system's memory go of the range, or begin to bring to disk what is not there.

        A hint: nothing that is read changes. What is written next finds memory that is warm, and
        files that others read stay where they are.
        """

    def stat(self) -> os.stat_result:
        """Return size, inode and times."""

    def lock(self) -> bool:
        """Lock the file for this process until `close`; False when another holds it."""

    def close(self) -> None:
        """Close; unsynced content may still be lost."""


class Disk(Protocol):
    """Files and directories. Creating, renaming and unlinking is durable after `sync_directory`."""

    def open(self, path: Path, mode: Mode = "read") -> DiskFile:
        """Open a file; raise FileNotFoundError or FileExistsError."""

    def rename(self, old: Path, new: Path) -> None:
        """Give a file another name, atomically; one that had it is replaced."""

    def unlink(self, path: Path) -> None:
        """Remove a file's name; raise FileNotFoundError."""

    def make_directory(self, path: Path) -> None:
        """Make a directory and its parents, durably; one that exists is fine."""

    def remove_directory(self, path: Path) -> None:
        """Remove an empty directory."""

    def names(self, path: Path) -> list[str]:
        """Return the names in a directory, sorted; raise FileNotFoundError."""

    def stat(self, path: Path) -> os.stat_result:
        """Return size, inode and times; raise FileNotFoundError."""

    def sync_directory(self, path: Path) -> None:
        """Make the directory's entries durable."""

    def free(self, path: Path) -> int:
        """Return the bytes that may still be allocated on the directory's file system."""


class RealFile:
    """A file of the operating system."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def read(self, length: int, offset: int) -> bytes:
        """Return at most `length` bytes from `offset`; fewer only at the file's end."""
        data = os.pread(self._descriptor, length, offset)
        while 0 < len(data) < length:
            more = os.pread(self._descriptor, length - len(data), offset + len(data))
            if not more:
                break
            data += more
        return data

    def read_into(self, buffer: bytearray | memoryview, offset: int) -> int:
        """Fill `buffer` from `offset`; return how many bytes there were."""
        view, done = memoryview(buffer).cast("B"), 0
        while done < len(view):
            count = os.preadv(self._descriptor, [view[done:]], offset + done)
            if count == 0:
                break
            done += count
        return done

    def write(self, buffers: Sequence[Bytes], offset: int) -> None:
        """Write the buffers one after the other from `offset`, all of them or raise OSError."""
        rest = [memoryview(b).cast("B") for b in buffers if len(b)]
        while rest:
            count = os.pwritev(self._descriptor, rest[:_MOST_BUFFERS], offset)
            offset += count
            while rest and count >= len(rest[0]):
                count -= len(rest.pop(0))
            if count:
                rest[0] = rest[0][count:]

    def sync(self) -> None:
        """Make the content and size durable. After an error, what is on disk is unknown."""
        os.fdatasync(self._descriptor)

    def allocate(self, size: int) -> None:
        """Make the file `size` bytes long, the new ones zero and theirs; raise OSError ENOSPC."""
        os.posix_fallocate(self._descriptor, 0, size)

    def truncate(self, size: int) -> None:
        """Cut the file, or extend it with a hole."""
        os.ftruncate(self._descriptor, size)

    def uncache(self, offset: int, length: int) -> None:
        """Let the system's memory go of the range, or begin to bring to disk what is not there."""
        os.posix_fadvise(self._descriptor, offset, length, os.POSIX_FADV_DONTNEED)

    def stat(self) -> os.stat_result:
        """Return size, inode and times."""
        return os.fstat(self._descriptor)

    def lock(self) -> bool:
        """Lock the file for this process until `close`; False when another holds it."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        """Close; unsynced content may still be lost."""
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)


class RealDisk:
    """The operating system's file systems."""

    def open(self, path: Path, mode: Mode = "read") -> DiskFile:
        """Open a file; raise FileNotFoundError or FileExistsError."""
        flags = {
            "read": os.O_RDONLY,
            "write": os.O_RDWR | os.O_CREAT,
            "create": os.O_RDWR | os.O_CREAT | os.O_EXCL,
        }[mode]
        return RealFile(os.open(path, flags | os.O_CLOEXEC, 0o640))

    def rename(self, old: Path, new: Path) -> None:
        """Give a file another name, atomically; one that had it is replaced."""
        os.rename(old, new)  # noqa: PTH104 the verb of the system call, not of pathlib

    def unlink(self, path: Path) -> None:
        """Remove a file's name; raise FileNotFoundError."""
        path.unlink()

    def make_directory(self, path: Path) -> None:
        """Make a directory and its parents, durably; one that exists is fine."""
        missing = [known for known in (path, *path.parents) if not known.is_dir()]
        for directory in reversed(missing):
            try:
                directory.mkdir(mode=0o750, exist_ok=True)
            except FileExistsError:
                number = errno.ENOTDIR
                raise NotADirectoryError(number, os.strerror(number), str(directory)) from None
            self.sync_directory(directory.parent)

    def remove_directory(self, path: Path) -> None:
        """Remove an empty directory."""
        path.rmdir()

    def names(self, path: Path) -> list[str]:
        """Return the names in a directory, sorted; raise FileNotFoundError."""
        return sorted(os.listdir(path))  # noqa: PTH208 names are wanted, not paths

    def stat(self, path: Path) -> os.stat_result:
        """Return size, inode and times; raise FileNotFoundError."""
        return path.stat()

    def sync_directory(self, path: Path) -> None:
        """Make the directory's entries durable."""
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def free(self, path: Path) -> int:
        """Return the bytes that may still be allocated on the directory's file system."""
        found = os.statvfs(path)
        return found.f_bavail * found.f_frsize
