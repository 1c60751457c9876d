"""Faults at each step of the places that a weak claim names: when all were tried, it is too weak.

A fleet takes the same steps in each life until something happens to it. So one life without faults
says how many there are, and each of them can be hit: the search is exhaustive, and has an end.
"""

import random
from collections.abc import Iterator, Mapping
from itertools import zip_longest

from flumec.compiler.proofs.claim import TOLD_APART, Claim, Effect, Harm
from prove.aiming import KINDS, wanted
from prove.script import STEPS, Action, Script, places, sends
from prove.shape import Shape

Fault = tuple[str, tuple[str, ...]]


def calm(shape: Shape, seed: int, *, held: bool) -> Script:
    """Return a script in which nothing goes wrong; `held` if channels are read late."""
    chance = random.Random(f"stepped {seed}")
    late = (
        Action(0.02, "hold", (agent.name, channel.name, host), 1.2)
        for agent in shape.agents
        for channel in agent.channels
        for host in agent.hosts
    )
    return tuple(sorted((*sends(shape, chance), *(late if held else ()))))


def stepped(
    shape: Shape, claim: Claim, base: Script, steps: Mapping[Fault, int]
) -> Iterator[Script]:
    """Yield a script for each step that may show a claim: far apart first, then in between."""
    faults = list(dict.fromkeys(_faults(shape, claim)))
    numbers = [spread(steps[fault]) for fault in faults]
    for turn in zip_longest(*numbers):
        for (kind, who), number in zip(faults, turn, strict=True):
            if number is not None:
                yield tuple(sorted((*base, Action(0.0, kind, who, number))))


def spread(count: int) -> list[int]:
    """Return the numbers below `count`, each as far from those before it as may be.

    >>> spread(6)
    [0, 4, 2, 1, 5, 3]
    """
    bits = max(1, (count - 1).bit_length())
    turned = (int(f"{number:0{bits}b}"[::-1], 2) for number in range(1 << bits))
    return [number for number in turned if number < count]


def _faults(shape: Shape, claim: Claim) -> Iterator[Fault]:
    """Yield the faults that happen at steps and are those of an effect that would show a claim."""
    for failure, effects in claim.worst.items():
        for effect in effects if failure not in TOLD_APART else ():
            if wanted(claim) & effect.harm:
                yield from _of_effect(shape, effect, wanted(claim))


def _of_effect(shape: Shape, effect: Effect, harm: Harm) -> Iterator[Fault]:
    agent, name = effect.node
    others = {
        name for link in shape.links if link.sender == effect.node for name, _ in link.targets
    }
    sinks = {
        sink
        for reading in shape.agent(agent).readings
        if name in (reading.channel, *reading.sinks)
        for sink in reading.sinks
    }
    for kind, who in places(shape):
        if kind not in STEPS or kind not in KINDS[effect.failure]:
            continue
        if len(who) == 2:
            near = who[0] == agent or (who[0] in others and harm is Harm.REPEATS)
        else:
            near = who[0] == agent and (who[1] in sinks or who[1] == name)
        if near:
            yield kind, who
