"""Faults at each step of what may show a weak claim: when all were tried, it is too weak.

A fleet takes the same steps in each life until something happens to it. So one life without faults
says how many there are, and each of them can be hit: the search is exhaustive, and has an end.
"""

from bisect import bisect
from collections.abc import Iterator, Sequence
from itertools import chain, zip_longest
from typing import NamedTuple

from flumec.compiler.proofs.claim import Claim, Effect, Failure, Harm
from flumec.compiler.world.steps import Note
from prove.aiming import DEATHS, KINDS, flood, harms, rejected, trickle
from prove.arranged import gone_over
from prove.judging import Record
from prove.script import BARE, LENGTH, STEPS, Action, Script, given, holds, places
from prove.shape import FILING, Agent, Shape

Fault = tuple[str, tuple[str, ...]]


class Search(NamedTuple):
    """A script in which nothing goes wrong, and the faults that are to happen, one at a time."""

    rank: int
    """How likely it is to show anything: 0 is at the very place that a claim names."""
    base: Script
    faults: tuple[Fault, ...]
    first: Note
    """Behind what they happen first, as that is what they leave half done."""
    at_once: bool
    """Whether there are events as soon as agents start."""


AWAY = 3 * LENGTH
"""Units of time for which others of a group can do nothing: longer than anyone waits for them."""

UNHEARD = 9 * LENGTH
"""Units of time without answers: a client that waits for one has asked again by then."""

BEHIND = 3
"""Steps between what a sink has published and its channel's note of that."""


def searches(shape: Shape, claim: Claim, seed: int) -> Iterator[Search]:
    """Yield what may show a claim, the places that it names first.

    An effect is the first of its failure on a way: where copies make up for it there, another one
    behind it does the harm, so it is looked for in every agent.
    """
    found = [each for effect in harms(claim) for each in _of(shape, claim, effect, seed)]
    yield from sorted(found, key=lambda search: search.rank)


def _of(shape: Shape, claim: Claim, effect: Effect, seed: int) -> Iterator[Search]:
    """Yield what may show one effect of a claim."""
    at_once = shape.agent(claim.source[0]).source(claim.source[1]).kind == "seq"
    calm = (*given(shape, seed), *rejected(shape, claim))
    for agent in shape.agents:
        places = list(_faults(shape, agent, effect))
        for near in (True, False):
            faults = tuple(fault for fault in places if near is _is_near(shape, effect, *fault))
            for around, is_likely in _circumstances(agent, claim, effect, shape) if faults else ():
                base = tuple(sorted((*calm, *around)))
                rank = 0 if near and is_likely else 1 if near else 2
                yield Search(rank, base, faults, _noted(shape, effect), at_once)


def _is_near(shape: Shape, effect: Effect, kind: str, who: tuple[str, ...]) -> bool:
    """Return whether a fault is at the very place of an effect.

    What happens on a link may be the death of the other end, right behind what it has stored.
    """
    agent, part = shape.agent(effect.node[0]), effect.node[1]
    targets = {
        name for link in shape.links if link.sender == effect.node for name, _ in link.targets
    }
    if kind in DEATHS.values():
        return who[0] == agent.name or who[0] in targets
    if who[0] != agent.name:
        return False
    if kind == "sever":
        return part == who[1] or effect.failure is Failure.ALWAYS
    group = [
        sink for reading in agent.readings if reading.channel == part for sink in reading.sinks
    ]
    return kind != "lapse" or who[1] in (part, *group)


def _noted(shape: Shape, effect: Effect) -> Note:
    """Return behind what an effect does its harm: a source stores what comes, maybe in several
    journals, a sink publishes, and from a channel something is sent.
    """
    agent, name = shape.agent(effect.node[0]), effect.node[1]
    if any(name == source.name for source in agent.sources):
        return "given"
    return "published" if any(name == sink.name for sink in agent.sinks) else "sent"


def _circumstances(
    agent: Agent, claim: Claim, effect: Effect, shape: Shape
) -> Iterator[tuple[tuple[Action, ...], bool]]:
    """Yield what must be so for an effect to do its harm, and whether that is likely to matter.

    What is lost with an agent must lie in it, so its channels are read late. A sink of a group gets
    events when the others of it cannot; what is done to them before that, is to whichever of them
    gets them.
    """
    if effect.failure is Failure.ALWAYS:
        yield from ((around, True) for around in _full(claim, effect, shape))
        return
    yield from ((around, False) for around in _asked_again(agent, claim, effect, shape))
    late = tuple(holds(agent, 0.0, 1.2)) if effect.harm is Harm.LOSES else ()
    yield late, True
    if late and effect.node == claim.source:  # what is read may be why a journal is synced or not
        yield (), True
    if away := tuple(_away(agent, claim)):
        read = {each.channel for each in agent.readings if claim.sink[1] in each.sinks}
        yield (*late, *away), effect.node[1] in (claim.sink[1], *read)


