"""Which disks of a host an agent writes on, and what lies there.

An agent ends when it cannot write into one of its journals, whichever event that was for, and does
not start without it: then no path goes by it. A sink that cannot write waits for its disk, and what
does not go by it goes on. What an agent only starts with cuts nothing until it is started again.
"""

from collections.abc import Iterator
from typing import Any

from flumec.compiler.graph import Graph, Node
from flumec.compiler.lying import LyingByAgent, is_on_disk, journal_of
from flumec.compiler.model import Agent, Component, Fleet, Host
from flumec.compiler.proofs.survival import folder_of
from flumec.compiler.values import resolve, varies
from flumec.runtime.component import Channel, Source
from flumec.runtime.sinks.filing import Filing

STATE = ""
"""The state of an agent, among folders."""

Folders = tuple[str, ...]


class Disks:
    """The folders of all agents, on each of their hosts."""

    def __init__(self, fleet: Fleet, graph: Graph) -> None:
        self._fleet, self._graph = fleet, graph
        self._lying = graph.derived(LyingByAgent)
        self._received = {end.node for link in fleet.links for end in link.targets}
        self._written: dict[str, tuple[str, ...]] = {}
        self._ending: dict[tuple[str, str], Folders] = {}

    def ending(self, agent: Agent, host: Host) -> Folders:
        """Return the folders of the journals that an agent writes, without which it ends."""
        key = agent.name, host.name
        if key not in self._ending:
            found = (self._folder(agent, journal, host) for journal in self._journals(agent))
            self._ending[key] = tuple(dict.fromkeys(found))
        return self._ending[key]

    def needed(self, node: Node, host: Host) -> Folders:
        """Return the folders without which no event comes through a component."""
        agent = self._fleet.agents[node[0]]
        own = self._of_sink(agent.components[node[1]], host)
        return tuple(dict.fromkeys((*self.ending(agent, host), *own)))

    def holding(self, node: Node, host: Host) -> str | None:
        """Return the folder that a channel's events or a sink's files lie in; None: in none."""
        agent = self._fleet.agents[node[0]]
        component = agent.components[node[1]]
        if component.kind == "sink":
            return folder_of(component, host)
        journal = journal_of(agent, component.name) if is_on_disk(component) else None
        return None if journal is None else self._folder(agent, journal, host)

    def home(self, node: Node, host: Host) -> str | None:
        """Return the folder of the journal that a source is at home in; None: in none."""
        agent = self._fleet.agents[node[0]]
        journal = self._lying.of(agent).homes.get(node[1])
        return None if journal is None else self._folder(agent, journal, host)

    def shape(self, agent: Agent, host: Host) -> object:
        """Return which folders of a host are one, where they go by the host."""
        if not any(map(varies, _folders(agent))):
            return None
        nodes = ((agent.name, name) for name in agent.components)
        found = [folder for node in nodes for folder in self.needed(node, host)]
        return len(self.ending(agent, host)), tuple(map(found.index, found))

    def _journals(self, agent: Agent) -> tuple[str, ...]:
        """Return the journals that something of an agent is written into as events go by."""
        if agent.name not in self._written:
            found = (self._written_by(agent, each) for each in agent.components.values())
            named = (journal for journal in found if journal is not None)
            self._written[agent.name] = tuple(dict.fromkeys(named))
        return self._written[agent.name]

    def _written_by(self, agent: Agent, component: Component) -> str | None:
        lying, name, declaration = self._lying.of(agent), component.name, component.declaration
        if declaration is None:
            return None
        if issubclass(declaration, Source):  # where it is, or what its clients have asked for
            keeps = declaration.replayable or "request_id" in component.values
            return lying.homes.get(name) if keeps else None
        if issubclass(declaration, Channel):  # its rows, or how far a link has brought them
            kept = is_on_disk(component) or (agent.name, name) in self._received
            return lying.channels.get(name) if kept else None
        if issubclass(declaration, Filing):  # what it is about to publish
            return next(self._channels_before(agent, name), None)
        return None

    def _channels_before(self, agent: Agent, sink: str) -> Iterator[str]:
        """Yield the journals of the channels that a sink reads."""
        lying = self._lying.of(agent)
        for edge in self._graph.incoming.get((agent.name, sink), ()):
            if edge.kind == "chain" and edge.start[1] in lying.channels:
                yield lying.channels[edge.start[1]]

    def _of_sink(self, component: Component, host: Host) -> Iterator[str]:
        """Yield where a sink writes: into its folder; into the state what it is to upload, and the
        keys that it remembers.
        """
        declaration = component.declaration
        if component.kind != "sink" or declaration is None:
            return
        folder = folder_of(component, host)
        if folder is not None:
            yield folder
        files = issubclass(declaration, Filing)
        if files and (folder is None or "dedup" in component.values):
            yield STATE

    def _folder(self, agent: Agent, journal: str, host: Host) -> str:
        declared = agent.journals.get(journal)
        directory = None if declared is None else declared.values.get("directory")
        if directory is None:
            return STATE
        return str(resolve(directory.value, host, host.address))


def _folders(agent: Agent) -> Iterator[Any]:
    """Yield the values that name folders of an agent, as the file has them."""
    for journal in agent.journals.values():
        if (directory := journal.values.get("directory")) is not None:
            yield directory.value
    for component in agent.components.values():
        for name in component.declaration.writes if component.declaration is not None else ():
            if (held := component.values.get(name)) is not None:
                yield held.value
