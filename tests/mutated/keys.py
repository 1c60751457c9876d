"""Keys and headers that are made of too little, or of what is another on each copy."""

import re
from collections.abc import Iterator

from flumec.compiler.graph import Graph
from flumec.compiler.model import Agent, Chain, Step
from flumec.compiler.source import Span
from mutated.example import Change, Example, behind, text_of, whole_lines
from mutated.headers import fills
from mutated.mutant import Mutant, kind
from mutated.sites import components, section, statement, steps


@kind("FL348")
def known_by_the_number(example: Example) -> Iterator[Mutant]:
    """What several hosts count is known by its number alone."""
    for agent, chain, step in steps(example, "fingerprint"):
        counting = agent.components[chain.start].type == "seq" and len(agent.hosts.hosts) > 1
        of = text_of(step.values["of"].span)
        if counting and "header.host, " in of:
            change = Change(step.values["of"].span, of.replace("header.host, ", ""))
            yield Mutant(example, (change,), _keys(example, agent, chain))


@kind("FL911")
def dated_by_each_host(example: Example) -> Iterator[Mutant]:
    """The time in an id is set anew by each host, also where a client sent it."""
    for agent, chain, step in _filling(example):
        yield Mutant(example, (Change(step.span, f"{step.type}()"),), _keys(example, agent, chain))


@kind("FL911")
def dated_by_nobody(example: Example) -> Iterator[Mutant]:
    """The time in an id is kept where a client sent it, and no client may send it."""
    for agent, chain, step in _filling(example):
        optional = section(agent.components[chain.start].values, "headers").get("optional")
        if optional is not None and f"header.{step.type}" in text_of(optional.span):
            cut = Change(whole_lines(statement(optional)), "")
            yield Mutant(example, (cut,), (*_keys(example, agent, chain), step.span))


def _filling(example: Example) -> Iterator[tuple[Agent, Chain, Step]]:
    """Yield the steps that give a header to events that lack it, and of which an id is made."""
    for agent, chain, step in steps(example, "timestamp", "host"):
        ids = [one for one in chain.steps if one.type == "fingerprint"]
        read = any(f"header.{step.type}" in text_of(one.values["of"].span) for one in ids)
        if fills(step) and read:
            yield agent, chain, step


def _keys(example: Example, agent: Agent, chain: Chain) -> tuple[Span, ...]:
    """Return the keys by which what a chain leads to is known."""
    reached = Graph(example.fleet).reachable([(agent.name, chain.start)])
    return tuple(
        sink.values["dedup"].value.values["key"].span
        for _, sink, node in components(example, "sink")
        if node in reached and "dedup" in sink.values
    )


@kind("FL405")
def set_twice(example: Example) -> Iterator[Mutant]:
    """A header is set, and set again before anything reads it."""
    for _, _, step in steps(example, "timestamp", "host", "static"):
        preserve = step.values.get("preserve")
        always = step.type != "static" if preserve is None else not preserve.value
        if always:
            again = Change(behind(step.span), f" -> {text_of(step.span)}")
            yield Mutant(example, (again,))


@kind("FL407")
def set_where_it_is(example: Example) -> Iterator[Mutant]:
    """A header is set where it is absent, behind a step that sets it on every event."""
    for _, _, step in steps(example, "timestamp", "host"):
        if not step.values:
            again = Change(behind(step.span), f" -> {step.type}(preserve = true)")
            yield Mutant(example, (again,))


@kind("FL406")
def read_by_nobody(example: Example) -> Iterator[Mutant]:
    """A path names a header no more that a step sets for it alone."""
    text = "\n".join(source.text for source in example.fleet.sources)
    for _, sink, _ in components(example, "sink"):
        path = sink.values.get("path")
        found = None if path is None else re.search(r"%\{(\w+)\}", text_of(path.span))
        if path is None or found is None or "format" in sink.values:
            continue
        setting = [step for _, _, step in steps(example) if found[1] in text_of(step.span)]
        read = len(re.findall(rf"header\.{found[1]}\b|%\{{{found[1]}\}}", text))
        made = sum(text_of(step.span).count(f"header.{found[1]}") for step in setting)
        if setting and read == made + 1:
            change = Change(path.span, text_of(path.span).replace(found[0], "all"))
            yield Mutant(example, (change,), tuple(step.span for step in setting))


@kind("FL917")
def folder_with_a_time(example: Example) -> Iterator[Mutant]:
    """The time stands in a sink's `directory`, which is taken as it stands, and not in its path."""
    for _, sink, _ in components(example, "sink", "file_roll"):
        directory = text_of(sink.values["directory"].span)
        if directory.endswith('"'):
            change = Change(sink.values["directory"].span, f'{directory[:-1]}/%Y"')
            yield Mutant(example, (change,))
