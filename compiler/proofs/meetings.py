"""Where copies of one event meet again, so that it comes twice without any failure.

Copies part where a source's chains or targets are several, and at a link with `policy = all`. A
channel else gives each event to one consumer, and no copies come about by its ways.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from flumec.compiler.choice import covers, policy_of
from flumec.compiler.graph import Node
from flumec.compiler.proofs.claim import Copies, Effect, Failure, Harm
from flumec.compiler.proofs.exclusive import may_copy
from flumec.compiler.proofs.fanning import has_several_peers, has_several_senders
from flumec.compiler.proofs.places import Place, Places
from flumec.compiler.proofs.tags import have_one_tag
from flumec.compiler.proofs.way import Way, Ways


@dataclass(frozen=True, slots=True)
class Meeting:
    """Copies that part at `fork` and meet."""

    fork: Node
    effect: Effect
    behind: bool = True
    """Whether they part behind the steps of the chain that both leave by."""


def meetings(ways: Ways, places: Places) -> Mapping[Node, Sequence[Meeting]]:
    """Return, by where they meet, the copies that do: of some kind of events, all by ways that
    events of this kind take.
    """
    found: dict[Node, dict[Meeting, None]] = defaultdict(dict)
    for node in ways.nodes():
        leaving = ways.out(node)
        if not leaving:
            continue
        component, link = ways.component(node), leaving[0].link
        by_link = link is not None and policy_of(link) == "all"
        if component is not None and component.kind == "source" and len(leaving) > 1:
            copying = _of_source
        elif link is not None and by_link and has_several_peers(ways.fleet, link):
            copying = _of_link
        else:
            continue
        for kind in places.kinds(node):
            for at, meeting in copying(_Onwards(ways, places), kind):
                found[at][meeting] = None
    return {at: tuple(each) for at, each in found.items()}


Onward = tuple[Way, Place]


@dataclass(frozen=True, slots=True)
class _Onwards:
    """The ways that events of one kind take."""

    ways: Ways
    places: Places

    def behind(
        self, first: Onward, goes_on: Callable[[Way], bool] = lambda _way: True
    ) -> Iterator[Way]:
        """Yield the ways behind one, one into each place that events come to by it."""
        waiting, seen = deque([first[1]]), {first[1]}
        while waiting:
            for way, there in self.places.out(waiting.popleft()):
                if there not in seen:
                    seen.add(there)
                    yield way
                    if goes_on(way):
                        waiting.append(there)


def _of_source(onwards: _Onwards, fork: Place) -> Iterator[tuple[Node, Meeting]]:
    def copied(one: Way, two: Way) -> Copies | None:
        if one.edge is None or two.edge is None or not may_copy(one.edge, two.edge):
            return None
        tag = have_one_tag(onwards.ways, one.edge, two.edge)
        return Copies(tag=tag, apart=True, alike=False)

    yield from _meet(onwards, fork.node, list(onwards.places.out(fork)), copied)


def _of_link(onwards: _Onwards, fork: Place) -> Iterator[tuple[Node, Meeting]]:
    fleet, leaving = onwards.ways.fleet, list(onwards.places.out(fork))
    sent = [(way, there) for way, there in leaving if way.link is not None]
    yield from _meet(onwards, fork.node, leaving, _by_peers)
    for way, _ in leaving:
        if way.kind == "letters":  # each peer may reject its copy
            letters = Copies(tag=False, apart=False)
            yield way.end, Meeting(fork.node, _twice(way, letters))

    def has_one_sender(way: Way) -> bool:
        return way.link is None or not has_several_senders(fleet, way.link)

    for way, there in sent:
        if len(fleet.agents[way.end[0]].hosts.hosts) > 1:
            for last in onwards.behind((way, there), has_one_sender):
                if not has_one_sender(last):
                    meeting = Meeting(fork.node, _twice(last, Copies(tag=True, apart=True)))
                    yield last.end, meeting


def _by_peers(one: Way, two: Way) -> Copies:
    """Return what two peers' copies have in common; one that is given up is put anew."""
    return Copies(tag="letters" not in (one.kind, two.kind), apart=True, alike=False)


def _meet(
    onwards: _Onwards,
    node: Node,
    leaving: Sequence[Onward],
    copied: Callable[[Way, Way], Copies | None],
) -> Iterator[tuple[Node, Meeting]]:
    """Yield where two of the ways that leave a fork arrive by different last ones."""
    arrived: dict[Node, list[tuple[Way, Way]]] = defaultdict(list)
    for first, there in leaving:
        for last in (first, *onwards.behind((first, there))):
            for other, its_last in arrived[last.end]:
                apart = its_last is not last and other is not first
                copies = copied(other, first) if apart else None
                if copies is not None:
                    due = _is_due(first, last, other, its_last)
                    copies, behind = replace(copies, due=due), one_chain(other, first)
                    yield last.end, Meeting(node, _twice(last, copies), behind)
                    break
            arrived[last.end].append((first, last))


def _is_due(first: Way, last: Way, other: Way, its_last: Way) -> bool:
    """Return whether of two copies that links send right behind where they part one comes to every
    host to which the other one may.
    """
    one, two = last.link, its_last.link
    if one is None or two is None or last.start != first.end or its_last.start != other.end:
        return False
    return covers(one, two) or covers(two, one)


def one_chain(one: Way, two: Way) -> bool:
    """Return whether two ways leave by the same steps."""
    mine, other = one.edge, two.edge
    return mine is not None and other is not None and mine.chain is other.chain


def _twice(last: Way, copies: Copies) -> Effect:
    return Effect(
        Failure.ALWAYS,
        Harm.REPEATS,
        last.end,
        last.span,
        f"copies of one event meet in `{last.end[1]}`",
        "one of the ways alone, or a `dedup` at the sink",
        copies,
    )
