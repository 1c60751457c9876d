"""A fleet as data: what a generator chooses, what a judge must know, and its .flow text.

A shape is small and frozen, so that a failing one can be made smaller part by part.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TypeVar

Settings = tuple[tuple[str, str], ...]
"""Properties in the file's order: name and value as written, which may be a block of lines."""

FILING = ("file_roll", "hdfs")
"""The sinks that publish files."""


@dataclass(frozen=True)
class Target:
    """A channel at the end of a chain; None is `drop`."""

    channel: str | None
    optional: bool = False

    @property
    def text(self) -> str:
        return "drop" if self.channel is None else self.channel + "?" * self.optional


@dataclass(frozen=True)
class Arm:
    """One arm of a route: the digits that an event ends in, empty for `else`."""

    digits: str
    targets: tuple[Target, ...]


@dataclass(frozen=True)
class Chain:
    """From a source through its steps to channels, or by a route on the event's last digit."""

    source: str
    targets: tuple[Target, ...] = ()
    arms: tuple[Arm, ...] = ()
    keeps: str = ""
    """The last digits of the events that a filter keeps; empty where there is no filter."""

    @property
    def everywhere(self) -> tuple[Target, ...]:
        """All targets, whatever the digit."""
        return (*self.targets, *(target for arm in self.arms for target in arm.targets))

    def ends(self, digit: str) -> tuple[Target, ...]:
        """Return where an event that ends in a digit goes."""
        if self.keeps and digit not in self.keeps:
            return ()
        for arm in self.arms:
            if digit in arm.digits or not arm.digits:
                return arm.targets
        return self.targets


@dataclass(frozen=True)
class Part:
    """A source, channel, sink or journal; `kind` is the type's word, empty for a journal."""

    name: str
    kind: str
    values: Settings = ()
    posted_to_all: bool = False
    """Of a source: clients post each event to every host of its agent."""
    harmed: tuple[str, ...] = ()
    """Of a source: what is wrong with some of its events, `poison` or `bulk`."""

    def value(self, name: str) -> str | None:
        """Return a property's text."""
        return dict(self.values).get(name)


@dataclass(frozen=True)
class Reading:
    """A channel and its one consumer in the agent: a sink, or a group of several."""

    channel: str
    sinks: tuple[str, ...]
    group: str = ""
    in_doubt: str = ""


@dataclass(frozen=True)
class Agent:
    """One agent, on one host or on several; `facts` are each host's, where any has some."""

    name: str
    hosts: tuple[str, ...]
    sources: tuple[Part, ...] = ()
    channels: tuple[Part, ...] = ()
    sinks: tuple[Part, ...] = ()
    journals: tuple[Part, ...] = ()
    chains: tuple[Chain, ...] = ()
    readings: tuple[Reading, ...] = ()
    facts: tuple[Settings, ...] = ()

    def fact(self, host: str, name: str) -> str | None:
        """Return what is said of a host, as written."""
        return dict(self.facts[self.hosts.index(host)]).get(name) if self.facts else None

    def given_on(self, source: Part) -> tuple[str, ...]:
        """Return the hosts on which a source is given events of its own; `*` for all together."""
        return ("*",) if source.posted_to_all else self.hosts

    def sink(self, name: str) -> Part:
        """Return a sink by its name."""
        return next(part for part in self.sinks if part.name == name)

    def source(self, name: str) -> Part:
        """Return a source by its name."""
        return next(part for part in self.sources if part.name == name)


@dataclass(frozen=True)
class Link:
    """From a channel of one agent to a channel, or a `link` source, of another; or of several."""

    sender: tuple[str, str]
    target: tuple[str, str]
    values: Settings
    more: tuple[tuple[str, str], ...] = ()
    """Further targets."""

    @property
    def targets(self) -> tuple[tuple[str, str], ...]:
        """Every agent that it leads to, and there to what."""
        return self.target, *self.more

    @property
    def policy(self) -> str:
        """How the receiving hosts share the work."""
        return self.value("policy") or "single"

    def value(self, name: str) -> str | None:
        """Return a property's text."""
        return dict(self.values).get(name)


