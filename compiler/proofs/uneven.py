"""Whether the hosts of an agent leave different events out of the copies that each of them gets.

A filter does that which looks for a fact of its host, and a route by a header that says one.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator

from flumec.compiler.graph import Graph, Node
from flumec.compiler.headers.making import making, set_by
from flumec.compiler.headers.steps import steps_of
from flumec.compiler.model import Chain, Fleet, Route, Step
from flumec.compiler.values import varies


class Uneven:
    """Asked link by link; made once for a fleet, with `Graph.derived`."""

    def __init__(self, fleet: Fleet, graph: Graph) -> None:
        self._graph = graph
        self._filters: set[Node] = set()
        """The sources whose chains have such a filter."""
        self._told: dict[Node, set[str]] = defaultdict(set)
        """The headers that say a fact of the host, by the sources whose chains set them."""
        self._routes: dict[Node, list[Chain]] = defaultdict(list)
        for agent in fleet.agents.values():
            for chain in agent.chains:
                node = agent.name, chain.start
                if isinstance(chain.end, Route):
                    self._routes[node].append(chain)
                for step in steps_of(chain) if len(agent.hosts.hosts) > 1 else ():
                    self._add(node, step)
        headers = set().union(*self._told.values())
        routes = (chain.end for chains in self._routes.values() for chain in chains)
        asked = any(isinstance(route, Route) and route.header in headers for route in routes)
        self._never = not self._filters and not asked

    def behind(self, ends: Iterable[Node], sink: Node) -> bool:
        """Return whether hosts that copies come to differ in what they let on to a sink."""
        if self._never:
            return False
        leading = self._graph.leading_to(sink)
        here = self._graph.reachable([end for end in ends if end in leading]) & leading
        if here & self._filters:
            return True
        told = set().union(*(self._told[node] for node in here & self._told.keys()))
        return any(header in told for node in here for header in self._leaving_out(node, leading))

    def _add(self, node: Node, step: Step) -> None:
        if step.declaration is None:
            return
        made = making(step)
        if made.host or made.varied:
            self._told[node] |= set_by(step)
        if step.declaration.drops and any(varies(held.value) for held in step.values.values()):
            self._filters.add(node)

    def _leaving_out(self, node: Node, leading: Collection[Node]) -> Iterator[str]:
        """Yield the headers of a source's routes of which not all arms lead on."""
        for chain in self._routes.get(node, ()):
            arms = chain.end.arms if isinstance(chain.end, Route) else ()
            ends = (((node[0], t.name) for t in arm.targets if t.name is not None) for arm in arms)
            if isinstance(chain.end, Route) and not all(map(set(leading).intersection, ends)):
                yield chain.end.header
