"""The files that a source knows, by path and inode, the missing ones, and the open handles."""

import os
import resource
import secrets
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

from flumec.runtime.tail.file import Followed, open_nature
from flumec.runtime.tail.identity import Nature

LARGEST = 4096
"""Most open handles, whatever the process may have."""

_SPARE = 8
"""When there are too many open handles, this share of them is given back (one in so many)."""


@dataclass(slots=True, eq=False)
class Undecided:
    """A new file, open, of which it is not yet known whether it is a copy of another."""

    path: str
    descriptor: int
    nature: Nature
    size: int
    changed: float
    """When it last grew, on the monotonic clock."""
    modified: int = 0
    """The time of its last change in nanoseconds since 1970."""
    listing: int = -1
    """The number of the last listing before it was looked at under this path."""
    original: Followed | None = None
    """The file that it is a copy of, as far as it goes."""


def most_handles() -> int:
    """Return how many files may be open at once: half of what the process may have."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return LARGEST if soft == resource.RLIM_INFINITY else max(8, min(LARGEST, soft // 2))


class Registry:
    """The tables. A file is in exactly one place: found (by its inode) or missing."""

    def __init__(self, handles: int, *, copies: bool = False) -> None:
        self.by_place: dict[tuple[int, int], Followed] = {}
        self.by_path: dict[str, Followed] = {}
        """Files under a name that a pattern means."""
        self.missing: dict[bytes, Followed] = {}
        self.undecided: dict[str, Undecided] = {}
        self._handles, self._copies = handles, copies
        self._open: OrderedDict[Followed, None] = OrderedDict()

    def __iter__(self) -> Iterator[Followed]:
        return iter(list(self.by_place.values()))

    def __len__(self) -> int:
        return len(self.by_place)

    @property
    def is_crowded(self) -> bool:
        """Whether so many files are undecided that no more should be kept open for that."""
        return len(self.undecided) >= self._handles // 2

    def has_room_for(self, size: int, *, rotated: bool) -> bool:
        """Return whether a new file of that size may be kept open until it is known what it is.

        Empty ones may stay so for ever: they must not keep out those that have lines. Others wait
        for rotated ones, so there is some room that is for these only.
        """
        eighths = 2 if size == 0 else 4 if rotated else 3
        return len(self.undecided) < max(1, self._handles * eighths // 8)

    def add(self, file: Followed, descriptor: int) -> None:
        """Take in a file that was found, with its open handle."""
        self.missing.pop(file.key, None)
        file.adopt(descriptor)
        file.is_copied = self._copies
        self.by_place[file.nature.place] = file
        self.touch(file)

    def touch(self, file: Followed) -> None:
        """Note that an open file was used, and close others where there are too many."""
        self._open[file] = None
        self._open.move_to_end(file)
        if len(self._open) > self._handles:
            self._make_room(file)

    def _make_room(self, keep: Followed) -> None:
        """Close what was used longest ago: first of those read to their ends, then of all.

        A file that has lost its name stays open, as it could not be opened again. Some more than
        needed are closed, so that not every new file makes all be looked at.
        """
        most = self._handles - self._handles // _SPARE
        for wanted in (True, False):
            for file in list(self._open):
                if len(self._open) <= most:
                    return
                if file is not keep and not file.displaced and file.at_end is wanted:
                    self.close(file)

    def close(self, file: Followed) -> None:
        """Give the file's handle back."""
        self._open.pop(file, None)
        file.close()

    def reopen(self, file: Followed) -> bool:
        """Open a known file by its path again; False where it is not there. Raises OSError."""
        if file.descriptor >= 0:
            return True
        try:
            descriptor, _, nature = open_nature(file.path)
        except FileNotFoundError:
            return False
        if nature != file.nature:
            os.close(descriptor)
            return False
        file.descriptor = descriptor
        self.touch(file)
        return True

    def displace(self, file: Followed, now: float) -> None:
        """Note that another file, or none, is under the name of this one."""
        if self.by_path.get(file.path) is file:
            del self.by_path[file.path]
        file.displaced, file.matched, file.at_end, file.changed = True, False, False, now
        if file.descriptor < 0:
            self.lose(file)

    def lose(self, file: Followed) -> None:
        """Note that a file cannot be found now."""
        self.forget(file)
        self.missing[file.key] = file

    def forget(self, file: Followed) -> None:
        """Drop a file from all tables and close it."""
        self.close(file)
        self.missing.pop(file.key, None)
        if self.by_place.get(file.nature.place) is file:
            del self.by_place[file.nature.place]
        if self.by_path.get(file.path) is file:
            del self.by_path[file.path]

    def hold(self, new: Undecided) -> None:
        """Keep an undecided file; one that was under the same path has left it."""
        if (other := self.undecided.pop(new.path, None)) is not None:
            other.path = f"{new.path} (before {new.nature.inode})"
            self.undecided[other.path] = other
        self.undecided[new.path] = new

    def settle(self, new: Undecided) -> Undecided:
        """Take a file out of the undecided ones; its handle is the caller's from now on."""
        return self.undecided.pop(new.path)

    def drop(self, new: Undecided) -> None:
        """Forget an undecided file that was nothing."""
        os.close(self.settle(new).descriptor)

    def close_all(self) -> None:
        """Give every handle back."""
        for file in list(self._open):
            self.close(file)
        for new in list(self.undecided.values()):
            self.drop(new)


def mint() -> bytes:
    """Return a key that no file has had."""
    return secrets.token_bytes(8)
