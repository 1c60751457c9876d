"""A directory on a local file system as a place to publish files in.

    <directory>/.flumec/<sink>/<epoch>.<host>/<epoch>-7     hidden
    <directory>/<bucket>/<final name>                       published

An epoch is one start of the agent. A start renames the sink's folder to its own name, so that a
process that is still alive somewhere finds its hidden files gone, and stops: see `holding`.
"""

import errno
import stat
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from flumec.runtime.disk import Bytes, Disk, DiskFile
from flumec.runtime.output.holding import Claim, Holder, Holding
from flumec.runtime.output.local_tree import LocalTree
from flumec.runtime.output.template import OURS

_MOST_REMEMBERED = 10_000
_WINDOW = 8 << 20
_WINDOWS = 4


class LocalHidden:
    """A hidden file on a local disk."""

    def __init__(self, disk: Disk, path: Path, file: DiskFile) -> None:
        self.name = str(path)
        self._disk = disk
        self._path = path
        self._file = file
        self._size = 0
        self._let_go = 0

    def write(self, buffers: Sequence[Bytes]) -> None:
        """Append; the place is remembered, so a repeated call overwrites what half went through."""
        with self._named():
            self._file.write(buffers, self._size)
        self._size += sum(len(buffer) for buffer in buffers)
        if self._size - self._let_go >= _WINDOW:
            self._begin_to_store()

    def _begin_to_store(self) -> None:
        """Have the newest window brought to disk, and let the memory go of those that are there.

        So the sync at the end finds little to do, and a large file never fills the memory with what
        nobody will read soon.
        """
        start = max(0, self._size - _WINDOW * _WINDOWS)
        self._file.uncache(start, self._size - start)
        self._let_go = self._size

    def finish(self) -> None:
        """Sync and close."""
        with self._named():
            self._file.sync()
            if self._let_go:
                self._file.uncache(0, self._size)
            self._file.close()

    def discard(self) -> None:
        """Close and remove."""
        self._file.close()
        self._disk.unlink(self._path)

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Give an error the file's name, as those of an open file have none: which disk is full?"""
        try:
            yield
        except OSError as error:
            raise OSError(error.errno, error.strerror, self.name) from error


class LocalStore:
    """The directory of one sink, in one start of its agent."""

    def __init__(self, directory: Path, sink: str, epoch: bytes, disk: Disk, *, host: str) -> None:
        self._directory = directory
        self._epoch = epoch.hex()
        self._disk = disk
        ours, here = str(directory / OURS), Holder.here(epoch, host)
        self._holding = Holding(LocalTree(disk), ours, sink, here)
        self._folder = Path(self._holding.path)
        self._count = 0
        self._durable: set[Path] = set()
        self._published: set[str] = set()

    def take_over(self, claim: Claim, *, witness: bool) -> Mapping[str, str]:
        """Take the sink's folder; return where each hidden file of an older start is now.

        Before anything that makes it durable which files have left the folder, it is made durable
        where they came to: else a power cut could keep that half of a rename which says that a file
        is published, and not the file.
        """
        self.confirm(claim.finals)
        self._holding.take(claim, witness=witness)
        # Who made what we found may have been killed before it could sync it.
        for level in (self._folder, *self._folder.parents):
            if level == self._directory.parent:
                with suppress(PermissionError):  # one that only its owner may list is not ours
                    self._disk.sync_directory(level)
                break
            self._disk.sync_directory(level)
        return self._flattened()

    def _flattened(self) -> dict[str, str]:
        """Return what is hidden; older runtimes have left folders in folders."""
        names = self._disk.names(self._folder)
        folders = [name for name in names if self._is_folder(name)]
        found = {name: str(self._folder / name) for name in names if name not in folders}
        while folders:
            folder = folders.pop()
            for name in self._disk.names(self._folder / folder):
                inner = self._folder / folder / name
                if self._is_folder(f"{folder}/{name}"):
                    self._disk.rename(inner, self._folder / name)
                    folders.append(name)
                else:
                    found[name] = str(inner)
        return found

    def create(self) -> LocalHidden:
        """Begin the next hidden file."""
        self._count += 1
        path = self._folder / f"{self._epoch}-{self._count}"
        try:
            return LocalHidden(self._disk, path, self._disk.open(path, "create"))
        except FileNotFoundError:
            raise self._holding.gone() from None

    def secure(self) -> None:
        """Sync the hidden folder: a hidden name that a power cut takes would count as published."""
        try:
            self._disk.sync_directory(self._folder)
        except FileNotFoundError:
            raise self._holding.gone() from None

    def mark(self, intents: int) -> None:
        """Show how many intents are made."""
        self._holding.mark(intents)

    def publish(self, files: Sequence[tuple[str, str]]) -> None:
        """Rename each file, then sync the directories that they came to."""
        for hidden, final in files:
            if hidden not in self._published:
                self._rename(Path(hidden), self._directory / final)
                self._published.add(hidden)
        for folder in sorted({(self._directory / final).parent for _, final in files}):
            self._disk.sync_directory(folder)
        self._published.difference_update(hidden for hidden, _ in files)

    def is_hidden(self, hidden: str) -> bool:
        """Whether a file was not published."""
        if hidden not in self._published and not self._exists(Path(hidden)):
            raise self._holding.gone()
        return hidden not in self._published

    def confirm(self, finals: Sequence[str]) -> None:
        """Sync the directories that files were renamed into."""
        for folder in {(self._directory / final).parent for final in finals}:
            if self._exists(folder):
                self._make(folder)
                self._disk.sync_directory(folder)

    def remove(self, hidden: Collection[str]) -> None:
        """Unlink the files, and remove the folders of older starts, which are empty then."""
        for path in hidden:
            self._disk.unlink(Path(path))
        for name in self._disk.names(self._folder):
            if name == self._holding.marker or not self._is_folder(name):
                continue
            if not self._disk.names(self._folder / name):
                self._disk.remove_directory(self._folder / name)

    def _rename(self, hidden: Path, final: Path) -> None:
        """Publish one file; a name that is taken by another file is never overwritten."""
        if not self._exists(hidden):
            raise self._holding.gone()
        self._make(final.parent)
        if self._exists(final):
            if self._disk.stat(final).st_size != self._disk.stat(hidden).st_size:
                reason = "exists, and is not ours: move it away"
                raise FileExistsError(errno.EEXIST, reason, str(final))
            self._disk.unlink(hidden)
            return
        try:
            self._disk.rename(hidden, final)
        except FileNotFoundError:
            if not self._exists(hidden):
                raise self._holding.gone() from None
            self._durable.clear()
            raise

    def _make(self, folder: Path) -> None:
        """Make a directory that survives a power cut, with its parents; once each in a start.

        One that exists is synced too: who made it may have been killed before it could do so.
        """
        if folder in self._durable:
            return
        if len(self._durable) >= _MOST_REMEMBERED:
            self._durable.clear()
        self._disk.make_directory(folder)
        if self._directory not in self._durable:
            with suppress(PermissionError):  # one that only its owner may list is not ours to sync
                self._disk.sync_directory(self._directory.parent)
            self._durable.add(self._directory)
        below = [level for level in (folder, *folder.parents) if self._directory in level.parents]
        for level in reversed(below):
            if level not in self._durable:
                self._disk.sync_directory(level.parent)
                self._durable.add(level)

    def _exists(self, path: Path) -> bool:
        try:
            self._disk.stat(path)
        except FileNotFoundError:
            return False
        return True

    def _is_folder(self, name: str) -> bool:
        return stat.S_ISDIR(self._disk.stat(self._folder / name).st_mode)
