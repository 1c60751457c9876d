"""From an agent's wiring to its workers: which threads there are, and what each finds around it."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, cast

from flumec.runtime.component import Channel, Port
from flumec.runtime.errors import StartError
from flumec.runtime.groups.roster import Roster
from flumec.runtime.groups.surroundings import MemberSurroundings, release_former
from flumec.runtime.keeper import Keeper
from flumec.runtime.keeping import letters_of
from flumec.runtime.links.intake import Intake
from flumec.runtime.site import Site
from flumec.runtime.surroundings import (
    ConsumerSurroundings,
    ReceiverSurroundings,
    SourceSurroundings,
    Surroundings,
)
from flumec.runtime.worker import Role, Worker

if TYPE_CHECKING:
    from flumec.runtime.agent import Agent, Delivery
    from flumec.runtime.component import Component, Source
    from flumec.runtime.custody import Custody
    from flumec.runtime.journal import ChannelSpec, ConsumerSpec


def channel_specs(agent: "Agent") -> "list[ChannelSpec]":
    """Return what the journal must know of each channel."""
    from flumec.runtime.journal import ChannelSpec

    return [
        ChannelSpec(
            channel.name,
            size=_declared(channel, "size"),
            durable=channel.on_disk,
            events=_declared(channel, "events"),
            formerly=_declared(channel, "formerly"),
            when_full=_declared(channel, "when_full"),
            memory=_declared(channel, "memory"),
            share=agent.shares.get(channel.name),
        )
        for channel in agent.channels
    ]


def consumer_specs(agent: "Agent") -> "list[ConsumerSpec]":
    """Return each channel's one reader."""
    from flumec.runtime.journal import ConsumerSpec

    return [
        ConsumerSpec(
            each.consumer.name,
            each.channel.name,
            _kind(each),
            sends=each.consumer.kind == "sender",
            group="" if each.group is None else each.group.kind,
        )
        for each in agent.deliveries
    ]


class Staff:
    """The workers of an agent, those that take events out before those that bring them in."""

    def __init__(self, agent: "Agent", site: Site, changed: Callable[[], None]) -> None:
        self._agent = agent
        self._site = site
        self._changed = changed
        self.workers: list[Worker] = []
        self._contexts: dict[str, Surroundings] = {}
        self._rosters: dict[str, Roster] = {}
        for delivery in agent.deliveries:
            _require_letters(agent, delivery.consumer)
            role = Role.SENDER if delivery.consumer.kind == "sender" else Role.SINK
            worker = self._hire(delivery.consumer, role)
            self._contexts[worker.name] = self._consumer(delivery, worker)
        receivers = [(each, self._hire(each, Role.RECEIVER)) for each in agent.receivers]
        intakes = {
            link: intake for source in agent.sources for link, intake in self._source(source)
        }
        for receiver, worker in receivers:
            links = self._links(receiver)
            self._contexts[worker.name] = ReceiverSurroundings(site, worker, links, intakes)

    @property
    def feeders(self) -> list[Worker]:
        """The workers by which events enter."""
        return [worker for worker in self.workers if worker.role.feeds]

    @property
    def consumers(self) -> list[Worker]:
        """The workers by which events leave."""
        return [worker for worker in self.workers if not worker.role.feeds]

    @property
    def doors(self) -> list[Worker]:
        """The workers that are to listen at a port."""
        return [
            worker
            for worker in self.feeders
            if any(isinstance(getattr(worker.part, name), Port) for name in worker.part.props)
        ]

    @property
    def dead(self) -> list[Worker]:
        """The workers that ended with an error."""
        return [worker for worker in self.workers if worker.error is not None]

    def custody(self, consumer: str) -> "Custody":
        """Return what stands between a channel and its consumer."""
        context = self._contexts[consumer]
        assert isinstance(context, ConsumerSurroundings)
        return context.custody

    @property
    def channels(self) -> dict[str, str]:
        """Each consumer's channel."""
        return {each.consumer.name: each.channel.name for each in self._agent.deliveries}

    def start(self, *, feeding: bool = True) -> None:
        """Set every worker to work, or only those by which events leave."""
        for worker in self.workers:
            if worker.role.feeds and not feeding:
                worker.spare()
                continue
            part, context = cast("Any", worker.part), self._contexts[worker.name]
            if isinstance(context, ConsumerSurroundings):
                worker.start(Keeper(part, context).run)
            else:
                worker.start(lambda part=part, context=context: part.run(context))  # type: ignore[misc]

    def overdue(self, bound: float) -> dict[str, float]:
        """Return for how long each worker has been silent that has not passed its loop in time."""
        return {w.name: w.silent_for for w in self.workers if w.is_overdue(bound)}

    def _hire(self, part: "Component", role: Role) -> Worker:
        worker = Worker(part, role, self._site.clock, self._changed)
        self.workers.append(worker)
        return worker

    def _source(self, source: "Source") -> "Iterator[tuple[str, Intake]]":
        """Hire a source; yield the links that lead to it, with the chain that they share."""
        worker = self._hire(source, Role.SOURCE)
        flows = [flow for flow in self._agent.flows if flow.source is source]
        links = [receipt.link for receipt in self._agent.receipts if receipt.to is source]
        kind = Intake if links else SourceSurroundings
        context = kind(self._site, worker, self._agent.columns, flows)
        self._contexts[worker.name] = context
        if isinstance(context, Intake):
            yield from ((link, context) for link in links)

    def _consumer(self, delivery: "Delivery", worker: Worker) -> Surroundings:
        """Return what a sink or sender finds around it, alone at its channel or in a group."""
        channel, group = delivery.channel.name, delivery.group
        sharing = self._site.journals.of(channel).sharing(channel)
        if sharing is not None and channel not in self._rosters:
            release_former(sharing, channel, resend=group is None or group.in_doubt == "resend")
        if group is None or sharing is None:
            return ConsumerSurroundings(self._site, worker)
        if channel not in self._rosters:
            self._rosters[channel] = Roster(group, channel, sharing)
        return MemberSurroundings(self._site, worker, self._rosters[channel])

    def _links(self, receiver: "Component") -> dict[str, tuple[str, tuple[str, ...]]]:
        return {
            receipt.link: (receipt.wire, (receipt.to.name,) if receipt.to.kind == "channel" else ())
            for receipt in self._agent.receipts
            if receipt.receiver is receiver
        }


def _require_letters(agent: "Agent", consumer: "Component") -> None:
    known = {channel.name for channel in agent.channels} | {s.of for s in agent.shares.values()}
    for letters in letters_of(consumer):
        if letters not in known:
            raise StartError(
                f"what `{consumer.name}` does not deliver goes to `{letters}`, which is no channel "
                "of the agent: `agent.hold(…)` one of that name"
            )


def _kind(delivery: "Delivery") -> str:
    """Return who may go on as whom: of a link's several peers, each only as itself."""
    consumer = delivery.consumer
    kind = f"{consumer.kind} {consumer.type}"
    peers = getattr(consumer, "peers", ())
    return f"{kind} {peers[0].host}" if delivery.group is not None and peers else kind


def _declared(channel: Channel, name: str) -> Any:
    """Return a property that not every kind of channel has, by its default where it has none."""
    return getattr(channel, name, "block" if name == "when_full" else None)
