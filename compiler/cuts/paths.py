"""What cuts the path of each claim, and what becomes of the events under way then."""

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import NamedTuple

from flumec.compiler.cuts.circuit import Circuit, Place, Step
from flumec.compiler.cuts.course import Course, course
from flumec.compiler.cuts.dropping import Drop, Dropping
from flumec.compiler.cuts.element import KINDS, Element
from flumec.compiler.cuts.fate import Fate, Fates
from flumec.compiler.cuts.fewest import fewest
from flumec.compiler.cuts.singles import singles
from flumec.compiler.graph import Graph, Node
from flumec.compiler.lying import LyingByAgent
from flumec.compiler.model import Fleet
from flumec.compiler.proofs.arriving import Arriving
from flumec.compiler.proofs.claim import Claim
from flumec.compiler.proofs.places import Between, Places
from flumec.compiler.proofs.survival import when_dark, when_lost
from flumec.runtime.frozen import frozen


class Cut(NamedTuple):
    """Elements of one kind that cut a path: each alone, or all of them together."""

    elements: tuple[Element, ...]
    alone: bool
    own: bool
    """Whether it is the host of the source, or its disk: it cuts what comes from that host."""
    exact: bool
    """Whether fewer surely do not."""
    back: Fate
    """What becomes of the events under way if it comes back."""
    gone: Fate
    """And if it never does."""
    drops: tuple[Drop, ...] = ()
    """The channels before it that do not keep what they have no room for meanwhile."""


@frozen
class Path:
    """The way of a claim's events from some of its source's hosts."""

    claim: Claim
    hosts: int
    cuts: tuple[Cut, ...]
    like: Claim
    """The claim for which its cuts were found: they have the names of that one's own agent."""


def paths(fleet: Fleet, graph: Graph, claims: Iterable[Claim]) -> Iterator[Path]:
    """Yield the path of each claim, several where its source's hosts are not alike.

    Dead letters have none: they come when somebody gives events up.
    """
    cutting = _Cutting(Circuit(fleet, graph))
    for claim in claims:
        if not claim.only:
            yield from cutting.paths(claim)


