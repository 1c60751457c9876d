"""Copies of an event that part at a source and meet again one link on: one of them may be lost."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from flumec.compiler.graph import Node
from flumec.compiler.proofs.ahead import Ahead
from flumec.compiler.proofs.choice import policy_of
from flumec.compiler.proofs.claim import TOLD_APART, Failure, Harm
from flumec.compiler.proofs.way import Way, Ways

Found = list[tuple[Way, Ahead]]


def spared(ways: Ways, found: Found, ahead: Mapping[Node, Mapping[Node, Ahead]]) -> Found:
    """Return ways to one sink without what they lose while a copy beside them is sure to arrive.

    Sure is a copy that loses nothing before both meet: from there on what is true of one is true of
    the other. Ways that part further on may be filtered or routed apart, and are left as they are.
    """
    twins: dict[tuple[int, int, Node], list[int]] = defaultdict(list)
    for number, (way, _) in enumerate(found):
        if (meeting := _meeting(ways, way)) is not None:
            twins[meeting].append(number)
    made = list(found)
    for (_, _, node), numbers in twins.items():
        behind = _losing(ahead[node][found[numbers[0]][1].sink])
        losses = [_losing(found[number][1]) for number in numbers]
        sure = next((each for each in losses if each <= behind), None)
        if sure is None or len(numbers) == 1:
            continue
        for number in numbers:
            way, before = found[number]
            worst = {
                (failure, harm): effect
                for (failure, harm), effect in before.worst.items()
                if harm is not Harm.LOSES or failure in TOLD_APART or failure in sure
            }
            made[number] = way, replace(before, worst=worst)
    return made


def _meeting(ways: Ways, way: Way) -> tuple[int, int, Node] | None:
    """Return what ways have in common that one event takes all of, as far as one component.

    A link that copies to each host is none of them: a copy beside it comes to one host alone.
    """
    start = ways.component(way.start)
    onward = ways.out(way.end)
    if start is None or start.kind != "source" or len(onward) != 1 or way.edge is None:
        return None
    link = onward[0].link
    if onward[0].kind != "link" or link is None or policy_of(link) == "all":
        return None
    return id(way.edge.chain), id(way.edge.arm), onward[0].end


def _losing(ahead: Ahead) -> frozenset[Failure]:
    """Return the failures that lose an event, of those that a delivery is about."""
    return frozenset(
        failure for failure, harm in ahead.worst if harm is Harm.LOSES and failure not in TOLD_APART
    )
