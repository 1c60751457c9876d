"""The fleet as one graph over all agents; the only file that imports networkx.

A node is (agent, component). There is one node for each component as written, not for each host:
agents of one set of hosts are alike. Edges that cannot be are left out; the binder
reported them.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from math import inf
from typing import Any, Literal, TypeVar

from flumec.compiler.model import Arm, Chain, Fleet, Group, Link, Route, Target
from flumec.compiler.source import Span
from flumec.runtime.frozen import frozen

Node = tuple[str, str]
Spot = TypeVar("Spot", bound=Hashable)
T = TypeVar("T")


@frozen
class Edge:
    """Events go from `start` to `end`: within an agent, or by a link.

    An edge that cannot be (out of a sink, from channel to channel of one agent) is misplaced: it
    counts as a use of its end, and nothing flows by it.
    """

    start: Node
    end: Node
    kind: Literal["chain", "link", "misplaced"]
    span: Span
    chain: Chain | None = None
    """The chain that it ends, unless it is a link."""
    arm: Arm | None = None
    """The arm of the chain's route by which it leaves."""
    optional: bool = False
    """Whether a put leaves it out that has no room there."""


@frozen
class Reader:
    """What takes events out of a channel: `kind` is sink, group or link."""

    kind: Literal["sink", "group", "link"]
    name: str
    span: Span


def ends(chain: Chain) -> Iterator[Target]:
    """Yield every target of a chain, those of a route's arms and a group's members too."""
    return (target for target, _ in _ways_out(chain))


def _ways_out(chain: Chain) -> Iterator[tuple[Target, Arm | None]]:
    match chain.end:
        case Route(arms=arms):
            yield from ((target, arm) for arm in arms for target in arm.targets)
        case Group(members=members):
            yield from ((member, None) for member in members)
        case targets:
            yield from ((target, None) for target in targets)


