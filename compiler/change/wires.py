"""Links whose two ends refuse each other until both are of the new build, and what waits for whom.

Each end carries a digest of what both must agree on (`wires.py`); nothing is lost meanwhile: rows
wait in the sender's channel.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from flumec.compiler.change.fleet import Fleet
from flumec.runtime.frozen import frozen


@frozen
class Standstill:
    """A link that stands still between the first end's installation and the last's.

    `ports` are (before, after) where its listener moves. `outside` are receiving hosts that are in
    neither build: somebody else installs them, and has to do so first.
    """

    link: str
    senders: tuple[str, ...]
    receivers: tuple[str, ...]
    ports: tuple[int, int] | None
    outside: tuple[str, ...]
    replaces: str | None
    """The link that it takes the place of, from the same channel; None for one that stays."""


@dataclass(slots=True)
class _Link:
    """A link in one fleet: its digest, its listeners' port, and who has its ends."""

    wire: str = ""
    port: int = 0
    senders: dict[str, None] = field(default_factory=dict)
    receivers: dict[str, None] = field(default_factory=dict)
    peers: dict[str, None] = field(default_factory=dict)


def standstills(old: Fleet, new: Fleet) -> Iterator[Standstill]:
    """Yield the links that some hosts have to wait at."""
    before, after = _links(old), _links(new)
    gone = {_channel(title): title for title in before if title not in after}
    for title, now in after.items():
        replaced = gone.get(_channel(title)) if title not in before else None
        was = before.get(replaced or title)
        outside = tuple(host for host in now.peers if host not in new.hosts)
        if was is None and not outside:
            continue
        if was is not None and was.wire == now.wire:
            continue
        moved = (was.port, now.port) if was is not None and was.port != now.port else None
        receivers = tuple(now.receivers or now.peers)
        yield Standstill(title, tuple(now.senders), receivers, moved, outside, replaced)


def _links(fleet: Fleet) -> dict[str, _Link]:
    links: dict[str, _Link] = {}
    for host, _, agent in fleet.every():
        for title, half in agent["sends"].items():
            link = links.setdefault(title, _Link())
            link.wire = half["wire"]
            link.senders[host] = None
            link.peers.update(dict.fromkeys(half["peers"]))
            link.port = link.port or _port(half["peers"])
        for half in agent["receives"].values():
            for title, end in half["links"].items():
                link = links.setdefault(title, _Link())
                link.wire, link.port = end["wire"], half["port"]
                link.receivers[host] = None
    return links


def _channel(title: str) -> str:
    return title.partition(" => ")[0]


def _port(peers: Mapping[str, Any]) -> int:
    return next((int(str(address).rpartition(":")[2]) for address in peers.values()), 0)
