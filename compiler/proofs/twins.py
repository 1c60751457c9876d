"""Copies of an event that part at a source and meet again one link on: one of them may be lost."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from flumec.compiler.graph import Node
from flumec.compiler.proofs.ahead import Ahead
from flumec.compiler.proofs.choice import policy_of
from flumec.compiler.proofs.claim import TOLD_APART, Effect, Failure, Harm
from flumec.compiler.proofs.way import Way, Ways

Found = list[tuple[Way, Ahead]]


def spared(ways: Ways, found: Found, ahead: Mapping[Node, Mapping[Node, Ahead]]) -> Found:
    """Return ways to one sink without what they lose while a copy beside them is sure to arrive.

    Sure is a copy that loses nothing before both meet: from there on what is true of one is true of
    the other, and what loses it is what loses both. Ways that part further on may be filtered or
    routed apart, and are left as they are.
    """
    twins: dict[tuple[int, int, Node], list[int]] = defaultdict(list)
    for number, (way, before) in enumerate(found):
        if (meeting := _meeting(ways, way, before.sink)) is not None:
            twins[meeting].append(number)
    made = list(found)
    for (_, _, node), numbers in twins.items():
        behind = _losses(ahead[node][found[numbers[0]][1].sink])
        losses = [_losses(found[number][1]) for number in numbers]
        surely = [each for each in losses if each.keys() <= behind.keys()]
        if not surely or len(numbers) == 1:
            continue
        sure = min(surely, key=lambda each: len(each.items() - behind.items()))
        for number in numbers:
            way, before = found[number]
            own = _losses(before)
            others = {key: effect for key, effect in before.worst.items() if key not in own}
            made[number] = way, replace(before, worst=others | sure)
    return made


def _meeting(ways: Ways, way: Way, sink: Node) -> tuple[int, int, Node] | None:
    """Return what ways have in common that one event takes all of, as far as one component.

    A link that copies to each host is one of them only where it is all the same from which of these
    hosts a copy goes on: one beside it comes to one host alone.
    """
    start = ways.component(way.start)
    onward = ways.out(way.end)
    if start is None or start.kind != "source" or len(onward) != 1 or way.edge is None:
        return None
    link = onward[0].link
    if onward[0].kind != "link" or link is None:
        return None
    if policy_of(link) == "all" and not _lead_to_the_same(ways, onward[0].end[0], sink):
        return None
    return id(way.edge.chain), id(way.edge.arm), onward[0].end


def _lead_to_the_same(ways: Ways, name: str, sink: Node) -> bool:
    """Return whether all hosts of an agent send what is for a sink to the same hosts."""
    agent = ways.fleet.agents[name]
    links = [way.link for part in agent.components for way in ways.out((name, part)) if way.link]
    return sink[0] != name and all("within" not in link.values for link in links)


def _losses(ahead: Ahead) -> dict[tuple[Failure, Harm], Effect]:
    """Return what loses an event, of the failures that a delivery is about."""
    return {
        (failure, harm): effect
        for (failure, harm), effect in ahead.worst.items()
        if harm is Harm.LOSES and failure not in TOLD_APART
    }
