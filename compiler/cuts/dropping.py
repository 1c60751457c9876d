"""Which channels drop events while what is behind them is away: there nothing waits for ever.

What is away fills the channel before it, and whatever is before that: up to the first channel that
has room, since it drops its oldest events, or is left out where it has none.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from flumec.compiler.graph import Edge, Graph, Node
from flumec.compiler.model import Component, Fleet
from flumec.compiler.proofs.places import Between

Hosts = Mapping[str, Collection[str]]
"""Hosts, by the agents on them."""


class Drop(NamedTuple):
    """A channel that events are not kept in once it is full: its oldest, or what is to come."""

    node: Node
    oldest: bool


class Away(NamedTuple):
    """What takes no more events."""

    hosts: Hosts
    """On which hosts agents stand still."""
    sinks: Collection[Node] = ()
    """Sinks that wait, of agents that go on."""
    senders: Collection[Node] = ()
    """Channels that nothing is sent from."""


class Dropping:
    """The channels of a fleet that drop when they are full."""

    def __init__(self, fleet: Fleet, graph: Graph) -> None:
        self._fleet, self._graph = fleet, graph
        self._any = any(edge.optional for edge in graph.edges) or any(
            _drops_oldest(each) for agent in fleet.agents.values()
            for each in agent.components.values()
        )  # fmt: skip

    def likeness(self, node: Node) -> object:
        """Return what is equal in components that drop alike."""
        if not self._any:
            return None
        leaving_out = tuple(edge.optional for edge in self._graph.incoming.get(node, ()))
        return _drops_oldest(self._component(node)), leaving_out

    def before(self, away: Away, between: Between) -> tuple[Drop, ...]:
        """Return the channels that drop on the ways to what is away, the nearest on each."""
        if not self._any:
            return ()
        found: dict[Drop, None] = {}
        for agent in away.hosts:
            mine = [node for node in between.nodes if node[0] == agent]
            found |= dict.fromkeys(self._walk(mine, away, between, agent))
        for nodes in (away.sinks, away.senders):
            mine = [node for node in nodes if node in between.nodes]
            found |= dict.fromkeys(self._walk(mine, away, between, ""))
        return tuple(sorted(found))

    def _walk(
        self, nodes: Collection[Node], away: Away, between: Between, agent: str
    ) -> Iterator[Drop]:
        """Yield what drops before some components, on hosts that are not away; those of `agent`
        stand still themselves.
        """
        seen, waiting = set(nodes), list(nodes)
        while waiting:
            node = waiting.pop()
            if node[0] != agent:
                if not self._is_anywhere(node[0], away.hosts):
                    continue
                if _drops_oldest(self._component(node)):
                    yield Drop(node, oldest=True)
                    continue
            for edge in self._graph.incoming.get(node, ()):
                if id(edge) not in between.edges or edge.start in seen:
                    continue
                if edge.optional and node[0] != agent:
                    if not self._has_another(edge, between):
                        yield Drop(node, oldest=False)
                    continue
                seen.add(edge.start)
                waiting.append(edge.start)

    def _has_another(self, edge: Edge, between: Between) -> bool:
        """Whether what is left out of a channel has to go into another one on the way."""
        others = self._graph.outgoing.get(edge.start, ())
        return any(
            each.chain is edge.chain
            and each.arm is edge.arm
            and not each.optional
            and id(each) in between.edges
            for each in others
        )

    def _is_anywhere(self, agent: str, gone: Hosts) -> bool:
        """Whether some host of an agent is not away."""
        away = gone.get(agent, ())
        return any(host.name not in away for host in self._fleet.agents[agent].hosts.hosts)

    def _component(self, node: Node) -> Component:
        return self._fleet.agents[node[0]].components[node[1]]


def _drops_oldest(component: Component) -> bool:
    said = component.values.get("when_full")
    return said is not None and said.value == "drop_oldest"
