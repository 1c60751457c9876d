"""What a source does when all channels are full, whether that can be told, and what has to be so
that nothing is lost.
"""

from collections.abc import Collection
from typing import NamedTuple

from flumec.compiler.bind.properties import complete
from flumec.compiler.choice import has_lanes
from flumec.compiler.graph import Node
from flumec.compiler.model import Proof
from flumec.compiler.proofs import figures
from flumec.compiler.proofs.capacity import Capacity
from flumec.compiler.proofs.held import Held
from flumec.runtime.quantity import Duration

_FOR_GOOD = "it waits for a host that is gone for good"
_NO_SIZE = "no `size` is enough for a host that never comes back"


class Waiting(NamedTuple):
    """What a source does: `taildir pauses`; and under which condition nothing is lost."""

    consequence: str
    condition: str


def untold(capacity: Capacity, proof: Proof, ways: Collection[Node]) -> tuple[str, str] | None:
    """Return why it cannot be told how long channels last, and what to do."""
    rate = proof.values.get("rate")
    if rate is None:
        return "it says no `rate`", "say how much comes to each host: `rate = 200KB/s`"
    if not rate.value.of_bytes:
        return "its `rate` is one of events", "give the `rate` in bytes: `200KB/s`"
    for node in sorted(ways):
        component = capacity.fleet.agents[node[0]].components[node[1]]
        if component.kind == "channel" and "events" in component.values:
            reason = f"nothing says how large the events of `{node[0]}.{node[1]}` are"
            return reason, "bound it by `size` alone, which counts bytes, and leave out `events`"
    return None


def wait_of(capacity: Capacity, source: Node, held: Held, waits: float) -> Waiting | None:
    """Return what becomes of a source that has to wait for so long; None: it can."""
    component = capacity.fleet.agents[source[0]].components[source[1]]
    declaration = component.declaration
    if held.leak:
        return Waiting(held.leak, "")
    if declaration is not None and "keeps" in declaration.props:
        full = complete(declaration, component.values, capacity.host((source, held.host))) or {}
        keeps = full.get("keeps")
        if held.lost:
            return Waiting(f"{component.type} pauses", _FOR_GOOD)
        if keeps is not None and keeps >= waits:
            return None
        most = capacity.rates[source].most * (1 - held.tiers[-1].fill.passes)
        files = full.get("files", ()) if "files" in component.values else ()
        condition = kept(files, most, waits, keeps)
        return Waiting(f"{component.type} pauses", condition)
    if getattr(declaration, "refuses", False):
        if held.lost:
            return Waiting(f"{component.type} answers 503", _FOR_GOOD)
        condition = f"no loss if clients repeat what was refused for {figures.needed_time(waits)}"
        return Waiting(f"{component.type} answers 503", condition)
    if getattr(declaration, "replayable", False):
        return None  # it makes its events anew, and can wait for ever
    return Waiting(f"{component.type} loses what comes", "")


def kept(files: tuple[str, ...], rate: float, waits: float, keeps: Duration | None) -> str:
    """Return how much log rotation would have to keep, and for how long if it says another time."""
    only = f", {figures.needed_time(waits)} and not {keeps}" if keeps is not None else ""
    size = figures.amount(waits * rate)
    return f"no loss if {writer_of(files)} keeps {size} of rotated logs per host{only}"


def writer_of(files: tuple[str, ...]) -> str:
    """Return whose logs they are: a folder in /var/log is named after who writes into it."""
    parts = str(files[0]).split("/") if files else []
    named = len(parts) > 4 and parts[:3] == ["", "var", "log"] and parts[3].isalnum()
    return parts[3] if named else "log rotation"


def remedy_of(capacity: Capacity, held: Held, length: float) -> str:
    """Return what would do: a larger channel, but before a host that is gone for good."""
    if not held.lost:
        return _larger_channel(capacity, held, length)
    (name, host), others = held.lost[0], len(held.lost) - 1
    more = f" and {others} more" if others else ""
    link = capacity.peers.link_from(held.tiers[0].spot[0])
    if link is not None and has_lanes(link):
        return f"replace `{name}` on {host}{more} within {figures.time(held.after)}: {_NO_SIZE}"
    return f"a further host of `{name}`, that takes over by `policy = failover`: {_NO_SIZE}"


def _larger_channel(capacity: Capacity, held: Held, length: float) -> str:
    """Return how large the channel before the sink would have to be, and its disk."""
    tier = held.tiers[0]
    agent = capacity.fleet.agents[tier.spot[0][0]]
    rooms, room = tier.fill.rooms, tier.fill.rooms[0]
    needs = tier.fill.needs(tier.time + length - held.after)
    missing = (needs - sum(one.bytes for one in rooms)) / len(rooms)
    size = (room.disk or room.memory) + missing / (room.ratio if room.disk else 1.0)
    said = f"{tier.spot[0][0]}.{tier.spot[0][1]} size = {figures.needed_size(size)}"
    disks = [host.facts["disk"] for host in agent.hosts.hosts if "disk" in host.facts]
    if room.disk and disks and min(disks) < size:
        said += f" (and {agent.hosts.name}'s disk at least that)"
    return said
