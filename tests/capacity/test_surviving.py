"""What is lost with hosts is what is lost when each choice of them is tried."""

from itertools import combinations, product

import pytest
import thorough
from capacity.queues import Fleet, draw, text
from flumec.compiler.build import lint_text
from flumec.compiler.graph import Graph
from flumec.compiler.proofs.peers import Peers
from flumec.compiler.proofs.survival import Losing, Taking, when_lost


def least_said(fleet: Fleet, taken: int) -> float:
    """Return how many hosts of a tier must go, as the compiler has it."""
    bound = lint_text(text(fleet)).fleet
    last = len(fleet.tiers) - 1
    hosts = frozenset(host.name for host in bound.agents[f"a{taken}"].hosts.hosts)
    gone, sink = {f"a{taken}": hosts}, (f"a{last}", "out")
    losing = Losing(bound, Graph(bound), Peers(bound), sink, [Taking(gone, when_lost)])
    return losing.of(("a0", "numbers")).hosts


def least_seen(fleet: Fleet, taken: int) -> int:
    """Return how many must go so that some event can be lost, trying every choice of them."""
    hosts = range(fleet.tiers[taken].hosts)
    for count in range(1, len(hosts) + 1):
        for gone in combinations(hosts, count):
            if any(lost(fleet, 0, host, taken, gone) for host in range(fleet.tiers[0].hosts)):
                return count
    raise AssertionError("with all of its hosts a tier is gone")


def lost(fleet: Fleet, number: int, host: int, taken: int, gone: tuple[int, ...]) -> bool:
    """Whether an event that comes to a host may be lost there or on any further way."""
    if number == taken and host in gone:
        return True
    if number == len(fleet.tiers) - 1:
        return False
    peers = [
        lost(fleet, number + 1, peer, taken, gone) for peer in range(fleet.tiers[number + 1].hosts)
    ]
    return all(peers) if fleet.tiers[number].policy == "all" else any(peers)


@pytest.mark.parametrize("seed", thorough.spread(range(40), 3))
def test_the_fewest_hosts_are_those_that_trying_finds(seed: int) -> None:
    fleet = draw(seed)
    for taken in range(len(fleet.tiers)):
        said, seen = least_said(fleet, taken), least_seen(fleet, taken)

        assert said == seen, (seed, taken, text(fleet))


def test_among_the_random_fleets_are_those_with_copies() -> None:
    pairs = product(range(40), range(1, 4))
    found = [least_seen(f, n) for s, n in pairs if n < len((f := draw(s)).tiers)]

    assert sum(count > 1 for count in found) >= 8
