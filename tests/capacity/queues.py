"""Random fleets of some tiers, as .flow files, and as plain queues that are filled second by
second: what the compiler computes must be what the queues do.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

POLICIES = ("failover", "balance", "hash(header.key)", "all")


@dataclass
class Queue:
    """A channel on a host: `lanes` has one level, or one for each peer of a link that copies."""

    room: float
    lanes: dict[str, float] = field(default_factory=dict)

    def lacks(self, wanted: dict[str, float]) -> bool:
        return any(self.lanes.get(lane, 0.0) + more > self.room for lane, more in wanted.items())

    def put(self, wanted: dict[str, float]) -> None:
        for lane, more in wanted.items():
            self.lanes[lane] = self.lanes.get(lane, 0.0) + more

    def free(self, lane: str) -> float:
        return self.room - self.lanes.get(lane, 0.0)


@dataclass
class Tier:
    """Agents of one set: how many hosts, how much room on each, how they send on."""

    hosts: int
    room: int
    weights: tuple[int, ...]
    policy: str
    spread: bool
    dead: int = 0

    def alive(self) -> list[int]:
        return list(range(self.dead, self.hosts))


@dataclass
class Fleet:
    """Tier 0 has the sources, each `rate`; the last one's sink is out."""

    tiers: list[Tier]
    rate: int
    routed: frozenset[int]
    """The tiers that have a source for the link, and a second channel that is always empty."""


def draw(seed: int) -> Fleet:
    """Return a fleet by chance. Those that are killed are the first of their set."""
    chance = random.Random(seed)
    tiers = []
    count = chance.randint(1, 4)
    for number in range(count):
        hosts = chance.randint(1, 6 if number == 0 else 4)
        weighted = chance.random() < 0.4
        weights = tuple(chance.randint(1, 4) if weighted else 1 for _ in range(hosts))
        room = chance.randint(4, 30) * 2**20
        tiers.append(Tier(hosts, room, weights, chance.choice(POLICIES), chance.random() < 0.5))
    for tier in tiers[1:]:
        if tier.hosts > 1 and chance.random() < 0.5:
            tier.dead = chance.randint(1, tier.hosts - 1)
    for sender, receiver in pairwise(tiers):
        sender.spread = sender.spread and sender.policy in ("failover", "balance")
        if sender.policy not in ("failover", "balance"):
            receiver.dead = 0  # which lane waits is asked by a test of its own
    routed = frozenset(n for n in range(1, count) if chance.random() < 0.3)
    return Fleet(tiers, chance.randint(100, 500) * 1000, routed)


def text(fleet: Fleet) -> str:
    """Return the fleet as a .flow file, with a check that says the rate."""
    last = len(fleet.tiers) - 1
    parts = []
    for number, tier in enumerate(fleet.tiers):
        for host, weight in enumerate(tier.weights):
            parts.append(
                f'hosts t{number}_{host} = ["t{number}-{host}"] {{\n  weight = {weight}\n}}'
            )
        sets = ", ".join(f"t{number}_{host}" for host in range(tier.hosts))
        body = [f"channel spool : file {{\n size = {tier.room // 2**20}MiB\n}}"]
        if number == 0:
            body += ["source numbers : http {\n port = 80\n tls = server\n}", "numbers -> spool"]
        if number in fleet.routed:
            body += ["source feed : link", "channel idle : memory", "sink none : null"]
            body += ["feed -> spool, idle", "idle -> none"]
        if number == last:
            body += ["sink out : logger", "spool -> out"]
        inner = "\n".join(body)
        on = f"union({sets})" if tier.hosts > 1 else f"t{number}_0"
        parts.append(f"agent a{number} on {on} {{\n{inner}\n}}")
    for number in range(last):
        sender, target = fleet.tiers[number], "feed" if number + 1 in fleet.routed else "spool"
        policy = sender.policy if fleet.tiers[number + 1].hosts > 1 else "failover"
        spread = f"spread = {str(sender.spread and policy in ('failover', 'balance')).lower()}"
        parts.append(
            f"a{number}.spool => a{number + 1}.{target} {{\n"
            f"port = {4000 + number}\npolicy = {policy}\n{spread}\ntls = mutual\n}}"
        )
    parts.append(
        f'check "c" {{\nfrom = a0.numbers\nto = a{last}.out\nrate = {fleet.rate}B/s\n'
        f"survives = [outage(a{last}.out, 4h)]\n}}"
    )
    return "\n\n".join(parts) + "\n"


def run(fleet: Fleet, *, step: float = 1.0) -> float:
    """Return after how many seconds a source first finds no room."""
    queues = [{host: Queue(tier.room) for host in tier.alive()} for tier in fleet.tiers]
    lanes = [lanes_of(fleet, number) for number in range(len(fleet.tiers))]
    now = 0.0
    while True:
        for number in reversed(range(len(fleet.tiers) - 1)):
            for host, queue in queues[number].items():
                _forward(fleet, number, host, queue, queues[number + 1], lanes[number + 1])
        for queue in queues[0].values():
            wanted = {lane: part * fleet.rate * step for lane, part in lanes[0].items()}
            if queue.lacks(wanted):
                return now
            queue.put(wanted)
        now += step


def lanes_of(fleet: Fleet, number: int) -> dict[str, float]:
    """Return the lanes of a tier's channel, and which part of a put each gets."""
    tier = fleet.tiers[number]
    if number == len(fleet.tiers) - 1 or tier.policy in ("failover", "balance"):
        return {"": 1.0}
    weights = fleet.tiers[number + 1].weights
    if len(weights) == 1:
        return {"": 1.0}
    whole = sum(weights) if tier.policy.startswith("hash") else 0
    return {str(peer): weight / whole if whole else 1.0 for peer, weight in enumerate(weights)}


def _forward(
    fleet: Fleet, number: int, host: int, queue: Queue, below: dict[int, Queue],
    lanes: dict[str, float],
) -> None:  # fmt: skip
    """Send on what there is room for."""
    tier, receivers = fleet.tiers[number], fleet.tiers[number + 1]
    for lane in list(queue.lanes):
        for peer, most in order_of(tier, receivers, host, lane, queue.lanes[lane]):
            room = min(below[peer].free(name) / part for name, part in lanes.items())
            moved = max(0.0, min(queue.lanes[lane], most, room))
            below[peer].put({name: part * moved for name, part in lanes.items()})
            queue.lanes[lane] -= moved


def order_of(
    tier: Tier, receivers: Tier, host: int, lane: str, amount: float
) -> Sequence[tuple[int, float]]:
    """Return to whom a host sends, and how much at most: who shares takes its part, then more."""
    alive = receivers.alive()
    if lane:
        return [(int(lane), amount)]
    if tier.policy == "balance" and receivers.hosts > 1:
        whole = sum(receivers.weights[peer] for peer in alive)
        fair = [(peer, amount * receivers.weights[peer] / whole) for peer in alive]
        return [*fair, *((peer, amount) for peer in alive)]
    turn = host % receivers.hosts if tier.spread else 0
    turned = [(turn + number) % receivers.hosts for number in range(receivers.hosts)]
    return [(next(peer for peer in turned if peer in alive), amount)]
