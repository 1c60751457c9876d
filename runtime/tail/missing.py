"""Files that could not be found: an open one is recognised as one of them."""

import os

from flumec.runtime.tail.file import Followed
from flumec.runtime.tail.identity import Nature
from flumec.runtime.tail.registry import Registry


class Missing:
    """The registry's missing files by their inodes, while files are met."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._by_inode: dict[int, list[Followed]] = {}

    def __bool__(self) -> bool:
        return bool(self._registry.missing)

    def look_up_anew(self) -> None:
        """Take in the files that have become missing since."""
        self._by_inode.clear()
        for file in self._registry.missing.values():
            self._by_inode.setdefault(file.nature.inode, []).append(file)

    def with_inode(self, inode: int) -> list[Followed]:
        """Return the missing files that had this inode."""
        missing = self._registry.missing
        return [file for file in self._by_inode.get(inode, ()) if file.key in missing]

    def recognise(self, descriptor: int, nature: Nature) -> Followed | None:
        """Return the missing file that an open one is, by its inode and content.

        With the right inode and other content it was emptied out of sight. Raises OSError, closed.
        """
        same = [f for f in self.with_inode(nature.inode) if f.nature.is_inode_of(nature)]
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
