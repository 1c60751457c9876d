"""A lost host takes events with it that no other one has: a copy that is filtered out is none."""

import pytest
from flumec.compiler.graph import Graph
from flumec.compiler.model import Fleet
from flumec.compiler.proofs.peers import Peers
from flumec.compiler.proofs.survival import Losing, Taking, when_lost
from two_ways import CHAINS, FEW, SINK, SOURCE, ask_alike, played, two_ways

HOSTS = {"alpha": "left-1", "beta": "right-1"}


def lost_with(fleet: Fleet) -> set[str]:
    """Return the relays of which it is said that events are lost with them."""
    peers, graph = Peers(fleet), Graph(fleet)

    def loses(agent: str, host: str) -> bool:
        taking = Taking({agent: {host}}, when_lost)
        return Losing(fleet, graph, peers, SINK, [taking]).of(SOURCE).hosts == 1

    return {agent for agent, host in HOSTS.items() if loses(agent, host)}


def alone(fleet: Fleet) -> set[str]:
    """Return the relays by which alone some event comes to the sink."""
    came = played(fleet)
    only = {"alpha": came.alpha - came.beta, "beta": came.beta - came.alpha}
    return {agent for agent, events in only.items() if events}


def assert_as_played(chains: tuple[str, ...]) -> None:
    """What both ways ask may be answered alike on both: of that more is said than is so."""
    fleet = two_ways(chains)
    said, seen = lost_with(fleet), alone(fleet)
    assert said >= seen, chains
    assert said == seen or ask_alike(chains), chains


@pytest.mark.parametrize("chains", FEW)
def test_what_is_lost_with_a_host_is_what_comes_by_it_alone(chains: tuple[str, ...]) -> None:
    assert_as_played(chains)


@pytest.mark.slow
def test_it_is_so_of_all_chains() -> None:
    for chains in CHAINS:
        assert_as_played(chains)
