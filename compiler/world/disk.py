"""A machine's disk as one process has it: it does nothing more once that is dead."""

import errno
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from flumec.compiler.world.fibres import Killed, Owner
from flumec.runtime.disk import Bytes, Disk, DiskFile, Mode
from flumec.runtime.testing import PowerCut


class Outages:
    """Until when which directories cannot be reached, in the world's seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._until: dict[str, float] = {}

    def begin(self, directory: Path, seconds: float) -> None:
        """Let a directory be out of reach for so long."""
        self._until[str(directory)] = self._now() + seconds

    def end(self, directory: Path) -> None:
        """Let it be within reach again."""
        self._until.pop(str(directory), None)

    def check(self, path: Path) -> None:
        """Raise OSError for what is out of reach."""
        for directory, until in self._until.items():
            if self._now() < until and f"{path}/".startswith(f"{directory}/"):
                raise OSError(errno.EHOSTDOWN, os.strerror(errno.EHOSTDOWN), str(path))


class ProcessDisk:
    """Passes on to the machine's disk what a living process asks for.

    `step` is called before each operation that changes something, and told whether it gives a file
    its name: it may kill the process.
    """

    def __init__(
        self, disk: Callable[[Path], Disk], owner: Owner, outages: Outages,
        step: Callable[[Path, bool], None],
    ) -> None:  # fmt: skip
        self._disk = disk
        self._owner = owner
        self._outages = outages
        self._step = step
        self._open: list[DiskFile] = []

    def close_all(self) -> None:
        """Close what the dead process had open, and so let go of its locks."""
        for file in self._open:
            with suppress(PowerCut):
                file.close()

    def reach(self, path: Path) -> Disk:
        """Return the disk that a path is on, for reading."""
        if self._owner.dead:
            raise Killed(self._owner.name)
        self._outages.check(path)
        return self._disk(path)

    def change(self, path: Path, *, names: bool = False) -> Disk:
        """Return the disk that a path is on, for a change."""
        self.reach(path)
        self._step(path, names)
        return self.reach(path)

    def open(self, path: Path, mode: Mode = "read") -> DiskFile:
        """Open a file; raise FileNotFoundError or FileExistsError."""
        file = (self.reach if mode == "read" else self.change)(path).open(path, mode)
        self._open.append(file)
        return ProcessFile(self, path, file)

    def rename(self, old: Path, new: Path) -> None:
        """Give a file another name, atomically; one that had it is replaced."""
        self.change(new, names=True).rename(old, new)

    def unlink(self, path: Path) -> None:
        """Remove a file's name; raise FileNotFoundError."""
        self.change(path).unlink(path)

    def make_directory(self, path: Path) -> None:
        """Make a directory and its parents, durably; one that exists is fine."""
        self.change(path).make_directory(path)

    def remove_directory(self, path: Path) -> None:
        """Remove an empty directory."""
        self.change(path).remove_directory(path)

    def names(self, path: Path) -> list[str]:
        """Return the names in a directory, sorted; raise FileNotFoundError."""
        return self.reach(path).names(path)

    def stat(self, path: Path) -> os.stat_result:
        """Return kind, inode and size; raise FileNotFoundError."""
        return self.reach(path).stat(path)

    def sync_directory(self, path: Path) -> None:
        """Make the directory's entries durable."""
        self.change(path).sync_directory(path)

    def free(self, path: Path) -> int:
        """Return the bytes that may still be allocated."""
        return self.reach(path).free(path)


class ProcessFile:
    """An open file of a process."""

    def __init__(self, disk: ProcessDisk, path: Path, file: DiskFile) -> None:
        self._disk, self._path, self._file = disk, path, file

    def read(self, length: int, offset: int) -> bytes:
        """Return at most `length` bytes from `offset`; fewer only at the file's end."""
        self._disk.reach(self._path)
        return self._file.read(length, offset)

    def read_into(self, buffer: bytearray | memoryview, offset: int) -> int:
        """Fill `buffer` from `offset`; return how many bytes there were."""
        self._disk.reach(self._path)
        return self._file.read_into(buffer, offset)

    def write(self, buffers: Sequence[Bytes], offset: int) -> None:
        """Write the buffers one after the other from `offset`."""
        self._disk.change(self._path)
        self._file.write(buffers, offset)

    def sync(self) -> None:
        """Make the content durable."""
        self._disk.change(self._path)
        self._file.sync()

    def allocate(self, size: int) -> None:
        """Make the file `size` bytes long."""
        self._disk.change(self._path)
        self._file.allocate(size)

    def truncate(self, size: int) -> None:
        """Cut the file, or extend it."""
        self._disk.change(self._path)
        self._file.truncate(size)

    def uncache(self, offset: int, length: int) -> None:
        """Do nothing: a hint."""

    def stat(self) -> os.stat_result:
        """Return kind, inode and size."""
        return self._file.stat()

    def lock(self) -> bool:
        """Lock the file until `close`; False when another handle holds it."""
        return self._file.lock()

    def close(self) -> None:
        """Close; unsynced content may still be lost."""
        self._file.close()
