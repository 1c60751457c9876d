"""The folders of a local disk, as a sink's hold on them needs them."""

import errno
from contextlib import suppress
from pathlib import Path

from flumec.runtime.disk import Disk


class LocalTree:
    """Folders by their paths."""

    move_by_hand = "mv -T"

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def folders(self, path: str) -> list[str]:
        """Return the names in a folder; raise FileNotFoundError."""
        return self._disk.names(Path(path))

    def make(self, path: str) -> None:
        """Make a folder and its parents, durably."""
        self._disk.make_directory(Path(path))

    def move(self, old: str, new: str) -> None:
        """Rename a folder; raise FileExistsError where one has the name that is not empty."""
        try:
            self._disk.rename(Path(old), Path(new))
        except OSError as error:
            if error.errno in {errno.ENOTEMPTY, errno.EEXIST}:
                raise FileExistsError(errno.EEXIST, error.strerror, new) from None
            raise

    def remove(self, path: str) -> None:
        """Remove an empty folder."""
        with suppress(FileNotFoundError):
            self._disk.remove_directory(Path(path))

    def settle(self, path: str) -> None:
        """Make the names in a folder durable."""
        self._disk.sync_directory(Path(path))
