"""Random fleets in which several agents send to one, while a shorter fault is over before a longer
one: as .flow files, and as plain queues that are filled second by second.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from capacity.queues import Queue

MIB = 2**20


@dataclass
class Sender:
    """An agent with a source, which sends to the relays."""

    hosts: int
    room: int
    rate: int
    policy: str
    cut: bool
    """Whether its link is cut for the shorter time."""
    within: bool = False
    """Whether its hosts send to relays of their site only: even numbers are one, odd ones too."""


@dataclass
class Fleet:
    """The senders, the relays, and perhaps a core; the sink of the last is out for good."""

    senders: list[Sender]
    relays: int
    relay_room: int
    dead: int
    """How many relays are killed for the shorter time, the first ones."""
    core_room: int
    """Of one host; 0: the relays have the sink."""
    core_cut: bool
    shorter: int
    queues: dict[tuple[str, int], Queue] = field(default_factory=dict)


def draw(seed: int) -> Fleet:
    """Return a fleet by chance, in which something is over after the shorter time."""
    chance = random.Random(f"shorter {seed}")
    relays = chance.randint(1, 3)
    senders = [
        Sender(
            chance.randint(1, 3),
            chance.randint(4, 40) * MIB,
            chance.randint(50, 400) * 1000,
            chance.choice(("failover", "balance", "hash(header.key)", "all")),
            chance.random() < 0.5,
            relays > 1 and chance.random() < 0.3,
        )
        for _ in range(chance.randint(1, 3))
    ]
    core = chance.randint(4, 40) * MIB if chance.random() < 0.4 else 0
    fleet = Fleet(
        senders, relays, chance.randint(8, 80) * MIB, chance.choice((0, 0, *range(1, relays))),
        core, bool(core) and chance.random() < 0.4, chance.randint(20, 120),
    )  # fmt: skip
    if not (fleet.dead or fleet.core_cut or any(sender.cut for sender in senders)):
        senders[0].cut = True
    return fleet


def text(fleet: Fleet) -> str:
    """Return the fleet as a .flow file, with checks that say the rates."""
    last = "core" if fleet.core_room else "relay"
    faults = [f"outage({last}.out, 4h)"]
    parts = []
    for number, sender in enumerate(fleet.senders):
        parts += [_host(f"s{number}", host) for host in range(sender.hosts)]
        policy = sender.policy if fleet.relays > 1 else "failover"
        parts.append(
            f"agent s{number} on {_hosts(f's{number}', sender.hosts)} {{\n"
            "source numbers : http {\n port = 80\n tls = server\n}\n"
            f"channel spool : file {{\n size = {sender.room // MIB}MiB\n}}\nnumbers -> spool\n}}\n"
            f"s{number}.spool => relay.spool {{\nport = {4000 + number}\npolicy = {policy}\n"
            f"tls = mutual\n{'within = host.site' if sender.within else ''}\n}}"
        )
        if sender.cut:
            faults.append(f"cut(s{number}.spool, {fleet.shorter}s)")
    parts += [_host("r", host) for host in range(fleet.relays)]
    sink = "" if fleet.core_room else "sink out : logger\nspool -> out\n"
    room = fleet.relay_room // MIB
    parts.append(
        f"agent relay on {_hosts('r', fleet.relays)} {{\n"
        f"channel spool : file {{\n size = {room}MiB\n}}\n{sink}}}"
    )
    if fleet.core_room:
        parts.append(
            'agent core on ["c"] {\n'
            f"channel spool : file {{\n size = {fleet.core_room // MIB}MiB\n}}\n"
            "sink out : logger\nspool -> out\n}\n"
            "relay.spool => core.spool {\nport = 5000\ntls = mutual\n}"
        )
        if fleet.core_cut:
            faults.append(f"cut(relay.spool, {fleet.shorter}s)")
    for number, sender in enumerate(fleet.senders):
        parts.append(
            f'check "{number}" {{\nfrom = s{number}.numbers\nto = {last}.out\n'
            f"rate = {sender.rate}B/s\nsurvives = [{', '.join(faults)}]\n}}"
        )
    return "\n\n".join(parts) + "\n"


def _host(kind: str, number: int) -> str:
    return f'hosts {kind}_{number} = ["{kind}-{number}"] {{\nsite = "{number % 2}"\n}}'


def _hosts(kind: str, count: int) -> str:
    return f"union({', '.join(f'{kind}_{n}' for n in range(count))})" if count > 1 else f"{kind}_0"


def run(fleet: Fleet, *, first: int = 0) -> list[float]:
    """Return after how many seconds a source of each agent first finds no room; whoever comes
    `first` gets the room that there is.
    """
    spools = [[Queue(s.room) for _ in range(s.hosts)] for s in fleet.senders]
    relays = [Queue(fleet.relay_room) for _ in range(fleet.relays)]
    core = Queue(fleet.core_room)
    order = [(first + turn) % len(spools) for turn in range(len(spools))]
    seen: dict[int, float] = {}
    now = 0
    while len(seen) < len(spools):
        while _forward(fleet, spools, relays, core, order, early=now < fleet.shorter) > 1:
            pass
        for number, sender in enumerate(fleet.senders):
            for host, spool in enumerate(spools[number]):
                lanes = _lanes(sender, _near(fleet, sender, host))
                wanted = {lane: part * sender.rate for lane, part in lanes.items()}
                if spool.lacks(wanted):
                    seen.setdefault(number, now)
                else:
                    spool.put(wanted)
        now += 1
    return [seen[number] for number in range(len(spools))]


def _forward(
    fleet: Fleet, spools: list[list[Queue]], relays: list[Queue], core: Queue, order: list[int],
    *, early: bool,
) -> float:  # fmt: skip
    """Send on what there is room for; return how much that was."""
    moved = 0.0
    alive = [relay for relay in range(fleet.relays) if not early or relay >= fleet.dead]
    if fleet.core_room and not (early and fleet.core_cut):
        moved += sum(_move(relays[relay], "", core) for relay in alive)
    for number in order:
        sender = fleet.senders[number]
        if not (early and sender.cut):
            for host, spool in enumerate(spools[number]):
                near = _near(fleet, sender, host)
                open_ = [relay for relay in alive if relays[relay].free("") > 0]
                for lane, part, relay in _ways(sender, spool, near, alive, open_):
                    moved += _move(spool, lane, relays[relay], part)
    return moved


def _near(fleet: Fleet, sender: Sender, host: int) -> list[int]:
    """Return the relays that a host may send to."""
    return [n for n in range(fleet.relays) if not sender.within or n % 2 == host % 2]


def _lanes(sender: Sender, near: list[int]) -> dict[str, float]:
    if sender.policy in ("failover", "balance"):
        return {"": 1.0}
    part = 1.0 if sender.policy == "all" else 1 / len(near)
    return {str(relay): part for relay in near}


def _ways(
    sender: Sender, spool: Queue, near: list[int], alive: list[int], open_: list[int]
) -> Iterator[tuple[str, float, int]]:
    """Yield from which lane how much at most may go to whom, in order."""
    there = [relay for relay in near if relay in alive]
    if sender.policy not in ("failover", "balance"):
        yield from ((str(relay), spool.lanes.get(str(relay), 0.0), relay) for relay in there)
    elif sender.policy == "balance":
        takes = [relay for relay in there if relay in open_]
        amount = spool.lanes.get("", 0.0)
        yield from (("", amount / len(takes), relay) for relay in takes)
    else:
        yield from (("", spool.lanes.get("", 0.0), relay) for relay in there[:1])


def _move(queue: Queue, lane: str, into: Queue, most: float = float("inf")) -> float:
    moved = max(0.0, min(queue.lanes.get(lane, 0.0), most, into.free("")))
    into.put({"": moved})
    queue.lanes[lane] = queue.lanes.get(lane, 0.0) - moved
    return moved
