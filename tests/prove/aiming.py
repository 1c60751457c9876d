"""Faults that are to show a weak claim: of the kind that its effect names, at its place."""

import random
from collections.abc import Iterator, Sequence

from flumec.compiler.proofs.claim import TOLD_APART, Claim, Effect, Failure, Harm
from prove.script import LATE, LENGTH, STEPS, Action, Script, holds, places, sends
from prove.shape import Shape

KINDS: dict[Failure, tuple[str, ...]] = {
    Failure.ALWAYS: ("rest", "sever"),
    Failure.CLIENT_RETRIED: ("repost", "stray"),
    Failure.REPLY_LOST: ("mute", "deaf", "lapse", "sever"),
    Failure.CONNECTION_CUT: ("mute", "cut", "sever"),
    Failure.BUNDLE_CHANGED: ("restart",),
    Failure.ROTATION: ("rotate", "copy"),
    Failure.SERVER_RESTARTED: ("outage", "lapse"),
    Failure.KILLED: ("doom", "doom", "kill"),
    Failure.POWER_CUT: ("fall", "power"),
}
"""What to do, to have a failure."""

DEATHS = {Failure.KILLED: "doom", Failure.POWER_CUT: "fall"}
"""What happens at a step of an agent's work."""

WANTED = {"best_effort": Harm.LOSES, "at_least_once": Harm.REPEATS}
"""What shows that a claim could not be stronger."""


REJECTED = 7
"""How many of them there are, all the time: something is to happen to one of them."""

FLOOD = 40
"""How many events are more than a channel takes that is to get full."""


def wanted(claim: Claim) -> Harm:
    """Return the harm that shows a claim to be as weak as it says; none for the strongest."""
    return WANTED.get(claim.delivery, Harm.NONE)


def harms(claim: Claim) -> list[Effect]:
    """Return the effects for which a claim is as weak as it says."""
    return [
        effect
        for failure, worst in claim.worst.items()
        for effect in (worst if failure not in TOLD_APART else ())
        if wanted(claim) & effect.harm
    ]


def aimed(shape: Shape, claims: Sequence[Claim], seed: int, turn: int) -> Script:
    """Return the `turn`-th script of a seed that may show claims to be as weak as they say."""
    chance = random.Random(f"aimed {seed} {turn}")
    actions = [*sends(shape, chance)]
    for claim in claims:
        actions += rejected(shape, claim)
        if found := harms(claim):
            effect = chance.choice(found)
            stepwise = turn % 2 and effect.harm is Harm.REPEATS and effect.failure in DEATHS
            if stepwise:
                actions += _in_between(shape, effect, turn // 2)
            else:
                actions += _at(shape, effect, claim, chance)
    return tuple(sorted(set(actions)))


def _at(shape: Shape, effect: Effect, claim: Claim, chance: random.Random) -> Iterator[Action]:
    """Yield faults at an effect's place, and have events wait there, or in front of it."""
    agent = shape.agent(effect.node[0])
    near = {agent.name}
    near |= {name for link in shape.links if link.sender == effect.node for name, _ in link.targets}
    kinds = KINDS[effect.failure]
    found = [
        (kind, who)
        for kind, who in places(shape)
        if kind in kinds and who[0] in (near if len(who) == 2 else {agent.name})
        if kind not in ("repost", "stray") or who[1] == effect.node[1]
    ]
    for kind, who in chance.choices(found, k=min(4, len(found))) if found else ():
        at = chance.choice((0.0, chance.uniform(0.1, LENGTH)))
        steps = chance.randrange(chance.choice((20, 60, 200)))
        amount = steps if kind in STEPS else chance.choice((0.1, 0.4, 1.0))
        yield Action(round(at, 3), kind, who, 1 if kind == "copy" else amount)
    if effect.harm is Harm.LOSES and chance.random() < 0.8:
        yield from holds(agent, 0.0, 1.2)
    if effect.late:
        yield from (Action(0.6, "kill", (agent.name, host), LATE) for host in agent.hosts)
    elif effect.failure is Failure.ALWAYS:
        yield from flood(shape, claim)
        if effect.copies is not None:  # one of them goes elsewhere while a host is away
            yield Action(0.0, "kill", (agent.name, chance.choice(agent.hosts)), LENGTH)


def _in_between(shape: Shape, effect: Effect, turn: int) -> Iterator[Action]:
    """Yield deaths at one step after the other, between what a sink did and its note of it.

    A source that makes its own events is done with them in the first moment; what comes from
    others is held back, and the sink dies when it gets it.
    """
    agent, kind = shape.agent(effect.node[0]), DEATHS[effect.failure]
    for host in agent.hosts:
        yield Action(0.0, kind, (agent.name, host), 24 + turn)
        yield Action(0.5, kind, (agent.name, host), turn % 8)
        for channel in agent.channels:
            yield Action(0.1, "hold", (agent.name, channel.name, host), 0.42)


def rejected(shape: Shape, claim: Claim) -> Iterator[Action]:
    """Yield events that no frame of a link takes, where these are all that comes to a sink."""
    giving = shape.agent(claim.source[0])
    source = giving.source(claim.source[1])
    agent, sink = shape.agent(claim.sink[0]), claim.sink[1]
    channels = {each.channel for each in agent.readings if sink in each.sinks}
    links = [link for link in shape.links if link.sender[0] == agent.name]
    if source.kind != "seq" and channels & {link.value("dead_letter") for link in links}:
        for host in giving.given_on(source):
            for number in range(REJECTED):
                yield Action(round(0.05 + number / REJECTED, 3), "bulk", (*claim.source, host), 1)


def flood(shape: Shape, claim: Claim) -> Iterator[Action]:
    """Yield so many events of a claim's source that a channel whose readers rest gets full."""
    yield from _given(shape, claim, together=5, every=0.05)


def trickle(shape: Shape, claim: Claim, kind: str = "send") -> Iterator[Action]:
    """Yield them one by one, so slowly that each is stored alone, also by what looks now and then.

    Events that are stored together wait together: what may be left out, for what may not.
    """
    yield from _given(shape, claim, together=1, every=0.2, kind=kind)


def _given(
    shape: Shape, claim: Claim, together: int, every: float, kind: str = "send"
) -> Iterator[Action]:
    agent = shape.agent(claim.source[0])
    source = agent.source(claim.source[1])
    for host in () if source.kind == "seq" else agent.hosts:
        for number in range(FLOOD // together):
            at = round(0.1 + number * every, 3)
            yield Action(at, kind, (agent.name, source.name, host), together)
