"""A fleet as data: what a generator chooses, what a judge must know, and its .flow text.

A shape is small and frozen, so that a failing one can be made smaller part by part.
"""

import re
from dataclasses import dataclass, field, replace
from typing import TypeVar

from prove.written import lines

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
    steps: tuple[str, ...] = ()
    """Further steps, as written, behind those that name events."""
    spares: bool = False
    """Whether each host leaves out the events that end in the digit that is its own."""
    by_host: bool = False
    """Whether it is that digit of the host by which the route goes."""

    @property
    def everywhere(self) -> tuple[Target, ...]:
        """All targets, whatever the digit."""
        return (*self.targets, *(target for arm in self.arms for target in arm.targets))

    def ends(self, digit: str, own: str) -> tuple[Target, ...]:
        """Return where an event that ends in a digit goes, on a host whose own digit is given."""
        if (self.keeps and digit not in self.keeps) or (self.spares and digit == own):
            return ()
        asked = own if self.by_host else digit
        for arm in self.arms:
            if asked in arm.digits or not arm.digits:
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
    sent: tuple[str, ...] = ()
    """Of a source: the headers that clients send with each event: `user`, or others that have the
    event's name."""

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

    def own(self, host: str) -> str:
        """Return the digit that is a host's own."""
        return re.sub(r"\D", "", self.fact(host, "vars") or "")

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
        return "\n".join(lines(self)) + "\n"


Held = TypeVar("Held", Part, Link)


def with_values(held: Held, **values: str) -> Held:
    """Return a part or a link with properties set."""
    return replace(held, values=tuple({**dict(held.values), **values}.items()))
