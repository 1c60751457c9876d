"""What lies where once a shorter fault is over, and a longer one is not.

What waited goes on at once, as far as there is room: then it lies before other senders, who find so
much less room for what they send. Of several senders for whom there is not room enough, nobody
knows who comes first: each is taken to keep as much as it may have to.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

from flumec.compiler.choice import has_lanes, policy_of
from flumec.compiler.graph import Node
from flumec.compiler.model import Host, Link
from flumec.compiler.proofs.fill import Spot
from flumec.compiler.proofs.levels import Levels
from flumec.compiler.proofs.load import once
from flumec.compiler.proofs.peers import Receiver, share
from flumec.compiler.proofs.room import Room
from flumec.compiler.proofs.stage import Stage

_NOTHING = 1e-3
"""Fewer bytes are an error of the calculation."""


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
    _lists: dict[int, tuple[Sequence[Receiver], float]] = field(default_factory=dict)
    """Those who share work, with what comes for one of them, by the identity of their list."""
    _crowded: dict[int, tuple[float, float]] = field(default_factory=dict)
    """What those of a list have no room for at least, and how much more than there is of it comes
    to them, as each may be the one who gets it; less than nothing where it was left before them.
    """
    _aheads: dict[Spot, float] = field(default_factory=dict)
    """What components have room for: all senders of a place ask the same of those behind it."""

    def settled(self) -> Levels:
        """Return what lies in each channel then."""
        for node in self.load.order:
            for name, amount in self.lay.spots.get(node, {}).items():
                self.came.add(node, name, amount)
            if (link := self.peers.link_from(node)) is not None:
                self._send(node, link)
            elif self.kind(node) == "source":
                self._put(node)
        for key, (among, amount) in self._lists.items():
            self._share(key, among, amount)
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
        if has_lanes(link):
            for name in dict.fromkeys((*came, *self.lay.lanes.get(node, ()))):
                self._send_each(node, link, hosts[name])
        elif policy_of(link) == "balance":
            self._balance(link, came)
        else:
            for name, amount in came.items():
                for one in self._goes_to(link, hosts[name]):
                    self.came.add(one.end, one.host.name, amount)

    def _balance(self, link: Link, came: Mapping[str, float]) -> None:
        """Send to those who share work, by their weights: as long as all of them have room."""
        hosts, amounts = self.peers.hosts(link.sender.agent), dict[int, float]()
        for name, amount in came.items():
            if among := self._goes_to(link, hosts[name]):
                _, before = self._lists.get(id(among), (among, 0.0))
                self._lists[id(among)] = among, before + amount
                amounts[id(among)] = amounts.get(id(among), 0.0) + amount
        for key, amount in amounts.items():
            among, _ = self._lists[key]
            for one in among:
                self.came.add(one.end, one.host.name, amount * share(one, among, "balance"))

    def _share(self, key: int, among: Sequence[Receiver], amount: float) -> None:
        """See who gets what where one of those that share work has no room for its part.

        What it leaves the others take. To whom others send too, all may come before what they send.
        """
        rooms = [self._ahead(one.end, one.host) for one in among]
        comes = [self._comes(one.end, one.host.name) for one in among]
        over = sum(max(0.0, part - room) for part, room in zip(comes, rooms, strict=True))
        if over <= _NOTHING:
            return
        shares = [amount * share(one, among, "balance") for one in among]
        alone = sum(comes) - amount <= _NOTHING
        takes = _spread(among, rooms, amount) if alone else [amount] * len(among)
        self._crowded[key] = 0.0 if alone else over, sum(takes) - amount
        for one, here, instead in zip(among, shares, takes, strict=True):
            self._come(one.end, one.host.name, instead - here)

    def _come(self, node: Node, host: str, more: float) -> None:
        self.came.add(node, host, more)
        if self.kind(node) == "source":
            for edge in once(self.graph.outgoing.get(node, ())):
                self._come(edge.end, host, more)

    def _comes(self, node: Node, host: str) -> float:
        """Return what comes to a component, without what lies there."""
        return self.came.at(node, host) - self.lay.at(node, host)

    def _ahead(self, node: Node, host: Host) -> float:
        """Return what a component has room for beside what lies there: no end if that goes on."""
        spot = node, host.name
        if spot not in self._aheads:
            self._aheads[spot] = self._found_ahead(node, host)
        return self._aheads[spot]

    def _found_ahead(self, node: Node, host: Host) -> float:
        if self.kind(node) == "source":
            ends = (e.end for e in self.graph.outgoing.get(node, ()) if not e.optional)
            return min((self._ahead(end, host) for end in ends), default=inf)
        link, room = self.peers.link_from(node), self.rooms.of(node[0], node[1], host)
        if room is None or room.when_full == "drop_oldest":
            return inf
        if link is not None and has_lanes(link):
            return self._ahead_in_lanes(node, link, host, room)
        free = max(0.0, self._most(node, host, room) - self.lay.at(node, host.name))
        return free + self._further(node, () if link is None else self._goes_to(link, host))

    def _ahead_in_lanes(self, node: Node, link: Link, host: Host, room: Room) -> float:
        """Return the same of a channel for each receiver: the first that is full stops all."""
        near, found = self.peers.near(link, host), inf
        for one in near:
            free = max(0.0, room.bytes - self.lay.at_for(node, host.name, one))
            free += self._further(node, [one] if self._goes(node, host, one) else ())
            found = min(found, free / share(one, near, policy_of(link)))
        return found

    def _further(self, node: Node, among: Sequence[Receiver]) -> float:
        """Return what those have room for to whom a host sends, of which it has its part."""
        behind = sum(self._ahead(one.end, one.host) for one in among)
        return behind / max(1, len(self.load.into.get(node, ())))

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
            if link is not None and has_lanes(link):
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
        left = sum(self.left.at(one.end, one.host.name) for one in among)
        least, more = self._crowded.get(id(among), (0.0, 0.0))
        return max(least, left - more)

    def _stay(self, node: Node) -> None:
        """See what a source has no room for: it puts all that comes into each of its channels."""
        ends = [e.end for e in self.graph.outgoing.get(node, ()) if not e.optional]
        for host in self.came.spots.get(node, {}):
            self.left.add(node, host, max((self.left.at(end, host) for end in ends), default=0.0))


def _spread(among: Sequence[Receiver], rooms: Sequence[float], amount: float) -> list[float]:
    """Return what each takes of what is shared by weights, as long as it has room."""
    taken = [0.0] * len(among)
    left, open_ = amount, [place for place, room in enumerate(rooms) if room > 0]
    while left > _NOTHING and open_:
        whole = sum(among[place].weight for place in open_)
        parts = {place: left * among[place].weight / whole for place in open_}
        for place, part in parts.items():
            more = min(part, rooms[place] - taken[place])
            taken[place] += more
            left -= more
        open_ = [place for place in open_ if taken[place] < rooms[place]]
    return taken
