"""A claim for each source and each sink that its events come to, from the file alone."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from flumec.compiler.choice import hashed_by, policy_of
from flumec.compiler.deduplicated import DEDUP
from flumec.compiler.graph import Graph, Node
from flumec.compiler.headers.flow import OURS
from flumec.compiler.headers.making import set_by
from flumec.compiler.model import Component, Fleet, Settings
from flumec.compiler.proofs.ahead import Ahead, Worst
from flumec.compiler.proofs.beside import key_by
from flumec.compiler.proofs.claim import Claim, Detour, Effect, Failure, Harm, Order, Origin
from flumec.compiler.proofs.detours import leaving, letters
from flumec.compiler.proofs.effects import Effects, values_of
from flumec.compiler.proofs.joining import Courses, joined
from flumec.compiler.proofs.key import Key, key_of
from flumec.compiler.proofs.meetings import meetings
from flumec.compiler.proofs.naming import first_of, is_given, named
from flumec.compiler.proofs.numbered import sharing
from flumec.compiler.proofs.places import Place, Places
from flumec.compiler.proofs.scattered import ScatteredBySource
from flumec.compiler.proofs.survival import folder_of
from flumec.compiler.proofs.twins import spared
from flumec.compiler.proofs.uneven import Uneven
from flumec.compiler.proofs.way import Way, ways_of
from flumec.runtime.component import Sink, Source

_WORST_FIRST = (Harm.LOSES, Harm.REPEATS)


def claims(graph: Graph) -> tuple[Claim, ...]:
    """Return a claim for each source and each sink that its events come to, in the file's order;
    made once for all that ask.

    A fleet in which events circle has none: that is an error of its own.
    """
    return graph.derived(_made)


def _made(fleet: Fleet, graph: Graph) -> tuple[Claim, ...]:
    return tuple(_Claims(fleet, graph).all())


class _Claims:
    """The whole derivation, component by component, each after all that are behind it."""

    def __init__(self, fleet: Fleet, graph: Graph) -> None:
        self._fleet = fleet
        self._ways = graph.derived(ways_of)
        self._scattered = graph.derived(ScatteredBySource)
        self._uneven = graph.derived(Uneven)
        self._effects = Effects(self._ways)
        self._places = graph.derived(Places)
        self._meetings = meetings(self._ways, self._places)
        self._courses = Courses()
        self._ahead: dict[Place, dict[Node, Ahead]] = {}

    def all(self) -> Iterator[Claim]:
        for place in self._places.backwards:
            self._ahead[place] = dict(self._behind(place))
        sources = list(self._sources())
        given = Counter[Node]()
        for place, declaration in sources:
            hosts = len(self._fleet.agents[place.node[0]].hosts.hosts)
            for sink in self._ahead[place] if is_given(declaration) else ():
                given[sink] += hosts if sink[0] != place.node[0] else 1  # what is its own host's
        alike = sharing(self._ways, self._numbered(sources))
        for place, declaration in sources:
            for sink, ahead in self._ahead[place].items():
                its = alike.get((place.node, sink), frozenset())
                several = given[sink] > 1
                yield self._claim(place.node, declaration, ahead, its, several=several)

    def _sources(self) -> Iterator[tuple[Place, type[Source]]]:
        for node in self._ways.nodes():
            if (declared := self._ways.source(node)) is not None:
                yield from ((place, declared) for place in self._places.at(node))

    def _numbered(
        self, sources: Iterable[tuple[Place, type[Source]]]
    ) -> Iterator[tuple[Node, Node, Key]]:
        """Yield the keys that sinks have of events which are the same wherever they are from."""
        for place, declaration in sources:
            for sink, ahead in self._ahead[place].items() if declaration.same_everywhere else ():
                if ahead.key is not None:
                    yield place.node, sink, ahead.key

    def _behind(self, place: Place) -> Iterator[tuple[Node, Ahead]]:
        node = place.node
        component = self._ways.component(node)
        if component is None:
            return
        if component.kind == "sink":
            found = {node: self._at_sink(node, component)}
        else:
            found = self._onwards(place)
        meeting = tuple(self._meetings.get(node, ()))
        effects = self._effects.at(node)
        for sink, ahead in found.items():
            met = replace(ahead, meetings=(*ahead.meetings, *meeting)) if meeting else ahead
            met = met.after(effects) if effects else met
            # Each peer of a link has the channel for itself: copies part before they are in it.
            yield sink, met if component.kind == "source" else met.parted(node, behind=True)

    def _at_sink(self, node: Node, sink: Component) -> Ahead:
        ahead = Ahead(node, {}, {}, {}, Order(frozenset()), None)
        declaration, values = sink.declaration, values_of(self._ways, node)
        if declaration is None or not issubclass(declaration, Sink):
            return ahead
        folders = None if values is None else declaration.folders(values)
        if folders is not None:
            ahead = replace(ahead, order=Order(frozenset(), folders=frozenset(folders)))
        dedup = sink.values.get(DEDUP) if DEDUP in declaration.props else None
        if dedup is None or not isinstance(dedup.value, Settings):
            return ahead
        window = values["dedup"].window if values is not None else ""
        in_time = f"the copies of an event come within {window} of each other"
        return replace(ahead, key=key_of(dedup), in_time=in_time)

    def _onwards(self, place: Place) -> dict[Node, Ahead]:
        found: dict[Node, list[tuple[Way, Ahead]]] = {}
        out = list(self._places.out(place))
        agent = self._fleet.agents[place.node[0]]
        given_up = letters(agent, [way for way, _ in out], self._effects)
        aside = [(way, there) for way, there in out if way.kind == "letters"]
        buried = {sink for _, there in aside for sink in self._ahead[there]}
        lost = [effect for way, _ in aside for effect in self._effects.of_letters(way)]
        for way, there in out:
            gone = list(leaving(self._places, place, way))
            for sink, ahead in self._ahead[there].items():
                known = self._with_key(way, ahead, out)
                if way.kind != "letters":
                    known = known.turned(given_up)
                    known = known.after(lost) if lost else known
                come = self._through(way, known, gone, buried=sink in buried)
                found.setdefault(sink, []).append((way, come))
        ends, courses = {id(way): there for way, there in out}, self._courses

        def at_ends(way: Way) -> Sequence[Mapping[Node, Ahead]]:
            return [self._ahead[end] for _, end in self._places.out(ends[id(way)])]

        return {
            sink: replace(
                _past(spared(self._ways, ways, at_ends, self._uneven.behind)),
                course=courses.of(ways),
            )
            for sink, ways in found.items()
        }

    def _with_key(self, way: Way, ahead: Ahead, out: Sequence[tuple[Way, Place]]) -> Ahead:
        """Return what is ahead of a way with the key as it is by all that leave there."""
        if ahead.key is None:
            return ahead
        sinks = ((other, self._ahead[there].get(ahead.sink)) for other, there in out)
        found = [
            (other, _entered(other, one.key))
            for other, one in sinks
            if one is not None and one.key is not None
        ]
        agent, key = self._fleet.agents[way.start[0]], _entered(way, ahead.key)
        several = way.link is not None and self._effects.several_peers(way.link)
        return replace(ahead, key=key_by(way, key, found, agent, several=several))

    def _through(self, way: Way, ahead: Ahead, gone: Sequence[Detour], *, buried: bool) -> Ahead:
        """Return what is ahead before a way on; `buried` is whether what is given up there comes to
        the same sink.
        """
        if way.kind == "letters":
            reason = f"what `{way.start[1]}` gives up comes when it is given up"
            whose = f"late events of `{way.start[1]}`" if way.late else ""
            only = whose or f"dead letters of `{way.start[1]}`"
            return replace(ahead.disordered(reason, way.span), letters=only)
        chain = None if way.edge is None else way.edge.chain
        if chain is not None:
            ahead = ahead.parted(way.start, behind=True)
            arm = way.edge.arm if way.edge is not None else None
            steps = (*chain.steps, *(arm.steps if arm is not None else ()))
            agent = self._fleet.agents[way.start[0]]
            if ahead.key is not None:
                ahead = replace(ahead, key=ahead.key.before(chain.steps, agent))
            ahead = ahead.before(steps).turned(gone)
            if arm is not None and arm.steps:
                changed = ahead.changed.union(*map(set_by, arm.steps))
                ahead = replace(ahead, changed=changed)
            ahead = ahead.parted(way.start, behind=False)
        effects = tuple(self._effects.along(way, buried=buried))
        return self._ordered(way, ahead.after(effects) if effects else ahead)

    def _ordered(self, way: Way, ahead: Ahead) -> Ahead:
        if way.kind == "group":
            return ahead.disordered("a group hands events to whichever member works", way.span)
        link = way.link
        if link is None or not self._effects.several_peers(link):
            return ahead
        policy, held = policy_of(link), link.values.get("policy")
        span = link.span if held is None else held.span
        if (key := hashed_by(link)) is not None:
            return ahead.narrowed(key, f"`hash(header.{key})` keeps that of each value", span)
        if policy == "all" and self._uneven.behind((end.node for end in link.targets), ahead.sink):
            apart = f"each host of `{way.end[0]}` leaves other events out of its copies"
            return ahead.disordered(apart, span)
        if policy == "all":
            hosts = len(self._fleet.agents[way.end[0]].hosts.hosts)
            each = f"each host of `{way.end[0]}` gets a copy, and this is about each"
            return replace(ahead, assuming=(each, *ahead.assuming)) if hosts > 1 else ahead
        why = {
            "failover": "`failover` may bring what was in doubt after what is newer",
            "balance": "`balance` keeps no order",
        }
        return ahead.disordered(why.get(policy, f"`{policy}` keeps no order"), span)

    def _claim(
        self, node: Node, declaration: type[Source], ahead: Ahead, alike: frozenset[Origin], *,
        several: bool,
    ) -> Claim:  # fmt: skip
        values = values_of(self._ways, node)
        stays = self._effects.assumed_to_stay(node)
        assuming = () if values is None else (*declaration.assumptions(values), *stays)
        sink = self._ways.component(ahead.sink)
        assert sink is not None
        ahead = self._together(node, ahead, sink)
        of_key = named(ahead, sink, declaration, values, alike)
        return Claim(
            node,
            ahead.sink,
            declaration.start,
            _by_failure(self._seen(of_key.worst, ahead.sink, sink)),
            (*assuming, *of_key.assuming),
            first_of(ahead, sink, declaration) if several else ahead.order,
            ahead.detours,
            alike,
            ahead.letters,
        )

    def _together(self, source: Node, ahead: Ahead, sink: Component) -> Ahead:
        """Return the same as links bring copies of a source's event to one host or to several."""
        dedup = sink.values.get(DEDUP)
        if dedup is None or ahead.key is None:
            return ahead
        scattered = self._scattered.of(ahead.sink, dedup, source)
        if scattered.reason:
            return ahead.unknown()
        came = [f"copies of an event come with one `header.{one}`" for one in scattered.came]
        assuming = dict.fromkeys((*sorted(came), *scattered.promised, *ahead.assuming))
        spared = (one for one in ahead.spared if one not in assuming)
        return replace(ahead, assuming=tuple(assuming), spared=tuple(spared))

    def _seen(self, worst: Worst, node: Node, sink: Component) -> Worst:
        """Return the same without copies whose first one is lost with the host whose loss repeats
        it, as the sink has its files there.
        """
        key = Failure.HOST_LOST, Harm.REPEATS
        hosts = self._fleet.agents[node[0]].hosts.hosts
        if key not in worst or worst[key].node[0] != node[0] or not hosts:
            return worst
        if folder_of(sink, hosts[0]) is None:
            return worst
        return {one: effect for one, effect in worst.items() if one != key}


def _entered(way: Way, key: Key) -> Key:
    """Return a key as it is where events enter a way: letters are given headers of their own."""
    return key.stamped(frozenset(OURS)) if way.kind == "letters" else key


def _past(found: list[tuple[Way, Ahead]]) -> Ahead:
    """Return what is ahead by all ways from a component, before the steps of its chains."""
    ahead = joined(found)
    chains = (way.edge.chain for way, _ in found if way.edge is not None)
    steps = [step for chain in chains if chain is not None for step in chain.steps]
    return replace(ahead, changed=ahead.changed.union(*map(set_by, steps))) if steps else ahead


def _by_failure(worst: Worst) -> dict[Failure, tuple[Effect, ...]]:
    found: dict[Failure, tuple[Effect, ...]] = {}
    for failure in Failure:
        effects = tuple(worst[failure, harm] for harm in _WORST_FIRST if (failure, harm) in worst)
        if effects:
            found[failure] = effects
    return found
