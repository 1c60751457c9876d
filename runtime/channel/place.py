"""Where a state directory has its journals, and whether an agent has one open."""

from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from flumec.runtime.channel.keys import given
from flumec.runtime.control.client import Client, Refused, Unreachable
from flumec.runtime.control.place import NAME
from flumec.runtime.disk import Disk
from flumec.runtime.journal.errors import StateError
from flumec.runtime.journal.inspection import Inspection, inspect, segments
from flumec.runtime.journal.opening import LOCK
from flumec.runtime.journal.packing import Keys
from flumec.runtime.journal.state import ChannelState
from flumec.runtime.whereabouts import JOURNAL, journals, owner

_LOCKS = Path("/proc/locks")
_MOST = 4 << 20


@dataclass(frozen=True, slots=True)
class Place:
    """A state directory, and one of its journals."""

    state: Path
    journal: Path


@dataclass(frozen=True, slots=True)
class Found:
    """A channel, in the journal where it lies, as that was when somebody looked."""

    place: Place
    inspection: Inspection
    channel: ChannelState


def places(named: Path, disk: Disk) -> list[Place]:
    """Return what a command line names: all journals of a state directory, or one by its own.

    Raise StateError where there is none.
    """
    directory = named.absolute()
    if segments(directory, disk):
        return [Place(owner(directory, disk) or directory.parent, directory)]
    found = [path for path in journals(directory, disk) if segments(path, disk)]
    if not found:
        raise StateError(
            f"there is no journal in {named}: name an agent's state directory, the one that has "
            f"`{JOURNAL}/00000000000000000001.seg` or a later segment in it"
        )
    return [Place(directory, path) for path in found]


def find(options: Namespace, disk: Disk, *, removed: bool = False) -> Found:
    """Return the channel that a command line names, in whichever of the journals it lies.

    One that moved to another journal lies in both: it is the one that the bundle has, or, with
    `removed`, the one that it has no more. Raise StateError with the channels that there are.
    """
    keys = Keys(None, given(options.key_file, disk))
    looked = [(place, inspect(place.journal, disk, keys)) for place in places(options.state, disk)]
    there = [Found(*each, c) for each in looked for c in each[1].state.channels.values()]
    named = [each for each in there if each.channel.name == options.channel]
    if named:
        return min(named, key=lambda each: each.channel.declared is removed)
    names = ", ".join(dict.fromkeys(each.channel.name for each in there)) or "none"
    raise StateError(
        f"{looked[0][0].journal if len(looked) == 1 else options.state} has no channel "
        f"`{options.channel}`; it has: {names}. Memory channels are not on the disk"
    )


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
