"""What an agent's journals, and the agent if it runs, say of its links: read, nothing changed."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from flumec.runtime.channel.place import agent_of, places
from flumec.runtime.control.client import Refused, Unreachable
from flumec.runtime.disk import Disk
from flumec.runtime.frozen import frozen
from flumec.runtime.journal.errors import StateError
from flumec.runtime.journal.inspection import inspect
from flumec.runtime.journal.member import SENDS
from flumec.runtime.journal.state import ChannelState, ConsumerState
from flumec.runtime.links import memory as memories
from flumec.runtime.links.addresses import Target, noted
from flumec.runtime.links.faults import ProtocolError


@frozen
class Book:
    """One sender: an agent's end of a link to one host. An agent goes by its state's last folders.

    `live` is what the running agent says of it, empty where none answers. `acknowledged` are the
    rows of which it is remembered that the receiver has them, `left` those that are not done: of a
    link to several hosts, those that this one may have.
    """

    agent: str
    state: Path
    sender: str
    target: Target
    channel: str
    receiver: bytes
    acknowledged: int
    left: int
    shared: bool
    live: Mapping[str, Any]

    @property
    def in_doubt(self) -> int | None:
        """How many rows are sent and not acknowledged; None where nobody knows."""
        counters = self.live.get("counters", {})
        if not counters:
            return None
        under_way = int(counters.get("events_unacknowledged", 0))
        return max(under_way, int(counters.get("in_doubt_events", 0)))

    @property
    def linked(self) -> bool:
        """Whether it is connected now."""
        return bool(self.live.get("counters", {}).get("connected"))

    @property
    def lost(self) -> int:
        """How many rows its receiver lost after it had acknowledged them, as it says: an alarm."""
        return int(self.live.get("counters", {}).get("lost_after_ack", 0))


def books(named: Path, disk: Disk) -> list[Book]:
    """Return every sender of the agents whose state is there; raise StateError where none is."""
    found: list[Book] = []
    for place in places(named, disk):
        state = inspect(place.journal, disk).state
        senders = [c for c in state.consumers.values() if c.kind.startswith(SENDS)]
        live = _parts(agent_of(place, disk)) if senders else {}
        targets = noted(place.state, disk)
        for each in senders:
            memory = _memory(each)
            acked = memory.acked.values() if memory else ()
            known = targets.get(each.name, _told(each))
            found.append(
                Book(
                    label(place.state, named), place.state, each.name, known,
                    state.channels[each.channel].name,
                    memory.receiver if memory else memories.NOBODY,
                    sum(end - first for first, end in acked),
                    _left(each, state.channels[each.channel]),
                    each.lane is not None, live.get(each.name, {}),
                )
            )  # fmt: skip
    return sorted(found, key=lambda book: (str(book.state), book.sender))


def label(state: Path, named: Path) -> str:
    """Return how a state directory is called beside those below the same one.

    >>> label(Path("/var/lib/flumec/tailer"), Path("/var/lib/flumec"))
    'tailer'
    >>> label(Path("/tmp/t/web-1/tailer"), Path("/tmp/t")), label(Path("/s/x"), Path("/s/x"))
    ('web-1/tailer', 'x')
    """
    there = named.absolute()
    below = state.relative_to(there) if state.is_relative_to(there) else Path(state.name)
    return str(below) if below.parts else state.name


def _parts(client: Any) -> dict[str, Any]:
    if client is None:
        return {}
    try:
        parts: dict[str, Any] = client.get("/status")["parts"]
    except (Unreachable, Refused, KeyError):
        return {}
    return parts


def _memory(consumer: ConsumerState) -> memories.Memory | None:
    if not consumer.cursor.note:
        return None
    try:
        return memories.unpack(consumer.cursor.note)
    except (ValueError, ProtocolError) as error:
        raise StateError(f"the memory of `{consumer.name}` cannot be read: {error}") from None


def _left(consumer: ConsumerState, channel: ChannelState) -> int:
    if consumer.lane is None:
        return channel.held
    return sum(lease.rows for lease in consumer.lane.leases)


def _told(consumer: ConsumerState) -> Target:
    """Return what the journal itself says of a target: of several hosts, which one it is."""
    return Target("", consumer.kind.split(" ")[2] if consumer.kind.count(" ") > 1 else "")


def of_host(found: list[Book], host: str) -> Iterator[Book]:
    """Yield the senders to a host, which may be named by its first label; raise StateError."""
    mine = [b for b in found if host in (b.target.host, b.target.host.partition(".")[0])]
    if not mine:
        hosts = ", ".join(sorted({b.target.host for b in found if b.target.host})) or "none"
        raise StateError(f"nothing here sends to `{host}`; links lead to: {hosts}")
    yield from mine
