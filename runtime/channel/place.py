"""Where a state directory has its journals, and whether an agent has one open."""

from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from flumec.runtime.channel.keys import given
from flumec.runtime.control.client import Client, Refused, Unreachable
from flumec.runtime.control.place import NAME
from flumec.runtime.disk import Disk
from flumec.runtime.frozen import frozen
from flumec.runtime.journal.errors import StateError
from flumec.runtime.journal.inspection import Inspection, inspect, segments
from flumec.runtime.journal.opening import LOCK
from flumec.runtime.journal.packing import Keys
from flumec.runtime.journal.state import ChannelState
from flumec.runtime.near import no_folder
from flumec.runtime.whereabouts import JOURNAL, journals, owner

_LOCKS = Path("/proc/locks")
_MOST = 4 << 20


@frozen
class Place:
    """A state directory, and one of its journals."""

    state: Path
    journal: Path


@frozen
class Found:
    """A channel, in the journal where it lies, as that was when somebody looked."""

    place: Place
    inspection: Inspection
    channel: ChannelState


def places(named: Path, disk: Disk) -> list[Place]:
    """Return what a command line names: one journal, all of an agent's state, or of a fleet's.

    Raise StateError where there is none.
    """
    directory = named.absolute()
    if segments(directory, disk):
        return [Place(owner(directory, disk) or directory.parent, directory)]
    for states in ([directory], _below(directory, disk)):
        found = [Place(each, path) for each in states for path in journals(each, disk)]
        if found := [place for place in found if segments(place.journal, disk)]:
            return found
    if missing := no_folder(named):
        raise StateError(f"there is no journal in {named}{missing}")
    raise StateError(
        f"there is no journal in {named}: name an agent's state directory, the one that has "
        f"`{JOURNAL}/00000000000000000001.seg` or a later segment in it"
    )


def places_of_one(named: Path, disk: Disk) -> list[Place]:
    """Return the same of one agent; raise StateError that names those that there are."""
    found = places(named, disk)
    states = list(dict.fromkeys(str(place.state) for place in found))
    if len(states) > 1:
        raise StateError(f"{named} has several agents: name the state of one: {', '.join(states)}")
    return found


def _below(directory: Path, disk: Disk) -> list[Path]:
    """Return the folders in DIR/AGENT and DIR/HOST/AGENT, as a host or `flumec run` has them."""
    first = _folders(directory, disk)
    return sorted((*first, *(each for folder in first for each in _folders(folder, disk))))


def _folders(directory: Path, disk: Disk) -> list[Path]:
    try:
        return [directory / name for name in disk.names(directory) if not name.startswith(".")]
    except OSError:  # no folder, or another user's
        return []


def find(options: Namespace, disk: Disk, *, removed: bool = False) -> Found:
    """Return the channel that a command line names, in whichever of the journals it lies.

    One that moved to another journal lies in both: it is the one that the bundle has, or, with
    `removed`, the one that it has no more. Raise StateError with the channels that there are.
    """
    keys = Keys(None, given(options.key_file, disk))
    looked = [
        (place, inspect(place.journal, disk, keys)) for place in places_of_one(options.state, disk)
    ]
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
