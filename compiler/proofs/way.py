"""How events go on from a component, for proofs: by chains, by links, and as dead letters."""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from flumec.compiler.graph import Edge, Graph, Node
from flumec.compiler.letters import taken_from
from flumec.compiler.lying import LyingByAgent
from flumec.compiler.model import Component, Fleet, Group, Link, Step, Value
from flumec.compiler.proofs.sites import Sites
from flumec.compiler.source import Span
from flumec.runtime.component import Source
from flumec.runtime.sources.link import LinkSource


@dataclass(frozen=True, slots=True)
class Way:
    """One way on from a component to the next; `letters` are what a consumer gives up of it."""

    start: Node
    end: Node
    kind: Literal["chain", "group", "link", "letters"]
    span: Span
    edge: Edge | None = None
    link: Link | None = None
    late: bool = False
    """Of letters: whether they are events that came after the window of a `dedup`."""

    @property
    def steps(self) -> Sequence[Step]:
        """The steps that events pass by it, those of a route's arm behind those of its chain."""
        if self.edge is None or self.edge.chain is None:
            return ()
        return (*self.edge.chain.steps, *(self.edge.arm.steps if self.edge.arm else ()))


class Ways:
    """Ways on from components; all of a fleet are made once, by `Graph.derived(ways_of)`."""

    def __init__(self, fleet: Fleet, ways: Iterable[Way], lying: LyingByAgent) -> None:
        self.fleet, self.lying = fleet, lying
        self._out: dict[Node, list[Way]] = defaultdict(list)
        self._into: dict[Node, list[Way]] = defaultdict(list)
        for way in ways:
            self._out[way.start].append(way)
            self._into[way.end].append(way)
        self._before: dict[Node, Mapping[Node, None]] = {}

    def out(self, node: Node) -> list[Way]:
        """Return the ways on from a component, in the order of the file."""
        return self._out.get(node, [])

    def into(self, node: Node) -> Sequence[Way]:
        """Return the ways that end in a component."""
        return self._into.get(node, ())

    def before(self, node: Node) -> Mapping[Node, None]:
        """Return all that events come to a component from, and itself, the nearest first; looked
        for once for each component that is asked for.
        """
        if node not in self._before:
            seen, waiting = {node: None}, deque([node])
            while waiting:
                starts = dict.fromkeys(way.start for way in self.into(waiting.popleft()))
                waiting += (start for start in starts if start not in seen)
                seen |= starts
            self._before[node] = seen
        return self._before[node]

    def component(self, node: Node) -> Component | None:
        """Return a component by its agent's name and its own."""
        agent = self.fleet.agents.get(node[0])
        return None if agent is None else agent.components.get(node[1])

    def source(self, node: Node) -> type[Source] | None:
        """Return what a component is by which events enter the fleet; None of any other."""
        component = self.component(node)
        declared = None if component is None else component.declaration
        if declared is None or not issubclass(declared, Source) or declared is LinkSource:
            return None
        return declared

    def nodes(self) -> Iterator[Node]:
        """Yield every component, in the order of the files."""
        for agent in self.fleet.agents.values():
            for name in agent.components:
                yield agent.name, name

    def backwards(self) -> list[Node]:
        """Return every component after all that events go to from it; none where they circle."""
        done: dict[Node, bool] = {}
        order: list[Node] = []
        for first in self.nodes():
            waiting = [first]
            while waiting:
                node = waiting[-1]
                if node not in done:
                    done[node] = False
                    ahead = [way.end for way in self.out(node)]
                    if any(done.get(end) is False for end in ahead):
                        return []
                    waiting += [end for end in ahead if end not in done]
                    continue
                waiting.pop()
                if not done[node]:
                    done[node] = True
                    order.append(node)
        return order


def ways_of(fleet: Fleet, graph: Graph) -> Ways:
    """Return every way on from each component of a fleet."""
    return Ways(fleet, _all(fleet, graph), graph.derived(LyingByAgent))


def _all(fleet: Fleet, graph: Graph) -> Iterator[Way]:
    links = {(each.sender.agent, each.sender.component): each for each in reversed(fleet.links)}
    sites = Sites(fleet)
    for edges in graph.outgoing.values():
        for edge in edges:
            way = _by_edge(edge, links) if edge.kind != "misplaced" else None
            if way is not None and (way.link is None or sites.leads_to(way.link, way.end[0])):
                yield way
    sent: dict[str, list[Link]] = {}
    for (name, _), link in links.items():
        sent.setdefault(name, []).append(link)
    for agent in fleet.agents.values():
        for taken in taken_from(agent, sent.get(agent.name, ())):
            start, end = (agent.name, taken.channel), (agent.name, str(taken.letters.value))
            if start != end and end[1] in agent.components:
                yield Way(start, end, "letters", taken.letters.span, late=taken.late)


def said(values: Mapping[str, Value], name: str, otherwise: str) -> str:
    """Return what a block says of a property, as text."""
    held = values.get(name)
    return otherwise if held is None else str(held.value)


def _by_edge(edge: Edge, links: Mapping[Node, Link]) -> Way:
    if edge.kind == "link":
        return Way(edge.start, edge.end, "link", edge.span, edge, links.get(edge.start))
    grouped = edge.chain is not None and isinstance(edge.chain.end, Group)
    return Way(edge.start, edge.end, "group" if grouped else "chain", edge.span, edge)
