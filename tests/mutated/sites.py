"""Where in a good fleet a mistake can be made, asked of the bound model."""

import re
from collections.abc import Iterator, Mapping

from flumec.compiler.graph import Graph, Node
from flumec.compiler.model import (
    Agent,
    Arm,
    Chain,
    Component,
    End,
    Fault,
    Group,
    Link,
    Proof,
    Route,
    Settings,
    Step,
    Target,
    Value,
)
from flumec.compiler.proofs.places import Places
from flumec.compiler.source import Span
from mutated.example import Change, Example, text_of

FOR_ONE = ("failover", "balance")
"""The policies by which a reader may get what another one was to have."""


def agents(example: Example) -> Iterator[Agent]:
    """Yield the agents, of those that one file was imported for the first."""
    seen: set[tuple[str, int]] = set()
    for agent in example.fleet.agents.values():
        place = (agent.span.source.path, agent.span.start)
        if place not in seen:
            seen.add(place)
            yield agent


def components(
    example: Example, kind: str = "", *types: str
) -> Iterator[tuple[Agent, Component, Node]]:
    """Yield the components of a kind, and of some types where these are said."""
    for agent in agents(example):
        for component in agent.components.values():
            if kind in ("", component.kind) and component.type in (types or (component.type,)):
                yield agent, component, (agent.name, component.name)


def faults(example: Example) -> Iterator[Fault]:
    """Yield what the checks survive."""
    for proof in example.fleet.proofs:
        survived = proof.values.get("survives")
        yield from survived.value if survived else ()


def chains(example: Example, kind: str = "") -> Iterator[tuple[Agent, Chain]]:
    """Yield the chains that begin at a component of a kind."""
    for agent in agents(example):
        for chain in agent.chains:
            if kind in ("", agent.components[chain.start].kind):
                yield agent, chain


def arms(example: Example) -> Iterator[tuple[Agent, Chain, Route, Arm]]:
    """Yield the arms of all routes."""
    for agent, chain in chains(example):
        if isinstance(chain.end, Route):
            for arm in chain.end.arms:
                yield agent, chain, chain.end, arm


def steps(example: Example, *types: str) -> Iterator[tuple[Agent, Chain, Step]]:
    """Yield the interceptors of all chains and arms."""
    for agent, chain in chains(example):
        inner = chain.end.arms if isinstance(chain.end, Route) else ()
        for step in (*chain.steps, *(step for arm in inner for step in arm.steps)):
            if step.type in (types or (step.type,)):
                yield agent, chain, step


def targets(chain: Chain) -> tuple[Target, ...]:
    """Return where a chain may end."""
    match chain.end:
        case Route(arms=inner):
            return tuple(target for arm in inner for target in arm.targets)
        case Group(members=members):
            return members
        case plain:
            return plain


def hosts_of(example: Example, end: End) -> int:
    """Return on how many hosts an end is."""
    return len(example.fleet.agents[end.agent].hosts.hosts)


def is_spread(example: Example, link: Link) -> bool:
    """Whether a link leads to more than one host."""
    return sum(hosts_of(example, end) for end in link.targets) > 1


def checked(example: Example, node: Node, *deliveries: str) -> list[Proof]:
    """Return the checks whose ways go through a component, and that ask for one of these."""
    graph = Graph(example.fleet)
    found = []
    for proof in example.fleet.proofs:
        start, end = (proof.values[name].value for name in ("from", "to"))
        first, last = (start.agent, start.component), (end.agent, end.component)
        asked = proof.values.get("delivery")
        wanted = not deliveries or (asked is not None and asked.value in deliveries)
        if wanted and node in graph.reachable([first]) and last in graph.reachable([node]):
            found.append(proof)
    return found


def head(span: Span) -> Span:
    """Return the first line of a statement, from its first character."""
    end = span.source.text.find("\n", span.start)
    return Span(span.source, span.start, min(span.end, len(span.source.text) if end < 0 else end))


def within(span: Span, owner: Span) -> bool:
    """Whether a place lies in another one."""
    return span.source is owner.source and owner.start <= span.start and span.end <= owner.end


def said(owner: Span, values: Mapping[str, Value], name: str, text: str) -> Change:
    """Return the change that has a block say `name = text`, whatever it says of it now."""
    held = values.get(name)
    if held is not None and within(held.span, owner):
        return Change(held.span, text)
    where = owner.end - 1
    indent = re.match(r"[ \t]*", owner.source.line(owner.line))
    margin = indent[0] if indent else ""
    if text_of(owner).endswith("}"):
        line = owner.source.text.rfind("\n", 0, where) + 1
        return Change(Span(owner.source, line, line), f"{margin}  {name} = {text}\n")
    place = Span(owner.source, owner.end, owner.end)
    return Change(place, f" {{\n{margin}  {name} = {text}\n{margin}}}")


def statement(value: Value) -> Span:
    """Return the place of `name = value`."""
    return Span(value.key.source, value.key.start, value.span.end)


def section(values: Mapping[str, Value], name: str) -> Mapping[str, Value]:
    """Return what a section says, nothing where it is not there."""
    held = values.get(name)
    return held.value.values if held is not None and isinstance(held.value, Settings) else {}


def misspelt(word: str) -> str:
    """Return a word with its last two letters changed about, or one letter too many."""
    turned = word[:-2] + word[-1:] + word[-2:-1]
    return turned if turned != word and len(word) > 2 else f"{word}x"


def ways_taken(example: Example) -> set[Span]:
    """Return where the ways on are that some event takes: behind a route it may be none."""
    places = Graph(example.fleet).derived(Places)
    return {way.span for place in places.backwards for way, _ in places.out(place)}
