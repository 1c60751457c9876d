"""A person's word that what looks wrong is right, so that the link may go on.

At a sender: that a receiver's lost rows are lost. At a receiver: that a sender's journal has moved
to another host.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flumec.runtime.disk import Disk

_MOST = 256


class Acceptance:
    """The file `<state>/<end of the link>.accept`, with the id of the other end's journal."""

    def __init__(self, disk: "Disk", state: Path, name: str) -> None:
        self._disk = disk
        self.path = state / f"{name}.accept"

    def journal(self) -> bytes | None:
        """Return the accepted journal's id; None without the file, or where it holds no id."""
        try:
            file = self._disk.open(self.path)
        except OSError:
            return None
        try:
            journal = bytes.fromhex(file.read(_MOST, 0).decode("ascii").strip())
        except ValueError:
            return None
        finally:
            file.close()
        return journal if len(journal) == 16 else None

    def remove(self) -> None:
        """Remove the file: a word is good once."""
        self._disk.unlink(self.path)
        self._disk.sync_directory(self.path.parent)

    def how(self, journal: bytes) -> str:
        """Say how to accept a journal."""
        return f"echo {journal.hex()} > {self.path}"
