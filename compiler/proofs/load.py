"""What flows where, and how fast: from the rates that checks declare to each component of each
host.

A rate counts at its source, in bytes of events for each host. What filters leave out is not taken
off, every arm of a route gets everything: what is proved for that much holds for less.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from typing import NamedTuple

from flumec.compiler.graph import Edge, Graph, Node
from flumec.compiler.model import Fleet, Proof, Value
from flumec.compiler.proofs.peers import Machine, Peers
from flumec.compiler.source import Span
from flumec.runtime.quantity import Rate


class Declared(NamedTuple):
    """How much comes to a source on each of its hosts, by the check that says the most."""

    usual: float
    most: float
    span: Span


def declared_rates(fleet: Fleet) -> dict[Node, Declared]:
    """Return the sources of which a check says how many bytes come to them."""
    found: dict[Node, Declared] = {}
    for proof in fleet.proofs:
        start, rate = proof.values.get("from"), proof.values.get("rate")
        if start is None or rate is None or not rate.value.of_bytes:
            continue
        node = (start.value.agent, start.value.component)
        said = Declared(float(rate.value), peak_of(proof, rate), rate.span)
        known = found.get(node, said)
        first = known if known.most >= said.most else said
        found[node] = Declared(max(known.usual, said.usual), first.most, first.span)
    return found


def peak_of(proof: Proof, rate: Value) -> float:
    """Return the rate at which outages are counted: `peak`, a rate or a factor, and never less
    than `rate`.
    """
    peak, usual = proof.values.get("peak"), float(rate.value)
    if peak is None:
        return usual
    if not isinstance(peak.value, Rate):
        return max(usual, usual * float(peak.value))
    return max(usual, float(peak.value)) if peak.value.of_bytes else usual


@dataclass(slots=True)
class Load:
    """Bytes of events a second into each component, by the names of its hosts."""

    into: dict[Node, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    order: tuple[Node, ...] = ()
    """Every component that something comes to, each before what it leads to."""
    whole: bool = True
    """Whether it could be told; in a circle, which is reported, it cannot."""

    def add(self, node: Node, host: str, rate: float) -> None:
        """Let more come to a component on a host."""
        into = self.into[node]
        into[host] = into.get(host, 0.0) + rate


def load_of(
    fleet: Fleet,
    graph: Graph,
    peers: Peers,
    rates: Mapping[Node, float],
    *,
    dead: Collection[Machine] = (),
    ways: Collection[Node] | None = None,
) -> Load:
    """Return what comes to every component when each source of `rates` gets so much on each host.

    Nothing comes to agents that are `dead`; what clients push goes to the sources that are left.
    With `ways` nothing else is looked at.
    """
    order = _order(graph, graph.reachable(tuple(rates)) if ways is None else ways)
    if order is None:
        return Load(whole=False)
    entering = {node: _entering(fleet, node, rate, dead) for node, rate in rates.items()}
    return flowing(graph, peers, order, entering=entering, dead=dead)


def flowing(
    graph: Graph,
    peers: Peers,
    order: tuple[Node, ...],
    *,
    entering: Mapping[Node, Mapping[str, float]],
    dead: Collection[Machine] = (),
) -> Load:
    """Return what comes to every component of `order` of what enters at some of them."""
    load = Load(order=order)
    for node in order:
        for host, rate in entering.get(node, {}).items():
            load.add(node, host, rate)
        into = load.into.get(node, {})
        for edge in once(graph.outgoing.get(node, ())):
            if edge.kind == "chain":
                for host, rate in into.items():
                    load.add(edge.end, host, rate)
        if (link := peers.link_from(node)) is not None:
            for peer, rate in peers.divided(link, into, dead):
                load.add(peer.end, peer.host.name, rate)
    return load


def _entering(fleet: Fleet, node: Node, rate: float, dead: Collection[Machine]) -> dict[str, float]:
    agent = fleet.agents[node[0]]
    alive = [host.name for host in agent.hosts.hosts if (agent.name, host.name) not in dead]
    declaration = agent.components[node[1]].declaration
    pushed = declaration is not None and getattr(declaration, "refuses", False)
    each = rate * len(agent.hosts.hosts) / len(alive) if pushed and alive else rate
    return dict.fromkeys(alive, each)


def once(edges: Iterable[Edge]) -> list[Edge]:
    """Return edges, those of several arms of one route into one component once."""
    return list({(id(edge.chain), edge.end): edge for edge in edges}.values())


def _order(graph: Graph, reached: Collection[Node]) -> tuple[Node, ...] | None:
    """Return nodes in the order of the flow; None if they lie in a circle."""
    sorter = TopologicalSorter[Node]()
    for node in sorted(reached):
        sorter.add(node)
        for edge in graph.outgoing.get(node, ()):
            if edge.kind != "misplaced" and edge.end in reached:
                sorter.add(edge.end, node)
    try:
        return tuple(sorter.static_order())
    except ValueError:  # a CycleError: passes/cycles.py says it
        return None
