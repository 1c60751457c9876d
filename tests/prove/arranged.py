"""Lives in which things are arranged so that a weak claim shows, as no single step brings about."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import replace
from itertools import chain

from flumec.compiler.graph import Node
from flumec.compiler.proofs.claim import Claim, Failure, Harm
from prove.aiming import flood, rejected, wanted
from prove.script import LATE, LENGTH, Action, Script, given, holds, places
from prove.shape import FILING, Agent, Shape
from prove.ways import buried, letters

CHOOSING = ("failover", "balance")
"""The policies of links that send to another peer when one is away."""

WAITED = 6.0
"""Units of time after which all that can come to a channel that nobody reads lies there."""

NOTICED = 3.0
"""When a sender has noticed that a peer is away: what it sends from then on is for another one."""

GIVEN_UP = 20.0
"""After which everything is given up that comes to sinks whose servers are away."""


def arranged(shape: Shape, claim: Claim, seed: int) -> Iterator[Script]:
    """Yield a few lives in which a claim is likely to show that it is no stronger."""
    calm = (*given(shape, seed), *rejected(shape, claim))
    for harm in chain.from_iterable(each(shape, claim) for each in _HARMS):
        yield tuple(sorted((*calm, *harm)))


def _buried(shape: Shape, claim: Claim) -> Iterator[list[Action]]:
    """Have all sinks but those that read dead letters give up what comes to them.

    Of a group, that is the first one. For another one to do so, it works until the group has seen
    that the others do not, and there are no events before that.
    """
    dead = {(agent.name, name) for agent in shape.agents for name in _readers(agent)}
    if claim.sink not in dead:
        return
    agent, gathered = shape.agent(claim.sink[0]), list(_gathered(shape, claim))
    late = {sink.name for sink in agent.sinks if claim.sink[1] in buried(agent, sink.name)}
    away = list(_away(shape, dead))
    held = [
        *_away(shape, dead, {(agent.name, name) for name in late}),
        *holds(agent, 0.0, WAITED, _read_by(agent, late)),
    ]
    yield from (away, [*away, *gathered], held, [*held, *gathered])


def _away(
    shape: Shape, dead: AbstractSet[Node], late: AbstractSet[Node] = frozenset()
) -> Iterator[Action]:
    for agent in shape.agents:
        for sink in agent.sinks:
            node = agent.name, sink.name
            for host in agent.hosts if sink.kind in FILING and node not in dead else ():
                since = NOTICED if node in late else 0.0
                yield Action(since, "outage", (*node, host), GIVEN_UP)


def _gathered(shape: Shape, claim: Claim) -> Iterator[Action]:
    """Have each link that chooses send all to one of its peers, the sink's own host if that is one:
    events meet that are of one key.
    """
    own = shape.agent(claim.sink[0]).hosts
    for link in (each for each in shape.links if each.policy in CHOOSING):
        for host in shape.agent(link.sender[0]).hosts:
            peers = [peer for _, _, peer in shape.peers(link, host)]
            meant = [*(peer for peer in peers if peer in own), *peers][:1]
            for peer in peers:
                if peer not in meant:
                    yield Action(0.0, "cut", (*link.sender, host, peer), GIVEN_UP)


def _readers(agent: Agent) -> set[str]:
    return {name for sink in agent.sinks for name in buried(agent, sink.name)}


def _copied(shape: Shape, claim: Claim) -> Iterator[list[Action]]:
    """Have a file copied and emptied a few times, with lines of every digit in between."""
    if any(effect.harm & wanted(claim) for effect in claim.effects(Failure.ROTATION)):
        yield [
            Action(round(LENGTH + 0.1 + turn, 3), "copy", (*claim.source, host), 10 + turn)
            for turn in range(4)
            for host in shape.agent(claim.source[0]).hosts
        ]


def _waiting(shape: Shape, claim: Claim) -> Iterator[list[Action]]:
    """Have all events lie in one channel as its agent is killed, each copy of them."""
    for effect in claim.effects(Failure.KILLED):
        agent = shape.agent(effect.node[0])
        if effect.harm & wanted(claim) & Harm.LOSES:
            channels = {effect.node[1]} & {channel.name for channel in agent.channels}
            kills = [Action(WAITED - 1, "kill", (agent.name, host), 0.2) for host in agent.hosts]
            yield [*holds(agent, 0.0, WAITED, channels or None), *kills]


def _dying_in_turn(shape: Shape, claim: Claim) -> Iterator[list[Action]]:
    """Have each agent die as all events lie in it, one behind the other: what one keeps of several
    copies is lost in another one. The first time one host alone has the source, as there is room
    for few copies at once.
    """
    if not any(
        effect.harm & wanted(claim) & Harm.LOSES for effect in claim.effects(Failure.KILLED)
    ):
        return
    others = shape.agent(claim.source[0]).hosts[1:]
    for away in (others, ()) if others else ((),):
        deaths = [Action(0.0, "kill", (claim.source[0], host), GIVEN_UP) for host in away]
        for turn, agent in enumerate(shape.agents, 1):
            deaths += holds(agent, 0.0, LENGTH + turn)
            deaths += [
                Action(LENGTH + turn - 0.2, "kill", (agent.name, host), 0.1)
                for host in agent.hosts
                if host not in away
            ]
        yield deaths


def _overflowing(shape: Shape, claim: Claim) -> Iterator[list[Action]]:
    """Have all that comes to sinks be late, or given up, so that a channel for it overflows."""
    for effect in claim.effects(Failure.ALWAYS):
        agent, channel = shape.agent(effect.node[0]), effect.node[1]
        told = {sink.name: letters(agent, sink.name).get(channel) for sink in agent.sinks}
        if not effect.harm & wanted(claim) & Harm.LOSES:
            continue
        late = {name for name, is_late in told.items() if is_late}
        if late:
            waiting = list(holds(agent, 0.0, LATE, _read_by(agent, late)))
            yield from (waiting, [*waiting, *_gathered(shape, claim)])
        if giving := {name for name, is_late in told.items() if is_late is False}:
            much = [*flood(shape, claim), *_gathered(shape, claim)]
            yield [*_away(shape, frozenset()), *much]
            last = _away(shape, frozenset(), {(agent.name, name) for name in giving})
            yield [*last, *holds(agent, 0.0, WAITED, _read_by(agent, giving)), *much]


def _read_by(agent: Agent, sinks: AbstractSet[str]) -> set[str]:
    return {each.channel for each in agent.readings if sinks & {*each.sinks}}


def _moved(shape: Shape, claim: Claim) -> Iterator[list[Action]]:
    """Have a client repeat its request at another host, or once a link has gone over to another
    peer, and at once what a link rejects.
    """
    harms = (effect.harm for effect in claim.effects(Failure.CLIENT_RETRIED))
    if not any(harm & wanted(claim) & Harm.REPEATS for harm in harms):
        return
    if bulks := list(rejected(shape, claim)):
        yield [replace(bulk, at=round(bulk.at + 0.07, 3), kind="repost") for bulk in bulks]
    reposts, strays = (
        [Action(NOTICED, kind, who, 1) for kind, who in places(shape) if (kind, who[:2]) == asked]
        for asked in (("repost", claim.source), ("stray", claim.source))
    )
    if strays:
        yield strays
    for cuts in gone_over(shape, WAITED):
        yield [*reposts, *cuts]


def gone_over(shape: Shape, lasts: float) -> Iterator[list[Action]]:
    """Yield, for each link and peer, what makes it send elsewhere once all events were given."""
    for link in (each for each in shape.links if each.policy in CHOOSING):
        cuts = [
            Action(LENGTH + 0.1, "cut", (*link.sender, host, peer), lasts)
            for host in shape.agent(link.sender[0]).hosts
            for _, _, peer in shape.peers(link, host)
        ]
        for away in sorted({cut.who[-1] for cut in cuts}):
            yield [cut for cut in cuts if cut.who[-1] == away]


_HARMS = (_buried, _waiting, _dying_in_turn, _overflowing, _moved, _copied)
"""What is arranged, each for the claims that it may show."""
