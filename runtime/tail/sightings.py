"""Which names were looked at while a listing showed them; any other look tells little."""

import math
from collections.abc import Mapping

LISTINGS = 4
"""How often directories that do not stand still are listed before what is known is read."""


class Sightings:
    """Counts listings, and knows of which names it is not sure yet what was looked at.

    A listing and the look at a name in it are two moments. If a log is rotated between them, the
    look sees its successor, and the log itself is in nobody's hands. But then its new name is in
    the next listing. So a look is sure when the next listing has the same inode under the same
    name. One that has it under another name is followed there; one that has it nowhere ends it.

    From this follows the order: whatever had a name before a new file was renamed away before that
    was opened. It is in the first listing that began later; and when all that this listing showed
    is sure, it is known, or it is under no name of the patterns. New names that come meanwhile are
    of later listings, and nobody waits for them: a directory that never stands still delays none.
    """

    def __init__(self) -> None:
        self.number = 0
        """How many listings there were."""
        self._unsure: dict[int, tuple[int, str]] = {}
        """By the directory's inode number: the first listing that had it, and the name there."""
        self._oldest = math.inf

    def confirm(self) -> None:
        """Note a listing that has what the last one had."""
        self.number += 1
        self._unsure, self._oldest = {}, math.inf

    def compare(self, new: Mapping[str, int]) -> None:
        """Note a listing with changes, and the inodes of names in it that will be looked at."""
        self.number += 1
        names = {inode: path for path, inode in new.items()}
        moved = {
            inode: (number, names[inode])
            for inode, (number, path) in self._unsure.items()
            if inode in names and new.get(path) != inode
        }
        met = {inode: (self.number, path) for inode, path in names.items()}
        self._unsure = met | moved
        self._oldest = min((number for number, _ in self._unsure.values()), default=math.inf)

    def is_sure(self, listing: int) -> bool:
        """Return whether all is known that a listing, by its number, showed."""
        return listing <= self.number and listing < self._oldest