class _Cutting:
    """Finds the cuts of paths, those of paths that are alike once."""

    def __init__(self, circuit: Circuit) -> None:
        self._circuit, self._fates = circuit, Fates(circuit)
        self._dropping = Dropping(circuit.fleet, circuit.graph)
        self._dark = when_dark(circuit.graph.derived(LyingByAgent))
        self._leading = cache(circuit.graph.leading_to)
        self._between = cache(self._ways_of)
        self._steps = cache(self._steps_of)
        self._known: dict[object, tuple[Claim, tuple[Cut, ...]]] = {}

    def paths(self, claim: Claim) -> Iterator[Path]:
        agent = self._circuit.fleet.agents[claim.source[0]]
        declaration = agent.components[claim.source[1]].declaration
        places = [Place(claim.source, alike) for alike in self._circuit.alikes.of(agent.name)]
        elsewhere = len(agent.hosts.hosts) > 1 and bool(getattr(declaration, "refuses", False))
        if elsewhere:  # clients that are not answered try another host
            whole = self._course(claim, Step(((tuple(places),),), "any"), "")
            if whole.root.copies:
                cuts = tuple(self._found(claim, whole))
                yield Path(claim, len(agent.hosts.hosts), cuts, claim)
            return
        for place in places:
            like, cuts = self._of_one_host(claim, place)
            if cuts:
                yield Path(claim, len(place.alike.hosts), cuts, like)

    def _course(self, claim: Claim, root: Step, own: str) -> Course:
        return course(self._circuit, claim.sink, root, own, self._steps(claim.source, claim.sink))

    def _steps_of(self, source: Node, sink: Node) -> Callable[[Place], Step]:
        circuit, between = self._circuit, self._between(source, sink)
        arriving = Arriving(circuit.graph, circuit.peers, sink, between)
        return cache(lambda place: circuit.step(place, arriving))

    def _ways_of(self, source: Node, sink: Node) -> Between:
        places = self._circuit.graph.derived(Places)
        return places.between(source, sink, self._leading(sink))

    def _of_one_host(self, claim: Claim, place: Place) -> tuple[Claim, tuple[Cut, ...]]:
        key = tuple(self._likeness(claim, place))
        if key not in self._known:
            host = place.alike.first.name
            whole = self._course(claim, Step((((place,),),)), host)
            cuts: tuple[Cut, ...] = ()
            if whole.root.copies:
                cuts = (*self._own(claim, whole, host), *self._found(claim, whole))
            self._known[key] = claim, cuts
        return self._known[key]

    def _likeness(self, claim: Claim, place: Place) -> Iterator[object]:
        """Yield what is equal in paths with equal cuts: all that is on the source's own host."""
        circuit, own = self._circuit, place.alike
        agent, crowded = circuit.fleet.agents[own.agent], circuit.alikes.crowded
        yield own.first.name if crowded[own.first.name] > 1 else ""
        yield own.first.facts.get("site")
        yield claim.sink[1] if claim.sink[0] == own.agent else claim.sink
        yield frozenset(self._elsewhere(claim))
        waiting = [place]
        step_of = self._steps(claim.source, claim.sink)
        for here in waiting:  # which grows
            component, step = agent.components[here.node[1]], step_of(here)
            yield component.name, circuit.disks.needed(here.node, own.first)
            yield self._dark(agent, component), when_lost(agent, component), step.to
            yield self._dropping.likeness(here.node)
            if step.link:
                yield id(step.copies[0]) if step.copies else 0
                continue
            yield tuple(tuple(tuple(p.node[1] for p in a) for a in c) for c in step.copies)
            waiting += [p for copy in step.copies for arm in copy for p in arm if p not in waiting]

    def _elsewhere(self, claim: Claim) -> Iterator[object]:
        """Yield the ways of a claim's events behind the source's own agent."""
        between = self._between(claim.source, claim.sink)
        for node in between.nodes:
            if node[0] != claim.source[0]:
                edges = self._circuit.graph.outgoing.get(node, ())
                yield node, tuple(id(edge) for edge in edges if id(edge) in between.edges)

    def _own(self, claim: Claim, whole: Course, host: str) -> Iterator[Cut]:
        """Yield the source's own host, and the disks that it needs there."""
        count = next(p.alike for p, _ in reversed(whole.order) if p.node == claim.source).hosts
        yield self._cut(claim, [Element("host", host, len(count))], own=True)
        disks: dict[Element, Place] = {}
        for place, _ in reversed(whole.order):
            for label in self._circuit.labels(place) if whole.is_own(place) else ():
                if label.kind == "disk":
                    disks.setdefault(label, place)
        for disk, place in disks.items():
            each = self._circuit.each_of(place, disk)
            one_folder = len({one.folder for one in each}) == 1
            yield self._cut(claim, [disk] if one_folder else list(each), own=True)

    def _found(self, claim: Claim, whole: Course) -> Iterator[Cut]:
        alone = singles(whole)
        for kind in KINDS:
            groups: dict[object, list[Element]] = {}
            for element in sorted(each for each in alone if each.kind == kind):
                groups.setdefault(self._same(element), []).append(element)
            for elements in groups.values():
                yield self._cut(claim, elements)
            if not groups and (least := fewest(whole, kind)) is not None:
                yield self._cut(claim, list(least.elements), alone=False, exact=least.exact)

    def _same(self, element: Element) -> object:
        """Return what elements have in common that do the same when they go."""
        if element.kind in ("link", "site"):
            return element
        return self._fates.taken_by(element), element.of > 1

    def _cut(
        self,
        claim: Claim,
        elements: list[Element],
        *,
        alone: bool = True,
        own: bool = False,
        exact: bool = True,
    ) -> Cut:
        gone = elements[:1] if alone else elements
        back = self._fates.returning(claim.source, claim.sink, gone)
        lost = self._fates.lost(claim.source, claim.sink, gone)
        drops = self._drops(claim, gone, own=own)
        return Cut(tuple(elements), alone, own, exact, back, lost, drops)

    def _drops(self, claim: Claim, gone: list[Element], *, own: bool) -> tuple[Drop, ...]:
        away = self._fates.away(gone)
        if own and claim.source[0] in away.hosts:  # then nothing comes to any channel
            return ()
        return self._dropping.before(away, self._between(claim.source, claim.sink))
