"""A store that is away for a while, as a disk is that somebody unmounted."""

import ctypes
import os
from pathlib import Path

_EXCHANGE = 2
_HERE = -100


class Outage:
    """Has a directory changed places with a file, in one step, so that nobody can make it anew."""

    def __init__(self, directory: Path) -> None:
        self._names = [os.fsencode(directory), os.fsencode(directory) + b".away"]
        self._away = False
        directory.mkdir(parents=True)
        Path(os.fsdecode(self._names[1])).write_text("in the way")

    def be(self, away: bool) -> None:
        """Have the store away, or there."""
        if away == self._away:
            return
        self._away = away
        library = ctypes.CDLL(None, use_errno=True)
        if library.renameat2(_HERE, self._names[0], _HERE, self._names[1], _EXCHANGE):
            raise OSError(ctypes.get_errno(), "the store cannot be exchanged")
