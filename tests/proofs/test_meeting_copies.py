"""Copies meet where some event comes by both ways: two ways of which none takes both have none."""

import pytest
from flumec.compiler.graph import Graph
from flumec.compiler.model import Fleet
from flumec.compiler.proofs.claim import Failure
from flumec.compiler.proofs.claims import claims
from two_ways import CHAINS, FEW, played, two_ways


def meets(fleet: Fleet) -> bool:
    """Return whether it is said that an event comes twice without any failure."""
    return any(claim.effects(Failure.ALWAYS) for claim in claims(Graph(fleet)))


def comes_twice(fleet: Fleet) -> bool:
    came = played(fleet)
    return bool(came.alpha & came.beta)


@pytest.mark.parametrize("chains", FEW)
def test_copies_meet_that_come_by_both_ways(chains: tuple[str, ...]) -> None:
    fleet = two_ways(chains)
    assert meets(fleet) == comes_twice(fleet)


@pytest.mark.slow
def test_it_is_so_of_all_chains() -> None:
    for chains in CHAINS:
        fleet = two_ways(chains)
        assert meets(fleet) == comes_twice(fleet), chains
