"""What a claim takes for copies of one event has one key, as the real steps make it."""

import random

import pytest
import thorough
from flumec.compiler.build import compile_text
from flumec.compiler.graph import Graph
from flumec.compiler.proofs.claim import Claim, Failure
from flumec.compiler.proofs.claims import claims

from .fleet import Fleet, make
from .passing import Passing

LIVES = 12
"""How often an event is posted to a fleet, twice each time."""

ON_EACH, NOT_EMPTY = "on each event that enters", "empty on no event that enters"


def held(seed: int) -> bool:
    """Hold the claim of a seed's fleet against what its steps make; False where it claims nothing.

    A client posts an event, and once more, at any of the hosts; links choose anew each time.
    """
    fleet, chance = make(seed), random.Random(seed)
    found = compile_text(fleet.text)
    if found.plan is None:
        return False
    (claim,) = claims(Graph(found.fleet))
    once, again = (
        not claim.effects(failure) for failure in (Failure.ALWAYS, Failure.CLIENT_RETRIED)
    )
    passing = Passing(fleet, found.plan)
    for _ in range(LIVES if once or again else 0):
        event = sent(fleet, claim, chance), chance.choice((b"part=a", b"more=a", b"plain"))
        first, second = (
            passing.keys(*event, chance.choice(fleet.edge.hosts), chance) for _ in "12"
        )
        if None in (*first, *second):
            continue  # what has no key is written, as is assumed
        told = f"{fleet.text}\nassuming {claim.assuming}\n{event}: {first}, then {second}"
        assert not again or {*first} == {*second}, told
        assert not once or max(len({*first}), len({*second})) <= 1, told
    return once or again


def sent(fleet: Fleet, claim: Claim, chance: random.Random) -> dict[str, str]:
    """Return the headers that a client sends with an event; all that is assumed of them is so."""

    def is_assumed(name: str, what: str) -> bool:
        return any(f"`header.{name}`" in each and what in each for each in claim.assuming)

    headers = {}
    for name in (*fleet.required, *fleet.optional):
        if name in fleet.required or is_assumed(name, ON_EACH) or chance.random() < 0.5:
            is_empty = not is_assumed(name, NOT_EMPTY) and chance.random() < 0.2
            headers[name] = "" if is_empty else chance.choice(("a", "x", f"c{name}"))
    return headers


def test_copies_have_one_key() -> None:
    assert sum(held(seed) for seed in range(12)) > 3


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("first", range(12, 4012, 400))
def test_copies_of_many_fleets_have_one_key(first: int) -> None:
    seeds = thorough.first(range(first, first + 400))

    assert sum(map(held, seeds)) > len(seeds) / 4
