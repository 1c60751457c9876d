"""Finding files: names appear, change hands or vanish, and the registry is to know."""

import logging
import os
import stat
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from flumec.runtime.messages.tail import NoRegularFile
from flumec.runtime.tail.file import Followed, open_nature
from flumec.runtime.tail.identity import Nature
from flumec.runtime.tail.order import oldest_first
from flumec.runtime.tail.patterns import Directories, Entry, Pattern
from flumec.runtime.tail.registry import Registry, Undecided


@dataclass(frozen=True, slots=True)
class Match:
    """A path that a pattern means; `rotated` if it is the outcome of a rotation."""

    entry: Entry
    rotated: bool


class Scanner:
    """Compares what the patterns mean now with what the registry knows."""

    def __init__(
        self, files: Sequence[str], rotated: Sequence[str], registry: Registry, log: logging.Logger
    ) -> None:
        self._files = [Pattern(text) for text in files]
        self._rotated = [Pattern(text) for text in rotated]
        self._registry = registry
        self._log = log
        self._directories = Directories()
        self._seen = -1
        self._matches: dict[str, Match] = {}
        self._inodes: dict[str, int] = {}
        """The directory's inode number of each path when it was last looked at."""
        self._again: set[str] = set()
        """Paths to be looked at again, although nothing changed in their directories."""
        self._done: list[Followed] = []
        self._by_inode: dict[int, list[Followed]] = {}
        self.has_more = False
        """Whether files were left for another scan because too many were new at once."""
        self._undecided: dict[tuple[int, int], Undecided] = {}
        """The undecided files by device and inode, while files are met."""
        self._odd: set[str] = set()
        self.faults: dict[str, OSError] = {}
        """Files that cannot be read, and why."""

    @property
    def directories(self) -> set[str]:
        """The directories in which files may appear, as far as they are there."""
        bases = {pattern.base for pattern in (*self._files, *self._rotated)}
        links = {
            os.path.dirname(os.path.realpath(path))  # noqa: PTH120 thousands of paths
            for path, match in self._matches.items()
            if match.entry.is_link
        }
        return bases | links | set(self._directories.listed)

    @property
    def all_faults(self) -> dict[str, OSError]:
        """Files and directories that cannot be read, and why."""
        return {**self._directories.faults, **self.faults}

    def means(self, path: str) -> bool:
        """Return whether a pattern means a path that is there."""
        return path in self._matches

    def is_rotated(self, path: str) -> bool:
        """Return whether a path that is there is one of `rotated`."""
        return path in self._matches and self._matches[path].rotated

    def expect_changes(self) -> None:
        """List all directories anew with the next scan: something is known to have changed."""
        self._directories.forget()
        self._seen = -1

    def take_done(self) -> list[Followed]:
        """Return, once, the files that need not be known: surely deleted, or no more meant."""
        done, self._done = self._done, []
        return done

    def absent(self) -> list[str]:
        """Return the directories that the patterns begin in and that are not there."""
        bases = {pattern.base for pattern in (*self._files, *self._rotated)}
        return sorted(base for base in bases if not os.path.isdir(base))  # noqa: PTH112

    def scan(self, wall: int, now: float, deleted: AbstractSet[str] = frozenset()) -> None:
        """Bring the registry up to date at a time: nanoseconds since 1970, and monotonic seconds.

        `deleted` are paths whose files are known to have been unlinked there.
        """
        bases = {pattern.base for pattern in (*self._files, *self._rotated)}
        for folder in bases | self._directories.known:
            self._directories.entries(folder, wall)
        self._follow_links()
        self._by_inode.clear()
        self.has_more = False
        fresh = self._directories.fresh
        if fresh != self._seen:
            self._matches = self._expand(wall)
            self._seen = fresh  # what changes while patterns are gone through, not all have seen
            self._displace(now, deleted)
            self._meet_all(self._new_paths(), now)
            self._search(wall, now)
        else:
            self.scan_more(now)

    def scan_more(self, now: float) -> None:
        """Look at the files that were left for later, without listing the directories."""
        self.has_more = False
        self._meet_all(oldest_first(self._again, self.is_rotated), now)

    def _expand(self, wall: int) -> dict[str, Match]:
        """Return all paths that a pattern means; one that is also rotated is rotated."""
        matches: dict[str, Match] = {}
        for patterns, rotated in ((self._files, False), (self._rotated, True)):
            for pattern in patterns:
                for path, entry in pattern.paths(self._directories, wall):
                    matches[path] = Match(entry, rotated)
        return matches

    def _follow_links(self) -> None:
        """See links whose targets were exchanged: their own directories do not tell."""
        for path, match in self._matches.items():
            file = self._registry.by_path.get(path)
            if match.entry.is_link and file is not None and _place(path) != file.nature.place:
                self._inodes.pop(path, None)
                self._seen = -1

    def _displace(self, now: float, deleted: AbstractSet[str]) -> None:
        """Note the files that are no longer under their names."""
        left: set[int] = set()
        for path, file in list(self._registry.by_path.items()):
            match = self._matches.get(path)
            if match is not None and match.entry.inode == self._inodes.get(path):
                continue
            if match is not None and _place(path) == file.nature.place:
                self._inodes[path] = match.entry.inode
                continue
            left.add(self._inodes.pop(path, 0))
            if path in deleted and file.descriptor < 0:
                self._registry.forget(file)
                self._done.append(file)
            else:
                self._registry.displace(file, now)
        self.faults = {path: error for path, error in self.faults.items() if self.means(path)}
        self._again &= self._matches.keys()
        if left:  # one of these may go on under a second name
            self._inodes = {
                path: inode for path, inode in self._inodes.items() if inode not in left
            }

    def _new_paths(self) -> list[str]:
        """Return the paths to be looked at: of rotated files the oldest first, then the others."""
        new = [
            path
            for path, match in self._matches.items()
            if self._inodes.get(path) != match.entry.inode or path in self._again
        ]
        return oldest_first(new, self.is_rotated)

    def _meet_all(self, paths: Iterable[str], now: float) -> None:
        self._undecided = {new.nature.place: new for new in self._registry.undecided.values()}
        for path in paths:
            try:
                self._meet(path, now)
            except FileNotFoundError:
                self._inodes.pop(path, None)
            except OSError as error:
                self.faults[path] = error
                self._again.add(path)

    def _meet(self, path: str, now: float) -> None:
        """Look at what is under a name now. Raises OSError."""
        status = os.stat(path)  # noqa: PTH116 thousands of paths
        self._inodes[path] = self._matches[path].entry.inode
        place = status.st_dev, status.st_ino
        if not stat.S_ISREG(status.st_mode):
            self._refuse(path)
        elif (file := self._registry.by_place.get(place)) is not None:
            self._rename(file, path)
        elif not self._known_undecided(path, place):
            if not self._registry.has_room_for(status.st_size):
                self._again.add(path)
                self.has_more = self.has_more or status.st_size > 0
                return
            self._open(path, now)
        self._again.discard(path)
        self.faults.pop(path, None)

    def _refuse(self, path: str) -> None:
        if path not in self._odd:
            self._odd.add(path)
            self._log.warning(NoRegularFile(path=path))

    def _rename(self, file: Followed, path: str) -> None:
        """Note a known file's new name; a second name of a file is nothing new."""
        if self._registry.by_path.get(file.path) is not file:
            file.path, file.matched = path, True
            self._registry.by_path[path] = file

    def _known_undecided(self, path: str, place: tuple[int, int]) -> bool:
        """Return whether the file is an undecided one, and note its present name."""
        new = self._undecided.get(place)
        if new is None:
            return False
        self._registry.undecided.pop(new.path, None)
        new.path = path
        self._registry.undecided[path] = new
        return True

    def _open(self, path: str, now: float) -> None:
        descriptor, status, nature = open_nature(path)
        if (file := self._recognise(descriptor, nature)) is not None:
            self._found(file, descriptor, nature, path, now)
            return
        if (other := self._registry.undecided.pop(path, None)) is not None:
            other.path = f"{path} (before {nature.inode})"
            self._registry.undecided[other.path] = other
        self._registry.undecided[path] = self._undecided[nature.place] = Undecided(
            path, descriptor, nature, 0, now, modified=status.st_mtime_ns
        )

    def _recognise(self, descriptor: int, nature: Nature) -> Followed | None:
        """Return the missing file that this is, by its inode and content.

        With the right inode and other content it was emptied out of sight. Raises OSError, closed.
        """
        same = [f for f in self._missing(nature.inode) if f.nature.is_inode_of(nature)]
        try:
            if found := next((f for f in same if f.is_continued_by(descriptor)), None):
                return found
        except OSError:
            os.close(descriptor)
            raise
        if same and (nature.generation or nature.birth):
            same[-1].truncated = True
            return same[-1]
        return None

    def _missing(self, inode: int) -> list[Followed]:
        """Return the missing files that had this inode."""
        if len(self._by_inode) == 0 and self._registry.missing:
            for file in self._registry.missing.values():
                self._by_inode.setdefault(file.nature.inode, []).append(file)
        missing = self._registry.missing
        return [file for file in self._by_inode.get(inode, ()) if file.key in missing]

    def _found(
        self, file: Followed, descriptor: int, nature: Nature, path: str, now: float
    ) -> None:
        """Take back a missing file under the name it has now."""
        file.nature = nature
        file.displaced = file.displaced or path != file.path or self.is_rotated(path)
        file.matched = self.means(path)
        if file.matched:
            file.path = path
        file.at_end, file.modified, file.changed = False, -1, now
        self._registry.add(file, descriptor)
        if file.matched:
            self._registry.by_path[path] = file

    def _search(self, wall: int, now: float) -> None:
        """Look for missing files in all directories, whatever their names are now."""
        if not self._registry.missing:
            return
        for folder in self._directories.listed:
            for name, entry in self._directories.entries(folder, wall).items():
                if not entry.is_directory and self._missing(entry.inode):
                    self._identify(f"{folder.rstrip('/')}/{name}", now)

    def _identify(self, path: str, now: float) -> None:
        """Take back a missing file, if this is one; what no pattern means now is left alone."""
        try:
            if self.means(path) or not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116
                return
            descriptor, _, nature = open_nature(path)
            file = self._recognise(descriptor, nature)
        except OSError:
            return
        if file is not None and file.path != path:
            self._found(file, descriptor, nature, path, now)
            return
        os.close(descriptor)
        if file is not None:
            self._registry.forget(file)
            self._done.append(file)


def _place(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)  # noqa: PTH116 thousands of paths
    except OSError:
        return None
    return status.st_dev, status.st_ino
