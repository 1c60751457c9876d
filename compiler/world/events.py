"""Events as a test sends and sees them, and the files that they come in."""

from collections.abc import Iterator, Mapping
from dataclasses import field
from pathlib import Path

from flumec.runtime.frozen import frozen
from flumec.runtime.testing import CrashDisk

_HIDDEN = "/.flumec/"


@frozen
class Event:
    """A body and its headers."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The body as text; what is no UTF-8 is escaped."""
        return self.body.decode(errors="backslashreplace")


@frozen
class File:
    """A file that was published: its path below the sink's folder, and its events."""

    path: str
    content: bytes
    events: tuple[Event, ...]


def published(disk: CrashDisk, directory: str) -> Iterator[tuple[str, bytes]]:
    """Yield the files of a directory and those below it, in the order of their names: their paths
    in it, and what they hold.

    What lies out of sight, as it is not published, is none of it.
    """
    within = directory.rstrip("/") + "/"
    for path in sorted(disk.files()):
        if path.startswith(within) and _HIDDEN not in path:
            yield path.removeprefix(within), disk.content(Path(path))
