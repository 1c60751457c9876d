"""Files that wait on the local disk until a remote place takes them, whole and in one go.

    <state>/stage/<sink>/<epoch>-7

They are disposable: their rows are in the journal until they are published. So they are never
synced, and those that an earlier start left are removed. While they wait, their place may be away
for days.
"""

import errno
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from flumec.runtime.disk import Bytes, Disk, DiskFile

_OURS = re.compile(r"[0-9a-f]{32}-[0-9]+")
_BLOCK = 1 << 20


class Staged:
    """A file on the local disk that nobody but its sink reads."""

    def __init__(self, disk: Disk, path: Path) -> None:
        self.path = path
        self.size = 0
        self._disk = disk
        self._file: DiskFile = disk.open(path, "create")

    def write(self, buffers: Sequence[Bytes]) -> None:
        """Append; the place is remembered, so a repeated call overwrites what half went through."""
        try:
            self._file.write(buffers, self.size)
        except OSError as error:
            raise self._named(error) from None
        self.size += sum(len(buffer) for buffer in buffers)

    def blocks(self) -> Iterator[bytes]:
        """Yield the content from the beginning; raise OSError where the disk has lost some."""
        place = 0
        while place < self.size:
            try:
                block = self._file.read(min(_BLOCK, self.size - place), place)
            except OSError as error:
                raise self._named(error) from None
            if not block:
                raise OSError(errno.EIO, "is shorter than what was written", str(self.path))
            place += len(block)
            yield block

    def remove(self) -> None:
        """Close and unlink."""
        self._file.close()
        self._disk.unlink(self.path)

    def _named(self, error: OSError) -> OSError:
        """Give an error the file's name, as those of an open file have none: which disk is full?"""
        return OSError(error.errno, error.strerror, str(self.path))


class Stage:
    """The folder of one sink's staged files."""

    def __init__(self, state: Path, sink: str, epoch: bytes, disk: Disk) -> None:
        self._folder = state / "stage" / sink
        self._epoch = epoch.hex()
        self._disk = disk
        self._count = 0

    def clear(self) -> None:
        """Remove what an earlier start left, and nothing else."""
        self._disk.make_directory(self._folder)
        for name in self._disk.names(self._folder):
            if _OURS.fullmatch(name) and not name.startswith(self._epoch):
                self._disk.unlink(self._folder / name)

    def begin(self) -> Staged:
        """Begin the next file; its name is used once."""
        self._count += 1
        return Staged(self._disk, self._folder / f"{self._epoch}-{self._count}")
