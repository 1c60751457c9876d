"""Whether what is under way is lost with what goes, or only late."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from math import inf
from typing import NamedTuple

from flumec.compiler.cuts.circuit import Circuit
from flumec.compiler.cuts.dropping import Away
from flumec.compiler.cuts.element import Element
from flumec.compiler.graph import Node
from flumec.compiler.lying import LyingByAgent
from flumec.compiler.model import Agent, Component
from flumec.compiler.proofs.peers import Machine
from flumec.compiler.proofs.scenes import Machines
from flumec.compiler.proofs.survival import Frail, Losing, Taking, when_dark, when_killed, when_lost


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
        self._dark = when_dark(circuit.graph.derived(LyingByAgent))

    def returning(self, source: Node, sink: Node, gone: Sequence[Element]) -> Fate:
        """Return what becomes of them when it comes back with what is on its disks."""
        if gone[0].kind == "disk":
            return self._fate(source, sink, [self._ended(gone)])
        return self._fate(source, sink, [Taking(_by_agent(self._taken(gone)), self._dark)])

    def lost(self, source: Node, sink: Node, gone: Sequence[Element]) -> Fate:
        """Return what becomes of them when it never does."""
        if gone[0].kind != "disk":
            return self._fate(source, sink, [Taking(_by_agent(self._taken(gone)), when_lost)])
        lying = list(self._lying(gone))
        reasons = {node: why for node, _, why in lying}

        def with_disk(agent: Agent, component: Component) -> str:
            return reasons.get((agent.name, component.name), "")

        holding = _by_agent((node[0], host) for node, host, _ in lying)
        return self._fate(source, sink, [Taking(holding, with_disk), self._ended(gone)])

    def away(self, gone: Sequence[Element]) -> Away:
        """Return what takes no more events as long as something is gone."""
        if gone[0].kind == "link":
            links = (each.name.rpartition(".") for each in gone)
            return Away({}, senders=[(agent, channel) for agent, _, channel in links])
        if gone[0].kind != "disk":
            return Away(_by_agent(self._taken(gone)))
        return Away(_by_agent(self._ending(gone)), sinks=list(self._sinks(gone)))

    def _sinks(self, disks: Iterable[Element]) -> Iterator[Node]:
        """Yield the sinks that cannot write without disks."""
        for disk in disks:
            for name, host in self._machines.on(disk.host):
                agent, there = self._circuit.fleet.agents[name], self._circuit.peers.hosts(name)
                for component in agent.components.values():
                    node = name, component.name
                    needed = self._circuit.disks.needed(node, there[host])
                    if component.kind == "sink" and disk.folder in needed:
                        yield node

    def taken_by(self, element: Element) -> object:
        """Return what goes with a host or a disk, equal where as much goes with another one."""
        if element.kind == "disk":
            lying = tuple(node for node, _, _ in self._lying([element]))
            return lying, tuple(agent for agent, _ in self._ending([element]))
        return tuple(agent for agent, _ in self._machines.on(element.host))

    def _fate(self, source: Node, sink: Node, takings: Iterable[Taking]) -> Fate:
        taking = [each for each in takings if each.gone]
        if not taking:  # a link: what it would have carried waits before it
            return Fate()
        circuit = self._circuit
        losing = Losing(circuit.fleet, circuit.graph, circuit.peers, sink, taking)
        loss = losing.of(source)
        return Fate(loss.hosts < inf, loss.node, loss.reason)

    def _taken(self, gone: Iterable[Element]) -> Iterator[Machine]:
        """Yield the agents that stand still with hosts and sites."""
        for each in gone:
            if each.kind == "site":
                yield from self._machines.at(each.name)
            if each.kind == "host":
                yield from self._machines.on(each.host)

    def _ending(self, disks: Iterable[Element]) -> Iterator[Machine]:
        """Yield the agents that end without disks; of a sink's folder alone none does."""
        for disk in disks:
            for name, host in self._machines.on(disk.host):
                agent, there = self._circuit.fleet.agents[name], self._circuit.peers.hosts(name)
                if disk.folder in self._circuit.disks.ending(agent, there[host]):
                    yield name, host

    def _ended(self, disks: Sequence[Element]) -> Taking:
        """Return what goes with the agents that end without disks.

        No power goes: the kernel writes what a process wrote to the disks that are left. So what
        was not synced yet is lost only of sources whose home is on a disk that is gone.
        """
        unsynced = set(self._at_home(disks))

        def frail(agent: Agent, component: Component) -> str:
            gone = (agent.name, component.name) in unsynced
            said: Frail = self._dark if gone else when_killed
            return said(agent, component)

        return Taking(_by_agent(self._ending(disks)), frail)

    def _at_home(self, disks: Iterable[Element]) -> Iterator[Node]:
        """Yield the sources whose journal lies on disks."""
        for disk in disks:
            for name, host in self._machines.on(disk.host):
                agent, there = self._circuit.fleet.agents[name], self._circuit.peers.hosts(name)
                for component in agent.components.values():
                    node = name, component.name
                    home = self._circuit.disks.home(node, there[host])
                    if component.kind == "source" and home == disk.folder:
                        yield node

    def _lying(self, disks: Iterable[Element]) -> Iterator[tuple[Node, str, str]]:
        """Yield the components that lose events with disks, on which host and why."""
        for disk in disks:
            for name, host in self._machines.on(disk.host):
                agent, there = self._circuit.fleet.agents[name], self._circuit.peers.hosts(name)
                for component in agent.components.values():
                    node = name, component.name
                    if self._circuit.disks.holding(node, there[host]) == disk.folder:
                        files = component.kind == "sink"
                        why = "its files are" if files else "what it holds is"
                        yield node, host, f"{why} on that disk"


def _by_agent(machines: Iterable[Machine]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for agent, host in machines:
        found[agent].add(host)
    return found
