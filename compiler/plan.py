"""The compiled fleet as data: `emit` renders it, `run` executes it, `graph` draws it.

Nothing here refers to the .flow files but by `origin` (`weblogs.flow:12`); all values are final.
"""

from collections.abc import Container, Mapping
from dataclasses import replace
from typing import Any, Literal

from flumec.runtime.frozen import frozen


@frozen
class Part:
    """A component or interceptor as its constructor will be called.

    `values` holds what the user wrote, as instances of the declared types (Size, Path, Header, a
    nested `Part` for a section, …), in declared order; defaults stay in the library.
    """

    cls: str
    """The class's name in `module`."""
    module: str
    """`flumec.runtime.sources` and so on: what the script imports from."""
    name: str | None
    values: Mapping[str, Any]
    origin: str
    doc: str = ""
    kind: str = ""
    """source, channel, sink, interceptor or section."""
    type: str = ""
    """The word for it in a .flow file: `taildir`."""
    positional: tuple[str, ...] = ()
    """Those of `values` that are written without their names, first."""


@frozen
class Target:
    """A channel at the end of a chain; None is `drop`."""

    channel: str | None
    optional: bool = False


@frozen
class Arm:
    """One arm of a route; `values` None is `else`."""

    values: tuple[str, ...] | None
    steps: tuple[Part, ...]
    targets: tuple[Target, ...]


@frozen
class Route:
    """Multiplexing by a header."""

    header: str
    arms: tuple[Arm, ...]


@frozen
class Flow:
    """A chain from a source into channels."""

    source: str
    steps: tuple[Part, ...]
    to: tuple[Target, ...] | Route
    origin: str


@frozen
class Group:
    """Sinks, or a link's several peers, that share a channel; `in_doubt` is None where the file
    does not say it, `weights` are empty where all are alike.
    """

    kind: str
    members: tuple[str, ...]
    in_doubt: str | None = None
    weights: tuple[int, ...] = ()
    key: str | None = None
    """The header whose value chooses the peer, for `hash`."""


@frozen
class Delivery:
    """A channel and its one consumer: a sink's name, the name of a sending half, or a group."""

    channel: str
    consumer: str | Group
    origin: str


@frozen
class Peer:
    """A receiving host of a link."""

    host: str
    address: str
    port: int
    weight: int = 1


@frozen
class SendingHalf:
    """An agent's end of a link; `name` is unique in the agent (`to_collector`).

    A link that chooses among several hosts has one for each, in order of preference.
    """

    name: str
    link: str
    channel: str
    via: str
    peers: tuple[Peer, ...]
    wire: str
    """Digest of what both ends must agree on (link, wire, port, tls, policy); 16 hex digits."""
    values: Mapping[str, Any]
    origin: str


@frozen
class ReceivingHalf:
    """A listener of an agent: one port, and the links that come in by it, each into one channel."""

    name: str
    via: str
    port: int
    address: str
    links: tuple[tuple[str, str, str], ...]
    """(link, wire digest, channel)."""
    values: Mapping[str, Any]
    origin: str


@frozen
class Promise:
    """What is claimed of the events from some sources to a sink, in words for people."""

    sources: str
    sinks: str
    delivery: str
    parts: tuple[tuple[str, str], ...]
    """What each part is about, `through` or `assuming`, and a line of it."""

    @property
    def sentence(self) -> str:
        """The claim in a line."""
        return f"{self.sources} -> {self.sinks}: {self.delivery}"


@frozen
class Promised:
    """What is claimed of the events that come by each agent, and of all."""

    by_agent: Mapping[str, tuple[Promise, ...]]
    whole: tuple[Promise, ...]


NOTHING_PROMISED = Promised({}, ())


class _Watched:
    """What others may keep something for, as long as it is there."""

    __slots__ = ("__weakref__",)


@frozen
class Agent(_Watched):
    """One agent on one host."""

    name: str
    host: str
    address: str
    columns: tuple[str, ...]
    """The headers that have columns of their own, sorted."""
    parts: tuple[Part, ...]
    """Sources, channels, sinks in the file's order; shared by all hosts where nothing differs."""
    flows: tuple[Flow, ...]
    deliveries: tuple[Delivery, ...]
    senders: tuple[SendingHalf, ...]
    receivers: tuple[ReceivingHalf, ...]
    metrics_port: int | None
    limits: Mapping[str, Any]
    reads: tuple[str, ...]
    """File patterns that its sources read."""
    writes: tuple[str, ...]
    """Directories that its sinks write."""
    ports: tuple[tuple[str, int], ...]
    """(name of the socket, port) that it listens on."""
    credentials: tuple[str, ...]
    """Names of the secrets that it needs, sorted."""
    user: str
    file: str
    """The .flow file that declares it."""
    file_digest: str
    """The sha256 of that file."""
    origin: str
    doc: str = ""
    journals: tuple[Part, ...] = ()
    """Those that it declares, in the file's order."""
    keeps: tuple[str, ...] = ()
    """Channels that no chain names: dead letters go there."""
    proofs: tuple[tuple[str, str], ...] = ()
    """(`ca`, `certificate` or `key`; name) of each of its credentials that is for TLS."""
    group: str = ""
    """Whose files it may read too, as the host's facts say."""
    promises: tuple[Promise, ...] = ()
    """What is claimed of the events that come by it."""


@frozen
class Host:
    """One machine and its agents, in the file's order."""

    name: str
    address: str
    agents: tuple[Agent, ...]
    python: str = "3.11"
    """The version of its Python, that wheels must be made for."""
    arch: str = "x86_64"
    """Its processor, likewise."""


@frozen
class Link:
    """An edge between agents, for pictures: (agent, channel) to (agent, channel)."""

    sender: tuple[str, str]
    target: tuple[str, str]
    port: int
    origin: str


@frozen
class Plan:
    """The whole fleet."""

    hosts: tuple[Host, ...]
    links: tuple[Link, ...]
    inputs: tuple[tuple[str, str], ...]
    """(name, sha256) of every file that was read; names are relative to the given files' folder."""
    digest: str
    """Digest of all inputs and of what `--set` said; 64 hex digits."""
    promises: tuple[Promise, ...] = ()
    """What is claimed of all events, those alike once."""

    def only(self, names: Container[str]) -> "Plan":
        """Return the plan of some of its hosts."""
        return replace(self, hosts=tuple(host for host in self.hosts if host.name in names))


Kind = Literal["source", "channel", "sink"]
