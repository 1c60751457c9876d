"""How long channels last while a sink is out: each fills when what it leads to is full.

Every channel is taken to be empty when the outage begins. Nothing leaves the channel before the
sink, so it fills at the rate that comes to it; from then on those that lead there fill, and in the
end sources wait. A scene that comes after one of shorter faults begins with what waits by then. All
times are in seconds from the beginning.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from math import inf

from flumec.compiler.choice import policy_of
from flumec.compiler.graph import Node
from flumec.compiler.model import Host, Link
from flumec.compiler.proofs.coming import Coming
from flumec.compiler.proofs.fill import Fill, Spot
from flumec.compiler.proofs.levels import Levels
from flumec.compiler.proofs.passing import OPEN, Strait
from flumec.compiler.proofs.peers import Receiver, share
from flumec.compiler.proofs.stage import Stage
from flumec.runtime.links.settings import LinkSettings


@dataclass(slots=True)
class Filling(Stage):
    """When each channel of a fleet is full in one scene; those that never are have no entry."""

    lies: Levels = field(default_factory=Levels)
    """What lies in its channels when it begins."""
    fills: dict[Node, dict[str, Fill]] = field(default_factory=dict)
    leaking: set[Node] = field(default_factory=set)
    """The channels that lose what they have no room for, of one source or another."""
    _stops: dict[Node, dict[str, tuple[float, Spot]]] = field(default_factory=dict)
    """When a link's source takes nothing more, and the channel behind it."""
    _balanced: dict[int, tuple[float, Spot | None]] = field(default_factory=dict)
    """Until when the receivers of a list take what is sent."""
    _alone: dict[tuple[Node, Node], bool] = field(default_factory=dict)
    """Whether one link alone leads to where a receiver's events enter, and lie."""

    def __post_init__(self) -> None:
        """Go against the flow: what a channel leads to is known before it."""
        Stage.__post_init__(self)
        for node in reversed(self.load.order):
            kind = self.kind(node)
            if kind == "channel":
                self._channel(node)
            elif kind == "source":
                self._source(node)

    def stop(self, node: Node, host: str) -> tuple[float, Spot | None]:
        """Return from when on a source waits, and the channel that it waits for."""
        return self._stops.get(node, {}).get(host, (inf, None))

    def levels(self, time: float) -> Levels:
        """Return what lies in channels at a time."""
        found = Levels()
        for node, fills in self.fills.items():
            link = self.peers.link_from(node)
            lanes = link is not None and policy_of(link) in ("all", "hash")
            hosts = self.peers.hosts(node[0])
            for name, fill in fills.items():
                if link is not None and lanes:
                    for one in self.peers.near(link, hosts[name]):  # all stop once one is full
                        lane = self.lane(node, link, hosts[name], one)
                        lies = 0.0 if lane is None else lane.at(min(time, fill.full))
                        found.set_for(node, name, one, lies)
                else:
                    found.add(node, name, self._part(node, hosts[name], fill) * fill.at(time))
        return found

    def _part(self, node: Node, host: Host, fill: Fill) -> float:
        """Return which part of what fills a channel lies there, where several are filled together:
        as much as it has of their room.
        """
        own = self.rooms.of(node[0], node[1], host)
        whole = sum(room.bytes for room in fill.rooms)
        return 1.0 if own is None or len(fill.rooms) == 1 else own.bytes / whole

    def _source(self, node: Node) -> None:
        """A source waits as soon as one of the channels that it must put into is full."""
        found: dict[str, tuple[float, Spot]] = {}
        for edge in self.graph.outgoing.get(node, ()):
            if edge.kind != "chain" or edge.optional:
                continue
            for host, fill in self.fills.get(edge.end, {}).items():
                if fill.blocks and fill.full < found.get(host, (inf,))[0]:
                    found[host] = fill.full, (edge.end, host)
        if found:
            self._stops[node] = found

    def _channel(self, node: Node) -> None:
        link, into = self.peers.link_from(node), self.load.into.get(node, {})
        hosts = self.peers.hosts(node[0])
        found = {}
        for name in into:
            coming = self.arrivals.at(node, name)
            if link is None:
                fill = self._into_sinks(node, hosts[name], coming)
            else:
                fill = self._sending(node, link, hosts[name], coming)
            if fill is not None:
                found[name] = fill
        if found:
            self.fills[node] = found
            optional = any(edge.optional for edge in self.graph.writers(node))
            if optional or not all(fill.blocks for fill in found.values()):
                self.leaking.add(node)

    def _into_sinks(self, node: Node, host: Host, coming: Coming) -> Fill | None:
        """Return how a channel fills whose sinks are out, of a group every member, or too slow."""
        kind, sinks = self.sinks(node)
        working = self.working(sinks)
        if sinks and not working:
            return self._before_sinks(node, host, coming)
        strait = self.passing.into_sinks(working, kind, host.name)
        return self._filled(node, host, coming, inf, None, strait=strait)

    def _before_sinks(self, node: Node, host: Host, coming: Coming) -> Fill | None:
        """Return how a channel fills whose sinks are out, with what they hold back in it."""
        fill = self._filled(node, host, coming, self.scene.since, None)
        if fill is None:
            return None
        held, back = self.held_back(node, host, fill.rooms[0])
        if not held:
            return fill
        full = max(fill.begins, fill.full - held / coming.comes)
        return replace(fill, full=full, held=held, open=back)

    def _sending(self, node: Node, link: Link, host: Host, coming: Coming) -> Fill | None:
        """Return how a channel of a link fills on one host."""
        kind, near = policy_of(link), self.peers.near(link, host)
        if kind in ("all", "hash"):  # a channel for each, and the first that is full stops all
            lanes = (self.lane(node, link, host, one) for one in near)
            full = [lane for lane in lanes if lane is not None]
            return min(full, key=lambda lane: lane.full, default=None)
        if node in self.scene.cut:
            return self._filled(node, host, coming, self.scene.since, None)
        if kind == "balance":
            if id(near) not in self._balanced:
                self._balanced[id(near)] = self._together(link, near)
            until, spot = self._balanced[id(near)]
            if until == inf:
                until, spot = self._under_way(node, link, host, near)
            alive = [one for one in near if one.machine not in self.scene.dead]
            strait = self.passing.shared(alive, host.name)
            return self._filled(node, host, coming, until, spot, strait=strait)
        first = self.peers.preferred(link, host, self.scene.dead)
        if first is None:
            return self._filled(node, host, coming, self.scene.since, None)
        strait = self.passing.to(first, host.name)
        return self._filled(node, host, coming, *self.takes(first), strait=strait)

    def lane(self, node: Node, link: Link, host: Host, one: Receiver) -> Fill | None:
        """Return how that part of a channel fills which is for one receiver alone."""
        near = self.peers.near(link, host)
        coming = self.arrivals.at(node, host.name).part(share(one, near, policy_of(link)))
        cut, lies = node in self.scene.cut, self.lies.at_for(node, host.name, one)
        taken = (self.scene.since, None) if cut else self.takes(one)
        strait = OPEN if cut else self.passing.to(one, host.name)
        return self._filled(node, host, coming, *taken, strait=strait, lies=lies)

    def takes(self, one: Receiver) -> tuple[float, Spot | None]:
        """Return until when a receiver takes what is sent to it, and what it waits for then."""
        if one.machine in self.scene.dead:
            return self.scene.since, None
        fill = self.fills.get(one.end, {}).get(one.host.name)
        if fill is not None:
            return (fill.full, (one.end, one.host.name)) if fill.blocks else (inf, None)
        return self.stop(one.end, one.host.name)

    def _together(self, link: Link, near: Collection[Receiver]) -> tuple[float, Spot | None]:
        """Return until when one of those that share work takes what is sent.

        Channels that nothing else leads to are full all at once: senders give to who has room, for
        good if one takes all that comes. Else it is at least until the first of them is full, and
        until the last of them begins to fill.
        """
        alive = [one for one in near if one.machine not in self.scene.dead]
        if any(self.takes(one)[0] == inf for one in alive):
            return inf, None
        spots = [spot for one in alive if (spot := self._only_behind(link, one)) is not None]
        fills = [self.fills[node][host] for node, host in spots]
        if not spots or len(spots) < len(alive) or len({fill.begins for fill in fills}) > 1:
            taking = (self.takes(one) for one in alive)
            until, spot = min(taking, key=lambda one: one[0], default=(self.scene.since, None))
            return max([until, *(fill.begins for fill in fills)]), spot
        merged = _merged(fills)
        for one, (node, host) in zip(alive, spots, strict=True):
            self.fills[node][host] = merged
            if node != one.end:
                self._stops[one.end][host] = merged.full, (node, host)
        return merged.full, spots[0]

    def _under_way(
        self, node: Node, link: Link, host: Host, near: Collection[Receiver]
    ) -> tuple[float, Spot | None]:
        """Return until when a channel has room, although some of those that share work take
        nothing more: what is on the way to them stays in it, and others do not get it.
        """
        alive = [one for one in near if one.machine not in self.scene.dead]
        full = [taken for one in alive if (taken := self.takes(one))[0] < inf]
        held, room = link.values.get("window"), self.rooms.of(node[0], node[1], host)
        window = LinkSettings.props["window"].default if held is None else held.value
        if not full or room is None or window * len(full) < room.bytes:
            return inf, None
        return min(full, key=lambda one: one[0])

    def _only_behind(self, link: Link, one: Receiver) -> Spot | None:
        """Return the channel of a receiver that holds senders back, if it fills from them alone."""
        host, end = one.host.name, one.end
        spots = [
            (edge.end, host)
            for edge in self.graph.outgoing.get(end, ())
            if edge.kind == "chain" and not edge.optional and host in self.fills.get(edge.end, {})
        ]
        if self.fleet.agents[end[0]].components[end[1]].kind == "channel":
            spots = [(end, host)] if host in self.fills.get(end, {}) else []
        if len(spots) != 1 or not self.fills[spots[0][0]][host].blocks:
            return None
        key = end, spots[0][0]
        if key not in self._alone:
            writers = {edge.start for node in key for edge in self.graph.writers(node)}
            self._alone[key] = writers <= {link.sender.node, end}
        return spots[0] if self._alone[key] else None

    def _filled(
        self,
        node: Node,
        host: Host,
        coming: Coming,
        begins: float,
        behind: Spot | None,
        *,
        strait: Strait = OPEN,
        lies: float | None = None,
    ) -> Fill | None:
        """Return how a channel fills from when on what is behind it takes no more than passes
        there, and until then with what does not pass a strait.
        """
        room = self.rooms.of(node[0], node[1], host)
        further = 0.0 if behind is None else self.fills[behind[0]][behind[1]].passes
        further = min(further, strait.ratio)
        before, after = coming.left(strait.ratio), coming.left(further)
        if room is None or (begins == inf and before <= 0) or after <= 0:
            return None
        since, lies = self.scene.since, self.lies.at(node, host.name) if lies is None else lies
        made = partial(Fill, rooms=(room,), since=since, lies=lies)
        if before > 0 and room.bytes <= lies + before * (begins - since):
            full, passes = since + max(0.0, room.bytes - lies) / before, coming.past(strait.ratio)
            passes /= coming.full
            text = strait.text
            return made(since, full, before, next=None, waits=lies, passes=passes, strait=text)
        waits = lies + (before * (begins - since) if before else 0.0)
        full, passes = begins + max(0.0, room.bytes - waits) / after, coming.past(further)
        passes /= coming.full
        return made(begins, full, after, next=behind, waits=waits, passes=passes)


def _merged(fills: Sequence[Fill]) -> Fill:
    """Return channels that begin at once, and are filled together, as one."""
    first, rate = fills[0], sum(one.rate for one in fills)
    held, waits = sum(one.held for one in fills), sum(one.waits for one in fills)
    rooms = tuple(room for one in fills for room in one.rooms)
    return replace(
        first,
        full=first.begins + max(0.0, sum(room.bytes for room in rooms) - held - waits) / rate,
        rate=rate,
        rooms=rooms,
        held=held,
        open=sum(one.open for one in fills),
        waits=waits,
        lies=sum(one.lies for one in fills),
        passes=min(one.passes for one in fills),
    )
