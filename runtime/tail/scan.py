"""Finding files: names appear, change hands or vanish, and the registry is to know."""

import logging
import os
import stat
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from flumec.runtime.messages.tail import NoRegularFile
from flumec.runtime.tail.file import Followed, open_nature
from flumec.runtime.tail.identity import Nature
from flumec.runtime.tail.matches import Match, matches
from flumec.runtime.tail.missing import Missing
from flumec.runtime.tail.order import oldest_first
from flumec.runtime.tail.patterns import Directories, Pattern
from flumec.runtime.tail.registry import Registry, Undecided
from flumec.runtime.tail.sightings import Sightings


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
        self._missing = Missing(registry)
        self._sightings = Sightings()
        self._homes: dict[str, bool] = {}
        self._newest = -1
        """The last listing after which an undecided file was looked at."""
        self.has_more = self._left_rotated = False
        """Whether files, or rotated ones, were left for another scan: too many were new at once."""
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

    def stands(self, path: str) -> bool:
        """Return whether a path is there, and is not what a rotation made of another."""
        return path in self._matches and not self._matches[path].rotated

    def is_home(self, folder: str) -> bool:
        """Return whether a file of the `files` may be in a folder: not only rotated ones are."""
        if folder not in self._homes:
            self._homes[folder] = any(pattern.may_be_in(folder) for pattern in self._files)
        return self._homes[folder]

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
        fresh = self._directories.fresh
        if fresh != self._seen:
            self._matches = matches(self._files, self._rotated, self._directories, wall)
            self._seen = fresh  # what changes while patterns are gone through, not all have seen
            self._displace(now, deleted)
            new = self._new_paths()
            self._sightings.compare(new)
            self._meet_all(new.keys() | self._again, now)
            self._search(wall, now)
        else:
            self._sightings.confirm()
            if not self.has_more:
                self.scan_more(now)

    def scan_more(self, now: float) -> None:
        """Look at the files that were left for later, without listing the directories.

        Where there were too many, that is of use after some have been decided.
        """
        self._meet_all(self._again, now)

    def is_sure(self, new: Undecided) -> bool:
        """Return whether all is known that is older than a new file: it may be begun.

        What rotation made of a file was there when the listing was made that shows it. What stands
        under its own name may have come later, and waits for the next listing, and for rotated
        files that were left for later.
        """
        if self.is_rotated(new.path):
            return self._sightings.is_sure(new.listing)
        return self._sightings.is_sure(new.listing + 1) and not self._left_rotated

    @property
    def is_unsettled(self) -> bool:
        """Whether there are new files of which the next listing will tell."""
        return not self._sightings.is_sure(self._newest + 1)

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

    def _new_paths(self) -> dict[str, int]:
        """Return the inodes of the names that went to other files since they were looked at."""
        listed = {path: match.entry.inode for path, match in self._matches.items()}
        return {path: inode for path, inode in listed.items() if self._inodes.get(path) != inode}

    def _meet_all(self, paths: AbstractSet[str], now: float) -> None:
        """Look at files: first at what rotation made of them, the oldest first."""
        self.has_more = self._left_rotated = False
        self._missing.look_up_anew()
        self._undecided = {new.nature.place: new for new in self._registry.undecided.values()}
        for path in oldest_first(paths, self.is_rotated):
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
            rotated = self.is_rotated(path)
            if not self._registry.has_room_for(status.st_size, rotated=rotated):
                self._again.add(path)
                self.has_more |= status.st_size > 0
                self._left_rotated |= rotated and status.st_size > 0
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
        if new.path != path:
            self._registry.settle(new)
            new.path = path
            self._hold(new)
        return True

    def _open(self, path: str, now: float) -> None:
        descriptor, status, nature = open_nature(path)
        if (file := self._missing.recognise(descriptor, nature)) is not None:
            self._found(file, descriptor, nature, path, now)
            return
        self._hold(Undecided(path, descriptor, nature, 0, now, modified=status.st_mtime_ns))

    def _hold(self, new: Undecided) -> None:
        """Keep an undecided file that was looked at after the last listing."""
        self._newest = new.listing = self._sightings.number
        self._registry.hold(new)
        self._undecided[new.nature.place] = new

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
        if not self._missing:
            return
        for folder in self._directories.listed:
            for name, entry in self._directories.entries(folder, wall).items():
                if not entry.is_directory and self._missing.with_inode(entry.inode):
                    self._identify(f"{folder.rstrip('/')}/{name}", now)

    def _identify(self, path: str, now: float) -> None:
        """Take back a missing file, if this is one; what no pattern means now is left alone."""
        try:
            if self.means(path) or not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116
                return
            descriptor, _, nature = open_nature(path)
            file = self._missing.recognise(descriptor, nature)
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
