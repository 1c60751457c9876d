"""What cuts a path, found by taking away each subset in turn: host by host, nothing shared."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from itertools import combinations

from flumec.compiler.choice import policy_of
from flumec.compiler.cuts.circuit import Circuit, Place
from flumec.compiler.cuts.element import Element, Kind
from flumec.compiler.graph import Edge, Graph, Node
from flumec.compiler.model import Fleet, Host, Link

Gone = Collection[Element]


@dataclass
class Forced:
    """A fleet of which parts are gone, and whether events still come to a sink."""

    fleet: Fleet
    graph: Graph
    circuit: Circuit
    sink: Node
    own: str = ""
    """The host that is never gone."""
    _without: Gone = ()
    _known: dict[tuple[Node, str], bool] = field(default_factory=dict)
    _leading: dict[tuple[Node, str], bool] = field(default_factory=dict)

    def arrives(self, node: Node, host: Host, gone: Gone) -> bool:
        """Whether events at a component of a host come to the sink."""
        if self._without is not gone:
            self._without, self._known = gone, {}
        key = node, host.name
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
        folder = self.circuit.disk(Place(node, self.circuit.alikes.holding(node[0], host.name)))
        if folder is not None:
            found.add(Element("disk", f"{host.name}:{folder}" if folder else host.name))
        return found

    def _leads(self, node: Node, host: Host) -> bool:
        key = node, host.name
        if key not in self._leading:
            self._leading[key] = self._arrives_somewhere(node, host)
        return self._leading[key]

    def _arrives_somewhere(self, node: Node, host: Host) -> bool:
        """Whether any way leads from a component of a host to the sink, as long as nothing is
        gone.
        """
        if node == self.sink:
            return True
        links = [one for one in self.fleet.links if _sender(one) == node]
        if not links:
            edges = self.graph.outgoing.get(node, ())
            return any(edge.kind == "chain" and self._leads(edge.end, host) for edge in edges)
        return any(
            self._leads((end.agent, end.component), other)
            for end in links[0].targets
            for other in self.fleet.agents[end.agent].hosts.hosts
            if self._near(links[0], host, other)
        )

    def _chain(self, edges: list[Edge], host: Host, gone: Gone) -> bool:
        arms = [
            [e for e in edges if e.arm is edge.arm and self._leads(e.end, host)] for edge in edges
        ]
        arms = [[e for e in arm if not e.optional] or arm for arm in arms if arm]
        return bool(arms) and all(
            any(self.arrives(edge.end, host, gone) for edge in arm) for arm in arms
        )

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
        """Yield the sets of so many elements of a kind without which nothing arrives."""
        for gone in combinations(sorted(self.elements(kind)), number):
            if not any(self.arrives(node, host, gone) for node, host in starts):
                yield set(gone)

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
