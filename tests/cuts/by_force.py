"""What cuts a path, found by taking away each subset in turn: host by host, nothing shared.

Each kind of event is followed by itself: which arm it takes of each route, and which filters let it
through.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product

from flumec.compiler.choice import policy_of
from flumec.compiler.cuts.circuit import Circuit
from flumec.compiler.cuts.element import Element, Kind
from flumec.compiler.graph import Edge, Graph, Node
from flumec.compiler.model import Arm, Chain, Fleet, Host, Link, Route

Gone = tuple[Element, ...]
NOTHING: Gone = ()

Event = dict[int, int | None]
"""Which arm a kind of event takes at the end of each chain; None: a filter leaves it out."""


@dataclass
class Forced:
    """A fleet of which parts are gone, and whether events still come to a sink."""

    fleet: Fleet
    graph: Graph
    circuit: Circuit
    sink: Node
    own: str = ""
    """The host that is never gone."""
    _event: Event = field(default_factory=dict)
    _known: dict[tuple[Node, str, Gone], bool] = field(default_factory=dict)

    def arrives(self, node: Node, host: Host, gone: Gone) -> bool:
        """Whether events of the kind that is looked at come from a component to the sink."""
        key = node, host.name, gone
        if key not in self._known:
            self._known[key] = self._arrives(node, host, gone)
        return self._known[key]

    def _arrives(self, node: Node, host: Host, gone: Gone) -> bool:
        if host.name != self.own and not self._labels(node, host).isdisjoint(gone):
            return False
        if node == self.sink:
            return True
        links = [one for one in self.fleet.links if _sender(one) == node]
        if links:
            return self._sent(links[0], node, host, gone)
        edges = [e for e in self.graph.outgoing.get(node, ()) if e.kind == "chain"]
        chains = {id(e.chain): [x for x in edges if x.chain is e.chain] for e in edges}
        return any(self._chain(chain, host, gone) for chain in chains.values())

    def _labels(self, node: Node, host: Host) -> set[Element]:
        found = {Element("host", host.name)}
        if "site" in host.facts:
            found.add(Element("site", host.facts["site"]))
        folders = self.circuit.disks.needed(node, host)
        return found | {Element.disk(host.name, folder) for folder in folders}

    def _leads(self, node: Node, host: Host) -> bool:
        """Whether they do as long as nothing is gone."""
        return self.arrives(node, host, NOTHING)

    def _chain(self, edges: list[Edge], host: Host, gone: Gone) -> bool:
        takes = self._event.get(id(edges[0].chain), 0)
        if takes is None:
            return False
        arms = _arms(edges[0].chain)
        taken = [e for e in edges if e.arm is arms[takes] and self._leads(e.end, host)]
        sure = [e for e in taken if not e.optional] or taken
        return any(self.arrives(edge.end, host, gone) for edge in sure)

    def _sent(self, link: Link, node: Node, host: Host, gone: Gone) -> bool:
        if Element("link", ".".join(node)) in gone:
            return False
        there = [
            self.arrives((end.agent, end.component), other, gone)
            for end in link.targets
            for other in self.fleet.agents[end.agent].hosts.hosts
            if self._near(link, host, other) and self._leads((end.agent, end.component), other)
        ]
        return bool(there) and (all(there) if policy_of(link) == "hash" else any(there))

    def _near(self, link: Link, host: Host, other: Host) -> bool:
        if "within" not in link.values:
            return True
        return "site" in host.facts and host.facts["site"] == other.facts.get("site")

    def cuts(
        self, starts: list[tuple[Node, Host]], kind: Kind, number: int
    ) -> Iterator[set[Element]]:
        """Yield the sets of so many elements of a kind without which some event never arrives."""
        found: set[Gone] = set()
        for event in self._events():
            self._event, self._known = event, {}
            if any(self._leads(node, host) for node, host in starts):
                for gone in combinations(sorted(self.elements(kind)), number):
                    if not any(self.arrives(node, host, gone) for node, host in starts):
                        found.add(gone)
        yield from map(set, sorted(found))

    def _events(self) -> Iterator[Event]:
        """Yield all kinds of events that are told apart on the way."""
        edges = (
            e
            for node in self.graph.leading_to(self.sink)
            for e in self.graph.outgoing.get(node, ())
        )
        found = {id(edge.chain): edge.chain for edge in edges if edge.chain is not None}
        chains = [c for c in found.values() if _drops(c) or len(_arms(c)) > 1]
        outcomes = [(*range(len(_arms(c))), *[None] * _drops(c)) for c in chains]
        for chosen in product(*outcomes):
            yield {id(c): takes for c, takes in zip(chains, chosen, strict=True)}

    def elements(self, kind: Kind) -> set[Element]:
        """Return all that there is of a kind, but what is the source's own."""
        if kind == "link":
            return {Element("link", ".".join(_sender(link))) for link in self.fleet.links}
        return {
            label
            for agent in self.fleet.agents.values()
            for name in agent.components
            for host in agent.hosts.hosts
            if host.name != self.own
            for label in self._labels((agent.name, name), host)
            if label.kind == kind
        }


def _sender(link: Link) -> Node:
    return link.sender.agent, link.sender.component


def _drops(chain: Chain) -> bool:
    return any(step.declaration is None or step.declaration.drops for step in chain.steps)


def _arms(chain: Chain | None) -> Sequence[Arm | None]:
    end = chain.end if chain is not None else None
    return end.arms if isinstance(end, Route) else [None]
