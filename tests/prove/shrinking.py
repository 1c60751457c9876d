"""Making a fleet that fails smaller while it does: fewer faults and sends, parts and hosts."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from prove import simulated
from prove.case import Wrong
from prove.claiming import Unsound, claimed
from prove.judging import Judge
from prove.script import Script
from prove.shape import Agent, Chain, Link, Part, Reading, Shape
from prove.ways import letters

TRIES = 150
"""How many smaller ones are tried at most."""


def smaller(shape: Shape, wrong: Wrong) -> tuple[Shape, Wrong]:
    """Return the smallest fleet and script that were found to fail in the same way."""
    kinds = {each.kind for each in wrong.seen}
    budget = [TRIES]

    def fails(candidate: Shape, script: Script) -> Wrong | None:
        budget[0] -= 1
        found = judged(candidate, script, wrong.seed) if budget[0] >= 0 else None
        return found if found and kinds & {each.kind for each in found.seen} else None

    while budget[0] > 0:
        before = shape, wrong.script
        shape, wrong = _fewer_actions(shape, wrong, fails)
        shape, wrong = _fewer_parts(shape, wrong, fails)
        if (shape, wrong.script) == before:
            break
    return shape, wrong


def judged(shape: Shape, script: Script, seed: int) -> Wrong | None:
    """Play a script; return what is wrong with it, None where nothing is or can be."""
    try:
        made = claimed(shape)
    except Unsound:
        return None
    seen = Judge(shape, made.claims).wrong(simulated.play(shape, made.plan, script, seed))
    return Wrong(script, seed, seen) if seen else None


Fails = Callable[[Shape, Script], Wrong | None]


def _fewer_actions(shape: Shape, wrong: Wrong, fails: Fails) -> tuple[Shape, Wrong]:
    for action in sorted(wrong.script, key=lambda each: (each.kind == "send", each)):
        rest = tuple(each for each in wrong.script if each is not action)
        wrong = fails(shape, rest) or wrong
    return shape, wrong


def _fewer_parts(shape: Shape, wrong: Wrong, fails: Fails) -> tuple[Shape, Wrong]:
    found = True
    while found:
        found = False
        for candidate in _candidates(shape):
            rest = tuple(each for each in wrong.script if _there(candidate, each.who))
            if fewer := fails(candidate, rest):
                shape, wrong, found = candidate, fewer, True
                break
    return shape, wrong


def _there(shape: Shape, who: tuple[str, ...]) -> bool:
    """Say whether all that an action names is in a fleet."""
    names = {agent.name for agent in shape.agents}
    names |= {host for agent in shape.agents for host in agent.hosts} | {"*"}
    for agent in shape.agents:
        names |= {part.name for part in (*agent.sources, *agent.channels, *agent.sinks)}
    return all(name in names for name in who)


def _candidates(shape: Shape) -> Iterator[Shape]:
    """Yield the fleets that have one thing less; not all of them are whole."""
    for agent in shape.agents:
        rest = tuple(each for each in shape.agents if each is not agent)
        links = tuple(link for each in shape.links for link in _links_without(each, agent.name))
        yield _whole(replace(shape, agents=rest, links=links))
    for agents in _alike(shape):
        parts = (*agents[0].sources, *agents[0].channels)
        for name in dict.fromkeys(part.name for part in parts):
            yield _with(shape, {agent: _without_part(agent, name) for agent in agents})
    for agent in shape.agents:
        for less in _less(agent):
            yield _with(shape, {agent: less})


def _alike(shape: Shape) -> Iterator[tuple[Agent, ...]]:
    """Yield the agents one by one, but those together among which a link chooses."""
    names = [tuple(dict.fromkeys(name for name, _ in link.targets)) for link in shape.links]
    together = set(filter(lambda targets: len(targets) > 1, names))
    alone = {agent.name for agent in shape.agents}.difference(*together)
    for group in (*sorted(together), *((name,) for name in sorted(alone))):
        yield tuple(shape.agent(name) for name in group)


def _with(shape: Shape, changed: Mapping[Agent, Agent]) -> Shape:
    """Put agents in the place of others; links go with the channels that they sent."""
    agents = tuple(changed.get(agent, agent) for agent in shape.agents)
    return _whole(replace(shape, agents=agents))


def _whole(shape: Shape) -> Shape:
    """Take away what nothing feeds or nothing reads, until that is all."""
    there = {
        (agent.name, part.name)
        for agent in shape.agents
        for part in (*agent.sources, *agent.channels)
    }
    links = tuple(link for link in shape.links if {link.sender, *link.targets} <= there)
    led_to = {target for link in links for target in link.targets}
    sending = {link.sender for link in links}
    agents = tuple(_connected(agent, led_to, sending) for agent in shape.agents)
    whole = replace(shape, links=links, agents=tuple(agent for agent in agents if agent.channels))
    return whole if whole == shape else _whole(whole)


def _connected(
    agent: Agent, led_to: set[tuple[str, str]], sending: set[tuple[str, str]]
) -> Agent:  # fmt: skip
    """Leave out the channels and link sources of an agent that no event comes to, or leaves."""
    given_up = {name for sink in agent.sinks for name in letters(agent, sink.name)}
    fed = given_up | {name for other, name in led_to if other == agent.name}
    fed |= {end.channel for chain in agent.chains for end in chain.everywhere if end.channel}
    read = given_up | {reading.channel for reading in agent.readings}
    read |= {name for other, name in sending if other == agent.name}
    sources = tuple(
        part for part in agent.sources if part.kind != "link" or (agent.name, part.name) in led_to
    )
    channels = tuple(part for part in agent.channels if part.name in fed & read)
    return _swept(replace(agent, sources=sources, channels=channels))


def _links_without(link: Link, agent: str) -> Iterator[Link]:
    """Yield what is left of a link without one agent."""
    targets = [target for target in link.targets if target[0] != agent]
    if targets and link.sender[0] != agent:
        yield replace(link, target=targets[0], more=tuple(targets[1:]))


def _less(agent: Agent) -> Iterator[Agent]:
    if len(agent.hosts) > 1:
        yield replace(agent, hosts=agent.hosts[:-1], facts=agent.facts[: len(agent.hosts) - 1])
    for reading in agent.readings:
        for sink in reading.sinks if len(reading.sinks) > 1 else ():
            yield _swept(_without_member(agent, reading, sink))
    for part in agent.sinks:
        for name in ("dead_letter", "give_up", "dedup", "workers", "path"):
            if part.value(name) is not None and (name, part.kind) != ("path", "hdfs"):
                yield _with_less(agent, part, name)
    for chain in agent.chains:
        for less in _less_chain(chain):
            chains = tuple(less if each is chain else each for each in agent.chains)
            yield replace(agent, chains=chains)


def _less_chain(chain: Chain) -> Iterator[Chain]:
    if chain.keeps or chain.arms:
        targets = chain.targets or chain.arms[0].targets
        yield replace(chain, keeps="", arms=(), by_host=False, targets=targets)
    if chain.spares:
        yield replace(chain, spares=False)
    for step in chain.steps:
        yield replace(chain, steps=tuple(each for each in chain.steps if each is not step))


def _without_member(agent: Agent, reading: Reading, sink: str) -> Agent:
    sinks = tuple(each for each in reading.sinks if each != sink)
    less = replace(reading, sinks=sinks)
    if len(sinks) == 1:
        less = Reading(reading.channel, sinks)
    readings = tuple(less if each is reading else each for each in agent.readings)
    return replace(agent, readings=readings)


def _with_less(agent: Agent, part: Part, name: str) -> Agent:
    """Leave one property of a sink out; what gives nothing up has no use for the time."""
    names = {name, "give_up"} if name == "dead_letter" else {name}
    less = replace(part, values=tuple(each for each in part.values if each[0] not in names))
    return replace(agent, sinks=tuple(less if each is part else each for each in agent.sinks))


def _without_part(agent: Agent, name: str) -> Agent:
    """Leave a source or a channel out, where there is one of that name."""
    sources = tuple(part for part in agent.sources if part.name != name)
    channels = tuple(part for part in agent.channels if part.name != name)
    return _swept(replace(agent, sources=sources, channels=channels))


def _swept(agent: Agent) -> Agent:
    """Take away what stands alone, now that something is gone."""
    sources = {part.name for part in agent.sources}
    channels = {part.name for part in agent.channels}
    chains = []
    for chain in agent.chains:
        kept = tuple(target for target in chain.targets if target.channel in channels)
        arms = tuple(
            replace(arm, targets=tuple(t for t in arm.targets if t.channel in {*channels, None}))
            for arm in chain.arms
        )
        if chain.source in sources and (kept or (arms and all(arm.targets for arm in arms))):
            chains.append(replace(chain, targets=kept, arms=arms))
    readings = tuple(each for each in agent.readings if each.channel in channels)
    used = {sink for reading in readings for sink in reading.sinks}
    return replace(
        agent, chains=tuple(chains), readings=readings,
        sinks=tuple(sink for sink in agent.sinks if sink.name in used),
    )  # fmt: skip
