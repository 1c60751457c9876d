"""What a made fleet may get for its `dedup` to go by: what clients, the clock, the host say.

Each source that events enter by has a chain that makes the headers `key` and `mark`, or clients
that send them. What is a part of no other event is the whole of it: that no two events have the
same key is what a claim assumes.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import replace

from prove.shape import FILING, Agent, Part, Reading, Shape, with_values
from prove.wider_sinks import each_sink, with_channel, with_dedup

SENT = ("key", "mark")
"""What clients may send, both with an event's name in them."""

SHARED = (
    "timestamp(header = header.{header}, preserve = {keeps})",
    "host(header = header.{header}, preserve = {keeps})",
    'static(header.{header}, "one", preserve = {keeps})',
)
"""Steps that make a header which many events share."""

OWN = (
    "fingerprint(header.key, of = [body], preserve = {keeps})",
    "fingerprint(header.key, of = [header.mark, body], preserve = {keeps})",
    "fingerprint(header.key, of = [header.via, body], preserve = {keeps})",
    'regex_extract(r"([^ ]+)$", into = [header.key])',
)
"""Steps that make a key of what an event is."""

KEYS = ("header.key",) * 4 + ("[header.key, header.mark]", "header.mark", "header.id", "tag")


def named_anew(shape: Shape, chance: random.Random) -> Shape:
    """Have headers made, and sent, in many ways, and let sinks know events by them."""
    agents = (_with_headers(agent, chance) for agent in shape.agents)
    posted = any(source.posted_to_all for agent in shape.agents for source in agent.sources)

    def change(agent: Agent, reading: Reading, sink: Part) -> tuple[Agent, Part]:
        key = chance.choice(KEYS)
        known = sink.value("dedup")
        if known and posted:
            return agent, sink  # what clients give to several is promised to have one `id`
        if known:
            return agent, with_values(sink, dedup=re.sub(r"key = \S+", f"key = {key}", known))
        if sink.kind not in FILING or reading.group or chance.random() < 0.3:
            return agent, sink
        late = f"late_{sink.name}"
        return with_channel(agent, late, reading.channel), with_dedup(sink, key, late)

    return each_sink(replace(shape, agents=tuple(agents)), change)


def _with_headers(agent: Agent, chance: random.Random) -> Agent:
    sources = {part.name: _sending(part, chance) for part in agent.sources}
    chains = []
    for chain in agent.chains:
        steps = _made(sources[chain.source], chance)
        chains.append(replace(chain, steps=(*chain.steps, *steps)))
    return replace(agent, sources=tuple(sources.values()), chains=tuple(chains))


def _sending(source: Part, chance: random.Random) -> Part:
    """Say what the clients of a source send: all that they may, so that a claim may assume it."""
    if source.kind != "http" or chance.random() < 0.3:
        return replace(source, sent=SENT) if source.kind == "http" else source
    lists: dict[str, list[str]] = {"required": [], "optional": []}
    sent = tuple(header for header in SENT if chance.random() < 0.5)
    for header in sent:
        lists[chance.choice(list(lists))].append(f"header.{header}")
    lines = [f"  {name} = [{', '.join(found)}]\n" for name, found in lists.items() if found]
    return replace(with_values(source, headers=f"{{\n{''.join(lines)}}}"), sent=sent)


def _made(source: Part, chance: random.Random) -> Iterator[str]:
    """Yield steps; what a link brings has the headers that it was given, and may keep them."""
    enters = source.kind != "link"
    marked = "mark" in source.sent
    if chance.random() < (0.6 if enters else 0.4):
        marked = True
        yield _step(chance.choice(SHARED), "mark", chance)
    own = [
        step
        for step in OWN
        if (marked or ".mark" not in step) and (not source.posted_to_all or ".via" not in step)
    ]
    for likely in (0.95, 0.3) if enters else (0.4,):
        if chance.random() < likely:
            yield _step(chance.choice(own if chance.random() < 0.7 else SHARED), "key", chance)


def _step(written: str, header: str, chance: random.Random) -> str:
    keeps = chance.choice(("true", "false"))
    return written.format(header=header, keeps=keeps)
