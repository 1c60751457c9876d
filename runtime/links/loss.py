"""A person's word that what a receiver had, or may have had, is lost, so that the link goes on.

`flumec link settle` gives it, also while no agent runs; the sender takes it at its next connection.
"""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from flumec.runtime.whereabouts import write

if TYPE_CHECKING:
    from flumec.runtime.disk import Disk


class Loss:
    """The file `<state>/<sender>.lost`: the word is there, and good once."""

    def __init__(self, disk: "Disk", state: Path, name: str) -> None:
        self._disk = disk
        self._path = state / f"{name}.lost"

    @property
    def said(self) -> bool:
        """Whether somebody gave the word."""
        try:
            self._disk.stat(self._path)
        except OSError:
            return False
        return True

    def say(self, host: str) -> None:
        """Give the word, durably."""
        write(self._path, f"{host}\n", self._disk)

    def forget(self) -> None:
        """Take it back: it is used, or was not needed."""
        with suppress(FileNotFoundError):
            self._disk.unlink(self._path)
            self._disk.sync_directory(self._path.parent)
