"""What is known of the headers at every component of a fleet, once through it in order.

A component is looked at when all that leads into it was, so the cost is that of the edges, however
many ways there are through diamonds. What lies in or behind a circle, which is reported, is open.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from flumec.compiler.graph import Edge, Graph, Node
from flumec.compiler.headers.entering import entering
from flumec.compiler.headers.known import ANY, Headers, surely
from flumec.compiler.headers.steps import behind, taken
from flumec.compiler.letters import taken_from
from flumec.compiler.model import Arm, Chain, Fleet, Route, Step
from flumec.compiler.source import Span

OURS = ("flumec.reason", "flumec.sink", "flumec.tries")
"""The headers of dead letters and late events."""


class Joint(NamedTuple):
    """A way from one component to another: an edge of the graph, or letters (`edge` is None)."""

    start: Node
    edge: Edge | None
    span: Span


def header_flow(graph: Graph) -> "HeaderFlow":
    """Return what is known of a fleet's headers; made once for all passes that ask."""
    return graph.derived(HeaderFlow)


class HeaderFlow:
    """The headers that events have when they come to each component."""

    def __init__(self, fleet: Fleet, graph: Graph) -> None:
        self._fleet = fleet
        self.into = joints(fleet, graph)
        """How events come to a component."""
        self._at: dict[Node, Headers] = {}
        self._ends: dict[tuple[int, int | None], Headers] = {}
        self.order = tuple(self._in_order())
        """The components, each behind all that leads into it; none of a circle."""
        for node in self.order:
            self._at[node] = self._arriving(node)

    def at(self, node: Node) -> Headers:
        """Return the headers of events that come to a component, or leave a source."""
        return self._at.get(node, ANY)

    def steps(self, agent: str, chain: Chain) -> Iterator[tuple[Step, Headers]]:
        """Yield each step of a chain, those of a route's arms too, with what comes to it."""
        headers, owner = self.at((agent, chain.start)), self._fleet.agents[agent]
        for step in chain.steps:
            yield step, headers
            headers = behind(headers, (step,), owner)
        if isinstance(chain.end, Route):
            for arm in chain.end.arms:
                inner = taken(headers, chain.end, arm)
                for step in arm.steps:
                    yield step, inner
                    inner = behind(inner, (step,), owner)

    def before_end(self, agent: str, chain: Chain) -> Headers:
        """Return the headers behind a chain's steps, where its route decides."""
        return self._behind(agent, chain, None)

    def _in_order(self) -> Iterator[Node]:
        """Yield every component behind all that leads into it; none of a circle."""
        onward: dict[Node, list[Node]] = defaultdict(list)
        missing: dict[Node, int] = {}
        for name, agent in self._fleet.agents.items():
            for component in agent.components:
                node = (name, component)
                missing[node] = len(self.into.get(node, ()))
                for joint in self.into.get(node, ()):
                    onward[joint.start].append(node)
        ready = [node for node, count in missing.items() if not count]
        while ready:
            node = ready.pop()
            yield node
            for end in onward.get(node, ()):
                missing[end] -= 1
                if not missing[end]:
                    ready.append(end)

    def _arriving(self, node: Node) -> Headers:
        ways = self.into.get(node, ())
        if (
            node[0] in self._fleet.unsure
        ):  # its wiring has a mistake: what is missing proves nothing
            return ANY
        if not ways:
            component = self._fleet.agents[node[0]].components[node[1]]
            return entering(component) if component.kind == "source" else ANY
        headers = self._by(ways[0])
        for joint in ways[1:]:
            headers = headers.joined(self._by(joint))
        return headers

    def _by(self, joint: Joint) -> Headers:
        edge = joint.edge
        if edge is None:
            headers = self.at(joint.start)
            for name in OURS:
                headers = headers.with_(name, surely(joint.span, alike=True))
            return headers
        if edge.chain is None:
            return self.at(joint.start)
        return self._behind(joint.start[0], edge.chain, edge.arm)

    def _behind(self, agent: str, chain: Chain, arm: Arm | None) -> Headers:
        """Return the headers behind a chain, or behind one arm of its route; each is made once."""
        key = (id(chain), id(arm) if arm is not None else None)
        if key not in self._ends:
            owner = self._fleet.agents[agent]
            if arm is None or not isinstance(chain.end, Route):
                made = behind(self.at((agent, chain.start)), chain.steps, owner)
            else:
                inner = taken(self._behind(agent, chain, None), chain.end, arm)
                made = behind(inner, arm.steps, owner)
            self._ends[key] = made
        return self._ends[key]


def joints(fleet: Fleet, graph: Graph) -> dict[Node, list[Joint]]:
    """Return how events come to each component: by chains and links, and as letters."""
    into: dict[Node, list[Joint]] = defaultdict(list)
    for edge in graph.edges:
        if edge.kind != "misplaced":
            into[edge.end].append(Joint(edge.start, edge, edge.span))
    sent = defaultdict(list)
    for link in fleet.links:
        if "dead_letter" in link.values:
            sent[link.sender.agent].append(link)
    for name, agent in fleet.agents.items():
        for channel, letters, _ in taken_from(agent, sent.get(name, ())):
            end = (name, str(letters.value))
            if channel in agent.components and end[1] in agent.components:
                into[end].append(Joint((name, channel), None, letters.span))
    return into
