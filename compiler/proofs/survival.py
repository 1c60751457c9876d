"""What is lost for good when agents are killed, their power goes, or their hosts are gone.

For each place that an event can be at, `Losing` says how many of the hosts that a fault takes must
go so that no copy of it is left, and where it is lost first. Copies are made by a chain with
several targets and by `policy = all`; which arm, member or peer gets an event is taken to be the
worst. A killed process comes back with its disk: what lies there is late at most.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from math import inf

from flumec.compiler.choice import policy_of
from flumec.compiler.graph import Edge, Graph, Node, ends
from flumec.compiler.lying import journal_of
from flumec.compiler.model import Agent, Component, Fleet, Host, Link
from flumec.compiler.proofs.peers import Peers
from flumec.compiler.values import resolve
from flumec.runtime.component import Channel, Sink, Source


@dataclass(frozen=True, slots=True)
class Loss:
    """How many hosts must go so that an event is lost, where it is lost, and why: a clause."""

    hosts: float = inf
    node: Node | None = None
    reason: str = ""


SAFE = Loss()

Frail = Callable[[Agent, Component], str]
"""Why a component loses an event with its agent; nothing where it does not."""


def when_killed(_agent: Agent, component: Component) -> str:
    """Say why a killed process takes events with it that were taken over."""
    declaration = component.declaration
    if declaration is None:
        return ""
    if issubclass(declaration, Channel) and not declaration.durable:
        return "what it holds in memory ends with the process"
    if issubclass(declaration, Source) and declaration.start == "none":
        return "what it has read and not stored ends with the process"
    return ""


def when_dark(agent: Agent, component: Component) -> str:
    """Say why a host without power loses events that were taken over.

    A file is read again from the position in the same journal, and a link is answered after a sync
    in any case; who heard from another source that an event is stored does not send it again.
    """
    declaration = component.declaration
    if declaration is None or not issubclass(declaration, Source) or declaration.replayable:
        return when_killed(agent, component)
    for chain in agent.chains if declaration.start == "acknowledgement" else ():
        for target in ends(chain) if chain.start == component.name else ():
            journal = agent.journals.get(journal_of(agent, target.name or "") or "")
            sync = None if journal is None else journal.values.get("sync")
            if sync is not None and str(sync.value) != "commit":
                return f"its journal is synced every {sync.value}, and it answers before that"
    return when_killed(agent, component)


def when_lost(agent: Agent, component: Component) -> str:
    """Say why a host that never comes back takes events with it."""
    declaration = component.declaration
    if declaration is None:
        return ""
    if issubclass(declaration, Source):
        if declaration.start != "line" or not declaration.reads:
            return when_killed(agent, component)
        return "its files, and what was not read of them, lie on that host alone"
    if issubclass(declaration, Sink):
        local = bool(agent.hosts.hosts) and folder_of(component, agent.hosts.hosts[0]) is not None
        return "its files lie on that host alone" if local else ""
    return "what its agent has acknowledged lies on that host alone"


def folder_of(sink: Component, host: Host) -> str | None:
    """Return the folder of a host that a sink writes into."""
    declaration = sink.declaration
    for name in declaration.writes if declaration is not None else ():
        held = sink.values.get(name)
        if held is None or declaration is None:
            continue
        try:
            value = resolve(held.value, host, host.address)
        except (KeyError, TypeError, ValueError):  # which was reported
            continue
        if (folder := declaration.folder(name, value)) is not None:
            return str(folder)
    return None


@dataclass(slots=True)
class Losing:
    """How events on their way to a sink are lost when hosts of some agents are gone.

    `gone` has the agents that the fault may take, and of each the hosts; `frail` says what goes
    with them.
    """

    fleet: Fleet
    graph: Graph
    peers: Peers
    sink: Node
    gone: Mapping[str, Collection[str]]
    frail: Frail
    _known: dict[Node, Loss] = field(default_factory=dict)

    def of(self, source: Node) -> Loss:
        """Return how an event of a source is lost first."""
        ways = self.graph.between(source, self.sink)
        for node in self.graph.upstream_last(ways):
            self._known[node] = self._at(node, ways)
        return self._known.get(source, SAFE)

    def _at(self, node: Node, ways: set[Node]) -> Loss:
        agent = self.fleet.agents[node[0]]
        component = agent.components[node[1]]
        reason = self.frail(agent, component) if node[0] in self.gone else ""
        here = Loss(1, node, reason) if reason else SAFE
        if node == self.sink:
            return here
        link = self.peers.link_from(node)
        if link is not None:
            further = self._sent(link, ways)
        elif component.kind == "channel":
            further = self._least(edge.end for edge in self.graph.outgoing[node])
        else:
            further = self._put(node, ways)
        return min(here, further, key=lambda loss: loss.hosts)

    def _least(self, nodes: Iterator[Node]) -> Loss:
        """Return the worst of several, of which an event comes to one.

        What another member of a group delivers is not lost: it is not here.
        """
        found = [self._known[node] for node in nodes if node in self._known]
        return min(found, key=lambda loss: loss.hosts, default=SAFE)

    def _put(self, node: Node, ways: set[Node]) -> Loss:
        """Return how an event is lost that is put into several channels: only with all of them."""
        chains: dict[object, list[Edge]] = {}
        for edge in self.graph.outgoing.get(node, ()):
            if edge.end in ways:
                chains.setdefault((id(edge.chain), id(edge.arm)), []).append(edge)
        copies: dict[int, list[Loss]] = {}
        for edges in chains.values():
            sure = [edge for edge in edges if not edge.optional] or edges
            best = max((self._known[e.end] for e in sure), key=lambda loss: loss.hosts)
            copies.setdefault(id(edges[0].chain), []).append(best)
        arms = [min(found, key=lambda loss: loss.hosts) for found in copies.values()]
        return max(arms, key=lambda loss: loss.hosts, default=SAFE)

    def _sent(self, link: Link, ways: set[Node]) -> Loss:
        ends = [end.node for end in link.targets]
        there = [end for end in ends if end in ways]
        if policy_of(link) != "all":
            return self._least(iter(there))
        copies = [self._copied(link, end) for end in there]
        return max(copies, key=lambda loss: loss.hosts, default=SAFE)

    def _copied(self, link: Link, end: Node) -> Loss:
        """Return how what is copied to each host of an agent is lost: with all of them."""
        loss = self._known[end]
        if loss.node is None or loss.node[0] != end[0] or self._meet(end):
            return loss
        taken = self.gone[end[0]]
        sender = self.fleet.agents[link.sender.agent]
        copies = inf
        for near, _ in self.peers.places(link, sender.hosts.hosts):
            hosts = {one.host.name for one in near if one.end == end}
            if hosts <= set(taken):
                copies = min(copies, len(hosts))
        return Loss(copies, loss.node, loss.reason)

    def _meet(self, end: Node) -> bool:
        """Whether copies in the hosts of an agent may meet again where they can be lost."""
        links = (self.peers.link_from(node) for node in self._known if node[0] == end[0])
        further = (
            self._known.get((target.agent, target.component), SAFE)
            for link in links if link is not None
            for target in link.targets
        )  # fmt: skip
        return any(loss.hosts < inf for loss in further)
