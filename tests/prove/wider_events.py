"""What a made fleet may get at its sources: files that are emptied, events that harm."""

import random
from dataclasses import replace

from prove.shape import Agent, Part, Reading, Shape, with_values
from prove.wider_sinks import each_sink, with_channel


def emptied(shape: Shape, chance: random.Random) -> Shape:
    """Have files rotated by a copy before they are emptied."""

    def change(part: Part) -> Part:
        if part.kind != "taildir" or chance.random() < 0.3:
            return part
        return with_values(part, rotation="copytruncate")

    agents = (replace(agent, sources=tuple(map(change, agent.sources))) for agent in shape.agents)
    return replace(shape, agents=tuple(agents))


def poisoned(shape: Shape, chance: random.Random) -> Shape:
    """Have some events kill sinks, all of which have a place for such."""

    def change(agent: Agent, reading: Reading, sink: Part) -> tuple[Agent, Part]:
        if sink.value("dead_letter") is not None:
            return agent, sink
        channel = f"dead_{sink.name}"
        agent = with_channel(agent, channel, reading.channel)
        return agent, with_values(sink, dead_letter=channel)

    return _harmed(each_sink(shape, change), "poison", chance)


def rejecting(shape: Shape, chance: random.Random) -> Shape:
    """Have links put aside what is too large for them, and maybe a sink have it from there."""
    if any(part.kind == "spill" for agent in shape.agents for part in agent.channels):
        return shape  # in its memory there is no room for such an event
    links = [link for link in shape.links if chance.random() < 0.7]
    for link in links:
        name, channel = link.sender
        agent, letters = shape.agent(name), f"dead_{channel}"
        agent = with_channel(agent, letters, channel)
        if chance.random() < 0.5:
            agent = _read(agent, letters)
        wider = with_values(link, largest_frame="64KiB", dead_letter=letters)
        shape = replace(
            shape,
            agents=tuple(agent if each.name == name else each for each in shape.agents),
            links=tuple(wider if each is link else each for each in shape.links),
        )
    return _harmed(shape, "bulk", chance) if links else shape


def _read(agent: Agent, channel: str) -> Agent:
    """Give a channel a sink that publishes what comes."""
    sink = Part(f"{channel}_store", "file_roll", (
        ("directory", f'"/srv/${{host.name}}/{channel}"'), ("format", "json"),
        ("roll", "{\n  every = 1s\n}"),
    ))  # fmt: skip
    reading = Reading(channel, (sink.name,))
    return replace(agent, sinks=(*agent.sinks, sink), readings=(*agent.readings, reading))


def _harmed(shape: Shape, kind: str, chance: random.Random) -> Shape:
    """Let something be wrong with events of some sources that are given theirs."""

    def change(part: Part) -> Part:
        given = part.kind in ("taildir", "http") and chance.random() < 0.7
        return replace(part, harmed=(*part.harmed, kind)) if given else part

    agents = (replace(agent, sources=tuple(map(change, agent.sources))) for agent in shape.agents)
    return replace(shape, agents=tuple(agents))
