"""Which sinks events have to wait for in what a check survives, and for how long."""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from flumec.compiler.choice import has_lanes, within_of
from flumec.compiler.graph import Graph, Node
from flumec.compiler.model import Fault, Fleet, Group, Link, Proof
from flumec.compiler.proofs.scenes import Machines, faults_of, length_of, outage_of
from flumec.compiler.proofs.survival import Taking
from flumec.compiler.proofs.taken import taking_of
from flumec.runtime.quantity import Duration


class Waiting(NamedTuple):
    """A sink that events wait for, the fault that keeps them from it, and how long it lasts."""

    fault: Fault
    sink: Node
    length: Duration


def longest_waits(fleet: Fleet, graph: Graph) -> list[Waiting]:
    """Return what checks survive for a time that they say and what waits then, the longest first.

    An outage keeps events from its sink; all else from the one that the check is about, if it takes
    something on the way there.
    """
    machines = Machines(fleet)
    found = [
        waiting
        for proof in fleet.proofs
        for waiting in (*_in_outages(graph, faults_of(proof)), *_on_the_way(graph, machines, proof))
    ]
    return sorted(found, key=lambda each: -float(each.length))


def _in_outages(graph: Graph, faults: Sequence[Fault]) -> Iterator[Waiting]:
    """Yield the sinks that are out, of a group those for which no other member delivers: all wait
    until the first of them is back.
    """
    out: dict[Node, Fault] = {}
    outages = [fault for fault in faults if fault.kind == "outage"]
    for fault in sorted(outages, key=lambda each: float(outage_of(each)[1])):
        out[outage_of(fault)[0]] = fault
    for sink in out:
        lasting = [out.get(member) for member in _members(graph, sink)]
        known = [fault for fault in lasting if fault is not None]
        if len(known) == len(lasting):
            first = min(known, key=lambda each: float(outage_of(each)[1]))
            yield Waiting(first, sink, outage_of(first)[1])


def _members(graph: Graph, sink: Node) -> set[Node]:
    """Return a sink with all that deliver what it would."""
    chains = [edge.chain for edge in graph.writers(sink) if edge.chain is not None]
    groups = [chain.end for chain in chains if isinstance(chain.end, Group)]
    return {sink, *((sink[0], each.name or "") for group in groups for each in group.members)}


def _on_the_way(graph: Graph, machines: Machines, proof: Proof) -> Iterator[Waiting]:
    start, end = proof.values.get("from"), proof.values.get("to")
    if start is None or end is None:
        return
    way = graph.between(start.value.node, end.value.node)
    for fault in faults_of(proof):
        length = length_of(fault)
        if length is None or fault.kind == "outage":
            continue
        taking = taking_of(machines, graph, fault)
        if fault.kind == "lose" and taking is not None:
            met = any(_awaits(machines.fleet, link, taking, way) for link in machines.fleet.links)
        else:
            met = _meets(taking, fault, way)
        if met:
            yield Waiting(fault, end.value.node, length)


def _meets(taking: Taking | None, fault: Fault, way: Collection[Node]) -> bool:
    """Whether a fault takes something that events go by."""
    if taking is None:
        return fault.values["link"].value.node in way
    return any(node[0] in taking.gone for node in way)


def _awaits(fleet: Fleet, link: Link, taking: Taking, way: Collection[Node]) -> bool:
    """Whether a link on the way waits for hosts that do not come back: what they held is gone, and
    waits for nothing.
    """
    if link.sender.node not in way or not any(end.node in way for end in link.targets):
        return False
    if _taken(fleet, taking, {link.sender.agent}, all_of=True):
        return False
    ends = {end.agent for end in link.targets}
    each_waits = has_lanes(link) or within_of(link) is not None
    return _taken(fleet, taking, ends, all_of=not each_waits)


def _taken(fleet: Fleet, taking: Taking, agents: Collection[str], *, all_of: bool) -> bool:
    """Whether a fault may take some of the hosts of agents, or all at once."""
    known = (fleet.agents[name] for name in agents if name in fleet.agents)
    hosts = {agent.name: [host.name for host in agent.hosts.hosts] for agent in known}
    gone = min(taking.most, sum(taking.count(name, there) for name, there in hosts.items()))
    return gone >= (sum(map(len, hosts.values())) if all_of else 1)
