"""What happens to a fleet: sends and faults at times, each fault with its end; as lines of text."""

import random
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from flumec.compiler.proofs.claim import Failure
from prove.shape import FILING, Agent, Shape

BARE = 0.4
"""Added to the step at which power fails: nothing is left of what was not synced."""

LENGTH = 1.0
"""Units of time in which all begins; a stage says how many seconds that is."""

LATE = 85.0
"""Units of time after which an event is late at a `dedup` of the shortest window."""

SHARES = {
    "kill": 2, "doom": 5, "power": 2, "fall": 4, "restart": 1, "cut": 3, "mute": 3, "deaf": 1,
    "outage": 2, "lapse": 2, "sever": 2, "rotate": 2, "copy": 3, "repost": 2, "stray": 2,
    "rest": 2, "slow": 2,
}  # fmt: skip
"""The kinds of faults, and how often each is chosen."""

STEPS = ("doom", "fall", "lapse", "sever", "rest")
"""What happens at a step of an agent's work."""

COUNTED = (*STEPS, "copy")
"""What has a whole number for its amount."""

MOST = {"copy": 3}
"""Below which it is, where that is not a number of steps."""

FAILURES: dict[str, frozenset[Failure]] = {
    "send": frozenset(),
    "poison": frozenset(),
    "bulk": frozenset(),
    "hold": frozenset(),
    "rest": frozenset(),
    "slow": frozenset(),
    "lose": frozenset({Failure.HOST_LOST}),
    "kill": frozenset({Failure.KILLED}),
    "doom": frozenset({Failure.KILLED}),
    "power": frozenset({Failure.POWER_CUT}),
    "fall": frozenset({Failure.POWER_CUT, Failure.KILLED}),
    "restart": frozenset({Failure.BUNDLE_CHANGED}),
    "cut": frozenset({Failure.CONNECTION_CUT}),
    "mute": frozenset({Failure.REPLY_LOST, Failure.CONNECTION_CUT}),
    "deaf": frozenset({Failure.REPLY_LOST}),
    "outage": frozenset({Failure.SERVER_RESTARTED}),
    "lapse": frozenset({Failure.SERVER_RESTARTED, Failure.REPLY_LOST}),
    "sever": frozenset({Failure.REPLY_LOST, Failure.CONNECTION_CUT}),
    "rotate": frozenset({Failure.ROTATION}),
    "copy": frozenset(),
    "repost": frozenset({Failure.CLIENT_RETRIED}),
    "stray": frozenset({Failure.CLIENT_RETRIED}),
}
"""What each kind of action is to the compiler. That readers rest (`hold`, `rest`) or a host is slow
is none, nor is a copy of a file that is emptied, until something is written in between."""


@dataclass(frozen=True, order=True)
class Action:
    """Something that is done to a part of the fleet, and ends after a while.

    `who` is an agent and its host; before the host stand the component that it is about, of a link
    the channel that sends, and behind it the host of the other end. So does of a client that comes
    to another host of an agent, with what the first one has taken.
    """

    at: float
    kind: str
    who: tuple[str, ...]
    amount: float
    """Of a send the number of events, and of a copy of those that come before the file is emptied;
    else how long it lasts, or after how many more steps it happens. Steps are changes of the disk,
    at which with `doom` the agent is killed and with `fall` the power cut as well; for `lapse`
    those in a sink's directory, which is away from then on; for `sever` what the other end of a
    link sends, to which nothing comes through from then on; and for `rest` reads of a channel, from
    which nothing is read from then on for a while. They are whole; a fraction is another chance of
    what survives a power cut."""

    def __str__(self) -> str:
        return f"{self.at:.3f} {self.kind} {' '.join(self.who)} {self.amount:g}"


Script = tuple[Action, ...]


def parse(text: str) -> Script:
    """Return the script that a text has, a line for each action."""
    return tuple(_action(line.split()) for line in text.splitlines() if line.strip())


def _action(words: list[str]) -> Action:
    at, kind, *who, amount = words
    return Action(float(at), kind, tuple(who), float(amount))


def failures(script: Iterable[Action]) -> set[Failure]:
    """Return what a script does, as the compiler calls it."""
    return {failure for action in script for failure in FAILURES[action.kind]}


