"""Whether what is under way is lost with what goes, or only late."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from math import inf
from typing import NamedTuple

from flumec.compiler.cuts.circuit import Circuit, Place
from flumec.compiler.cuts.element import Element
from flumec.compiler.graph import Node
from flumec.compiler.model import Agent, Component
from flumec.compiler.proofs.peers import Machine
from flumec.compiler.proofs.scenes import Machines
from flumec.compiler.proofs.survival import Frail, Losing, Taking, when_dark, when_lost


class Fate(NamedTuple):
    """What becomes of the events under way: late at most, or lost at a component and why."""

    lost: bool = False
    node: Node | None = None
    reason: str = ""


class Fates:
    """What becomes of the events of a source on their way to a sink when something goes."""

    def __init__(self, circuit: Circuit) -> None:
        self._circuit = circuit
        self._machines = Machines(circuit.fleet)

    def returning(self, source: Node, sink: Node, gone: Iterable[Element]) -> Fate:
        """Return what becomes of them when it comes back with what is on its disks."""
        return self._fate(source, sink, gone, when_dark)

    def lost(self, source: Node, sink: Node, gone: Iterable[Element]) -> Fate:
        """Return what becomes of them when it never does."""
        gone = tuple(gone)
        folders = {each.folder for each in gone if each.kind == "disk"}

        def with_disk(agent: Agent, component: Component) -> str:
            return self._lies_on(folders, agent, component) or when_dark(agent, component)

        return self._fate(source, sink, gone, with_disk if folders else when_lost)

    def agents_on(self, element: Element) -> tuple[str, ...]:
        """Return the agents of a host or of that of a disk."""
        return tuple(agent for agent, _ in self._machines.on(element.host))

    def _fate(self, source: Node, sink: Node, gone: Iterable[Element], frail: Frail) -> Fate:
        taken: dict[str, set[str]] = defaultdict(set)
        for agent, host in (one for each in gone for one in self._taken(each)):
            taken[agent].add(host)
        if not taken:  # a link: what it would have carried waits before it
            return Fate()
        circuit = self._circuit
        taking = (Taking(taken, frail),)
        losing = Losing(circuit.fleet, circuit.graph, circuit.peers, sink, taking)
        loss = losing.of(source)
        return Fate(loss.hosts < inf, loss.node, loss.reason)

    def _taken(self, gone: Element) -> Iterable[Machine]:
        if gone.kind == "site":
            return self._machines.at(gone.name)
        if gone.kind == "host":
            return self._machines.on(gone.host)
        return self._on(gone) if gone.kind == "disk" else ()

    def _on(self, disk: Element) -> Iterator[Machine]:
        """Yield the agents that need a disk."""
        for agent, host in self._machines.on(disk.host):
            declared = self._circuit.fleet.agents[agent]
            alike = self._circuit.alikes.holding(agent, host)
            places = (Place((agent, name), alike) for name in declared.components)
            if any(self._circuit.disk(place) == disk.folder for place in places):
                yield agent, host

    def _lies_on(self, folders: set[str], agent: Agent, component: Component) -> str:
        """Say why a component loses events with a folder; how far a source had read is no event."""
        alike = next(self._circuit.alikes.of(agent.name))
        there = self._circuit.disk(Place((agent.name, component.name), alike)) in folders
        if there and component.kind == "sink":
            return "its files are on that disk"
        return "what it holds is on that disk" if there and component.kind == "channel" else ""
