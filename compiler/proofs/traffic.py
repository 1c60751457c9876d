"""What a host's network and disk have to do when everything comes at its declared rate."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

from flumec.compiler.bind.properties import complete
from flumec.compiler.choice import policy_of
from flumec.compiler.graph import Graph, Node
from flumec.compiler.lying import journal_of
from flumec.compiler.model import Fleet, Group, Link
from flumec.compiler.proofs.load import Load
from flumec.compiler.proofs.peers import Machine, Peers, Receiver
from flumec.compiler.proofs.room import ratio_of
from flumec.compiler.proofs.storing import is_remote
from flumec.compiler.proofs.words import dotted
from flumec.runtime.component import Sink
from flumec.runtime.sinks.filing import Filing

_Way = Literal["sent", "written"]


@dataclass(slots=True)
class Use:
    """Bytes a second that a host receives, sends and writes to its disk, by what they are for."""

    received: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    sent: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    written: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    @property
    def parts(self) -> tuple[tuple[str, str, dict[str, float]], ...]:
        """What the host has to do, the fact that bounds it, and what for."""
        return (
            ("receive", "nic", self.received),
            ("send", "nic", self.sent),
            ("write", "disk_rate", self.written),
        )


def traffic(
    fleet: Fleet, graph: Graph, peers: Peers, load: Load, dead: Collection[Machine] = ()
) -> dict[str, Use]:
    """Return the use of each host to which something comes, where some agents are `dead`.

    What is put into several channels of one journal is written once. A network carries both
    directions at once. A file that is uploaded was made on the disk before, and of the members of a
    group one writes an event: the first of those that send it counts, and the first of the others.
    """
    shared = graph.derived(_shared)
    uses: dict[str, Use] = defaultdict(Use)
    for node in load.order:
        component = fleet.agents[node[0]].components[node[1]]
        into = load.into.get(node, {})
        if component.kind == "sink" and into:
            for kind in shared[node] if node in shared else _done_by(fleet, node):
                for host, rate in into.items():
                    done = uses[host].sent if kind == "sent" else uses[host].written
                    done[dotted(node)] += rate
        elif component.kind == "source":
            ratios = _journals(fleet, graph, node)
            for host, rate in into.items():
                if getattr(component.declaration, "refuses", False):
                    uses[host].received[dotted(node)] += rate
                uses[host].written[dotted(node)] += sum(rate / ratio for ratio in ratios)
        if (link := peers.link_from(node)) is not None:
            _across(fleet, peers, link, into, uses, dead=dead)
    return uses


def _across(
    fleet: Fleet,
    peers: Peers,
    link: Link,
    into: Mapping[str, float],
    uses: dict[str, Use],
    *,
    dead: Collection[Machine],
) -> None:
    """Add what goes over a link."""
    sender = link.sender.agent, link.sender.component
    hosts = peers.hosts(sender[0])
    for one, rate in peers.divided(link, into, dead):
        arrives(fleet, sender, one, rate, uses[one.host.name])
    for host, rate in into.items():
        copies = len(peers.near(link, hosts[host])) if policy_of(link) == "all" else 1
        uses[host].sent[dotted(sender)] += rate * copies


def arrives(fleet: Fleet, sender: Node, one: Receiver, rate: float, use: Use) -> None:
    """Add what a host gets over a link; it is written where that leads straight to a channel."""
    use.received[dotted(sender)] += rate
    if fleet.agents[one.end[0]].components[one.end[1]].kind == "channel":
        use.written[dotted(one.end)] += sum(rate / r for r in _ratios(fleet, {one.end}))


def _journals(fleet: Fleet, graph: Graph, source: Node) -> list[float]:
    """Return the ratio of each journal that a source writes into."""
    ends = {edge.end for edge in graph.outgoing.get(source, ()) if edge.kind == "chain"}
    return _ratios(fleet, ends)


def _ratios(fleet: Fleet, channels: set[Node]) -> list[float]:
    found: dict[str, float] = {}
    for agent, channel in channels:
        declared = fleet.agents[agent]
        if getattr(declared.components[channel].declaration, "durable", False):
            found[journal_of(declared, channel) or ""] = ratio_of(declared, channel)
    return list(found.values())


def _done_by(fleet: Fleet, node: Node) -> tuple[_Way, ...]:
    """Return what a sink does with what comes: sends it, writes it to its host's disk, or both."""
    sink = fleet.agents[node[0]].components[node[1]]
    declaration = sink.declaration
    if declaration is None or not issubclass(declaration, Sink) or not declaration.writes:
        return ()
    full = complete(declaration, sink.values, fleet.agents[node[0]].hosts.hosts[0])
    if full is None:
        return ()
    if not is_remote(declaration, full):
        return ("written",)
    return ("sent", "written") if issubclass(declaration, Filing) else ("sent",)


def _shared(fleet: Fleet, _graph: Graph) -> dict[Node, tuple[_Way, ...]]:
    """Return what each member of a group does that none before it does: one has an event."""
    found: dict[Node, tuple[_Way, ...]] = {}
    for agent in fleet.agents.values():
        for chain in agent.chains:
            done: set[_Way] = set()
            for member in chain.end.members if isinstance(chain.end, Group) else ():
                if member.name is None or member.name not in agent.components:  # was reported
                    continue
                node = agent.name, member.name
                ways = _done_by(fleet, node)
                found[node] = tuple(way for way in ways if way not in done)
                done.update(ways)
    return found
