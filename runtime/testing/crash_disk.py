"""A disk in memory whose power can be cut, or which can fail, at any operation."""

import errno
import os
import stat
import threading
from collections.abc import Hashable, Sequence
from pathlib import Path

from flumec.runtime.disk import Bytes, DiskFile, Mode
from flumec.runtime.testing.names import GONE, Entry, Names
from flumec.runtime.testing.surviving import NOTHING, Change, Inode, Survival


class PowerCut(Exception):  # noqa: N818 it is what happens, not a mistake
    """The power went; every later operation on the disk raises it as well."""


class CrashDisk:
    """Counts the operations that change it, and cuts the power before the `cut_at`-th (from 1).

    Only what was synced is certain to survive; of the rest `reboot` keeps what a Survival says.
    Files need `sync`, and the names of files and directories `sync_directory`. `fail_at` has one
    operation raise OSError EIO instead, after which the disk goes on as if nothing had happened, as
    Linux does; `rotten` files can't be read (EIO). `room` bounds the bytes that files take
    (ENOSPC). Threads may share it; reads are not counted.
    """

    def __init__(
        self, cut_at: int | None = None, *, fail_at: int | None = None, room: int | None = None
    ) -> None:
        self.cut_at = cut_at
        self.fail_at = fail_at
        self.room = room
        self.operations = 0
        self.log: list[str] = []
        """What each operation was, so that a test can find the one it wants to cut at."""
        self.dead = False
        self.rotten: set[Path] = set()
        self.lock = threading.RLock()
        self._inodes = 0
        self._names = Names()

    def reboot(self, survival: Survival = NOTHING, *, cut_at: int | None = None) -> "CrashDisk":
        """Cut the power now, if it is not, and return the disk that comes back."""
        with self.lock:
            self.dead = True
            return self._with(self._names.after_cut(survival), cut_at)

    def kill(self, *, cut_at: int | None = None) -> "CrashDisk":
        """End the process but not the machine: what was written is there, and no safer than before.

        A power cut may still take what the killed process did not sync.
        """
        with self.lock:
            self.dead = True
            return self._with(self._names.after_kill(), cut_at)

    def _with(self, names: Names, cut_at: int | None) -> "CrashDisk":
        disk = CrashDisk(cut_at, room=self.room)
        disk._names, disk._inodes = names, self._inodes
        return disk

    def content(self, path: Path) -> bytes:
        """Return what a reader sees of a file, without an operation."""
        return bytes(self._file(path).seen)

    def files(self) -> list[str]:
        """Return the paths of all files that a reader sees, without an operation."""
        return [path for path, inode in self._names.seen.items() if inode is not None]

    def picture(self) -> Hashable:
        """Return what a reader sees of all files, to tell whether two disks are the same."""
        return frozenset(
            (path, None if inode is None else (inode.number, bytes(inode.seen)))
            for path, inode in self._names.seen.items()
        )

    def corrupt(self, path: Path, offset: int, mask: int = 0xFF) -> None:
        """Flip bits of a byte, on the disk and for readers."""
        inode = self._file(path)
        inode.sync()
        inode.durable[offset] ^= mask
        inode.seen[offset] ^= mask

    def allocated(self) -> int:
        """Return the bytes that all files take."""
        return sum(inode.allocated for inode in self._names.seen.values() if inode is not None)

    def open(self, path: Path, mode: Mode = "read") -> DiskFile:
        """Open a file; raise FileNotFoundError or FileExistsError."""
        with self.lock:
            self.alive()
            exists = self._names.seen.get(str(path)) is not None
            if mode == "create" and exists:
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
            if mode == "read" or exists:
                return CrashFile(self, path, self._file(path))
            self._directory(path.parent)
            self.count(f"create {path.name}")
            self._inodes += 1
            inode = Inode(self._inodes)
            self._names.change(str(path.parent), [(str(path), inode)])
            return CrashFile(self, path, inode)

    def rename(self, old: Path, new: Path) -> None:
        """Give a file or directory another name, atomically.

        A file that had it is replaced, and an empty directory by another one.
        """
        with self.lock:
            if self._names.seen.get(str(old), GONE) is not None:
                self._file(old)
            self._directory(new.parent)
            if any(path.startswith(f"{new}/") for path in self._names.seen):
                raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY), str(new))
            self.count(f"rename {old.name} {new.name}")
            seen, before, after = self._names.seen, str(old), str(new)
            moved = [path for path in seen if path == before or path.startswith(f"{before}/")]
            arrived = [(after + path.removeprefix(before), seen[path]) for path in moved]
            entries: list[Entry] = [*((path, GONE) for path in moved), *arrived]
            self._names.change(str(new.parent), entries)

    def unlink(self, path: Path) -> None:
        """Remove a file's name; raise FileNotFoundError."""
        with self.lock:
            self._file(path)
            self.count(f"unlink {path.name}")
            self._names.change(str(path.parent), [(str(path), GONE)])

    def make_directory(self, path: Path) -> None:
        """Make a directory and its parents, durably; one that exists is fine."""
        with self.lock:
            self.alive()
            for directory in (*reversed(path.parents), path):
                if str(directory) not in self._names.seen:
                    self.count(f"mkdir {directory.name}")
                    self._names.change(str(directory.parent), [(str(directory), None)])
                    self.sync_directory(directory.parent)

    def remove_directory(self, path: Path) -> None:
        """Remove an empty directory."""
        with self.lock:
            if self.names(path):
                raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY), str(path))
            self.count(f"rmdir {path.name}")
            self._names.change(str(path.parent), [(str(path), GONE)])

    def names(self, path: Path) -> list[str]:
        """Return the names in a directory, sorted; raise FileNotFoundError."""
        with self.lock:
            self.alive()
            self._directory(path)
            within = str(path).rstrip("/") + "/"
            inside = (known.removeprefix(within) for known in self._names.seen
                      if known.startswith(within))  # fmt: skip
            return sorted(name for name in inside if name and "/" not in name)

    def stat(self, path: Path) -> os.stat_result:
        """Return kind, inode and size; raise FileNotFoundError."""
        with self.lock:
            self.alive()
            if self._names.seen.get(str(path), GONE) is None:
                return os.stat_result((stat.S_IFDIR | 0o750, 0, 0, 1, 0, 0, 0, 0, 0, 0))
            return status(self._file(path))

    def sync_directory(self, path: Path) -> None:
        """Make the directory's entries durable."""
        with self.lock:
            self.count(f"sync {path.name}/")
            self._names.sync(str(path))

    def free(self, path: Path) -> int:
        """Return the bytes that files may still take."""
        self._directory(path)
        return (1 << 40) if self.room is None else self.room - self.allocated()

    def alive(self) -> None:
        """Raise PowerCut if the power is off."""
        if self.dead:
            raise PowerCut(f"the power was cut at operation {self.cut_at}")

    def count(self, what: str) -> None:
        """Count an operation; cut the power or fail if it is its turn."""
        self.alive()
        self.operations += 1
        self.log.append(what)
        if self.operations == self.cut_at:
            self.dead = True
            self.alive()
        if self.operations == self.fail_at:
            raise OSError(errno.EIO, os.strerror(errno.EIO), what)

    def require(self, length: int) -> None:
        """Raise OSError ENOSPC unless files may take `length` bytes more."""
        if self.room is not None and self.allocated() + length > self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _file(self, path: Path) -> Inode:
        inode = self._names.seen.get(str(path))
        if inode is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
        return inode

    def _directory(self, path: Path) -> None:
        if self._names.seen.get(str(path), GONE) is not None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))