def _full(claim: Claim, effect: Effect, shape: Shape) -> Iterator[tuple[Action, ...]]:
    """Yield what makes channels full: much more than they hold, all at once, bit by bit, or while
    they are read. A copy that does not find room is missed where a link has had the other rejected.
    """
    yield tuple(flood(shape, claim))
    yield tuple(trickle(shape, claim))
    if any(link.value("dead_letter") for link in shape.links):
        yield tuple(trickle(shape, claim, "bulk"))
    if "poison" in shape.agent(claim.source[0]).source(claim.source[1]).harmed:
        yield tuple(trickle(shape, claim, "poison"))
    slow = (
        Action(0.0, "slow", (effect.node[0], host), AWAY)
        for host in shape.agent(effect.node[0]).hosts
    )
    yield (*flood(shape, claim), *slow)


def _asked_again(
    agent: Agent, claim: Claim, effect: Effect, shape: Shape
) -> Iterator[tuple[Action, ...]]:
    """Yield clients that repeat what a source may have stored when links have gone over to others,
    so that the copies meet nowhere.
    """
    if (
        effect.harm is not Harm.REPEATS
        or effect.node != claim.source
        or agent.name != effect.node[0]
    ):
        return
    deaf = [Action(0.0, "deaf", (*claim.source, host), UNHEARD) for host in agent.hosts]
    for cuts in gone_over(shape, UNHEARD):
        yield *deaf, *cuts


def _away(agent: Agent, claim: Claim) -> Iterator[Action]:
    name = claim.sink[1]
    group = next((each.sinks for each in agent.readings if name in each.sinks), ())
    for sink in agent.sinks if claim.sink[0] == agent.name else ():
        if sink.name in group and sink.name != name and sink.kind in FILING:
            for host in agent.hosts:
                yield Action(0.0, "outage", (agent.name, sink.name, host), AWAY)


def _faults(shape: Shape, agent: Agent, effect: Effect) -> Iterator[Fault]:
    """Yield the faults of an effect's kind in one agent that happen at a step."""
    for kind, who in places(shape):
        if kind in STEPS and kind in KINDS[effect.failure] and who[0] == agent.name:
            yield kind, who


def stepped(search: Search, record: Record) -> Iterator[Script]:
    """Yield a script for each step of a search, where `record` is what came of its script.

    Those come first right behind something of note, then those far apart, then in between; and in
    the end those before there were any events.
    """
    begun = dict.fromkeys(search.faults, 0) if search.at_once else record.begun
    numbers = (_numbers(fault, record, search.first, begun[fault]) for fault in search.faults)
    for action in chain.from_iterable(zip_longest(*numbers)):
        if action is not None:
            yield tuple(sorted((*search.base, action)))


def _numbers(fault: Fault, record: Record, note: Note, begun: int) -> Iterator[Action]:
    """Yield a fault at each step; what survives a power cut is chance, so there more than once, and
    the first time nothing does.
    """
    kind, who = fault
    came = {each: [at for at in of[fault] if at >= begun] for each, of in record.notes.items()}
    notes = {each: _behind(numbers) for each, numbers in came.items()}
    notes["given"] = _soon(came["given"], came["parted"], record.steps[fault]) or notes["parted"]
    first = notes.pop(note)
    then = chain.from_iterable(zip_longest(*notes.values()))
    each = sorted(spread(record.steps[fault]), key=lambda number: number < begun)
    numbers = dict.fromkeys((*first, *then, *each))
    for chance in (BARE, 0.0, 0.1) if kind == "fall" else (0.0,):
        for number in numbers:
            if number is not None:
                yield Action(0.0, kind, who, number + chance)


def _behind(numbers: Sequence[int]) -> list[int]:
    return [numbers[at] + more for more in range(BEHIND) for at in spread(len(numbers))]


def _soon(given: Sequence[int], parted: Sequence[int], end: int) -> list[int]:
    """Return the steps by how far they are behind what was given; those first between which a
    source has stored it in one journal and not in another.
    """

    def distance(step: int) -> tuple[bool, int]:
        return step not in parted, step - given[bisect(given, step) - 1]

    return sorted(range(given[0], end) if given else (), key=distance)


def spread(count: int) -> list[int]:
    """Return the numbers below `count`, each as far from those before it as may be.

    >>> spread(6)
    [0, 4, 2, 1, 5, 3]
    """
    bits = max(1, (count - 1).bit_length())
    turned = (int(f"{number:0{bits}b}"[::-1], 2) for number in range(1 << bits))
    return [number for number in turned if number < count]
