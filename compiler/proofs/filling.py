"""How long channels last while a sink is out: each fills when what it leads to is full.

Every channel is taken to be empty when the outage begins. Nothing leaves the channel before the
sink, so it fills at the rate that comes to it; from then on those that lead there fill, and in the
end sources wait. A scene that comes after one of shorter faults begins with what waits by then. All
times are in seconds from the beginning.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from math import inf

from flumec.compiler.choice import has_lanes, policy_of
from flumec.compiler.graph import Node
from flumec.compiler.model import Host, Link
from flumec.compiler.proofs.coming import Coming
from flumec.compiler.proofs.fill import Fill, Spot
from flumec.compiler.proofs.fills import Fills
from flumec.compiler.proofs.levels import Levels
from flumec.compiler.proofs.passing import OPEN, Strait
from flumec.compiler.proofs.peers import Receiver, share
from flumec.compiler.proofs.sharing import Sharing
from flumec.compiler.proofs.stage import Stage
from flumec.runtime.links.settings import LinkSettings


@dataclass(slots=True)
class Filling(Fills):
    """When each channel of a fleet is full in one scene; those that never are have no entry."""

    lies: Levels = field(default_factory=Levels)
    """What lies in its channels when it begins."""
    leaking: set[Node] = field(default_factory=set)
    """The channels that lose what they have no room for, of one source or another."""
    _sharing: Sharing = field(init=False)

    def __post_init__(self) -> None:
        """Go against the flow: what a channel leads to is known before it."""
        Stage.__post_init__(self)
        self._sharing = Sharing(self)
        for node in reversed(self.load.order):
            kind = self.kind(node)
            if kind == "channel":
                self._channel(node)
            elif kind == "source":
                self._source(node)
            self.asked.add(node)

    def levels(self, time: float) -> Levels:
        """Return what lies in channels at a time."""
        found = Levels()
        for node, fills in self.fills.items():
            link = self.peers.link_from(node)
            lanes = link if link is not None and has_lanes(link) else None
            hosts = self.peers.hosts(node[0])
            for name, fill in fills.items():
                if lanes is not None:
                    for one in self.peers.near(lanes, hosts[name]):  # all stop once one is full
                        lane = self.lane(node, lanes, hosts[name], one)
                        lies = 0.0 if lane is None else lane.at(min(time, fill.full))
                        found.set_for(node, name, one, lies)
                else:
                    room = self.rooms.of(node[0], node[1], hosts[name])
                    found.add(node, name, fill.part(room) * fill.at(time))
        return found

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
            self.stops[node] = found

    def _channel(self, node: Node) -> None:
        link, into = self.peers.link_from(node), self.load.into.get(node, {})
        hosts = self.peers.hosts(node[0])
        found = {}
        if link is not None:
            self._sharing.before(link)
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
        if has_lanes(link):  # a channel for each, and the first that is full stops all
            lanes = (self.lane(node, link, host, one) for one in near)
            full = [lane for lane in lanes if lane is not None]
            return min(full, key=lambda lane: lane.full, default=None)
        if node in self.scene.cut:
            return self._filled(node, host, coming, self.scene.since, None)
        if kind == "balance":
            until, spot = self._sharing.taken(link, near)
            if until == inf:
                until, spot = self._under_way(node, link, host, near)
            alive = self.alive(near)
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

    def _under_way(
        self, node: Node, link: Link, host: Host, near: Sequence[Receiver]
    ) -> tuple[float, Spot | None]:
        """Return until when a channel has room, although some of those that share work take
        nothing more: what is on the way to them stays in it, and others do not get it.
        """
        alive = self.alive(near)
        full = [taken for one in alive if (taken := self.takes(one))[0] < inf]
        held, room = link.values.get("window"), self.rooms.of(node[0], node[1], host)
        window = LinkSettings.props["window"].default if held is None else held.value
        if not full or room is None or window * len(full) < room.bytes:
            return inf, None
        return min(full, key=lambda one: one[0])

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
