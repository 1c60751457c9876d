"""Fleets with what the generator does not make: every kind of channel, link and sink there is.

Each feature has a stream of chance of its own, so that another one on the list changes no other.
"""

import random
from collections.abc import Callable, Sequence

from prove import generator
from prove.claiming import Unsound, claimed
from prove.further_hosts import by_facts
from prove.further_keys import named_anew
from prove.further_stores import held_otherwise, journaled, overflowing
from prove.further_users import by_user
from prove.shape import Shape
from prove.wider_events import emptied, poisoned, rejecting
from prove.wider_links import at_sites, keyed, parted, preferred, undrained, weighted
from prove.wider_sinks import (
    counted,
    deduplicated,
    grouped,
    in_folders,
    in_hdfs,
    lettered,
    refusing,
    working,
)

WIDENED = 1000
"""The first seed whose fleet is widened; those before it stay as the generator makes them."""

HARMED = 2000
"""The first seed whose fleet may get also what harms its events on their way."""

FURTHER = 3000
"""The first seed whose fleet may get also headers of all kinds, and what goes by them."""

STORED = 3500
"""The first seed whose fleet may get also channels that lie elsewhere, or have little room."""

TAKEN = 0.4
"""How often such a fleet gets each of the features, where it fits."""

FURTHER_TAKEN = 0.7
"""The same of those that only a further fleet gets."""

DRAWS = 6
"""How often one of these is drawn anew while the compiler refuses what comes of it."""

Widening = Callable[[Shape, random.Random], Shape]

WIDENINGS: tuple[Widening, ...] = (
    parted,  # before all that differs between the agents that one becomes
    at_sites,
    weighted,
    preferred,
    keyed,
    undrained,
    deduplicated,  # no member of a group can have it
    grouped,
    lettered,
    in_hdfs,
    in_folders,
    working,
    refusing,
    counted,
)
"""What a fleet may get, in this order."""

HARMING: tuple[Widening, ...] = (emptied, rejecting, poisoned)
"""And then, from `HARMED` on."""

FURTHERING: tuple[Widening, ...] = (named_anew, by_user, by_facts)
"""And behind all of these, from `FURTHER` on."""

STORING: tuple[Widening, ...] = (journaled, held_otherwise, overflowing)
"""And behind these, from `STORED` on."""


def number(seed: int) -> tuple[int, int]:
    """Return of which kind a seed's fleet is, as generated, widened, harmed, further or stored, and
    its number.
    """
    firsts = (0, WIDENED, HARMED, FURTHER, STORED)
    kind = max(kind for kind, first in enumerate(firsts) if first <= seed)
    return kind, seed - firsts[kind]


def make(seed: int) -> Shape:
    """Return the fleet of a seed, widened or not."""
    shape = generator.make(seed)
    if seed >= STORED:
        shape = furthered(widened(shape, seed, (*WIDENINGS, *HARMING)), seed)
        return furthered(shape, seed, STORING)
    if seed >= FURTHER:
        return furthered(widened(shape, seed, (*WIDENINGS, *HARMING)), seed)
    if seed >= HARMED:
        return widened(shape, seed, (*WIDENINGS, *HARMING))
    return widened(shape, seed) if seed >= WIDENED else shape


def widened(shape: Shape, seed: int, widenings: Sequence[Widening] = WIDENINGS) -> Shape:
    """Return a fleet with some of the features that fit to it."""
    for widening in widenings:
        chance = random.Random(f"wide {seed} {widening.__name__}")
        if chance.random() < TAKEN:
            shape = widening(shape, chance)
    return shape


def furthered(shape: Shape, seed: int, widenings: Sequence[Widening] = FURTHERING) -> Shape:
    """Return a fleet with some features more, of which the compiler takes not all that is drawn."""
    for widening in widenings:
        chance = random.Random(f"further {seed} {widening.__name__}")
        if chance.random() < FURTHER_TAKEN:
            drawn = (widening(shape, chance) for _ in range(DRAWS))
            shape = next(filter(_is_taken, drawn), shape)
    return shape


def _is_taken(shape: Shape) -> bool:
    try:
        claimed(shape)
    except Unsound:
        return False
    return True
