"""The components of a fleet, each once for what is known of the events that come to it.

What is asked nowhere behind a component tells its events apart no longer. So where no chain asks
what another one asked before it, each component is one place.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from itertools import product
from math import prod
from typing import NamedTuple

from flumec.compiler.graph import Graph, Node
from flumec.compiler.headers.flow import OURS
from flumec.compiler.model import Chain, Fleet, Route, Target
from flumec.compiler.proofs.answers import Item, Knowledge, Questions, Subject, asked_by
from flumec.compiler.proofs.sites import Shared, Sites, shared_by
from flumec.compiler.proofs.way import Way, ways_of

_MOST = 256
"""Where events are told apart in more ways than that, nothing is known of them."""


class Place(NamedTuple):
    """A component, and what is known of events there."""

    node: Node
    known: frozenset[Item] = frozenset()


class Between(NamedTuple):
    """The ways that some events of a source take to a sink."""

    nodes: frozenset[Node]
    edges: frozenset[int]
    """The identities of their edges."""


class Places:
    """Every place that events of some source come to; made once, with `Graph.derived`."""

    def __init__(self, fleet: Fleet, graph: Graph) -> None:
        ways, agents = graph.derived(ways_of), fleet.agents.values()
        self._ways, self._sites = ways, Sites(fleet)
        self._questions = Questions.of(chain for agent in agents for chain in agent.chains)
        self._asked: dict[Node, frozenset[Subject]] = {}
        """What the chains of a component ask, and all that are behind it."""
        self._at: dict[Node, dict[Place, None]] = defaultdict(dict)
        self._crowded: set[Node] = set()
        backwards = ways.backwards()
        for node in backwards:
            self._asked[node] = frozenset(self._asked_behind(node))
        for node in reversed(backwards):
            self._arrive(node)
        self.backwards = [place for node in backwards for place in self._at[node]]
        """Every place after all that events go to from it; none where they circle."""

    def at(self, node: Node) -> Collection[Place]:
        """Return the places of a component; of one that nothing comes to, none."""
        return self._at[node]

    def kinds(self, node: Node) -> Iterator[Place]:
        """Yield the places of a component, each once for each kind of events there: by all that is
        asked of them from there on. Too many kinds are one, of which nothing more is known.
        """
        for place in self._at[node]:
            known = dict(place.known)
            asked = self._asked[node] if self._is_followed(node) else frozenset()
            kept = [item for item in place.known if isinstance(item[0], Shared)]
            of_events = (subject for subject in asked if not isinstance(subject, Shared))
            told = [
                list(self._questions.single(known, subject))
                for subject in sorted(of_events, key=repr)
            ]
            if prod(map(len, told)) > _MOST:
                yield place
            else:
                yield from (Place(node, frozenset([*kept, *each])) for each in product(*told))

    def out(self, place: Place) -> Iterator[tuple[Way, Place]]:
        """Yield the ways on that some events take, each with where they come to by it."""
        behind: dict[int, Knowledge | None] = {}
        for way in self._ways.out(place.node):
            if not self._asked[place.node]:
                yield way, Place(way.end)
                continue
            chain = None if way.edge is None else way.edge.chain
            if chain is not None and id(chain) not in behind:
                behind[id(chain)] = self._behind(place, chain)
            known = dict(place.known) if chain is None else behind[id(chain)]
            if known is not None and (left := self._along(way, known)) is not None:
                yield way, self._place(way.end, left)

    def taken(self, sources: Iterable[Node]) -> Iterator[Way]:
        """Yield the ways that events of some sources take, each once."""
        found = set[int]()
        waiting = [place for source in sources for place in self._at[source]]
        seen = set(waiting)
        while waiting:
            for way, there in self.out(waiting.pop()):
                if id(way) not in found:
                    found.add(id(way))
                    yield way
                if there not in seen:
                    seen.add(there)
                    waiting.append(there)

    def between(self, source: Node, sink: Node, leading: Collection[Node] | None = None) -> Between:
        """Return the ways from a source to a sink, dead letters aside; with `leading` no others are
        looked at, which all of these have to be among.
        """
        nodes, edges = set[Node](), set[int]()
        alive, seen, waiting = set[Place](), set[Place](), list(self._at[source])
        while waiting:
            place = waiting[-1]
            ways = [
                (way, there)
                for way, there in (self.out(place) if place.node != sink else ())
                if way.kind != "letters" and (leading is None or there.node in leading)
            ]
            if place not in seen:
                seen.add(place)
                waiting += [there for _, there in ways if there not in seen]
                continue
            waiting.pop()
            taken = [way for way, there in ways if there in alive]
            if taken or place.node == sink:
                alive.add(place)
                nodes.add(place.node)
                edges.update(id(way.edge) for way in taken)
        return Between(frozenset(nodes), frozenset(edges))

    def drops(self, place: Place, chain: Chain) -> Iterator[Target]:
        """Yield where the arms of a chain's route drop events, as far as some take these arms."""
        route = chain.end
        if not isinstance(route, Route) or (known := self._behind(place, chain)) is None:
            return
        for arm in route.arms:
            drops = [target for target in arm.targets if target.name is None]
            if drops and self._questions.taken(known, route, arm) is not None:
                yield from drops

    def _asked_behind(self, node: Node) -> Iterator[Subject]:
        chains = set[int]()
        for way in self._ways.out(node):
            yield from self._asked[way.end]
            if way.link is not None and (shared := shared_by(way.link)) is not None:
                yield shared
            chain, arm = (None, None) if way.edge is None else (way.edge.chain, way.edge.arm)
            if chain is None:
                continue
            if isinstance(chain.end, Route):
                yield chain.end.header
            agent = self._ways.fleet.agents[node[0]]
            new = chain.steps if id(chain) not in chains else ()
            chains.add(id(chain))
            for step in (*new, *(() if arm is None else arm.steps)):
                yield from (subject for subject, _ in asked_by(step, agent))

    def _arrive(self, node: Node) -> None:
        """Gather what comes to a component, when all that leads to it was looked at."""
        component = self._ways.component(node)
        if component is not None and self._ways.source(node) is not None:
            known = self._questions.entering(component, self._asked[node])
            self._at[node][self._place(node, known)] = None
        if len(self._at[node]) > _MOST:
            self._crowded.add(node)
            self._at[node] = {Place(node): None}
        for place in self._at[node]:
            for way, there in self.out(place):
                self._at[way.end][there] = None

    def _place(self, node: Node, known: Knowledge) -> Place:
        if not self._is_followed(node):
            return Place(node)
        return Place(node, self._questions.carried(known, self._asked[node]))

    def _is_followed(self, node: Node) -> bool:
        """Return whether events are told apart at a component."""
        return node not in self._crowded and node[0] not in self._ways.fleet.unsure

    def _behind(self, place: Place, chain: Chain) -> Knowledge | None:
        agent = self._ways.fleet.agents[place.node[0]]
        return self._questions.behind(dict(place.known), chain.steps, agent)

    def _along(self, way: Way, known: Knowledge) -> Knowledge | None:
        """Return what is known of events that take a way, with what is behind its chain's steps."""
        if way.link is not None:
            return self._sites.over(way.link, way.end[0], known)
        if way.kind == "letters":
            return {subject: told for subject, told in known.items() if subject not in OURS}
        chain, arm = (None, None) if way.edge is None else (way.edge.chain, way.edge.arm)
        if chain is None or arm is None or not isinstance(chain.end, Route):
            return known
        taken = self._questions.taken(known, chain.end, arm)
        agent = self._ways.fleet.agents[way.start[0]]
        return None if taken is None else self._questions.behind(taken, arm.steps, agent)
