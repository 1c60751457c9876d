"""What channels hold, read from state directories: of this host, or copies of others'."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from flumec.runtime.channel.words import counted, size
from flumec.runtime.frozen import frozen


class CannotLook(Exception):  # noqa: N818 it reads as what happened
    """A state directory cannot be read; the message says why."""


@frozen
class Held:
    """Rows and bytes that wait in a channel; `declared` says whether its last bundle had it."""

    rows: int
    bytes: int
    declared: bool = True

    def __str__(self) -> str:
        return f"{counted(self.rows, 'row')}, {size(self.bytes)}" if self.rows else "nothing"


def held(states: Sequence[tuple[str, Path]]) -> dict[tuple[str, str, str], Held]:
    """Return what is held by (host, agent, channel). States are (host, directory).

    Journals say whose they are; where a host is named it is that one's. Raise CannotLook.
    """
    return dict(found for host, directory in states for found in _within(host, directory))


def _within(host: str, directory: Path) -> Iterator[tuple[tuple[str, str, str], Held]]:
    from flumec.runtime.channel.place import places
    from flumec.runtime.disk import RealDisk
    from flumec.runtime.journal.errors import StateError
    from flumec.runtime.journal.inspection import inspect

    disk = RealDisk()
    try:
        for place in places(directory, disk):
            found = inspect(place.journal, disk)
            if (opened := found.opened) is None:
                continue
            for channel in found.state.channels.values():
                key = (host or opened.host, opened.agent, channel.name)
                yield key, Held(channel.held, channel.held_bytes, channel.declared)
    except StateError as error:
        raise CannotLook(str(error)) from None
    except OSError as error:
        where = error.filename or directory
        raise CannotLook(f"cannot read {where}: {error.strerror or error}") from None
