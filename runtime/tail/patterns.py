"""Which files a pattern means, found by listing only directories that have changed."""

import os
import re
from collections.abc import Iterator, Sequence
from fnmatch import translate
from pathlib import PurePosixPath

from flumec.runtime.frozen import frozen

_MAGIC = re.compile(r"[*?\[]")
_UNSETTLED = 2_000_000_000
"""Nanoseconds: a change this close before a listing may hide another with the same time."""
_LISTING_AGE = 60_000_000_000
"""Nanoseconds after which a directory is listed anew whatever its time says."""


@frozen
class Entry:
    """A name in a directory. `inode` is the directory's word, good for seeing a change."""

    inode: int
    is_directory: bool
    is_link: bool


@frozen
class _Listing:
    changed: int
    listed: int
    entries: dict[str, Entry]


class Directories:
    """Listings of directories, kept while the directory's time of change stands still."""

    def __init__(self) -> None:
        self._listings: dict[str, _Listing] = {}
        self.faults: dict[str, OSError] = {}
        """Directories that cannot be read, and why."""
        self.fresh = 0
        """How many listings were made or lost: while it stands still, nothing has changed."""

    def entries(self, path: str, now: int) -> dict[str, Entry]:
        """Return the names in a directory; none where it is missing or cannot be read."""
        known = self._listings.get(path)
        try:
            changed = os.stat(path).st_mtime_ns  # noqa: PTH116 in every round
            if known is not None and known.changed == changed and _settled(known, now):
                return known.entries
            with os.scandir(path) as found:
                entries = {
                    e.name: Entry(e.inode(), _is_directory(e), e.is_symlink()) for e in found
                }
        except OSError as error:
            self.faults.pop(path, None)
            if not isinstance(error, FileNotFoundError | NotADirectoryError):
                self.faults[path] = error
            self.fresh += self._listings.pop(path, None) is not None
            return {}
        self.faults.pop(path, None)
        self.fresh += known is None or known.entries != entries
        self._listings[path] = _Listing(changed, now, entries)
        return entries

    @property
    def listed(self) -> Sequence[str]:
        """The directories whose listings are known."""
        return tuple(self._listings)

    @property
    def known(self) -> set[str]:
        """The directories that were there when they were last looked at."""
        return {*self._listings, *self.faults}

    def forget(self) -> None:
        """List every directory anew when it is asked for."""
        self._listings = {
            path: _Listing(-1, 0, listing.entries) for path, listing in self._listings.items()
        }


def _is_directory(entry: os.DirEntry[str]) -> bool:
    """Return whether it is one; a link that leads round, or behind a closed door, is none.

    Opening it by its name tells why.
    """
    try:
        return entry.is_dir()
    except OSError:
        return False


def _settled(listing: _Listing, now: int) -> bool:
    return (
        listing.listed - listing.changed > _UNSETTLED and 0 <= now - listing.listed < _LISTING_AGE
    )


class Pattern:
    """One pattern: `*`, `?` and `[…]` within a name, `**` for any depth of directories.

    As in a shell, a wildcard does not match a dot at a name's beginning, and `**` follows no links.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        parts = PurePosixPath(text).parts[1:]
        if parts[-1] == "**":
            parts = (*parts, "*")
        literal = 0
        while literal < len(parts) - 1 and not _MAGIC.search(parts[literal]):
            literal += 1
        self.base = str(PurePosixPath("/", *parts[:literal]))
        """The deepest directory that has no wildcard."""
        self._parts = parts[literal:]
        self._names = [re.compile(translate(part)) for part in self._parts]

    def matches(self, path: str) -> bool:
        """Return whether the pattern means this path."""
        under = PurePosixPath(path)
        if not under.is_relative_to(self.base):
            return False
        return self._match(under.relative_to(self.base).parts, 0, len(self._parts))

    def may_be_in(self, folder: str) -> bool:
        """Return whether the pattern may mean a path in this folder."""
        under = PurePosixPath(folder)
        if not under.is_relative_to(self.base):
            return False
        return self._match(under.relative_to(self.base).parts, 0, len(self._parts) - 1)

    def _match(self, names: tuple[str, ...], index: int, end: int) -> bool:
        if index == end:
            return not names
        if self._parts[index] == "**":
            return self._match(names, index + 1, end) or (
                bool(names) and not _hidden(names[0]) and self._match(names[1:], index, end)
            )
        fits = bool(names) and self._fits(index, names[0])
        return fits and self._match(names[1:], index + 1, end)

    def paths(self, directories: Directories, now: int) -> Iterator[tuple[str, Entry]]:
        """Yield the paths that match, with their directory entries, in the order of their names."""
        yield from self._paths(self.base, 0, directories, now)

    def _paths(
        self, folder: str, index: int, directories: Directories, now: int
    ) -> Iterator[tuple[str, Entry]]:
        entries = directories.entries(folder, now)
        if self._parts[index] == "**":
            yield from self._paths(folder, index + 1, directories, now)
            for name, entry in sorted(entries.items()):
                if entry.is_directory and not entry.is_link and not _hidden(name):
                    yield from self._paths(f"{folder}/{name}", index, directories, now)
            return
        last = index == len(self._parts) - 1
        for name in self._candidates(index, entries):
            path = f"{folder.rstrip('/')}/{name}"
            if last and not entries[name].is_directory:
                yield path, entries[name]
            elif not last and entries[name].is_directory:
                yield from self._paths(path, index + 1, directories, now)

    def _candidates(self, index: int, entries: dict[str, Entry]) -> Iterator[str]:
        if not _MAGIC.search(self._parts[index]):
            if self._parts[index] in entries:
                yield self._parts[index]
            return
        yield from (name for name in sorted(entries) if self._fits(index, name))

    def _fits(self, index: int, name: str) -> bool:
        part = self._parts[index]
        if not _MAGIC.search(part):
            return name == part
        hidden = _hidden(name) and not _hidden(part)
        return not hidden and self._names[index].match(name) is not None


def _hidden(name: str) -> bool:
    return name.startswith(".")
