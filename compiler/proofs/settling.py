"""What lies where once a shorter fault is over, and a longer one is not.

What waited goes on at once, as far as there is room: then it lies before other senders, who find so
much less room for what they send. Of several senders for whom there is not room enough, nobody
knows who comes first: each is taken to keep as much as it may have to.
"""

from collections.abc import Sequence
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
    _shared: dict[int, float] = field(default_factory=dict)
    """What those leave who share work, by the identity of their list."""

    def settled(self) -> Levels:
        """Return what lies in each channel then."""
        for node in self.load.order:
            for name, amount in self.lay.spots.get(node, {}).items():
                self.came.add(node, name, amount)
            if (link := self.peers.link_from(node)) is not None:
                self._send(node, link)
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

    def _send(self, node: Node, link: Link) -> None:
        came, hosts = self.came.spots.get(node, {}), self.peers.hosts(node[0])
        if policy_of(link) in ("all", "hash"):
            for name in dict.fromkeys((*came, *self.lay.lanes.get(node, ()))):
                self._send_each(node, link, hosts[name])
        elif node not in self.scene.cut:
            going = {name: each for name, each in came.items() if self._goes_to(link, hosts[name])}
            for one, amount in self.peers.divided(link, going, self.scene.dead):
                self.came.add(one.end, one.host.name, amount)

    def _send_each(self, node: Node, link: Link, host: Host) -> None:
        """Send to each receiver what is for it alone."""
        amount, near = self.came.at(node, host.name), self.peers.near(link, host)
        for one in near:
            part = amount * share(one, near, policy_of(link)) if amount else 0.0
            part += self.lay.at_for(node, host.name, one)
            self.came.set_for(node, host.name, one, part)
            if self._goes(node, host, one):
                self.came.add(one.end, one.host.name, part)

    def _goes_to(self, link: Link, host: Host) -> Sequence[Receiver]:
        """Return to whom what waits goes that no receiver alone is to get; nobody: it stays."""
        node = link.sender.node
        if node in self.scene.cut:
            return ()
        if policy_of(link) != "balance":
            first = self.peers.preferred(link, host, self.scene.dead)
            return [first] if first is not None and self._goes(node, host, first) else ()
        alive = self.alive(self.peers.near(link, host))
        return alive if self.passing.shared(alive, host.name).ratio >= 1 else ()

    def _goes(self, node: Node, host: Host, one: Receiver) -> bool:
        """Whether what waits for a receiver goes there: only where all that comes passes."""
        there = node not in self.scene.cut and one.machine not in self.scene.dead
        return there and self.passing.to(one, host.name).ratio >= 1

    def _rest(self, node: Node) -> None:
        """See what of what comes to a channel stays there, and what does not come."""
        link, hosts = self.peers.link_from(node), self.peers.hosts(node[0])
        for name in dict.fromkeys(self.came.hosts(node)):
            host = hosts[name]
            room = self.rooms.of(node[0], node[1], host)
            if room is None:
                continue
            if link is not None and policy_of(link) in ("all", "hash"):
                left = self._in_lanes(node, link, host, room)
            else:
                came, most = self.came.at(node, name), self._most(node, host, room)
                kept = came if link is None else min(came, self._left_behind(link, host))
                rests = min(kept, most)
                self.rests.add(node, name, rests if most < inf else 0.0)
                left = kept - rests
            if room.when_full != "drop_oldest":
                self.left.add(node, name, left)

    def _most(self, node: Node, host: Host, room: Room) -> float:
        """Return what may lie in a channel: no end of it, if a sink works that writes it."""
        if self.peers.link_from(node) is not None:
            return room.bytes
        kind, sinks = self.sinks(node)
        working = self.working(sinks)
        if not working:
            return room.bytes - self.held_back(node, host, room)[0]
        passes = self.passing.into_sinks(working, kind, host.name).ratio >= 1
        return inf if passes else room.bytes

    def _in_lanes(self, node: Node, link: Link, host: Host, room: Room) -> float:
        near, left = self.peers.near(link, host), 0.0
        for one in near:
            kept = self.came.at_for(node, host.name, one)
            if self._goes(node, host, one):
                kept = min(kept, self.left.at(one.end, one.host.name))
            rests = min(kept, room.bytes)
            self.rests.set_for(node, host.name, one, rests)
            if kept > rests:
                left = max(left, (kept - rests) / share(one, near, policy_of(link)))
        return left

    def _left_behind(self, link: Link, host: Host) -> float:
        """Return what those have no room for to whom a channel leads."""
        among = self._goes_to(link, host)
        if not among:
            return inf
        if policy_of(link) != "balance":
            return self.left.at(among[0].end, among[0].host.name)
        key = id(self.peers.near(link, host))
        if key not in self._shared:
            self._shared[key] = self._left_by(among)
        return self._shared[key]

    def _left_by(self, among: Sequence[Receiver]) -> float:
        """Return what those leave who share work: what one has no room for another one takes."""
        left = sum(self.left.at(one.end, one.host.name) for one in among)
        for one in among if left else ():
            more = min(left, self._free(one.end, one.host))
            if more > 0:
                left -= more
                self._rest_more(one.end, one.host, more)
        return left

    def _free(self, node: Node, host: Host) -> float:
        """Return what a component has room for still; of a channel with lanes nothing."""
        if self.kind(node) == "source":
            ends = (e.end for e in self.graph.outgoing.get(node, ()) if not e.optional)
            return min((self._free(end, host) for end in ends), default=inf)
        room = self.rooms.of(node[0], node[1], host)
        if room is None or node in self.came.lanes:
            return 0.0
        return self._most(node, host, room) - self.rests.at(node, host.name)

    def _rest_more(self, node: Node, host: Host, more: float) -> None:
        if self.kind(node) == "channel":
            if self._free(node, host) < inf:
                self.rests.add(node, host.name, more)
            return
        for edge in once(self.graph.outgoing.get(node, ())):
            self._rest_more(edge.end, host, min(more, self._free(edge.end, host)))

    def _stay(self, node: Node) -> None:
        """See what a source has no room for: it puts all that comes into each of its channels."""
        ends = [e.end for e in self.graph.outgoing.get(node, ()) if not e.optional]
        for host in self.came.spots.get(node, {}):
            self.left.add(node, host, max((self.left.at(end, host) for end in ends), default=0.0))
