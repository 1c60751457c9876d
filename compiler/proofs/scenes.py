"""What a check survives, as scenes: which hosts are gone, which links are cut, which sinks out.

The faults of one list happen together: whoever writes `[kill(collector), outage(store, 4h)]` wants
a dead collector not to matter in the outage. Of a number of hosts those are taken whose loss hurts
most.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, product

from flumec.compiler.graph import Node
from flumec.compiler.model import Agent, End, Fault, Fleet, Host, Proof
from flumec.compiler.proofs.peers import Machine
from flumec.runtime.quantity import Duration

_MOST_WAYS = 32
"""How many ways to choose the hosts that are gone are tried; hosts of one place are alike."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What is not there: sinks that are out, agents that are dead, links that are cut."""

    out: frozenset[Node] = frozenset()
    dead: frozenset[Machine] = frozenset()
    cut: frozenset[Node] = frozenset()


class Machines:
    """Which agents are on a host, and which at a site."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet

    def on(self, host: str) -> Sequence[Machine]:
        """Return the agents of a host."""
        return self._on.get(host, ())

    def at(self, site: str) -> frozenset[Machine]:
        """Return the agents of a site."""
        return frozenset(self._at.get(site, ()))

    @cached_property
    def _on(self) -> dict[str, list[Machine]]:
        found: dict[str, list[Machine]] = defaultdict(list)
        for agent in self.fleet.agents.values():
            for host in agent.hosts.hosts:
                found[host.name].append((agent.name, host.name))
        return found

    @cached_property
    def _at(self) -> dict[str, list[Machine]]:
        found: dict[str, list[Machine]] = defaultdict(list)
        for agent in self.fleet.agents.values():
            for host in agent.hosts.hosts:
                found[str(host.facts.get("site", ""))].append((agent.name, host.name))
        return found


def faults_of(proof: Proof) -> tuple[Fault, ...]:
    """Return what a check survives, as far as it could be read."""
    held = proof.values.get("survives")
    items = held.value if held is not None else ()
    return tuple(item for item in items if isinstance(item, Fault))


def node_of(end: End) -> Node:
    """Return a component's node."""
    return end.agent, end.component


def outage_of(fault: Fault) -> tuple[Node, Duration]:
    """Return the sink of an outage, and how long it is out."""
    return node_of(fault.values["sink"].value), fault.values["duration"].value


def scenes(machines: Machines, faults: Sequence[Fault], outage: Fault) -> Iterator[Scene]:
    """Yield the scenes of one outage: with it those that last as long, and all other faults."""
    _, length = outage_of(outage)
    out = frozenset(
        sink
        for sink, other in (outage_of(fault) for fault in faults if fault.kind == "outage")
        if other >= length
    )
    cut = frozenset(node_of(f.values["link"].value) for f in faults if f.kind == "cut")
    choices = [tuple(_gone(machines, fault)) for fault in faults if fault.kind in _TAKES_HOSTS]
    for chosen in islice(product(*choices), _MOST_WAYS):
        yield Scene(out, frozenset().union(*chosen), cut)


_TAKES_HOSTS = ("kill", "lose", "power")


def _gone(machines: Machines, fault: Fault) -> Iterator[frozenset[Machine]]:
    """Yield the ways in which a fault takes agents."""
    if fault.kind == "power":
        yield machines.at(str(fault.values["site"].value))
        return
    agent = machines.fleet.agents[str(fault.values["agent"].value)]
    seen = set()
    for hosts in _orders(agent):
        gone = frozenset(host.name for host in hosts[: count_of(fault)])
        if gone not in seen:
            seen.add(gone)
            if fault.kind == "kill":
                yield frozenset((agent.name, name) for name in gone)
            else:  # a lost host takes all its agents with it
                yield frozenset(one for name in gone for one in machines.on(name))


def count_of(fault: Fault) -> int:
    """Return how many hosts a fault takes."""
    held = fault.values.get("count")
    return 1 if held is None else int(held.value)


def _orders(agent: Agent) -> Iterator[Sequence[Host]]:
    """Yield the hosts of an agent, those first that may matter most: by order, by weight, and of
    each site, the smallest first.
    """
    hosts = agent.hosts.hosts
    yield hosts
    yield sorted(hosts, key=lambda host: -int(host.facts.get("weight", 1)))
    sites: dict[str, list[Host]] = {}
    for host in hosts:
        sites.setdefault(str(host.facts.get("site", "")), []).append(host)
    for first in sorted(sites.values(), key=len)[:_MOST_WAYS] if len(sites) > 1 else ():
        names = {host.name for host in first}
        yield [*first, *(host for host in hosts if host.name not in names)]
