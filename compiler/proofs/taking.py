"""What the stores of sinks take, as the file says, and what comes to each of them.

A store in the network is one for all sinks and hosts that write to it; a folder, and whatever else
is a host's own, is another one on each host.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple
from urllib.parse import urlsplit

from flumec.compiler.bind.properties import complete
from flumec.compiler.graph import Graph, Node
from flumec.compiler.model import Agent, Component, Fleet, Group
from flumec.compiler.proofs.load import Load
from flumec.compiler.proofs.storing import is_remote
from flumec.compiler.proofs.words import dotted
from flumec.compiler.source import Span
from flumec.compiler.values import varies
from flumec.runtime.component import Sink
from flumec.runtime.quantity import Rate

_Key = str | tuple[Node, str]
"""A store in the network by its address; one of a host by its sink, and the host."""


class _Writing(NamedTuple):
    """A sink on a host: where it writes to, and what that takes, if it says it."""

    key: _Key
    node: Node
    host: str
    takes: Rate | None


@dataclass(frozen=True, slots=True, eq=False)
class Store:
    """A store of which a sink says what it takes; of several that say it, the least."""

    takes: Rate
    span: Span
    hosts: Mapping[Node, list[str]]
    """The sinks that write to it, with their hosts."""
    name: str
    """Its sink, or its address where it has several."""
    host: str
    """Where it is, of a sink with one on each of several hosts."""
    own: bool
    """Whether it is its host's own."""

    @property
    def text(self) -> str:
        """Return how a calculation calls it: `collector.files on core-1`."""
        return f"{self.name} on {self.host}" if self.host else self.name

    def comes(self, load: Load, parts: Mapping[Node, float]) -> dict[str, float]:
        """Return how much of a load comes to it, by its sinks; `parts` of those of groups."""
        return {
            dotted(node): self._to(node, load, parts) for node in self.hosts if node in load.into
        }

    def total(self, load: Load, parts: Mapping[Node, float]) -> float:
        """Return how much of a load comes to it by all its sinks; thousands may share it."""
        few, many = sorted((load.into, self.hosts), key=len)
        return sum(self._to(node, load, parts) for node in few if node in many)

    def _to(self, node: Node, load: Load, parts: Mapping[Node, float]) -> float:
        hosts = self.hosts[node]
        return parts.get(node, 1.0) * sum(load.into[node].get(host, 0.0) for host in hosts)


@dataclass
class Stores:
    """The stores of a fleet of which it is said what they take."""

    fleet: Fleet
    graph: Graph
    all: tuple[Store, ...] = ()
    parts: dict[Node, float] = field(default_factory=dict)
    """What each member of a group gets, where that is not all that comes to the group."""

    def __post_init__(self) -> None:
        """Find them; a fleet that says nothing of them costs nothing."""
        sinks = list(self._sinks())
        if any("takes" in sink.values for _, sink, _ in sinks):
            self.all = tuple(self._found([w for each in sinks for w in _writings(*each)]))
            for kind, members in dict.fromkeys(self.groups.values()):
                self.parts |= self._parts(kind, members)

    @cached_property
    def groups(self) -> dict[Node, tuple[str, tuple[Node, ...]]]:
        """The members of each sink's group, and how it chooses among them."""
        found: dict[Node, tuple[str, tuple[Node, ...]]] = {}
        for agent in self.fleet.agents.values():
            for chain in agent.chains:
                if isinstance(chain.end, Group):
                    names = (member.name for member in chain.end.members)
                    members = tuple((agent.name, name) for name in names if name)
                    found |= dict.fromkeys(members, (chain.end.kind, members))
        return found

    def parts_without(self, out: Collection[Node]) -> dict[Node, float]:
        """Return what each member of a group gets where some sinks are out, and get nothing."""
        found = {**self.parts, **dict.fromkeys(out, 0.0)}
        for kind, members in {self.groups[node] for node in out if node in self.groups}:
            found |= self._parts(kind, tuple(node for node in members if node not in out))
        return found

    def _parts(self, kind: str, members: tuple[Node, ...]) -> dict[Node, float]:
        """Return what each member of a group gets: the first of `failover` all, the others nothing.

        Those of `balance` take what they are done with. Where one says nothing of that, it takes
        what the others do not, and none of them is too slow.
        """
        if kind == "failover":
            return {node: float(node == members[0]) for node in members}
        sinks = (self.fleet.agents[name].components.get(sink) for name, sink in members)
        held = [None if sink is None else sink.values.get("takes") for sink in sinks]
        known = [one.value for one in held if one is not None and isinstance(one.value, Rate)]
        if len(known) < len(members):
            return dict.fromkeys(members, 0.0)
        speeds = [float(each) for each in known]
        return {node: speed / sum(speeds) for node, speed in zip(members, speeds, strict=True)}

    @cached_property
    def of_sink(self) -> dict[Node, list[Store]]:
        """The stores that each sink writes to."""
        found: dict[Node, list[Store]] = defaultdict(list)
        for store in self.all:
            for node in store.hosts:
                found[node].append(store)
        return found

    @cached_property
    def on_hosts(self) -> frozenset[str]:
        """The hosts with a store of their own of which it is said what it takes."""
        return frozenset(
            host for store in self.all if store.own for at in store.hosts.values() for host in at
        )

    def _sinks(self) -> Iterator[tuple[Agent, Component, type[Sink]]]:
        for agent in self.fleet.agents.values():
            for sink in agent.components.values():
                declared = sink.declaration
                if declared is not None and issubclass(declared, Sink) and sink.kind == "sink":
                    yield agent, sink, declared

    def _found(self, writings: list[_Writing]) -> Iterator[Store]:
        together: dict[_Key, list[_Writing]] = defaultdict(list)
        for one in writings:
            together[one.key].append(one)
        for key, all_of_it in together.items():
            said = [(one.takes, one) for one in all_of_it if one.takes is not None]
            if not said:
                continue
            takes, least = min(said, key=lambda each: each[0])
            hosts: dict[Node, list[str]] = defaultdict(list)
            for one in all_of_it:
                hosts[one.node].append(one.host)
            agent, sink = least.node
            span = self.fleet.agents[agent].components[sink].values["takes"].span
            name = str(key) if len(hosts) > 1 else dotted(least.node)
            own = not isinstance(key, str)
            several = own and len(self.fleet.agents[agent].hosts.hosts) > 1
            yield Store(takes, span, hosts, name, least.host if several else "", own)


def _writings(agent: Agent, sink: Component, declared: type[Sink]) -> Iterator[_Writing]:
    """Yield where a sink writes to on each host; where no value differs it is looked at once."""
    node, hosts = (agent.name, sink.name), agent.hosts.hosts
    differs = any(varies(held.value) for held in sink.values.values())
    full = None if differs or not hosts else complete(declared, sink.values, hosts[0])
    for host in hosts:
        written = complete(declared, sink.values, host) if differs else full
        if written is None:  # a mistake in it was reported
            continue
        if is_remote(declared, written):
            urls = (str(written[name]) for name in declared.writes if written[name] is not None)
            address = next((urlsplit(url).netloc for url in urls), "")
            yield _Writing(address or dotted(node), node, host.name, written["takes"])
        elif written["takes"] is not None:
            yield _Writing((node, host.name), node, host.name, written["takes"])
