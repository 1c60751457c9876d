"""An agent as its script declares it: the parts, how they are wired, and `run`."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import NoReturn

from flumec.runtime.component import Channel, Component, Interceptor, Sink, Source
from flumec.runtime.frozen import frozen
from flumec.runtime.groups.group import SinkGroup
from flumec.runtime.journal_settings import Journal
from flumec.runtime.links.each import Each
from flumec.runtime.route import Route, Target, channels_of
from flumec.runtime.share import Share
from flumec.runtime.sources.link import LinkSource


class WiringError(ValueError):
    """A script joins parts that do not go together. The compiler never writes such a script."""


@frozen
class Flow:
    """A chain from a source through its steps to channels."""

    source: Source
    steps: tuple[Interceptor, ...]
    to: tuple[Target, ...] | Route

    @property
    def channels(self) -> tuple[Channel, ...]:
        """Every channel that the chain can reach, once each."""
        return channels_of(self.to)


@frozen
class Delivery:
    """A channel and its one consumer, a sink or the sending end of a link; or one of a group."""

    channel: Channel
    consumer: Component
    group: SinkGroup | None = None


@frozen
class Receipt:
    """A link that comes in by a receiver and leads to one channel, or to a `link` source."""

    receiver: Component
    link: str
    wire: str
    to: Channel | LinkSource


class Agent:
    """One agent of the fleet: declared on import, without side effects, and run by `run`.

    `columns` are the headers that have columns of their own in a batch. `metrics_port` opens
    /metrics, /metrics.json, /healthz and /readyz on a loopback address.
    """

    def __init__(
        self,
        name: str,
        *,
        host: str,
        address: str,
        columns: Sequence[str] = (),
        metrics_port: int | None = None,
    ) -> None:
        self.name = name
        self.host = host
        self.address = address
        self.columns = tuple(columns)
        self.metrics_port = metrics_port
        self.flows: list[Flow] = []
        self.deliveries: list[Delivery] = []
        self.receipts: list[Receipt] = []
        self.journals: dict[str, Journal] = {}
        self.shares: dict[str, Share] = {}
        """Channels that hold a peer's part of another one, by their names."""
        self._parts: dict[str, Component] = {}

    @property
    def parts(self) -> tuple[Component, ...]:
        """Every component that the wiring names, in its order."""
        return tuple(self._parts.values())

    @property
    def sources(self) -> tuple[Source, ...]:
        """The sources, in the order of their first flows."""
        return tuple(part for part in self.parts if isinstance(part, Source))

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The channels, in the order of the wiring; without those that stand for several."""
        apart = {share.of for share in self.shares.values()}
        return tuple(
            part for part in self.parts if isinstance(part, Channel) and part.name not in apart
        )

    def held_in(self, channel: str) -> tuple[str, ...]:
        """Return the channels that hold what is put into one: itself, or those of a link's peers.

        They are a link's that copies or hashes, `spool@core-1`.
        """
        own = tuple(name for name, share in self.shares.items() if share.of == channel)
        return own or (channel,)

    @property
    def receivers(self) -> tuple[Component, ...]:
        """The receiving ends of links, once each although several links may come in by one."""
        return tuple(
            {receipt.receiver.name: receipt.receiver for receipt in self.receipts}.values()
        )

    def keep(self, journal: Journal) -> None:
        """Declare a journal: the default one, or one that file channels name."""
        if journal.name in self.journals:
            raise WiringError(f"agent `{self.name}`: the journal `{journal.name}` is named twice")
        self.journals[journal.name] = journal

    def flow(
        self, source: Source, *steps: Interceptor, to: Target | Iterable[Target] | Route
    ) -> None:
        """Send a source's events through `steps` to a target, to each of several, or by a route."""
        self._require(isinstance(source, Source), source, "a flow begins at a source")
        for step in steps:
            self._require(isinstance(step, Interceptor), step, "a flow's steps are interceptors")
        targets = to if isinstance(to, Route) else _targets(to)
        flow = Flow(source, steps, targets)
        self._add(source, *flow.channels)
        self.flows.append(flow)

    def deliver(self, channel: Channel, consumer: Component | SinkGroup | Each) -> None:
        """Give a channel its one consumer: a sink, a link's sending end, or several of either."""
        if isinstance(consumer, Each):
            self._require_unread(channel, consumer.members[0])
            for own, share, peer in consumer.channels(channel):
                self.shares[own.name] = share
                self._deliver(own, peer, None)
            return
        if not isinstance(consumer, SinkGroup):
            self._deliver(channel, consumer, None)
            return
        for member in consumer.members:
            self._deliver(channel, member, consumer)

    def _deliver(self, channel: Channel, consumer: Component, group: SinkGroup | None) -> None:
        self._require(isinstance(channel, Channel), channel, "a delivery begins at a channel")
        self._require(
            isinstance(consumer, Sink), consumer, "a delivery ends at a sink or at a link's sender"
        )
        self._require_unread(channel, consumer, group)
        for other in self.deliveries:
            if other.consumer is consumer:
                raise WiringError(
                    f"agent `{self.name}`: `{consumer.name}` reads one channel, "
                    f"`{other.channel.name}`, and cannot read `{channel.name}` too"
                )
        self._add(channel, consumer)
        self.deliveries.append(Delivery(channel, consumer, group))

    def _require_unread(
        self, channel: Channel, consumer: Component, group: SinkGroup | None = None
    ) -> None:
        for other in self.deliveries:
            share = self.shares.get(other.channel.name)
            mine = other.channel is channel or (share is not None and share.of == channel.name)
            if mine and (group is None or other.group is not group):
                raise WiringError(
                    f"agent `{self.name}`: channel `{channel.name}` has one consumer, "
                    f"`{other.consumer.name}`; `{consumer.name}` needs a channel of its own"
                )

    def hold(self, channel: Channel) -> None:
        """Have a channel that no chain names: dead letters go there."""
        self._require(isinstance(channel, Channel), channel, "what holds letters is a channel")
        self._add(channel)

    def receive(
        self, receiver: Component, *, link: str, wire: str, to: Channel | LinkSource
    ) -> None:
        """Take what comes in by a link into a channel, or through the chains of a `link` source.

        `wire` is what both ends must agree on.
        """
        known = isinstance(receiver, Component) and receiver.kind == "receiver"
        self._require(known, receiver, "a link comes in by a receiver")
        fits = isinstance(to, Channel | LinkSource)
        self._require(fits, to, "a link ends at a channel or at a `link` source")
        if any(other.link == link for other in self.receipts):
            raise WiringError(f"agent `{self.name}`: the link `{link}` is received twice")
        self._add(receiver, to)
        self.receipts.append(Receipt(receiver, link, wire, to))

    def run(self, arguments: Sequence[str] | None = None) -> NoReturn:
        """Run until told to stop, then end the process: 0 if told, 1 with the reason if not.

        `arguments` are the command line's, by default this process's own.
        """
        from flumec.runtime.process import main

        sys.exit(main(self, sys.argv[1:] if arguments is None else arguments))

    def _add(self, *parts: Component) -> None:
        for part in parts:
            if self._parts.setdefault(part.name, part) is not part:
                raise WiringError(f"agent `{self.name}`: two parts are named `{part.name}`")

    def _require(self, holds: bool, value: object, rule: str) -> None:
        if not holds:
            named = f"`{value.name}`" if isinstance(value, Component) else repr(value)
            raise WiringError(f"agent `{self.name}`: {rule}, and {named} is none")


def _targets(to: Target | Iterable[Target]) -> tuple[Target, ...]:
    targets = (to,) if isinstance(to, Target) else tuple(_flat(to))
    if not targets:
        raise WiringError("a flow needs a target; to drop everything, say so: to=Drop()")
    return targets


def _flat(targets: object) -> Iterator[Target]:
    if not isinstance(targets, Iterable):
        raise WiringError(f"a flow ends at channels or at a route, and {targets!r} is neither")
    for target in targets:
        if not isinstance(target, Target):
            raise WiringError(f"a flow ends at channels or at a route, and {target!r} is neither")
        yield target
