"""What waits when an outage is over, and where: in channels, before sources, for one peer alone."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import NamedTuple

from flumec.compiler.choice import has_lanes
from flumec.compiler.graph import Node
from flumec.compiler.model import Host, Link
from flumec.compiler.proofs.capacity import Capacity
from flumec.compiler.proofs.fill import Fill
from flumec.compiler.proofs.filling import Filling
from flumec.compiler.proofs.peers import Receiver


class Lane(NamedTuple):
    """A part of what a channel on a host holds, which may go to one receiver alone."""

    sender: Node
    host: str
    to: Receiver
    amount: float


@dataclass(slots=True)
class Backlog:
    """Bytes of events that wait; before a source those that it has not taken."""

    capacity: Capacity
    length: float
    """Of the outages, which began together."""
    held: dict[Node, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    lanes: dict[object, Lane] = field(default_factory=dict)

    def add(self, filling: Filling) -> None:
        """Add what waits in an outage; what waits for several waits for the last of them.

        What a channel drops, or a put leaves out, waits nowhere: it is lost.
        """
        for node in self.capacity.rates.keys() & filling.load.into.keys():
            for host, rate in filling.load.into[node].items():
                stop, _ = filling.stop(node, host)
                if stop < self.length:
                    self._hold(node, host, rate * (self.length - stop))
        for node, at in filling.lies.spots.items():
            for name, amount in at.items():
                if name not in filling.fills.get(node, {}):
                    self._hold(node, name, amount)
        for node, fills in filling.fills.items():
            link = self.capacity.peers.link_from(node)
            hosts = self.capacity.peers.hosts(node[0])
            for name, fill in fills.items():
                if link is not None and has_lanes(link):
                    self._in_lanes(filling, link, node, hosts[name])
                elif fill.at(self.length) > 0:
                    comes = filling.arrivals.at(node, name).comes
                    self._hold(node, name, self._in_channel(node, hosts[name], fill, comes))

    def add_unread(self, unread: Collection[tuple[Node, str]]) -> None:
        """Add what comes to sources on hosts where nobody takes it, from the beginning on."""
        for node, host in unread:
            self._hold(node, host, self.capacity.rates[node].most * self.length)

    def _in_channel(self, node: Node, host: Host, fill: Fill, into: float) -> float:
        """Return what lies in a channel; of those that are filled together, each its weight, and
        no more than has room.
        """
        lasts = fill.at(self.length) / fill.rate
        own = self.capacity.rooms.of(node[0], node[1], host)
        if len(fill.rooms) == 1 or own is None:
            return fill.rate * lasts
        return min(own.bytes, max(fill.rate * lasts * fill.part(own), into * lasts))

    def _in_lanes(self, filling: Filling, link: Link, node: Node, host: Host) -> None:
        """Add what waits for each peer of a link that gives each its own."""
        ends = min(filling.fills[node][host.name].full, self.length)
        for one in self.capacity.peers.near(link, host):
            lane = filling.lane(node, link, host, one)
            amount = 0.0 if lane is None else lane.at(ends)
            key = node, host.name, one.end, one.host.name
            if amount > 0 and (key not in self.lanes or self.lanes[key].amount < amount):
                self.lanes[key] = Lane(node, host.name, one, amount)

    def _hold(self, node: Node, host: str, amount: float) -> None:
        at = self.held[node]
        at[host] = max(at.get(host, 0.0), amount)
