"""Words that are misspelt."""

import re
from collections.abc import Iterator

from flumec.compiler.model import Settings, Value
from flumec.compiler.source import Span
from mutated.example import Change, Example, text_of
from mutated.mutant import Mutant, kind
from mutated.sites import agents, chains, components, faults, misspelt, steps, targets, within


def _changed(example: Example, span: Span, text: str) -> Mutant:
    return Mutant(example, (Change(span, text),))


def _values(example: Example) -> Iterator[Value]:
    """Yield what every component, link and check says, sections' properties too."""
    owners = [
        *(component.values for _, component, _ in components(example)),
        *(link.values for link in example.fleet.links),
        *(proof.values for proof in example.fleet.proofs),
    ]
    seen: set[tuple[str, int]] = set()
    while owners:
        for value in owners.pop().values():
            place = (value.key.source.path, value.key.start)
            if place not in seen:
                seen.add(place)
                yield value
                if isinstance(value.value, Settings):
                    owners.append(value.value.values)


@kind("FL108")
def a_channel(example: Example) -> Iterator[Mutant]:
    """A channel's name is misspelt in a chain."""
    for agent, chain in chains(example):
        ends = [one.span for one in targets(chain) if one.name]
        starts = [chain.start_span] if agent.components[chain.start].kind == "channel" else []
        for span in (*starts, *ends):
            name = text_of(span).rstrip("?")
            yield _changed(example, span, misspelt(name))


@kind("FL113", "FL110")
def an_end(example: Example) -> Iterator[Mutant]:
    """An end of a link is misspelt."""
    for link in example.fleet.links:
        for end in (link.sender, *link.targets):
            agent, _, name = text_of(end.span).rpartition(".")
            yield _changed(example, end.span, f"{misspelt(agent)}.{name}")
            yield _changed(example, end.span, f"{agent}.{misspelt(name)}")


@kind("FL113", "FL110")
def what_is_checked(example: Example) -> Iterator[Mutant]:
    """What a check speaks of is misspelt."""
    for proof in example.fleet.proofs:
        for name in ("from", "to"):
            span = proof.values[name].span
            yield _changed(example, span, misspelt(text_of(span)))
    for fault in faults(example):
        for value in fault.values.values():
            if value.key.start == value.span.start and not text_of(value.span)[0].isdigit():
                word = text_of(value.span)
                if word[0] != '"':
                    yield _changed(example, value.span, misspelt(word))


@kind("FL162")
def a_site(example: Example) -> Iterator[Mutant]:
    """The site at which the power goes is misspelt."""
    for fault in faults(example):
        if fault.kind == "power":
            span = fault.values["site"].span
            yield _changed(example, span, f'"{misspelt(text_of(span)[1:-1])}"')


@kind("FL614")
def an_end_of_a_link(example: Example) -> Iterator[Mutant]:
    """A check cuts a link at a channel of the agent where it ends."""
    ends = {link.sender.node: link.targets[0].agent for link in example.fleet.links}
    for fault in faults(example):
        if "link" in fault.values:
            held = fault.values["link"]
            there = example.fleet.agents[ends[held.value.node]]
            channel = next(one for one in there.components.values() if one.kind == "channel")
            yield _changed(example, held.span, f"{there.name}.{channel.name}")


@kind("FL107")
def a_set_of_hosts(example: Example) -> Iterator[Mutant]:
    """The set of hosts that an agent is on is misspelt."""
    for agent in agents(example):
        text = agent.source.text
        found = re.compile(r" on (?:union\()?(\w+)").search(text, agent.name_span.end)
        if found:
            span = Span(agent.source, *found.span(1))
            yield _changed(example, span, misspelt(found[1]))


@kind("FL106")
def a_type(example: Example) -> Iterator[Mutant]:
    """The type of a component is misspelt."""
    for _, component, _ in components(example):
        yield _changed(example, component.type_span, misspelt(component.type))


@kind("FL112")
def an_interceptor(example: Example) -> Iterator[Mutant]:
    """An interceptor's name is misspelt."""
    for _, _, step in steps(example):
        span = Span(step.span.source, step.span.start, step.span.start + len(step.type))
        yield _changed(example, span, misspelt(step.type))


@kind("FL201")
def a_property(example: Example) -> Iterator[Mutant]:
    """A property's name is misspelt."""
    for value in _values(example):
        yield _changed(example, value.key, misspelt(text_of(value.key)))


@kind("FL207", "FL109", "FL101")
def a_word(example: Example) -> Iterator[Mutant]:
    """A word that a property has is misspelt."""
    for value in _values(example):
        word = text_of(value.span)
        if re.fullmatch(r"[a-z_]{3,}", word) and word not in ("true", "false"):
            yield _changed(example, value.span, misspelt(word))


@kind("FL205")
def a_unit(example: Example) -> Iterator[Mutant]:
    """A size has a unit that there is not."""
    for value in _values(example):
        word = text_of(value.span)
        if re.fullmatch(r"\d+[KMGT]i?B(/s)?", word):
            yield _changed(example, value.span, word.replace("iB", "b").replace("B", "b"))


@kind("FL102")
def a_param(example: Example) -> Iterator[Mutant]:
    """The name of a param in a text is misspelt."""
    for value in _values(example):
        found = re.search(r"\$\{(\w+)\}", text_of(value.span))
        if found and isinstance(value.value, str):
            start = value.span.start + found.start(1)
            span = Span(value.span.source, start, start + len(found[1]))
            yield _changed(example, span, misspelt(found[1]))


@kind("FL111")
def a_template(example: Example) -> Iterator[Mutant]:
    """The name of a template is misspelt."""
    for agent in agents(example):
        for component in agent.components.values():
            found = re.search(r" = (\w+)\(", text_of(component.span).split("\n")[0])
            if found and within(component.span, component.span):
                start = component.span.start + found.start(1)
                span = Span(component.span.source, start, start + len(found[1]))
                yield _changed(example, span, misspelt(found[1]))
