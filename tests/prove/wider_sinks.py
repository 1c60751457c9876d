"""What a made fleet may get at its channels and sinks: groups, letters, folders, stores."""

import random
from collections.abc import Callable
from dataclasses import replace

from prove.shape import FILING, Agent, Part, Reading, Settings, Shape, with_values

Change = Callable[[Agent, Reading, Part], tuple[Agent, Part]]
"""Takes an agent, one of its readings and a sink of that; returns the agent and the sink anew."""

ASIDE = ("late", "dead")
"""How channels are called for what sinks and links give up."""

GIVE_UP = ("after(1s)", "after(2s)", "after(5s)")

WINDOW = "10m"
"""Of a `dedup`: as short as one may be, so that what waits for half of it is late."""


def deduplicated(shape: Shape, chance: random.Random) -> Shape:
    """Have sinks leave copies out, also where none are, and know keys for a short time."""

    def change(agent: Agent, reading: Reading, sink: Part) -> tuple[Agent, Part]:
        if sink.kind not in FILING or reading.group or chance.random() < 0.3:
            return agent, sink
        known = sink.value("dedup")
        key = "header.id" if known or chance.random() < 0.7 else "tag"
        late = "late" if known else f"late_{sink.name}"
        if not known and shape.aim == "best_effort" and chance.random() < 0.3:
            late = "drop"
        if not known and late != "drop":
            agent = with_channel(agent, late, reading.channel)
        return agent, with_dedup(sink, key, late)

    return each_sink(shape, change)


def with_dedup(sink: Part, key: str, late: str) -> Part:
    """Return a sink that knows events by a key for a short time."""
    return with_values(sink, dedup=f"{{\n  key = {key}\n  window = {WINDOW}\n  late = {late}\n}}")


def grouped(shape: Shape, chance: random.Random) -> Shape:
    """Make groups of three, of what is no group and of those of two."""

    def change(agent: Agent) -> Agent:
        for reading in agent.readings:
            channel = next(part for part in agent.channels if part.name == reading.channel)
            sinks = [agent.sink(name) for name in reading.sinks]
            if channel.kind == "spill" or any(sink.value("dedup") for sink in sinks):
                continue
            if chance.random() < 0.4:
                continue
            agent = _with_members(agent, reading, chance, waits=shape.aim == "exactly_once")
        return agent

    return replace(shape, agents=tuple(change(agent) for agent in shape.agents))


def _with_members(agent: Agent, reading: Reading, chance: random.Random, *, waits: bool) -> Agent:
    first = agent.sink(reading.sinks[0])
    names = [f"{first.name}{letter}" for letter in "xyz"[: 3 - len(reading.sinks)]]
    added = [_renamed(first, name) for name in names]
    group = reading.group or chance.choice(("failover", "balance"))
    doubt = reading.in_doubt if reading.group else "wait" * (waits or chance.random() < 0.5)
    wider = Reading(reading.channel, (*reading.sinks, *names), group, doubt)
    readings = tuple(wider if each is reading else each for each in agent.readings)
    return replace(agent, sinks=(*agent.sinks, *added), readings=readings)


def _renamed(sink: Part, name: str) -> Part:
    values = tuple((key, value.replace(f"/{sink.name}", f"/{name}")) for key, value in sink.values)
    return replace(sink, name=name, values=values)


def lettered(shape: Shape, chance: random.Random) -> Shape:
    """Have sinks give up what they cannot deliver for a while: for a channel, or another sink."""

    def change(agent: Agent, reading: Reading, sink: Part) -> tuple[Agent, Part]:
        if sink.kind not in FILING or sink.value("dedup") or chance.random() < 0.3:
            return agent, sink
        channel = f"dead_{sink.name}"
        agent = with_channel(agent, channel, reading.channel)
        if chance.random() < 0.5:
            reader = _renamed(sink, f"{sink.name}_dead")
            agent = replace(
                agent, sinks=(*agent.sinks, reader),
                readings=(*agent.readings, Reading(channel, (reader.name,))),
            )  # fmt: skip
        return agent, with_values(sink, dead_letter=channel, give_up=chance.choice(GIVE_UP))

    return each_sink(shape, change)


