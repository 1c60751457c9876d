"""Where a shape leads an event: to which sinks of which hosts, in how many copies."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, zip_longest
from typing import NamedTuple

import pyarrow as pa
from flumec.runtime.journal.spreading import choose
from prove.shape import Agent, Link, Shape, Target

Instance = tuple[str, str, str]
"""A sink or source of one host: agent, component, host."""


class Rejection(NamedTuple):
    """Where a link has what its other end cannot take."""

    agent: str
    channel: str
    host: str


class Left(NamedTuple):
    """That an event may be left out on its way: filtered, or dropped by a route."""

    why: str


LEFT = frozenset((Left("by the file"),))

Destination = frozenset[Instance | Rejection | Left]
"""The sinks of which one gets an event: several in a group, or behind a link that chooses. Or one
of the links on the way has it rejected, or it is left out behind one."""


@dataclass(frozen=True)
class Event:
    """What a source was given, or made: the `number`-th of its events on one host.

    Clients that post each event to every host of an agent have `*` for the host.
    """

    agent: str
    source: str
    host: str
    number: int

    @property
    def name(self) -> str:
        """What tells it from all others; the body, but of a source that makes its own."""
        return f"{self.agent}.{self.source}@{self.host}/{self.number:04d}"

    @property
    def digit(self) -> str:
        """What it is routed and filtered by."""
        return str(self.number % 10)

    @property
    def user(self) -> str:
        """What it has in common with every third event of its source."""
        return f"u{self.number % 3}"

    @property
    def node(self) -> tuple[str, str]:
        """The source as the compiler knows it."""
        return self.agent, self.source

    @property
    def stream(self) -> tuple[str, str, str]:
        """The source on its host."""
        return self.agent, self.source, self.host


def named(text: str) -> Event:
    """Return the event of a name."""
    place, _, number = text.rpartition("/")
    node, _, host = place.partition("@")
    agent, _, source = node.partition(".")
    return Event(agent, source, host, int(number))


Hosts = frozenset[str]


class Ways:
    """The ways through one fleet; `exact` ones know what links choose by a hash, where a compiler
    says no more than that it is one of several hosts, and that no link rejects what one has taken.
    """

    def __init__(self, shape: Shape, *, exact: bool = False) -> None:
        self._shape, self._exact = shape, exact
        self._links = {link.sender: link for link in shape.links}
        self._known: dict[tuple[str, str, str, str, Hosts], tuple[Destination, ...]] = {}

    def of(self, event: Event, others: Hosts = frozenset()) -> tuple[Destination, ...]:
        """Return where an event belongs, each apart: one copy is there, if all goes well.

        It may have been given to one of the `others` of its agent's hosts instead. Destinations
        that have a sink in common are one: what comes there by two ways is two copies.
        """
        return _joined(self.each(event, others))

    def each(self, event: Event, others: Hosts = frozenset()) -> tuple[Destination, ...]:
        """Return where the copies of an event belong: at least one is at each of these."""
        return tuple(dict.fromkeys(self.every(event, others)))

    def every(self, event: Event, others: Hosts = frozenset()) -> tuple[Destination, ...]:
        """Return where each copy of an event belongs: it may be one place for several."""
        key = (event.agent, event.source, event.host, event.digit, others)
        if key not in self._known:
            agent = self._shape.agent(event.agent)
            hosts = agent.hosts if event.host == "*" else (event.host, *sorted(others))
            by_host = [
                self._from_source(agent, event.source, host, _Facts.of(event, host))
                for host in hosts
            ]
            found = chain.from_iterable(by_host) if event.host == "*" else _any_of(by_host)
            self._known[key] = tuple(found)
        return self._known[key]

    def reached(self, source: tuple[str, str]) -> Counter[tuple[str, str]]:
        """Return how many copies of one event of a source belong to a sink, at most: a hash may
        lead all past one, and no link rejects what a counter makes.
        """
        agent = self._shape.agent(source[0])
        counts = agent.source(source[1]).kind == "seq"
        most = Counter[tuple[str, str]]()
        for host in agent.given_on(agent.source(source[1])):
            for number in range(10):
                ends = self.every(Event(*source, host, number))
                found = (sinks(end) if counts else sinks(end) | self.burying(end) for end in ends)
                for (name, sink, _), copies in Counter(chain.from_iterable(found)).items():
                    most[name, sink] = max(most[name, sink], copies)
        return most

    def burying(self, place: Destination) -> frozenset[Instance]:
        """Return the sinks that what links have had rejected comes to."""
        return frozenset(sink for each in rejections(place) for sink in self.readers(each))

    def readers(self, at: Rejection) -> list[Instance]:
        """Return the sinks that read what one link has had rejected."""
        names = readers(self._shape.agent(at.agent), at.channel)
        return [(at.agent, name, at.host) for name in names]

    def _from_source(
        self, agent: Agent, source: str, host: str, facts: "_Facts"
    ) -> list[Destination]:
        found = []
        for each in agent.chains:
            for target in each.ends(facts.digit, agent.own(host)) if each.source == source else ():
                found += self._from_target(agent, target, host, facts)
        return found

    def _from_target(
        self, agent: Agent, target: Target, host: str, facts: "_Facts"
    ) -> list[Destination]:
        if target.channel is None:
            return []
        for reading in agent.readings:
            if reading.channel == target.channel:
                sinks = [
                    *reading.sinks,
                    *(x for sink in reading.sinks for x in buried(agent, sink)),
                ]
                return [frozenset((agent.name, sink, host) for sink in sinks)]
        link = self._links.get((agent.name, target.channel))
        return [] if link is None else self._over(link, host, facts)

    def _over(self, link: Link, host: str, facts: "_Facts") -> list[Destination]:
        """Return where a link leads: to each host, or to any one of them, which are alike."""
        by_host = [
            self._from_source(agent, end, peer, facts)
            if any(part.name == end for part in agent.sources)
            else self._from_target(agent, Target(end), peer, facts)
            for agent, end, peer in self._peers(link, host, facts)
        ]
        every = link.policy == "all"
        found = list(chain.from_iterable(by_host) if every else _any_of(by_host))
        letters = link.value("dead_letter")
        if letters is None:
            return found
        if self._exact:  # in a made fleet each link that rejects anything does so by one size
            found = [end.difference(rejections(end)) for end in found]
        rejection = Rejection(link.sender[0], letters, host)
        return [end | {rejection} for end in found or [LEFT]]

    def _peers(self, link: Link, host: str, facts: "_Facts") -> list[tuple[Agent, str, str]]:
        """Return the peers of a link that may get an event."""
        peers = self._shape.peers(link, host)
        value = facts.hashed.get(link.policy)
        if value is None or not peers or not self._exact:
            return peers
        weights = tuple((peer, int(agent.fact(peer, "weight") or 1)) for agent, _, peer in peers)
        return [peers[_choice(value, weights)]]


class _Facts(NamedTuple):
    """What decides where an event goes."""

    digit: str
    hashed: Mapping[str, str]
    """By a link's policy the value that it hashes."""

    @classmethod
    def of(cls, event: Event, host: str) -> "_Facts":
        """Return those of an event that a host's source was given."""
        hashed = {"hash(header.origin)": f"{event.agent}.{event.source}"}
        if event.host != "*":
            hashed["hash(header.via)"] = host
        return cls(event.digit, hashed)


