"""What cuts a path: held against taking away each subset, on small random fleets."""

from collections.abc import Iterator

import pytest
from cuts.by_force import Forced
from cuts.random_fleets import fleet
from flumec.compiler.build import lint_text
from flumec.compiler.cuts.circuit import Circuit, Place
from flumec.compiler.cuts.element import KINDS, Element
from flumec.compiler.cuts.paths import Cut, Path, paths
from flumec.compiler.graph import Node
from flumec.compiler.model import Host
from flumec.compiler.proofs.claims import claims

MOST = 3


def expanded(circuit: Circuit, cut: Cut) -> Iterator[Element]:
    """Yield the elements of a cut, each of those that are alike too."""
    for element in cut.elements:
        if element.of == 1 or element.kind in ("link", "site"):
            yield element
            continue
        agents = [
            agent.name
            for agent in circuit.fleet.agents.values()
            if element.host in [host.name for host in agent.hosts.hosts]
        ]
        (alike,) = {circuit.alikes.holding(agent, element.host) for agent in agents}
        assert len(alike.hosts) == element.of
        parts = circuit.fleet.agents[alike.agent].components
        places = [Place((alike.agent, part), alike) for part in parts]
        place = next(place for place in places if element in circuit.labels(place))
        yield from circuit.each_of(place, element)


def held(circuit: Circuit, path: Path, starts: list[tuple[Node, Host]], own: str) -> None:
    """Hold the cuts of one path against all subsets of up to three elements."""
    forced = Forced(circuit.fleet, circuit.graph, circuit, path.claim.sink, own)
    for kind in KINDS:
        said = [cut for cut in path.cuts if cut.elements[0].kind == kind and not cut.own]
        alone = {each for cut in said if cut.alone for each in expanded(circuit, cut)}
        together = [set(expanded(circuit, cut)) for cut in said if not cut.alone]
        assert alone == {each for (each,) in forced.cuts(starts, kind, 1)}, kind
        assert not (alone and together)
        for number in range(2, MOST + 1) if not alone else ():
            found = list(forced.cuts(starts, kind, number))
            if together and len(together[0]) == number:
                assert together[0] in found
                assert not found or len(together) == 1
                break
            assert found == [], kind


def check(seed: int) -> int:
    found = lint_text(fleet(seed))
    circuit = Circuit(found.fleet, found.graph)
    count = 0
    every = paths(found.fleet, found.graph, claims(found.graph))
    for path in (path for path in every if path.like is path.claim):
        source = path.claim.source
        own = next((cut.elements[0].host for cut in path.cuts if cut.own), "")
        hosts = found.fleet.agents[source[0]].hosts.hosts
        starts = [(source, host) for host in hosts if not own or host.name == own]
        held(circuit, path, starts, own)
        count += 1
    return count


def test_what_cuts_a_path_is_what_parts_it_when_it_is_taken_away() -> None:
    assert sum(map(check, range(6, 14))) > 12


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_it_is_so_of_many_fleets() -> None:
    assert sum(map(check, range(300))) > 600
