"""Copies: what a copying rotation leaves behind goes on where its original was emptied."""

import os
from collections.abc import Iterator
from enum import Enum
from typing import Literal

from flumec.runtime.tail.file import Followed
from flumec.runtime.tail.identity import SAMPLE, digest
from flumec.runtime.tail.registry import Registry, Undecided

Rotation = Literal["rename", "copytruncate", "none"]


class Verdict(Enum):
    """What a new file is."""

    NEW = "read from the start"
    COPY = "has nothing that its original does not have"
    SAME = "a missing file under another inode"


class Originals:
    """The files of which a new one may be a copy, by their beginnings.

    Two files with 4 KiB of equal beginning and an equal end are one content. Shorter ones, such as
    a banner that a program writes first, tell too little: they count only where rotation copies,
    in the same directory, under a longer name that begins as the original's does.
    """

    def __init__(self, registry: Registry, rotation: Rotation) -> None:
        self._registry = registry
        self._rotation = rotation
        self._long: dict[bytes, list[Followed]] = {}
        self._short: list[Followed] = []
        for file in [*registry, *registry.missing.values()]:
            if file.position.offset and file.head_length == SAMPLE:
                self._long.setdefault(file.head, []).append(file)
            if file.position.offset and rotation == "copytruncate":
                self._short.append(file)

    def judge(self, new: Undecided) -> Verdict:
        """Return whether a new file is the copy of one that is known, and note its original."""
        for file in self._candidates(new):
            if file.key in self._registry.missing:
                if file.is_continued_by(new.descriptor):
                    new.original = file
                    return Verdict.SAME
            elif _is_within(new, file, self._registry):
                new.original = file
                return Verdict.COPY
        new.original = None
        return Verdict.NEW

    def _candidates(self, new: Undecided) -> Iterator[Followed]:
        if new.size >= SAMPLE and self._long:
            yield from self._long.get(digest(os.pread(new.descriptor, SAMPLE, 0)), ())
        yield from (file for file in self._short if _is_named_after(file, new.path))


def rest_of(
    file: Followed, registry: Registry, rotation: Rotation, folder: str
) -> tuple[str, int] | None:
    """Find the copy that was made of a file before it was emptied; return its path and a handle.

    The largest counts. Where rotation copies, every file of its directory is looked at, as the
    copy's name may be one that no pattern means.
    """
    best: tuple[str, int] | None = None
    for path, handle in _unknown(registry, rotation, folder):
        descriptor, size = handle, os.fstat(handle).st_size
        larger = best is None or size > os.fstat(best[1]).st_size
        if (
            larger
            and _tells_enough(file, size, path, rotation)
            and file.is_continued_by(descriptor)
        ):
            best, descriptor = (path, descriptor), best[1] if best else -1
        if descriptor >= 0:
            os.close(descriptor)
    return best


def read_before(file: Followed, registry: Registry, folder: str) -> Iterator[tuple[str, int]]:
    """Yield the copies of an emptied file, where rotation copies, that have nothing to be read.

    Each with its path and a handle. Lines came after such a copy was made, and were read before the
    file was emptied.
    """
    for path, descriptor in _unknown(registry, "copytruncate", folder):
        if _is_named_after(file, path) and file.covers(descriptor):
            yield path, descriptor
        else:
            os.close(descriptor)


def _unknown(registry: Registry, rotation: Rotation, folder: str) -> Iterator[tuple[str, int]]:
    """Yield the files, with handles, that may be the copy of one that was emptied."""
    paths = {new.path for new in registry.undecided.values()}
    if rotation == "copytruncate":
        paths |= {f"{folder}/{name}" for name in _names(folder)}
    for path in sorted(paths):
        known = registry.undecided.get(path)
        descriptor = os.dup(known.descriptor) if known else _open_unknown(path, registry)
        if descriptor >= 0:
            yield path, descriptor


def _tells_enough(file: Followed, size: int, path: str, rotation: Rotation) -> bool:
    """Return whether equal content would mean that one file is a copy of the other."""
    if file.head_length == SAMPLE and size >= SAMPLE:
        return True
    return rotation == "copytruncate" and size > 0 and _is_named_after(file, path)


def _is_named_after(file: Followed, path: str) -> bool:
    """Return whether logrotate may give a path to the file's copy: a.log.1, a-20260101.log."""
    stem, _ = os.path.splitext(file.path)  # noqa: PTH122 compared with many
    added = path[len(stem) :]
    return path.startswith(stem) and len(path) > len(file.path) and "/" not in added


def _is_within(new: Undecided, file: Followed, registry: Registry) -> bool:
    """Return whether the known file has, or had until it was emptied, the new one's content."""
    try:
        if not registry.reopen(file):
            return False
        intact = file.is_intact()
    except OSError:
        return False
    if not intact:
        file.truncated = True
        is_short = _is_named_after(file, new.path) and file.covers(new.descriptor)
        return is_short or file.is_continued_by(new.descriptor)
    if os.fstat(file.descriptor).st_size < new.size:
        return False
    first = min(SAMPLE, new.size)
    return all(
        os.pread(new.descriptor, first, offset) == os.pread(file.descriptor, first, offset)
        for offset in (0, new.size - first)
    )


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 names are wanted, not paths
    except OSError:
        return []


def _open_unknown(path: str, registry: Registry) -> int:
    """Open a file that is no followed one; -1 where it is, or cannot be opened."""
    try:
        status = os.stat(path)  # noqa: PTH116 a whole directory of them
        if (status.st_dev, status.st_ino) in registry.by_place or not os.path.isfile(path):  # noqa: PTH113
            return -1
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return -1
