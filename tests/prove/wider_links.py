"""What a made fleet may get at its links and hosts: targets, sites, weights, ways to choose."""

import random
from dataclasses import replace

from prove.shape import Agent, Link, Shape, with_values

SITES = ('"north"', '"south"')


def parted(shape: Shape, chance: random.Random) -> Shape:
    """Make two agents of one that a link leads to on several hosts: the link names both."""
    led_to = {link.target[0] for link in shape.links}
    found = [agent for agent in shape.agents if agent.name in led_to and len(agent.hosts) > 1]
    if not found:
        return shape
    whole = chance.choice(found)
    one, two = replace(whole, hosts=whole.hosts[:-1]), _twin(whole)
    agents = [
        each for agent in shape.agents for each in ((one, two) if agent is whole else (agent,))
    ]
    links: list[Link] = []
    port = max(int(link.value("port") or 0) for link in shape.links)
    for link in shape.links:
        more = tuple((two.name, end) for name, end in link.targets if name == whole.name)
        links.append(replace(link, more=(*link.more, *more)))
        if link.sender[0] == whole.name:
            port += 1
            links.append(
                replace(with_values(link, port=str(port)), sender=(two.name, link.sender[1]))
            )
    return replace(shape, agents=tuple(agents), links=tuple(links))


def _twin(agent: Agent) -> Agent:
    """Return the same agent by another name on the last host."""
    return replace(agent, name=f"{agent.name}b", hosts=agent.hosts[-1:])


def at_sites(shape: Shape, chance: random.Random) -> Shape:
    """Say where hosts are, and keep links within their sites, where that leaves all a receiver."""
    agents = []
    for agent in shape.agents:
        first = chance.randrange(2)
        sites = [SITES[(first + number) % 2] for number in range(len(agent.hosts))]
        agents.append(with_facts(agent, "site", sites))
    shape = replace(shape, agents=tuple(agents))
    links = tuple(
        within if _has_several(shape, link) and _fits(shape, within) else link
        for link in shape.links
        for within in (with_values(link, within="host.site"),)
    )
    return replace(shape, links=links)


def _fits(shape: Shape, link: Link) -> bool:
    """Say whether each sender has a receiver, and as many as the others where each gets a copy."""
    counts = {len(shape.peers(link, host)) for host in shape.agent(link.sender[0]).hosts}
    return 0 not in counts and (link.policy != "all" or len(counts) == 1)


def weighted(shape: Shape, chance: random.Random) -> Shape:
    """Give the receivers of links different weights."""
    led_to = {
        name
        for link in shape.links
        for name, _ in link.targets
        if link.policy == "balance" or link.policy.startswith("hash")
    }
    agents = tuple(
        with_facts(agent, "weight", [str(chance.randint(1, 3)) for _ in agent.hosts])
        if agent.name in led_to
        else agent
        for agent in shape.agents
    )
    return replace(shape, agents=agents)


def preferred(shape: Shape, chance: random.Random) -> Shape:
    """Have senders begin at different receivers."""
    links = tuple(
        with_values(link, spread="true")
        if link.policy in ("failover", "balance") and chance.random() < 0.8
        else link
        for link in shape.links
    )
    return replace(shape, links=links)


def keyed(shape: Shape, chance: random.Random) -> Shape:
    """Choose receivers by what differs between a source's events, or between its hosts."""

    def change(link: Link) -> Link:
        if not link.policy.startswith("hash"):
            return link
        name, channel = link.sender
        arms = [arm for chain in shape.agent(name).chains for arm in chain.arms]
        is_routed = any(target.channel == channel for arm in arms for target in arm.targets)
        keys = ["header.id", "header.via", *["header.digit"] * is_routed]
        return with_values(link, policy=f"hash({chance.choice(keys)})")

    return replace(shape, links=tuple(map(change, shape.links)))


def undrained(shape: Shape, chance: random.Random) -> Shape:
    """Have agents that stop not wait for what is under way on a link."""
    links = tuple(
        with_values(link, drain="0s") if chance.random() < 0.6 else link for link in shape.links
    )
    return replace(shape, links=links)


def _has_several(shape: Shape, link: Link) -> bool:
    return sum(len(shape.agent(name).hosts) for name, _ in link.targets) > 1


def with_facts(agent: Agent, name: str, values: list[str]) -> Agent:
    """Return an agent with one thing more said of each of its hosts."""
    facts = agent.facts or ((),) * len(agent.hosts)
    return replace(
        agent,
        facts=tuple((*own, (name, value)) for own, value in zip(facts, values, strict=True)),
    )
