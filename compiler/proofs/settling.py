"""What lies where once a shorter fault is over, and a longer one is not.

What waited goes on at once, as far as there is room: then it lies before other senders, who find so
much less room for what they send. Of several senders for whom there is not room enough, nobody
knows who comes first: each is taken to keep as much as it may have to.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import inf

from flumec.compiler.choice import policy_of
from flumec.compiler.graph import Node
from flumec.compiler.model import Host, Link
from flumec.compiler.proofs.levels import Levels
from flumec.compiler.proofs.load import once
from flumec.compiler.proofs.peers import Receiver, share
from flumec.compiler.proofs.room import Room
from flumec.compiler.proofs.stage import Stage


@dataclass(slots=True)
class Settling(Stage):
    """How what lay in channels when a scene began comes to rest in it."""

    lay: Levels = field(default_factory=Levels)
    """What lay in channels, and waited before sources."""
    came: Levels = field(default_factory=Levels)
    """What would come to each component, with what lay there, if there were room for all of it."""
    rests: Levels = field(default_factory=Levels)
    """What comes to rest in channels."""
    left: Levels = field(default_factory=Levels)
    """What they have no room for: it stays with whoever sends it."""
    free: Levels = field(default_factory=Levels)
    """What they would have room for."""
    _shared: dict[int, float] = field(default_factory=dict)
    """What those leave who share work, by the identity of their list."""

    def settled(self) -> Levels:
        """Return what lies in each channel then."""
        for node in self.load.order:
            for name, amount in self.lay.spots.get(node, {}).items():
                self.came.add(node, name, amount)
            if (link := self.peers.link_from(node)) is not None:
                for host in self._hosts(node):
                    self._send(node, link, host)
            elif self.kind(node) == "source":
                self._put(node)
        for node in reversed(self.load.order):
            if self.kind(node) == "channel":
                self._rest(node)
            elif self.kind(node) == "source":
                self._stay(node)
        return self.rests

    def _put(self, node: Node) -> None:
        for edge in once(self.graph.outgoing.get(node, ())):
            for host, amount in self.came.spots.get(node, {}).items():
                self.came.add(edge.end, host, amount)

    def _send(self, node: Node, link: Link, host: Host) -> None:
        amount = self.came.at(node, host.name)
        if policy_of(link) in ("all", "hash"):
            near = self.peers.near(link, host)
            for one in near:
                part = amount * share(one, near, policy_of(link))
                part += self.lay.at_for(node, host.name, one)
                self.came.set_for(node, host.name, one, part)
                if self._goes(node, host, one):
                    self.came.add(one.end, one.host.name, part)
        else:
            among = self._receivers(node, link, host)
            for one in among:
                self.came.add(one.end, one.host.name, amount * share(one, among, "balance"))

    def _receivers(self, node: Node, link: Link, host: Host) -> Sequence[Receiver]:
        """Return to whom what waits goes that no receiver alone is to get; nobody: it stays."""
        if node in self.scene.cut:
            return ()
        if policy_of(link) != "balance":
            first = self.peers.preferred(link, host, self.scene.dead)
            return [first] if first is not None and self._goes(node, host, first) else ()
        near = self.peers.near(link, host)
        alive = [one for one in near if one.machine not in self.scene.dead]
        return alive if self.passing.shared(alive, host.name).ratio >= 1 else ()

    def _goes(self, node: Node, host: Host, one: Receiver) -> bool:
        """Whether what waits for a receiver goes there: only where all that comes passes."""
        there = node not in self.scene.cut and one.machine not in self.scene.dead
        return there and self.passing.to(one, host.name).ratio >= 1

    def _hosts(self, node: Node) -> Iterator[Host]:
        """Yield the hosts on which something comes to a component, or lay in it."""
        hosts = self.peers.hosts(node[0])
        names = [*self.load.into.get(node, ()), *self.lay.hosts(node), *self.came.hosts(node)]
        return (hosts[name] for name in dict.fromkeys(names))

    def _rest(self, node: Node) -> None:
        """See what of what comes to a channel stays there, and what does not come."""
        link = self.peers.link_from(node)
        for host in self._hosts(node):
            room = self.rooms.of(node[0], node[1], host)
            if room is None:
                continue
            if link is None:
                left, free = self._before_sinks(node, host, room)
            elif policy_of(link) in ("all", "hash"):
                left, free = self._in_lanes(node, link, host, room)
            else:
                left, free = self._in_channel(node, host, self._kept(node, link, host), room.bytes)
            self.left.add(node, host.name, left if room.when_full != "drop_oldest" else 0.0)
            self.free.add(node, host.name, free)

    def _before_sinks(self, node: Node, host: Host, room: Room) -> tuple[float, float]:
        """Rest before sinks; return what is left, and the room that is. What a sink is to write
        that works it writes.
        """
        kind, sinks = self.sinks(node)
        working = self.working(sinks)
        if working and self.passing.into_sinks(working, kind, host.name).ratio >= 1:
            return 0.0, inf
        held, _ = (0.0, 0.0) if working else self.held_back(node, host, room)
        return self._in_channel(node, host, self.came.at(node, host.name), room.bytes - held)

    def _in_channel(self, node: Node, host: Host, kept: float, most: float) -> tuple[float, float]:
        rests = min(kept, most)
        self.rests.add(node, host.name, rests)
        return kept - rests, most - rests

    def _in_lanes(self, node: Node, link: Link, host: Host, room: Room) -> tuple[float, float]:
        near, left, free = self.peers.near(link, host), 0.0, inf
        for one in near:
            kept = self.came.at_for(node, host.name, one)
            if self._goes(node, host, one):
                kept = min(kept, self.left.at(one.end, one.host.name))
            rests = min(kept, room.bytes)
            self.rests.set_for(node, host.name, one, rests)
            part = share(one, near, policy_of(link))
            left, free = max(left, (kept - rests) / part), min(free, (room.bytes - rests) / part)
        return left, free

    def _kept(self, node: Node, link: Link, host: Host) -> float:
        """Return what of what comes to a channel cannot go on."""
        came, among = self.came.at(node, host.name), self._receivers(node, link, host)
        if not among:
            return came
        if policy_of(link) != "balance":
            return min(came, self.left.at(among[0].end, among[0].host.name))
        key = id(self.peers.near(link, host))
        if key not in self._shared:
            self._shared[key] = self._left_by(among)
        return min(came, self._shared[key])

    def _left_by(self, among: Sequence[Receiver]) -> float:
        """Return what those leave who share work: what one has no room for another one takes."""
        left = sum(self.left.at(one.end, one.host.name) for one in among)
        for one in among:
            more = min(left, self.free.at(one.end, one.host.name))
            if more > 0:
                left -= more
                self._rest_more(one.end, one.host.name, more)
        return left

    def _rest_more(self, node: Node, host: str, more: float) -> None:
        self.free.add(node, host, -more)
        if self.kind(node) == "channel":
            self.rests.add(node, host, more)
            return
        for edge in once(self.graph.outgoing.get(node, ())):
            part = min(more, self.free.at(edge.end, host))
            self.free.add(edge.end, host, -part)
            self.rests.add(edge.end, host, part)

    def _stay(self, node: Node) -> None:
        """See what a source has no room for: it puts all that comes into each of its channels."""
        ends = [e.end for e in self.graph.outgoing.get(node, ()) if not e.optional]
        for host in self.came.spots.get(node, {}):
            left = max((self.left.at(end, host) for end in ends), default=0.0)
            free = min((self.free.at(end, host) for end in ends), default=inf)
            self.left.add(node, host, left)
            self.free.add(node, host, free)
