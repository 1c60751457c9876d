"""Where a state directory has its journals, and whether an agent has one open."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from flumec.runtime.control.client import Client, Refused, Unreachable
from flumec.runtime.control.place import NAME
from flumec.runtime.disk import Disk
from flumec.runtime.journal.errors import StateError
from flumec.runtime.journal.inspection import Inspection, segments
from flumec.runtime.journal.opening import LOCK
from flumec.runtime.journal.state import ChannelState

JOURNAL = "journal"
_LOCKS = Path("/proc/locks")
_MOST = 4 << 20


@dataclass(frozen=True, slots=True)
class Place:
    """A state directory, and the journal in it that is meant."""

    state: Path
    journal: Path


def find(given: Path, disk: Disk) -> Place:
    """Return the place that a command line names: a state directory, or a journal's own.

    Raise StateError where there is no journal.
    """
    directory = given.absolute()
    if segments(directory, disk):
        return Place(directory.parent, directory)
    if segments(directory / JOURNAL, disk):
        return Place(directory, directory / JOURNAL)
    raise StateError(
        f"there is no journal in {given}: name an agent's state directory, the one that has "
        f"`{JOURNAL}/00000000000000000001.seg` or a later segment in it"
    )


def others(place: Place, disk: Disk) -> list[Path]:
    """Return the other journals in the state directory: an agent may have several."""
    try:
        names = disk.names(place.state)
    except PermissionError:  # the journal may lie below what only its own user can list
        return []
    found = [place.state / name for name in names if name.startswith(JOURNAL)]
    return [path for path in found if path != place.journal and segments(path, disk)]


def agent_of(place: Place, disk: Disk) -> Client | None:
    """Return the running agent that has the journal open, None if none answers to be asked."""
    if holder(place.journal, disk) is None or NAME not in disk.names(place.state):
        return None
    return Client(place.state)


@contextmanager
def asking() -> Iterator[None]:
    """Turn an agent's refusal, or its silence, into a StateError."""
    try:
        yield
    except (Unreachable, Refused) as error:
        raise StateError(str(error)) from None


def channel_named(found: Inspection, name: str) -> ChannelState:
    """Return a channel by its name; raise StateError with those that there are."""
    for channel in found.state.channels.values():
        if channel.name == name:
            return channel
    names = ", ".join(channel.name for channel in found.state.channels.values()) or "none"
    raise StateError(
        f"{found.directory} has no channel `{name}`; it has: {names}. Memory channels are not on "
        "the disk"
    )


def holder(journal: Path, disk: Disk) -> int | None:
    """Return the process that has the journal open, None if none has.

    The kernel's list of locks is read, since to try the lock could keep an agent from starting.
    """
    try:
        file = disk.open(journal / LOCK)
    except OSError:
        return None
    try:
        inode = file.stat().st_ino
        written = file.read(20, 0).decode("ascii", "replace").strip()
    finally:
        file.close()
    for line in _locks(disk):
        fields = line.split()
        if len(fields) >= 6 and fields[1] == "FLOCK" and fields[5].endswith(f":{inode}"):
            pid = int(fields[4])
            with suppress(ValueError):
                pid = int(written)  # as the agent's own namespace numbers it
            return pid
    return None


def _locks(disk: Disk) -> list[str]:
    try:
        file = disk.open(_LOCKS)
    except OSError:
        return []
    try:
        return file.read(_MOST, 0).decode("ascii", "replace").splitlines()
    finally:
        file.close()
