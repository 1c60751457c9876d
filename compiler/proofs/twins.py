"""Copies of an event that part at a source and meet again one link on: one of them may be lost."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from flumec.compiler.choice import covers, hashed_by, policy_of, within_of
from flumec.compiler.graph import Node
from flumec.compiler.model import Fleet, Link
from flumec.compiler.proofs.ahead import Ahead
from flumec.compiler.proofs.claim import TOLD_APART, Effect, Failure, Harm
from flumec.compiler.proofs.fanning import has_several_peers, reached
from flumec.compiler.proofs.way import Way, Ways

Found = list[tuple[Way, Ahead]]
Losses = Mapping[tuple[Failure, Harm], Effect]


def spared(
    ways: Ways,
    found: Found,
    ahead: Callable[[Way], Sequence[Mapping[Node, Ahead]]],
    uneven: Callable[[Iterable[Node], Node], bool],
) -> Found:
    """Return ways to one sink without what they lose while a copy beside them is sure to arrive.

    Sure is a copy that loses nothing before both meet: from there on what is true of one is true of
    the other, and what loses it is what loses both. Ways that part further on may be filtered or
    routed apart, and are left as they are. `ahead` says what is ahead at each end of a way's link,
    and `uneven` whether the hosts that copies come to let on different events to a sink.
    """
    twins: dict[tuple[int, int], dict[int, Link]] = defaultdict(dict)
    for number, (way, _) in enumerate(found):
        if (link := _onward(ways, way)) is not None and way.edge is not None:
            twins[id(way.edge.chain), id(way.edge.arm)][number] = link
    made = list(found)
    for links in twins.values():
        losses = {number: _losses([found[number][1]]) for number in links}
        for number, link in links.items():
            way, whole = found[number]
            behind = _losses(each[whole.sink] for each in ahead(way) if whole.sink in each)
            beside = [
                other
                for other, sure in links.items()
                if losses[other].keys() <= behind.keys()
                and (other == number or _makes_up(ways, sure, link, whole.sink, uneven))
            ]
            if beside:
                least = min(beside, key=lambda n: len(losses[n].items() - behind.items()))
                made[number] = _with(found[number], losses[number], losses[least])
    return made


def _onward(ways: Ways, way: Way) -> Link | None:
    """Return the link by which alone events go on that a source puts into a channel."""
    start = ways.component(way.start)
    onward = [each for each in ways.out(way.end) if each.kind != "letters"]
    if start is None or start.kind != "source" or not onward:
        return None
    link = onward[0].link
    return link if all(each.link is link for each in onward) else None


def _makes_up(
    ways: Ways, sure: Link, lost: Link, sink: Node, uneven: Callable[[Iterable[Node], Node], bool]
) -> bool:
    """Return whether a copy by one link is as good as the copies by another.

    To each host one is sent by a link that copies. Any one of them will do only where it is all the
    same from which host it goes on, as all send what is for the sink to the same hosts.
    """
    if "dead_letter" in sure.values:  # it may have rejected what the other one would bring
        return False
    if covers(sure, lost):
        return True
    if uneven((end.node for link in (sure, lost) for end in link.targets), sink):
        return False
    if policy_of(lost) != "all" or _has_the_one(ways.fleet, sure, lost):
        theirs = reached(ways.fleet, lost)
        return all(
            nodes <= theirs[host] and (len(nodes) == 1 or hashed_by(lost) is None)
            for host, nodes in reached(ways.fleet, sure).items()
        )
    (name, _), *others = {end.node for link in (sure, lost) for end in link.targets}
    if others:
        return False
    agent = ways.fleet.agents[name]
    links = [way.link for part in agent.components for way in ways.out((name, part)) if way.link]
    return name != sink[0] and all(within_of(link) is None for link in links)


def _has_the_one(fleet: Fleet, sure: Link, lost: Link) -> bool:
    """Return whether all hosts have one peer by a link, which is one of those by another too."""
    return within_of(sure) == within_of(lost) and not has_several_peers(fleet, lost)


def _with(way: tuple[Way, Ahead], own: Losses, sure: Losses) -> tuple[Way, Ahead]:
    """Return a way that loses what the copy that is sure of all loses."""
    others = {key: effect for key, effect in way[1].worst.items() if key not in own}
    return way[0], replace(way[1], worst=others | dict(sure))


def _losses(found: Iterable[Ahead]) -> dict[tuple[Failure, Harm], Effect]:
    """Return what loses an event, of the failures that a delivery is about."""
    return {
        (failure, harm): effect
        for ahead in found
        for (failure, harm), effect in ahead.worst.items()
        if harm is Harm.LOSES and failure not in TOLD_APART
    }
