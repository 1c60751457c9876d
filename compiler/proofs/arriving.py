"""Which copies of an event make up for each other on the way to one sink, as long as nothing fails.

What a filter or a route leaves out of one copy may be all that another one is there for. So a copy
makes up for another one if it is left out nowhere but where that one is as well: behind where they
meet, or nowhere at all.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

from flumec.compiler.choice import policy_of
from flumec.compiler.graph import Edge, Graph, Node
from flumec.compiler.model import Route, Step
from flumec.compiler.proofs.peers import Peers
from flumec.compiler.proofs.places import Between

Ends = Sequence[Edge]
"""Into channels of which any one will do."""

Copy = Sequence[Ends]
"""Ends that must all do: nobody chooses which of them an event takes."""

T = TypeVar("T")


class Passed(NamedTuple):
    """The places at which events may be left out: steps, routes, and components."""

    enough: frozenset[Hashable] = frozenset()
    """What passes all of these comes to the sink."""
    needed: frozenset[Hashable] = frozenset()
    """What comes to the sink has passed all of these."""

    def at(self, node: Node) -> "Passed":
        """Return the same of a component; where it depends on more than one way from there, it is
        a place of its own.
        """
        if self.enough <= self.needed:
            return self
        return Passed(frozenset({node}), self.needed | {node})

    def behind(self, places: Iterable[Hashable]) -> "Passed":
        """Return the same with places before it that all have to be passed."""
        here = frozenset(places)
        return Passed(self.enough | here, self.needed | here)


def _either(found: Iterable[Passed]) -> Passed:
    """Return what is true of events that take one of several ways, which nobody chooses."""
    enough, needed = zip(*found, strict=True)
    return Passed(frozenset().union(*enough), frozenset.intersection(*needed))


def _both(found: Iterable[Passed]) -> Passed:
    """Return what is true of events of which a copy takes each of several ways."""
    enough, needed = zip(*found, strict=True)
    return Passed(min(enough, key=len), frozenset.intersection(*needed))


def _made_up(items: Sequence[T], passed: Callable[[T], Passed]) -> Iterator[tuple[T, Sequence[T]]]:
    """Yield copies, each with those that make up for it and itself, as few as say it all."""
    found = [passed(item) for item in items]
    beside = [
        {n for n, other in enumerate(found) if n == number or other.enough <= one.needed}
        for number, one in enumerate(found)
    ]
    for number, mine in enumerate(beside):
        if not any(b < mine or (b == mine and n < number) for n, b in enumerate(beside)):
            yield items[number], [items[n] for n in sorted(mine)]


class Arriving:
    """The ways to one sink from the components of which some event comes there."""

    def __init__(self, graph: Graph, peers: Peers, sink: Node, between: Between) -> None:
        self.sink, self.leading, self._edges = sink, between.nodes, between.edges
        self._graph, self._peers = graph, peers
        self._known: dict[Node, Passed] = {}

    def copies(self, node: Node) -> Sequence[Copy]:
        """Return the copies that a source's chains make for the sink; one of them is enough."""
        edges = self._onward(node)
        if len(edges) < 2:
            return [[edges]] if edges else []
        found = list(_made_up(list(_by_chain(edges)), self._of_chain))
        if len(found) == 1:
            return [list(self._parted(arms)) for arms in found[0][1]]
        return [[ends for arms, _ in found for ends in self._parted(arms)]]

    def together(self, ends: Sequence[Node]) -> Sequence[Sequence[Node]]:
        """Return the ends of a link that copies: one of each group is needed, and enough."""
        return [group for _, group in _made_up(ends, self._passed)]

    def _onward(self, node: Node) -> Sequence[Edge]:
        edges = self._graph.outgoing.get(node, ())
        return [each for each in edges if each.kind == "chain" and id(each) in self._edges]

    def _parted(self, arms: Copy) -> Iterator[Ends]:
        for arm in arms:
            yield from (group for _, group in _made_up(arm, self._of_edge))

    def _passed(self, node: Node) -> Passed:
        """Return what has to be passed from a component on; all are looked at once it is asked."""
        if not self._known:
            for each in self._graph.upstream_last(self.leading):
                known = Passed() if each == self.sink else self._from(each)
                self._known[each] = known.at(each)
        return self._known[node]

    def _from(self, node: Node) -> Passed:
        link = self._peers.link_from(node)
        if link is None:
            return _both(map(self._of_chain, _by_chain(self._onward(node))))
        ends = (self._known[end.node] for end in link.targets if end.node in self.leading)
        copies = policy_of(link) == "all" and "within" not in link.values
        return _both(ends) if copies else _either(ends)

    def _of_chain(self, arms: Copy) -> Passed:
        chain = arms[0][0].chain
        if chain is None:
            return Passed()
        missing = isinstance(chain.end, Route) and len(arms) < len(chain.end.arms)
        here = (*_leaving_out(chain.steps), *[id(chain)] * missing)
        return _either(map(self._of_arm, arms)).behind(here)

    def _of_arm(self, arm: Ends) -> Passed:
        steps = arm[0].arm.steps if arm[0].arm is not None else ()
        return _both(map(self._of_edge, arm)).behind(_leaving_out(steps))

    def _of_edge(self, edge: Edge) -> Passed:
        places = [*[id(edge)] * edge.optional, *[edge.end] * self._drops(edge.end)]
        return self._passed(edge.end).behind(places)

    def _drops(self, node: Node) -> bool:
        """Return whether a channel makes room for new events by leaving out old ones."""
        agent = self._peers.fleet.agents[node[0]]
        held = agent.components[node[1]].values.get("when_full")
        return held is not None and str(held.value) == "drop_oldest"


def _by_chain(edges: Sequence[Edge]) -> Iterator[Copy]:
    """Yield the arms of each chain that some edges belong to."""
    chains: dict[int, dict[int, list[Edge]]] = {}
    for edge in edges:
        chains.setdefault(id(edge.chain), {}).setdefault(id(edge.arm), []).append(edge)
    yield from (list(arms.values()) for arms in chains.values())


def _leaving_out(steps: Iterable[Step]) -> Iterator[int]:
    """Yield the steps that may leave events out; of a plug-in's nothing is known."""
    for step in steps:
        if step.declaration is None or step.declaration.drops:
            yield id(step)
