"""Where events leave the ways from a place: filtered, dropped by a route, or given up."""

from collections.abc import Iterator, Sequence
from typing import Literal

from flumec.compiler.choice import policy_of
from flumec.compiler.model import Agent
from flumec.compiler.proofs.claim import Detour, Failure
from flumec.compiler.proofs.effects import Effects
from flumec.compiler.proofs.places import Place, Places
from flumec.compiler.proofs.way import Way, said


def leaving(places: Places, place: Place, way: Way) -> Iterator[Detour]:
    """Yield what the steps of a way's chain filter out, and what its route drops."""
    chain = None if way.edge is None else way.edge.chain
    if chain is None:
        return
    for step in way.steps:
        if step.declaration is not None and step.declaration.drops:
            yield Detour("filtered", way.start, None, step.span)
    for target in places.drops(place, chain):
        yield Detour("dropped", way.start, None, target.span)


def letters(agent: Agent, ways: Sequence[Way], effects: Effects) -> list[Detour]:
    """Return where what a consumer gives up goes, of all ways from there.

    Each of several peers that get a copy rejects it for itself.
    """
    copying = any(
        way.link and policy_of(way.link) == "all" and effects.several_peers(way.link)
        for way in ways
    )
    copied = frozenset({Failure.ALWAYS}) if copying else frozenset[Failure]()
    return [
        Detour(_kind(agent, way), way.start, way.end[1], way.span, copied)
        for way in ways
        if way.kind == "letters"
    ]


def _kind(agent: Agent, way: Way) -> Literal["dead letter", "given up", "late"]:
    """Return what is given up: where a sink says so, it is by time as well."""
    if way.late:
        return "late"
    by_time = any(
        sink.kind == "sink"
        and "give_up" in sink.values
        and said(sink.values, "dead_letter", "") == way.end[1]
        for sink in agent.components.values()
    )
    return "given up" if by_time else "dead letter"