@dataclass(frozen=True)
class Shape:
    """The whole fleet."""

    agents: tuple[Agent, ...]
    links: tuple[Link, ...] = ()
    aim: str = field(default="", compare=False)
    """Which claim the generator meant its ways to have."""

    def agent(self, name: str) -> Agent:
        """Return an agent by its name."""
        return next(agent for agent in self.agents if agent.name == name)

    def peers(self, link: Link, host: str) -> list[tuple[Agent, str, str]]:
        """Return where a link leads from one host: agents, what there takes events, and hosts."""
        sender = self.agent(link.sender[0])
        within = (link.value("within") or "").removeprefix("host.")
        return [
            (agent, end, peer)
            for name, end in link.targets
            for agent in (self.agent(name),)
            for peer in agent.hosts
            if not within or agent.fact(peer, within) == sender.fact(host, within)
        ]

    @property
    def hosts(self) -> int:
        """How many hosts there are."""
        return sum(len(agent.hosts) for agent in self.agents)

    @property
    def longest(self) -> int:
        """The most links that a way of it has."""
        depth = {agent.name: 0 for agent in self.agents}
        for link in self.links:  # in the order of the tiers
            for name, _ in link.targets:
                depth[name] = max(depth[name], depth[link.sender[0]] + 1)
        return max(depth.values())

    @property
    def text(self) -> str:
        """The fleet as a .flow file."""
        return "\n".join(_fleet(self)) + "\n"


Held = TypeVar("Held", Part, Link)


def with_values(held: Held, **values: str) -> Held:
    """Return a part or a link with properties set."""
    return replace(held, values=tuple({**dict(held.values), **values}.items()))


def _fleet(shape: Shape) -> Iterator[str]:
    for agent in shape.agents:
        for name, hosts, facts in _sets(agent):
            names = ", ".join(f'"{host}"' for host in hosts)
            yield from _block(f"hosts {name} = [{names}]", facts)
            yield ""
    for agent in shape.agents:
        names = ", ".join(name for name, _, _ in _sets(agent))
        where = f"union({names})" if "," in names else names
        yield f"agent {agent.name} on {where} {{"
        yield from _agent(agent)
        yield "}"
        yield ""
    for link in shape.links:
        targets = ", ".join(map(".".join, link.targets))
        yield from _block(f"{'.'.join(link.sender)} => {targets}", link.values)
        yield ""


def _sets(agent: Agent) -> list[tuple[str, tuple[str, ...], Settings]]:
    """Return the sets that an agent's hosts are in, which are one where nothing is said of them."""
    if not agent.facts:
        return [(f"{agent.name}_hosts", agent.hosts, ())]
    return [
        (host.replace("-", "_"), (host,), facts)
        for host, facts in zip(agent.hosts, agent.facts, strict=True)
    ]


def _agent(agent: Agent) -> Iterator[str]:
    blocks = [
        *(_block(f"journal {part.name}", part.values) for part in agent.journals),
        *(
            _block(f"{kind} {part.name} : {part.kind}", part.values)
            for kind, parts in (
                ("source", agent.sources), ("channel", agent.channels), ("sink", agent.sinks),
            )
            for part in parts
        ),
        *(_chain(agent, chain) for chain in agent.chains),
        *(_reading(reading) for reading in agent.readings),
    ]  # fmt: skip
    for number, block in enumerate(blocks):
        if number:
            yield ""
        yield from (f"  {line}" if line else "" for line in block)


def _block(head: str, values: Settings) -> Iterator[str]:
    if not values:
        yield head
        return
    yield f"{head} {{"
    for name, value in values:
        if value.startswith("{"):
            yield ""
            yield from (f"  {line}" for line in f"{name} {value}".splitlines())
        else:
            yield f"  {name} = {value}"
    yield "}"


def _chain(agent: Agent, chain: Chain) -> Iterator[str]:
    yield " -> ".join([chain.source, *_steps(agent, chain), _end(chain)])
    for arm in chain.arms:
        values = ", ".join(f'"{digit}"' for digit in arm.digits) or "else"
        yield f"  {values} -> {', '.join(target.text for target in arm.targets)}"
    if chain.arms:
        yield "}"


def _end(chain: Chain) -> str:
    if chain.arms:
        return "route header.digit {"
    return ", ".join(target.text for target in chain.targets)


def _steps(agent: Agent, chain: Chain) -> Iterator[str]:
    """Yield the steps: who the event is from, what names it, what it is routed by."""
    source = agent.source(chain.source)
    if source.kind != "link":
        yield f'static(header.origin, "{agent.name}.{source.name}")'
        if source.posted_to_all:
            yield "fingerprint(header.id, of = [header.origin, body])"
        else:
            yield "host(header = header.via)"
            yield "fingerprint(header.id, of = [header.origin, header.via, body])"
    if chain.keeps:
        yield f'regex_filter(r"[{chain.keeps}]$")'
    if chain.arms:
        yield 'regex_extract(r"([0-9])$", into = [header.digit])'


def _reading(reading: Reading) -> Iterator[str]:
    end = ", ".join(reading.sinks)
    if reading.group:
        doubt = f", in_doubt = {reading.in_doubt}" if reading.in_doubt else ""
        end = f"{reading.group}({end}{doubt})"
    yield f"{reading.channel} -> {end}"