class Graph:
    """Who writes into and who reads from what, over the whole fleet."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._derived: dict[Callable[[Fleet, Graph], Any], Any] = {}
        self._between: dict[tuple[Node, Node], frozenset[Node]] = {}
        self.edges: list[Edge] = []
        self.readers: dict[Node, list[Reader]] = defaultdict(list)
        for agent in fleet.agents.values():
            for chain in agent.chains:
                self._add_chain(fleet, agent.name, chain)
        for link in fleet.links:
            self._add_link(fleet, link)
        self.outgoing = _by_node(self.edges, 0)
        self.incoming = _by_node(self.edges, 1)

    def derived(self, make: "Callable[[Fleet, Graph], T]") -> "T":
        """Return what `make` derives of the fleet: made once for all that ask, and gone with it."""
        if make not in self._derived:
            self._derived[make] = make(self._fleet, self)
        made: T = self._derived[make]
        return made

    def _add_chain(self, fleet: Fleet, agent: str, chain: Chain) -> None:
        components = fleet.agents[agent].components
        if chain.start not in components:
            return
        start = (agent, chain.start)
        wanted = {"source": "channel", "channel": "sink"}.get(components[chain.start].kind)
        for target, arm in _ways_out(chain):
            if target.name is not None and target.name in components:
                fits = components[target.name].kind == wanted
                kind: Literal["chain", "misplaced"] = "chain" if fits else "misplaced"
                end = (agent, target.name)
                self.edges.append(Edge(start, end, kind, target.span, chain, arm, target.optional))
        if components[chain.start].kind == "channel":
            self._add_reader(agent, start, chain)

    def _add_reader(self, agent: str, start: Node, chain: Chain) -> None:
        if isinstance(chain.end, Group | Route):  # a route has no place there, and is said
            kind = chain.end.kind if isinstance(chain.end, Group) else "route"
            self.readers[start].append(Reader("group", kind, chain.end.span))
            return
        for target in chain.end if isinstance(chain.end, tuple) else ():
            name = "drop" if target.name is None else f"{agent}.{target.name}"
            self.readers[start].append(Reader("sink", name, target.span))

    def _add_link(self, fleet: Fleet, link: Link) -> None:
        start = link.sender.node
        if not _exists(fleet, start):
            return
        names = ", ".join(f"{target.agent}.{target.component}" for target in link.targets)
        self.readers[start].append(Reader("link", f"=> {names}", link.span))
        for target in link.targets:
            end = (target.agent, target.component)
            if _exists(fleet, end):
                within = end != start and end[0] == start[0]
                self.edges.append(Edge(start, end, "misplaced" if within else "link", target.span))

    def writers(self, node: Node) -> Sequence[Edge]:
        """Return the edges that end in `node`."""
        return self.incoming.get(node, ())

    def sends(self, node: Node) -> bool:
        """Whether a link begins at `node`."""
        return any(reader.kind == "link" for reader in self.readers.get(node, ()))

    def cycles(self) -> Iterator[list[Edge]]:
        """Yield a shortest cycle of each knot of the graph, from its first edge in the files."""
        if not self._is_cyclic():
            return
        import networkx as nx

        whole: nx.DiGraph[Node] = nx.DiGraph()
        for edge in self._flowing():
            whole.add_edge(edge.start, edge.end, edge=edge)
        for knot in nx.strongly_connected_components(whole):
            part = whole.subgraph(knot)
            if len(knot) > 1 or any(part.has_edge(node, node) for node in knot):
                yield _shortest_cycle([data["edge"] for _, _, data in part.edges(data=True)])

    def _flowing(self) -> Iterator[Edge]:
        return (edge for edge in self.edges if edge.kind != "misplaced")

    def _is_cyclic(self) -> bool:
        """Return whether there is a cycle; a fleet without one needs no networkx to say so."""
        sorter = TopologicalSorter[Node]()
        for edge in self._flowing():
            sorter.add(edge.end, edge.start)
        try:
            sorter.prepare()
        except CycleError:
            return True
        return False

    @staticmethod
    def layers(nodes: Sequence[str], edges: Sequence[tuple[str, str]]) -> list[list[str]]:
        """Return layers of nodes, left of what they lead to; members of a cycle share a layer."""
        import networkx as nx

        graph: nx.DiGraph[str] = nx.DiGraph()
        graph.add_nodes_from(nodes)
        graph.add_edges_from(edges)
        knots = nx.condensation(graph)
        order = {node: index for index, node in enumerate(nodes)}
        return [
            sorted(
                (n for knot in generation for n in knots.nodes[knot]["members"]),
                key=order.__getitem__,
            )
            for generation in nx.topological_generations(knots)
        ]

    @staticmethod
    def least_cut(
        arcs: Mapping[tuple[Spot, Spot], float], start: Spot, end: Spot
    ) -> list[tuple[Spot, Spot]]:
        """Return arcs of the least sum without which nothing flows from `start` to `end`; what
        an arc of infinity joins, nothing parts.
        """
        import networkx as nx

        graph: nx.DiGraph[Spot] = nx.DiGraph()
        for (near, far), capacity in arcs.items():
            graph.add_edge(near, far, **({} if capacity == inf else {"capacity": capacity}))
        _, (before, _) = nx.minimum_cut(graph, start, end)
        return [arc for arc in arcs if arc[0] in before and arc[1] not in before]

    def reachable(self, starts: Sequence[Node]) -> set[Node]:
        """Return every node that events from `starts` come to, and the starts."""
        seen, waiting = set(starts), list(starts)
        while waiting:
            for edge in self.outgoing.get(waiting.pop(), ()):
                if edge.end not in seen:
                    seen.add(edge.end)
                    waiting.append(edge.end)
        return seen

    def leading_to(self, *nodes: Node) -> set[Node]:
        """Return every node from which events come to one of some nodes, and these."""
        seen, waiting = set(nodes), list(nodes)
        while waiting:
            for edge in self.incoming.get(waiting.pop(), ()):
                if edge.start not in seen and edge.kind != "misplaced":
                    seen.add(edge.start)
                    waiting.append(edge.start)
        return seen

    def upstream_last(self, nodes: Collection[Node]) -> list[Node]:
        """Return nodes, each after all that it leads to; none of them if they lie in a circle."""
        sorter = TopologicalSorter[Node]()
        for node in sorted(nodes):
            ends = {edge.end for edge in self.outgoing.get(node, ()) if edge.kind != "misplaced"}
            sorter.add(node, *sorted(ends & set(nodes)))
        try:
            return list(sorter.static_order())
        except CycleError:
            return []

    def between(self, start: Node, end: Node) -> frozenset[Node]:
        """Return every node on the ways from `start` to `end`, both of them too; the cost is that
        of what is reached from `start`, once for all that ask.
        """
        if (start, end) not in self._between:
            self._between[start, end] = self._on_the_ways(start, end)
        return self._between[start, end]

    def _on_the_ways(self, start: Node, end: Node) -> frozenset[Node]:
        leading = {end}
        for node in self.upstream_last(self.reachable([start])):
            ways = (edge for edge in self.outgoing.get(node, ()) if edge.kind != "misplaced")
            if any(edge.end in leading for edge in ways):
                leading.add(node)
        return frozenset(leading if start in leading else ())


def _by_node(edges: Sequence[Edge], side: Literal[0, 1]) -> Mapping[Node, list[Edge]]:
    table: dict[Node, list[Edge]] = defaultdict(list)
    for edge in edges:
        table[edge.end if side else edge.start].append(edge)
    return dict(table)


def _exists(fleet: Fleet, node: Node) -> bool:
    agent = fleet.agents.get(node[0])
    return agent is not None and node[1] in agent.components


def _place(edge: Edge) -> tuple[str, int]:
    return edge.span.source.path, edge.span.start


def _shortest_cycle(edges: list[Edge]) -> list[Edge]:
    """Return a shortest cycle through the edge that comes first in the files."""
    edges.sort(key=_place)
    first, outgoing = edges[0], _by_node(edges, 0)
    came_by: dict[Node, Edge] = {first.end: first}
    waiting = deque([first.end])
    while first.start not in came_by:
        for edge in outgoing[waiting.popleft()]:
            if edge.end not in came_by:
                came_by[edge.end] = edge
                waiting.append(edge.end)
    path = [came_by[first.start]]
    while path[0] is not first:
        path.insert(0, came_by[path[0].start])
    return path
