"""Where copies of one event meet again, so that it comes twice without any failure.

Copies part where a source's chains or targets are several, and at a link with `policy = all`. A
channel else gives each event to one consumer, and no copies come about by its ways.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from flumec.compiler.choice import policy_of
from flumec.compiler.graph import Node
from flumec.compiler.model import Link
from flumec.compiler.proofs.claim import Copies, Effect, Failure, Harm
from flumec.compiler.proofs.exclusive import may_copy
from flumec.compiler.proofs.fanning import has_several_peers, has_several_senders
from flumec.compiler.proofs.tags import have_one_tag
from flumec.compiler.proofs.way import Way, Ways


@dataclass(frozen=True, slots=True)
class Meeting:
    """Copies that part at `fork` and meet."""

    fork: Node
    effect: Effect
    behind: bool = True
    """Whether they part behind the steps of the chain that both leave by."""


def meetings(ways: Ways) -> Mapping[Node, Sequence[Meeting]]:
    """Return, by where they meet, the copies that do."""
    found: dict[Node, list[Meeting]] = defaultdict(list)
    for node in ways.nodes():
        leaving = ways.out(node)
        if not leaving:
            continue
        component = ways.component(node)
        link = leaving[0].link
        if component is not None and component.kind == "source" and len(leaving) > 1:
            for at, meeting in _of_source(ways, node, leaving):
                found[at].append(meeting)
        elif link is not None and policy_of(link) == "all" and has_several_peers(ways.fleet, link):
            for at, meeting in _of_link(ways, node, leaving, link):
                found[at].append(meeting)
    return found


def _of_source(ways: Ways, node: Node, leaving: Sequence[Way]) -> Iterator[tuple[Node, Meeting]]:
    def copied(one: Way, two: Way) -> Copies | None:
        if one.edge is None or two.edge is None or not may_copy(one.edge, two.edge):
            return None
        tag = have_one_tag(ways, one.edge, two.edge)
        return Copies(tag=tag, apart=True, alike=False)

    yield from _meet(ways, node, leaving, copied)


def _of_link(
    ways: Ways, node: Node, leaving: Sequence[Way], link: Link
) -> Iterator[tuple[Node, Meeting]]:
    sent = [way for way in leaving if way.link is link]
    yield from _meet(ways, node, sent, lambda _one, _two: Copies(tag=True, apart=True, alike=False))
    for way in sent:
        if len(ways.fleet.agents[way.end[0]].hosts.hosts) > 1:
            for last in _onwards(ways, way, _has_one_sender):
                if last.link is not None and not _has_one_sender(ways, last):
                    yield last.end, Meeting(node, _twice(last, Copies(tag=True, apart=True)))


def _has_one_sender(ways: Ways, way: Way) -> bool:
    return way.link is None or not has_several_senders(ways.fleet, way.link)


def _meet(
    ways: Ways,
    node: Node,
    leaving: Sequence[Way],
    copied: Callable[[Way, Way], Copies | None],
) -> Iterator[tuple[Node, Meeting]]:
    """Yield where two of the ways that leave a fork arrive by different last ones."""
    arrived: dict[Node, list[tuple[Way, Way]]] = defaultdict(list)
    for first in leaving:
        for last in (first, *_onwards(ways, first)):
            for other, its_last in arrived[last.end]:
                copies = copied(other, first) if its_last is not last else None
                if copies is not None:
                    behind = one_chain(other, first)
                    yield last.end, Meeting(node, _twice(last, copies), behind)
                    break
            arrived[last.end].append((first, last))


def one_chain(one: Way, two: Way) -> bool:
    """Return whether two ways leave by the same steps."""
    mine, other = one.edge, two.edge
    return mine is not None and other is not None and mine.chain is other.chain


def _onwards(
    ways: Ways, first: Way, goes_on: Callable[[Ways, Way], bool] = lambda _ways, _way: True
) -> Iterator[Way]:
    """Yield the ways behind `first`, one into each component that events come to by it."""
    waiting, seen = deque([first.end]), {first.end}
    while waiting:
        for way in ways.out(waiting.popleft()):
            if way.end not in seen:
                seen.add(way.end)
                yield way
                if goes_on(ways, way):
                    waiting.append(way.end)


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