def write(shape: Shape, seed: int, kinds: AbstractSet[str]) -> Script:
    """Return a script of a seed: some events from each source, and faults of the given kinds."""
    chance = random.Random(f"script {seed}")
    faults = [fault for fault in places(shape) if fault[0] in kinds]
    weights = {kind: SHARES[kind] / sum(k == kind for k, _ in faults) for kind, _ in faults}
    chosen = chance.choices(faults, [weights[kind] for kind, _ in faults], k=chance.randint(2, 5))
    actions = [*sends(shape, chance)]
    for kind, who in chosen:
        at, lasts = chance.uniform(0.05, LENGTH), chance.choice((0.05, 0.2, 0.2, 0.8))
        amount = chance.randrange(MOST.get(kind, 40)) if kind in COUNTED else lasts
        actions.append(Action(round(at, 3), kind, who, amount))
    return tuple(sorted((*actions, *_absence(shape, chance))))


def _absence(shape: Shape, chance: random.Random) -> Iterator[Action]:
    """Have an agent be away that has a `dedup` of a short window, until what waits for it is late.

    It is back well before a key is forgotten, which copies are promised to come before.
    """
    short = [
        (agent.name, host)
        for agent in shape.agents
        if any("window" in (sink.value("dedup") or "") for sink in agent.sinks)
        for host in agent.hosts
    ]
    if short and chance.random() < 0.5:
        at, kind = round(chance.uniform(0.05, LENGTH), 3), chance.choice(("kill", "power"))
        yield Action(at, kind, chance.choice(short), LATE)


def holds(
    agent: Agent, at: float, lasts: float, only: AbstractSet[str] | None = None
) -> Iterator[Action]:
    """Yield that no channel of an agent is read for a while, or `only` some are not."""
    for channel in agent.channels:
        for host in agent.hosts if only is None or channel.name in only else ():
            yield Action(at, "hold", (agent.name, channel.name, host), lasts)


def given(shape: Shape, seed: int) -> Script:
    """Return what sources are given in each life of a seed's fleet that is not made by chance."""
    return tuple(sends(shape, random.Random(f"stepped {seed}")))


def sends(shape: Shape, chance: random.Random) -> Iterator[Action]:
    """Yield what each source that is given its events is given."""
    for agent in shape.agents:
        for source in agent.sources:
            if source.kind in ("taildir", "http"):
                for host in agent.given_on(source):
                    for at in [0.0, *(chance.uniform(0, LENGTH) for _ in range(3))]:
                        who = (agent.name, source.name, host)
                        yield Action(round(at, 3), "send", who, chance.randint(2, 5))
                    for kind in source.harmed:
                        yield Action(round(chance.uniform(0, LENGTH), 3), kind, who, 1)


def places(shape: Shape) -> list[tuple[str, tuple[str, ...]]]:
    """Return every fault that a fleet can have: its kind, and to whom."""
    return [fault for agent in shape.agents for fault in _of_agent(shape, agent)]


def _of_agent(shape: Shape, agent: Agent) -> Iterator[tuple[str, tuple[str, ...]]]:
    links = [link for link in shape.links if link.sender[0] == agent.name]
    for host in agent.hosts:
        for kind in ("kill", "doom", "power", "fall", "restart", "slow"):
            yield kind, (agent.name, host)
        for source in agent.sources:
            if source.kind == "taildir":
                copies = source.value("rotation") == "copytruncate"
                yield "copy" if copies else "rotate", (agent.name, source.name, host)
            if source.kind == "http":
                yield "repost", (agent.name, source.name, host)
                yield "deaf", (agent.name, source.name, host)
                if not source.posted_to_all and source.value("request_id") is None:
                    for other in agent.hosts:  # with it they are promised to keep to one host
                        if other != host:
                            yield "stray", (agent.name, source.name, host, other)
        for channel in agent.channels:
            yield "rest", (agent.name, channel.name, host)
        for sink in agent.sinks:
            if sink.kind in FILING:
                for kind in ("outage", "lapse"):
                    yield kind, (agent.name, sink.name, host)
        for link in links:
            for _, _, peer in shape.peers(link, host):
                for kind in ("cut", "mute", "sever"):
                    yield kind, (*link.sender, host, peer)
