"""What a made fleet may get by whom events are of: a header that hashes and folders go by."""

import random
from collections.abc import Iterator
from dataclasses import replace

from prove.shape import FILING, Agent, Link, Part, Reading, Shape, with_values
from prove.wider_sinks import each_sink, in_folder

FOUND = 'regex_extract(r"([0-9])[0-9]$", into = [header.user])'
"""It is in most events; the numbers of a source that makes its own begin with one digit."""

ANEW = (
    FOUND,
    'static(header.user, "none")',
    'static(header.user, "all", preserve = false)',
    "host(header = header.user, preserve = true)",
)
"""What a step on the way may do to it."""


def by_user(shape: Shape, chance: random.Random) -> Shape:
    """Have events say whom they are of, and links and folders go by that."""
    agents = tuple(_with_users(agent, chance) for agent in shape.agents)
    links = tuple(_hashing(link, chance) for link in shape.links)

    def change(agent: Agent, reading: Reading, sink: Part) -> tuple[Agent, Part]:
        if sink.kind not in FILING or "%" in (sink.value("path") or "") or chance.random() < 0.4:
            return agent, sink
        return agent, in_folder(sink, "%{user}")

    return each_sink(replace(shape, agents=agents, links=links), change)


def _with_users(agent: Agent, chance: random.Random) -> Agent:
    sources = {part.name: _sending(part, chance) for part in agent.sources}
    chains = (
        replace(chain, steps=(*chain.steps, *_made(sources[chain.source], chance)))
        for chain in agent.chains
    )
    return replace(agent, sources=tuple(sources.values()), chains=tuple(chains))


def _sending(source: Part, chance: random.Random) -> Part:
    if source.kind != "http" or source.value("headers") or chance.random() < 0.3:
        return source
    return replace(source, sent=(*source.sent, "user"))


def _made(source: Part, chance: random.Random) -> Iterator[str]:
    if source.kind == "link" or "user" in source.sent:
        if chance.random() < 0.25:
            yield chance.choice(ANEW)
    elif chance.random() < 0.9:
        yield FOUND


def _hashing(link: Link, chance: random.Random) -> Link:
    """Choose by users where a link chooses by a hash, and have more of them do so."""
    if link.policy in ("single", "all") or chance.random() < 0.4:
        return link
    values = tuple(each for each in link.values if each[0] not in ("in_doubt", "spread"))
    return with_values(replace(link, values=values), policy="hash(header.user)")