@cache
def _choice(value: str, peers: tuple[tuple[str, int], ...]) -> int:
    return int(choose(pa.array([value]), peers)[0].as_py())


def _any_of(by_host: Sequence[Sequence[Destination]]) -> list[Destination]:
    """Return where an event belongs that one of several hosts gets; some may lead it nowhere."""
    return [frozenset().union(*ends) for ends in zip_longest(*by_host, fillvalue=LEFT)]


def sinks(place: Iterable[Instance | Rejection | Left]) -> frozenset[Instance]:
    """Return the sinks alone."""
    return frozenset(each for each in place if not isinstance(each, Rejection | Left))


def is_left_out(place: Destination) -> bool:
    """Say whether an event may come to nowhere at all, as the file has it."""
    return any(isinstance(each, Left) for each in place)


def rejections(place: Iterable[Instance | Rejection | Left]) -> list[Rejection]:
    """Return where an event may be instead that a link has had rejected."""
    return [each for each in place if isinstance(each, Rejection)]


def readers(agent: Agent, channel: str) -> list[str]:
    """Return the sinks that read a channel."""
    return [
        sink for reading in agent.readings if reading.channel == channel for sink in reading.sinks
    ]


def letters(agent: Agent, sink: str) -> dict[str, bool]:
    """Return the channels for what a sink gives up, and of each whether that are late events."""
    part = agent.sink(sink)
    found = {name: False for name in (part.value("dead_letter"),) if name is not None}
    late = re.search(r"late = (\w+)", part.value("dedup") or "")
    return found | ({late[1]: True} if late and late[1] != "drop" else {})


def buried(agent: Agent, sink: str) -> list[str]:
    """Return the sinks that what another one gives up comes to."""
    return [
        reader
        for reading in agent.readings
        if letters(agent, sink).get(reading.channel) is False
        for reader in reading.sinks
    ]


@cache
def _joined(found: tuple[Destination, ...]) -> tuple[Destination, ...]:
    """Join what has a sink in common."""
    joined: list[Destination] = []
    for end in found:
        met = [other for other in joined if sinks(other) & sinks(end)]
        joined = [*(other for other in joined if other not in met), end.union(*met)]
    return tuple(joined)