class CrashFile:
    """An open file of a CrashDisk."""

    def __init__(self, disk: CrashDisk, path: Path, inode: Inode) -> None:
        self._disk = disk
        self._path = path
        self._inode = inode
        self._holds_lock = False

    def read(self, length: int, offset: int) -> bytes:
        """Return at most `length` bytes from `offset`; fewer only at the file's end."""
        with self._disk.lock:
            self._disk.alive()
            if self._path in self._disk.rotten:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return bytes(self._inode.seen[offset : offset + length])

    def read_into(self, buffer: bytearray | memoryview, offset: int) -> int:
        """Fill `buffer` from `offset`; return how many bytes there were."""
        view = memoryview(buffer).cast("B")
        data = self.read(len(view), offset)
        view[: len(data)] = data
        return len(data)

    def write(self, buffers: Sequence[Bytes], offset: int) -> None:
        """Write the buffers one after the other from `offset`."""
        data = b"".join(buffers)
        change = Change("write", offset, len(data), data)
        with self._disk.lock:
            self._disk.alive()
            self._disk.require(max(0, offset + len(data) - len(self._inode.seen)))
            cut = self._disk.operations + 1 == self._disk.cut_at
            if cut and data:  # nothing makes no file longer
                self._inode.cut = change
            self._disk.count(f"write {self._path.name}")
            if data:
                self._inode.change(change)

    def sync(self) -> None:
        """Make the content durable."""
        with self._disk.lock:
            self._disk.count(f"sync {self._path.name}")
            self._inode.sync()

    def allocate(self, size: int) -> None:
        """Make the file `size` bytes long, the new ones zero; raise OSError ENOSPC."""
        with self._disk.lock:
            self._disk.require(max(0, size - len(self._inode.seen)))
            self._disk.count(f"allocate {self._path.name}")
            self._inode.change(Change("allocate", 0, size))

    def truncate(self, size: int) -> None:
        """Cut the file, or extend it."""
        with self._disk.lock:
            self._disk.count(f"truncate {self._path.name}")
            self._inode.change(Change("truncate", 0, size))

    def uncache(self, offset: int, length: int) -> None:
        """Do nothing: a hint changes neither what is read nor what a power cut leaves."""

    def stat(self) -> os.stat_result:
        """Return kind, inode and size."""
        return status(self._inode)

    def lock(self) -> bool:
        """Lock the file until `close`; False when another handle holds it."""
        with self._disk.lock:
            if self._inode.locked:
                return False
            self._inode.locked = self._holds_lock = True
            return True

    def close(self) -> None:
        """Close; unsynced content may still be lost."""
        with self._disk.lock:
            if self._holds_lock:
                self._inode.locked = self._holds_lock = False


def status(inode: Inode) -> os.stat_result:
    """Return a regular file's kind, inode and size."""
    size = len(inode.seen)
    return os.stat_result((stat.S_IFREG | 0o640, inode.number, 1, 1, 0, 0, size, 0, 0, 0))
