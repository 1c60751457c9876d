"""The names that the patterns of a source mean at a time."""

from collections.abc import Sequence

from flumec.runtime.frozen import frozen
from flumec.runtime.tail.patterns import Directories, Entry, Pattern


@frozen
class Match:
    """A path that a pattern means; `rotated` if it is the outcome of a rotation."""

    entry: Entry
    rotated: bool


def matches(
    files: Sequence[Pattern], rotated: Sequence[Pattern], directories: Directories, wall: int
) -> dict[str, Match]:
    """Return all paths that a pattern means; one that is also rotated is rotated.

    Rotated files are listed last: what is renamed meanwhile is found under its newer name.
    """
    found: dict[str, Match] = {}
    for patterns, are_rotated in ((files, False), (rotated, True)):
        for pattern in patterns:
            for path, entry in pattern.paths(directories, wall):
                found[path] = Match(entry, are_rotated)
    return found
