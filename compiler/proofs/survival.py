"""What is lost for good when agents are killed, their power goes, or their hosts are gone.

For each place that an event can be at, `Losing` says how many of the hosts that faults take must
go so that no copy of it is left, and where it is lost first. Copies are made by a chain with
several targets, by several chains and by `policy = all`; which arm, member or peer gets an event,
and what a filter leaves out, is taken to be the worst. A killed process comes back with its disk:
what lies there is late at most.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

from flumec.compiler.choice import policy_of
from flumec.compiler.graph import Edge, Graph, Node
from flumec.compiler.lying import LyingByAgent
from flumec.compiler.model import Agent, Component, Fleet, Host, Link
from flumec.compiler.proofs.arriving import Arriving, Copy, Ends
from flumec.compiler.proofs.peers import Peers, Receiver
from flumec.compiler.proofs.places import Places
from flumec.compiler.proofs.uneven import Uneven
from flumec.compiler.unsynced import Unsynced, syncing_late, unsynced
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


def when_dark(lying: LyingByAgent) -> Frail:
    """Return what says why a host without power loses events that were taken over.

    Of a source this is true of those of its channels alone that are named.
    """

    def frail(agent: Agent, component: Component) -> str:
        late = unsynced_in(agent, component, lying)
        if late is None:
            return when_killed(agent, component)
        named = ", ".join(f"`{target.name}`" for target in late.targets)
        every = late.every.value
        return f"what it puts into {named} is synced every {every}; it answers before that"

    return frail


def unsynced_in(agent: Agent, component: Component, lying: LyingByAgent) -> Unsynced | None:
    """Return what a power cut may take of what a source has acknowledged."""
    if component.kind != "source" or not syncing_late(agent):
        return None
    return unsynced(agent, component, lying.of(agent))


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


@dataclass(frozen=True, slots=True)
class Taking:
    """What a fault may take: hosts of some agents, of each agent at most so many at once."""

    gone: Mapping[str, Collection[str]]
    frail: Frail
    """What goes with them."""
    most: float = inf

    def why(self, agent: Agent, component: Component) -> str:
        """Say why a component may lose events; nothing where it does not."""
        return self.frail(agent, component) if agent.name in self.gone else ""

    def count(self, agent: str, hosts: Collection[str]) -> float:
        """Return how many of an agent's hosts it takes at once."""
        return min(self.most, len(set(hosts).intersection(self.gone.get(agent, ()))))


@dataclass(slots=True)
class Losing:
    """How events on their way to a sink are lost by faults that happen together."""

    fleet: Fleet
    graph: Graph
    peers: Peers
    sink: Node
    takings: Sequence[Taking]
    _known: dict[Node, Loss] = field(default_factory=dict)

    def of(self, source: Node) -> Loss:
        """Return how an event of a source is lost first."""
        between = self.graph.derived(Places).between(source, self.sink)
        arriving = Arriving(self.graph, self.peers, self.sink, between)
        for node in self.graph.upstream_last(between.nodes):
            self._known[node] = self._at(node, arriving)
        return self._known.get(source, SAFE)

    def _at(self, node: Node, arriving: Arriving) -> Loss:
        here = self._here(node)
        if node == self.sink:
            return here
        link = self.peers.link_from(node)
        if link is not None:
            further = self._sent(link, arriving)
        elif self.fleet.agents[node[0]].components[node[1]].kind == "channel":
            further = _least(self._behind(edge.end for edge in self.graph.outgoing[node]))
        else:
            return self._put(node, here, arriving.copies(node))
        return min(here, further, key=_hosts)

    def _here(self, node: Node) -> Loss:
        agent = self.fleet.agents[node[0]]
        component = agent.components[node[1]]
        reasons = (taking.why(agent, component) for taking in self.takings)
        return next((Loss(1, node, reason) for reason in reasons if reason), SAFE)

    def _behind(self, nodes: Iterable[Node]) -> Iterator[Loss]:
        """Yield the losses of some components, of those that lead to the sink.

        What another member of a group delivers is not lost: it is not here.
        """
        return (self._known[node] for node in nodes if node in self._known)

    def _put(self, node: Node, here: Loss, copies: Sequence[Copy]) -> Loss:
        """Return how an event is lost that is put into several channels: only with all of them.

        A source that answers before a sync takes with it what it puts into some channels alone.
        """
        agent = self.fleet.agents[node[0]]
        lying = self.graph.derived(LyingByAgent)
        late = unsynced_in(agent, agent.components[node[1]], lying)
        frail = None if late is None else {target.name for target in late.targets}

        def of_edge(edge: Edge) -> Loss:
            behind = self._known.get(edge.end, SAFE)
            goes = frail is None or edge.end[1] in frail
            return min(here, behind, key=_hosts) if goes else behind

        def of_ends(ends: Ends) -> Loss:
            return _most(of_edge(edge) for edge in ends if edge.end in self._known)

        return _most(_least(map(of_ends, arms)) for arms in copies)

    def _sent(self, link: Link, arriving: Arriving) -> Loss:
        there = [end.node for end in link.targets if end.node in self._known]
        if policy_of(link) != "all":
            return _least(self._behind(there))
        found: list[Loss] = []
        for near, _ in self.peers.places(link, self.fleet.agents[link.sender.agent].hosts.hosts):
            ends = [end for end in there if any(one.end == end for one in near)]
            groups = arriving.together(ends)
            found += [_most(self._copied(near, end) for end in group) for group in groups]
        return _least(found)

    def _copied(self, near: Sequence[Receiver], end: Node) -> Loss:
        """Return how what is copied to each host of an agent is lost: with all of them."""
        loss, name = self._known[end], end[0]
        if loss.node is None or loss.node[0] != name or self._meet(end):
            return loss
        if self.graph.derived(Uneven).behind([end], self.sink):
            return loss
        hosts = {one.host.name for one in near if one.end == end}
        harming = (each for each in self.takings if self._harms(each, name))
        taken = sum(each.count(name, hosts) for each in harming)
        return Loss(len(hosts), loss.node, loss.reason) if taken >= len(hosts) else SAFE

    def _harms(self, taking: Taking, name: str) -> bool:
        """Whether events may be lost in an agent by one of the faults alone."""
        agent = self.fleet.agents[name]
        here = (part for part in agent.components.values() if (name, part.name) in self._known)
        return any(taking.why(agent, part) for part in here)

    def _meet(self, end: Node) -> bool:
        """Whether copies in the hosts of an agent may meet again where they can be lost."""
        links = (self.peers.link_from(node) for node in self._known if node[0] == end[0])
        further = (
            self._known.get((target.agent, target.component), SAFE)
            for link in links if link is not None
            for target in link.targets
        )  # fmt: skip
        return any(loss.hosts < inf for loss in further)


def _hosts(loss: Loss) -> float:
    return loss.hosts


def _least(losses: Iterable[Loss]) -> Loss:
    """Return the worst of several, of which an event meets one."""
    return min(losses, key=_hosts, default=SAFE)


def _most(losses: Iterable[Loss]) -> Loss:
    """Return the loss of the copy that is lost last."""
    return max(losses, key=_hosts, default=SAFE)
