"""What the agents of a host may come to hold, on its disk and in its memory, piece by piece."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from flumec.compiler.bind.properties import complete
from flumec.compiler.choice import policy_of
from flumec.compiler.graph import Graph
from flumec.compiler.headers.flow import header_flow
from flumec.compiler.lying import journal_of
from flumec.compiler.model import Agent, Component, Fleet, Host, Settings
from flumec.compiler.proofs.holding import folders
from flumec.compiler.proofs.peers import Peers
from flumec.compiler.proofs.room import Rooms
from flumec.compiler.source import Span
from flumec.runtime.component import Sink
from flumec.runtime.journal_settings import DEFAULT
from flumec.runtime.sinks.filing import Filing

JOURNAL = 80 * 2**20
"""What a journal takes beside what lies in it: the segment that is written, and its reserve."""

PROCESS = 100 * 2**20
"""What an agent takes by itself: Python, Arrow, and the batches under way."""

_WINDOW = 64 * 2**20
"""What a listener lets its senders have on the way, where a link does not say it."""


class Piece(NamedTuple):
    """A part of a host's disk or memory: how much at most, what for, and where the file says it."""

    where: Literal["disk", "memory"]
    size: float
    what: str
    span: Span


class Storing:
    """What each agent may hold on a host; agents that are alike on all hosts are asked once."""

    def __init__(self, fleet: Fleet, graph: Graph) -> None:
        self._fleet, self._graph = fleet, graph
        self._peers, self._rooms = Peers(fleet), Rooms(fleet)
        self._listening: dict[str, dict[object, float]] = {}
        for link in fleet.links:
            memory = link.values.get("memory")
            key = link.via, str(getattr(link.values.get("port"), "value", ""))
            for end in link.targets:
                heard = self._listening.setdefault(end.agent, {})
                heard[key] = float(memory.value) if memory is not None else _WINDOW

    def on(self, agent: Agent, host: Host) -> Iterator[Piece]:
        """Yield all that an agent may hold on a host."""
        yield Piece("memory", PROCESS, f"{agent.name} itself", agent.name_span)
        for component in agent.components.values():
            if component.kind == "channel":
                yield from self._channel(agent, component, host)
            elif component.kind == "sink":
                yield from self._sink(agent, component, host)
            elif component.kind == "source":
                yield from _source(agent, component, host)
        in_state = {
            name for channel in agent.components
            if (name := journal_of(agent, channel)) is not None and _in_state(agent, name)
        }  # fmt: skip
        for name in sorted(in_state | ({DEFAULT} if _in_state(agent, DEFAULT) else set())):
            journal = agent.journals.get(name)
            span = agent.name_span if journal is None else journal.span
            yield Piece("disk", JOURNAL, f"the journal {agent.name}.{name} itself", span)
        for size in self._listening.get(agent.name, {}).values():
            yield Piece("memory", size, f"what is on the way to {agent.name}", agent.name_span)

    def _sink(self, agent: Agent, sink: Component, host: Host) -> Iterator[Piece]:
        """Yield what a sink prepares before it uploads it: as many files as it may have open."""
        declared = sink.declaration
        if declared is None or not issubclass(declared, Filing):
            return
        full = complete(declared, sink.values, host)
        if full is None or full["roll"] is None or not is_remote(declared, full):
            return
        headers = header_flow(self._graph).at((agent.name, sink.name))
        files = max(1, min(full["max_open"], folders(declared, full, headers)))
        name, size = f"{agent.name}.{sink.name}", full["roll"].size
        what = f"a file of {name} before it is uploaded"
        if files > 1:
            what = f"{files:,.0f} open files of {name} before they are uploaded"
        yield Piece("disk", files * size, what, sink.name_span)

    def _channel(self, agent: Agent, channel: Component, host: Host) -> Iterator[Piece]:
        room = self._rooms.of(agent.name, channel.name, host)
        if room is None:
            return
        said = channel.values.get("size")
        span, name = channel.name_span if said is None else said.key, f"{agent.name}.{channel.name}"
        link, times = self._peers.link_from((agent.name, channel.name)), 1
        if link is not None and policy_of(link) == "hash":  # a channel for each
            times = max(1, len(self._peers.near(link, host)))
        if room.disk and _in_state(agent, journal_of(agent, channel.name) or DEFAULT):
            yield Piece("disk", room.disk * times, name, span)
        if room.memory:
            yield Piece("memory", room.memory * times, name, span)


def _in_state(agent: Agent, journal: str) -> bool:
    """Whether a journal lies in the agent's state, on the host's disk that is known."""
    declared = agent.journals.get(journal)
    return declared is None or "directory" not in declared.values


def _source(agent: Agent, source: Component, host: Host) -> Iterator[Piece]:
    """Yield what a source may have taken from clients that is not stored yet."""
    if source.declaration is None or "max_pending" not in source.declaration.props:
        return
    full = complete(source.declaration, source.values, host)
    if full is not None:
        said = source.values.get("max_pending")
        span, name = source.name_span if said is None else said.key, f"{agent.name}.{source.name}"
        yield Piece("memory", full["max_pending"], f"what {name} has not stored yet", span)


def is_remote(declaration: type[Sink], full: Mapping[str, Any]) -> bool:
    """Whether a sink delivers over the network: its folder, if it has one, is not of this host."""
    return bool(declaration.writes) and all(
        full.get(name) is None or declaration.folder(name, full[name]) is None
        for name in declaration.writes
    )


def limit_of(agent: Agent) -> float | None:
    """Return what `limits` gives an agent of memory."""
    limits = agent.settings.get("limits")
    if limits is None or not isinstance(limits.value, Settings):
        return None
    memory = limits.value.values.get("memory")
    return None if memory is None else float(memory.value)
