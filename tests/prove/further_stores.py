"""What a made fleet may get of where its channels lie: other journals, memory, and little room."""

import random
from dataclasses import replace

from prove.shape import Agent, Part, Shape, with_values
from prove.ways import letters
from prove.wider_sinks import ASIDE, each_channel

JOURNALS: dict[str, Part] = {
    "default": Part("default", "", (("sync", "1s"),)),
    "second": Part("second", "", (("compression", "lz4"),)),
    "slow": Part("slow", "", (("sync", "1s"),)),
}
"""Those that an agent may get; those of `slow`, and at times all others, acknowledge early."""


def journaled(shape: Shape, chance: random.Random) -> Shape:
    """Have channels lie in several journals, some of which sync late."""

    def change(agent: Agent) -> Agent:
        names = ("second", "slow") if chance.random() < 0.3 else ("second",)
        channels = tuple(
            with_values(part, journal=chance.choice(names))
            if part.kind != "memory" and chance.random() < 0.4
            else part
            for part in agent.channels
        )
        used = {part.value("journal") for part in channels}
        used |= {"default"} if chance.random() < 0.05 else set()
        has = {part.name for part in agent.journals}
        more = (part for name, part in JOURNALS.items() if name in used and name not in has)
        return replace(agent, channels=channels, journals=(*agent.journals, *more))

    return replace(shape, agents=tuple(map(change, shape.agents)))


def held_otherwise(shape: Shape, chance: random.Random) -> Shape:
    """Have channels in memory, or spill, those too for what is given up."""

    def change(part: Part) -> Part:
        often = 0.3 if part.name.startswith(ASIDE) else 0.1
        if part.kind != "file" or chance.random() >= often:
            return part
        if chance.random() < 0.6:
            values = tuple(each for each in part.values if each[0] != "journal")
            return replace(part, kind="memory", values=values)
        return replace(with_values(part, memory="64KiB", size="1MiB"), kind="spill")

    return each_channel(shape, change)


def overflowing(shape: Shape, chance: random.Random) -> Shape:
    """Have one of the channels for what is given up drop what is oldest, or another one; but for
    what is late after a day, which is longer than anything lasts here.
    """
    after_days = {
        channel
        for agent in shape.agents
        for sink in agent.sinks
        for channel, is_late in letters(agent, sink.name).items()
        if is_late and "window" not in (sink.value("dedup") or "")
    }
    every = [
        part for agent in shape.agents for part in agent.channels if part.name not in after_days
    ]
    aside = [part for part in every if part.name.startswith(ASIDE)]
    chosen = chance.choice(aside if aside and chance.random() < 0.8 else every)
    if chosen.value("when_full"):
        return shape

    def change(part: Part) -> Part:
        is_it = part is chosen
        return with_values(part, events="8", when_full="drop_oldest") if is_it else part

    return each_channel(shape, change)