def in_hdfs(shape: Shape, chance: random.Random) -> Shape:
    """Have sinks write into HDFS, or by its sink into a folder of their host."""

    def change(agent: Agent, reading: Reading, sink: Part) -> tuple[Agent, Part]:
        if sink.kind != "file_roll" or chance.random() < 0.3:
            return agent, sink
        values = dict(sink.values)
        folder = values.pop("directory").strip('"')
        where = chance.choice(("hdfs://nn.example.com", "hdfs://nn.example.com", "file://"))
        values = {"path": f'"{where}{folder}"', **values}
        return agent, replace(sink, kind="hdfs", values=tuple(values.items()))

    return each_sink(shape, change)


def in_folders(shape: Shape, chance: random.Random) -> Shape:
    """Have sinks write into several folders, by what stands in the events."""

    def change(agent: Agent, reading: Reading, sink: Part) -> tuple[Agent, Part]:
        if sink.kind not in FILING or chance.random() < 0.3:
            return agent, sink
        headers = ["%{via}", "%{origin}/%Y", "%{id}"]
        ends = {end.channel for chain in agent.chains for arm in chain.arms for end in arm.targets}
        if reading.channel in ends:
            headers += ["%{digit}", "%{digit}"]
        folder = chance.choice(headers)
        return agent, in_folder(sink, folder)

    return each_sink(shape, change)


def in_folder(sink: Part, folder: str) -> Part:
    """Return a sink that writes into folders below those that it has."""
    below = "" if sink.kind == "file_roll" else f"{(sink.value('path') or '')[1:-1]}/"
    return with_values(sink, path=f'"{below}{folder}"')


def working(shape: Shape, chance: random.Random) -> Shape:
    """Have sinks finish their files in several threads, or keep few of them open."""

    def change(agent: Agent, reading: Reading, sink: Part) -> tuple[Agent, Part]:
        if sink.kind not in FILING:
            return agent, sink
        more = {"workers": "3"} if chance.random() < 0.6 else {"max_open": "1"}
        return agent, with_values(sink, **more)

    return each_sink(shape, change)


def refusing(shape: Shape, chance: random.Random) -> Shape:
    """Have channels refuse at once what has no room."""

    def change(part: Part) -> Part:
        if part.value("when_full") or chance.random() < 0.4:
            return part
        return with_values(part, events="8" if part.kind == "file" else "60", when_full="reject")

    def unless_aside(part: Part) -> Part:
        return part if part.name.startswith(ASIDE) else change(part)

    return each_channel(shape, unless_aside)


def counted(shape: Shape, chance: random.Random) -> Shape:
    """Have sinks that show events throw them away: what they got is seen as well."""

    def change(agent: Agent, reading: Reading, sink: Part) -> tuple[Agent, Part]:
        return agent, replace(sink, kind="null") if sink.kind == "logger" else sink

    return each_sink(shape, change)


def each_channel(shape: Shape, change: Callable[[Part], Part]) -> Shape:
    """Return a fleet in which each channel is changed."""
    agents = (replace(agent, channels=tuple(map(change, agent.channels))) for agent in shape.agents)
    return replace(shape, agents=tuple(agents))


def each_sink(shape: Shape, change: Change) -> Shape:
    """Return a fleet in which each sink that is there now is changed, and maybe its agent."""
    return replace(shape, agents=tuple(_changed(agent, change) for agent in shape.agents))


def _changed(agent: Agent, change: Change) -> Agent:
    for reading in agent.readings:
        for name in reading.sinks:
            wider, changed = change(agent, reading, agent.sink(name))
            sinks = tuple(changed if part.name == name else part for part in wider.sinks)
            agent = replace(wider, sinks=sinks)
    return agent


def with_channel(agent: Agent, name: str, beside: str) -> Agent:
    """Return an agent with one more file channel, in the journal of another channel."""
    other = next(part for part in agent.channels if part.name == beside)
    journal = other.value("journal")
    values: Settings = (("journal", journal),) if journal is not None else ()
    return replace(agent, channels=(*agent.channels, Part(name, "file", values)))
