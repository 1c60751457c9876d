"""Queues after an outage: what waited is worked off second by second, through networks, disks and
stores of some speed, while more comes.
"""

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf

from capacity.queues import Fleet, Queue, lanes_of, order_of

Place = tuple[int, int]
"""A host: the number of its tier, and its own."""


@dataclass
class Network:
    """What a host may still receive and send in this tick."""

    received: float
    sent: float


@dataclass
class Sinking:
    """What the last tier's sinks write to, and how fast that is; `network`: as the way to it.

    A `store` is one for all hosts, a `folder` each host's own; a `disk` is what the journal and the
    folder of each host share.
    """

    kind: str = "network"
    speed: float = inf


@dataclass
class Flood:
    """A fleet whose hosts have networks; of the dead in an outage those that are killed are back
    after it.
    """

    fleet: Fleet
    speeds: dict[Place, float]
    length: int
    killed: bool
    sinking: Sinking = field(default_factory=Sinking)
    step: float = 1.0
    queues: dict[Place, Queue] = field(default_factory=dict)
    before: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    """What sources have not taken yet: who sends it tries again."""
    _networks: dict[Place, Network] = field(default_factory=dict)
    _disks: dict[Place, float] = field(default_factory=dict)
    """What a host's disk may still write in this tick."""

    def recovers(self, *, most: float) -> float:
        """Return how many seconds after the outage all is as before it."""
        usual = self._usual()
        self._begin()
        for _ in range(round(self.length / self.step)):
            self._tick(out=True)
        if self.killed:
            for number, tier in enumerate(self.fleet.tiers):
                for host in range(tier.dead):
                    self.queues[number, host] = Queue(tier.room)
                tier.dead = 0
        for tick in range(int(most / self.step)):
            if self._lies() <= usual:
                return tick * self.step
            self._tick(out=False)
        return most

    def _usual(self) -> float:
        """Return what lies in the queues where nothing is wrong."""
        self._begin()
        for _ in range(30):
            self._tick(out=False)
        return self._lies() * 1.05 + 1

    def _begin(self) -> None:
        self.before.clear()
        tiers = enumerate(self.fleet.tiers)
        self.queues = {(n, host): Queue(tier.room) for n, tier in tiers for host in tier.alive()}

    def _lies(self) -> float:
        lie = sum(sum(queue.lanes.values()) for queue in self.queues.values())
        return lie + sum(self.before.values())

    def _tick(self, *, out: bool) -> None:
        amounts = ((at, speed * self.step) for at, speed in self.speeds.items())
        self._networks = {at: Network(amount, amount) for at, amount in amounts}
        last = len(self.fleet.tiers) - 1
        disk = self.sinking.speed if self.sinking.kind == "disk" else inf
        self._disks = {(last, h): disk * self.step for h in range(self.fleet.tiers[last].hosts)}
        if not out and self.sinking.kind != "disk":
            self._sink()
        for number in reversed(range(last)):
            for turn in range(4):  # what one could not take is offered again
                self._across(number, further=turn > 1)
        for host in self.fleet.tiers[0].alive():
            self.before[host] += self.fleet.rate * self.step
            lanes, network = lanes_of(self.fleet, 0), self._networks[0, host]
            queue = self.queues[0, host]
            room = min(queue.free(lane) / part for lane, part in lanes.items())
            disk = self._disks.get((0, host), inf)
            moved = max(0.0, min(self.before[host], network.received, room, disk))
            queue.put({lane: part * moved for lane, part in lanes.items()})
            self.before[host] -= moved
            self._disks[0, host] = disk - moved
        if not out and self.sinking.kind == "disk":  # with what the journal leaves it
            self._sink()

    def _sink(self) -> None:
        """Let sinks write; who writes to one store divide it by what each of them has."""
        last = len(self.fleet.tiers) - 1
        hosts = self.fleet.tiers[last].alive()
        remote = self.sinking.kind in ("network", "store")
        wanted = {
            host: min(
                self.queues[last, host].lanes.get("", 0.0),
                self._networks[last, host].sent if remote else inf,
                self._disks[last, host],
                self.sinking.speed * self.step if self.sinking.kind == "folder" else inf,
            )
            for host in hosts
        }
        whole = sum(wanted.values())
        most = self.sinking.speed * self.step if self.sinking.kind == "store" else inf
        part = min(1.0, most / whole) if whole else 0.0
        for host, amount in wanted.items():
            lanes = self.queues[last, host].lanes
            lanes[""] = max(0.0, lanes.get("", 0.0) - amount * part)
            self._disks[last, host] -= amount * part

    def _across(self, number: int, *, further: bool) -> None:
        """Send on; who receives divides its network among senders by what each of them has."""
        asked: dict[int, list[tuple[int, str, float]]] = defaultdict(list)
        for host in self.fleet.tiers[number].alive():
            offers = list(self._offers(number, host, further=further))
            offered = sum(amount for _, _, amount in offers)
            part = min(1.0, self._networks[number, host].sent / offered) if offered else 0.0
            for peer, lane, amount in offers:
                asked[peer].append((host, lane, amount * part))
        below = lanes_of(self.fleet, number + 1)
        for peer, wanted in asked.items():
            queue, network = self.queues[number + 1, peer], self._networks[number + 1, peer]
            room = max(0.0, min(queue.free(name) / part for name, part in below.items()))
            whole = sum(amount for _, _, amount in wanted)
            most = min(network.received, room, self._disks.get((number + 1, peer), inf))
            part = min(1.0, most / whole) if whole else 0.0
            if (number + 1, peer) in self._disks:
                self._disks[number + 1, peer] -= whole * part
            for host, lane, amount in wanted:
                self.queues[number, host].lanes[lane] -= amount * part
                self._networks[number, host].sent -= amount * part
            network.received -= whole * part
            queue.put({name: share * whole * part for name, share in below.items()})

    def _offers(self, number: int, host: int, *, further: bool) -> Iterator[tuple[int, str, float]]:
        """Yield to whom a host gives how much; `further`: what the first had no room for."""
        tier, receivers = self.fleet.tiers[number], self.fleet.tiers[number + 1]
        for lane, amount in self.queues[number, host].lanes.items():
            peers = order_of(tier, receivers, host, lane, amount)
            if not lane and len(peers) > 1:  # balanced: each its part, then whoever has room
                alive = receivers.alive()
                if not further:
                    peers = peers[: len(alive)]
                else:
                    free = {p: self.queues[number + 1, p].room for p in alive}
                    whole = sum(free.values())
                    peers = [(p, amount * free[p] / whole) for p in alive]
            for peer, most in peers:
                if (number + 1, peer) in self.queues and min(most, amount) > 0:
                    yield peer, lane, min(most, amount)


def sinking(fleet: Fleet, needed: dict[Place, float], seed: int) -> Sinking:
    """Return what sinks write to, as often as not faster than the networks that lead there."""
    chance = random.Random(f"sinking {seed}")
    kind = chance.choice(("network", "network", "store", "folder", "disk"))
    if kind == "network":
        return Sinking()
    last = len(fleet.tiers) - 1
    each = [needed.get((last, host), 0.0) for host in range(fleet.tiers[last].hosts)]
    most = {"store": sum(each), "folder": max(each), "disk": 2 * max(each)}[kind]
    return Sinking(kind, float(int(most * chance.uniform(1.15, 2.5))) + 1000)


def speeds(fleet: Fleet, needed: dict[Place, float], seed: int) -> dict[Place, float]:
    """Return a speed of each host, of those of a tier mostly the same, larger than is needed."""
    chance = random.Random(seed)
    found = {}
    for number, tier in enumerate(fleet.tiers):
        usual = chance.uniform(1.15, 3.0)
        most = max(needed.get((number, host), 0.0) for host in range(tier.hosts))
        for host in range(tier.hosts):
            found[number, host] = float(int(most * usual)) + 1000
    return found
