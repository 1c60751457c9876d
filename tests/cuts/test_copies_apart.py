"""A host cuts a path if some event comes by it alone: a copy that is filtered out is none."""

import pytest
from flumec.compiler.cuts.paths import paths
from flumec.compiler.graph import Graph
from flumec.compiler.model import Fleet
from flumec.compiler.proofs.claims import claims
from two_ways import CHAINS, FEW, ask_alike, played, two_ways


def cut_by(fleet: Fleet) -> set[str]:
    """Return the relays of which it is said that they cut the path alone."""
    graph = Graph(fleet)
    cuts = [cut for path in paths(fleet, graph, claims(graph)) for cut in path.cuts if cut.alone]
    hosts = {each.host for cut in cuts for each in cut.elements if each.kind == "host"}
    return hosts & {"left-1", "right-1"}


def needed(fleet: Fleet) -> set[str]:
    """Return the relays by which alone some event comes."""
    came = played(fleet)
    only = {"left-1": came.alpha - came.beta, "right-1": came.beta - came.alpha}
    return {host for host, events in only.items() if events}


def assert_as_played(chains: tuple[str, ...]) -> None:
    """What both ways ask may be answered alike on both: of that more is said than is so."""
    fleet = two_ways(chains)
    said, seen = cut_by(fleet), needed(fleet)
    assert said >= seen, chains
    assert said == seen or ask_alike(chains), chains


@pytest.mark.parametrize("chains", FEW)
def test_what_cuts_is_what_some_event_needs(chains: tuple[str, ...]) -> None:
    assert_as_played(chains)


@pytest.mark.slow
def test_it_is_so_of_all_chains() -> None:
    for chains in CHAINS:
        assert_as_played(chains)


def test_the_few_are_of_all_sorts() -> None:
    found = [needed(two_ways(chains)) for chains in FEW]
    assert {frozenset(hosts) for hosts in found} == {
        frozenset(hosts) for hosts in ((), ("left-1",), ("right-1",), ("left-1", "right-1"))
    }
