"""Bounds that another one comes before."""

from collections.abc import Iterator

from flumec.compiler.graph import Graph
from mutated.example import Change, Example, behind, end_of, text_of
from mutated.mutant import Mutant, kind
from mutated.sites import components, faults, said, section


@kind("FL914")
def never_quiet(example: Example) -> Iterator[Mutant]:
    """A file is rolled by its age before the time is over that nothing must come for."""
    for _, sink, _ in components(example, "sink", "file_roll", "hdfs"):
        roll = section(sink.values, "roll")
        if roll:
            change = said(sink.values["roll"].span, roll, "idle", "2h")
            yield Mutant(example, (change,))


@kind("FL914")
def window_without_memory(example: Example) -> Iterator[Mutant]:
    """A sender may have more on the way than all senders together."""
    for link in example.fleet.links:
        yield Mutant(example, (said(link.span, link.values, "window", "1GiB"),))


@kind("FL914")
def long_goodbye(example: Example) -> Iterator[Mutant]:
    """A link waits for longer at its end than its agent does."""
    for link in example.fleet.links:
        yield Mutant(example, (said(link.span, link.values, "drain", "30s"),))


@kind("FL914")
def few_names(example: Example) -> Iterator[Mutant]:
    """Fewer requests are remembered by name than clients may have under way."""
    for _, source, _ in components(example, "source", "http"):
        if "request_id" in source.values:
            change = said(source.span, source.values, "request_ids", "10")
            yield Mutant(example, (change,))


@kind("FL913")
def small_inbox(example: Example) -> Iterator[Mutant]:
    """A channel is smaller than what a source may put at once, here or behind a link."""
    graph = Graph(example.fleet)
    for _, channel, node in components(example, "channel", "memory", "file"):
        types = {
            example.fleet.agents[agent].components[name].type
            for agent, name in graph.leading_to(node)
        }
        if types & {"taildir", "http"}:
            size = "1MiB" if channel.type == "file" else "64KiB"
            change = said(channel.span, channel.values, "size", size)
            yield Mutant(example, (change,), (channel.name_span,))


@kind("FL915")
def few_files(example: Example) -> Iterator[Mutant]:
    """An agent's unit allows fewer files than its clients, or its sink, may have open."""
    for agent, part, _ in components(example):
        if part.type in ("http", "file_roll", "hdfs") and "limits" not in agent.settings:
            limits = "\n\n  limits {\n    files = 64\n  }"
            yield Mutant(example, (Change(behind(part.span), limits),))


@kind("FL916")
def too_many_senders(example: Example) -> Iterator[Mutant]:
    """More hosts send to a receiver than it takes."""
    for link in example.fleet.links:
        own = text_of(link.span)
        sender = f"{link.sender.agent}.{link.sender.component}"
        if own.startswith(sender) and link.span.source.path in example.roots:
            crowd = f"""

hosts crowd = "crowd-{{1..4100}}.example.com"

agent crowd on crowd {{
  source numbers : seq

  channel out : file

  numbers -> out
}}

{own.replace(sender, "crowd.out", 1)}
"""
            ends = {end.node for end in link.targets}
            at = (one.span for one in example.fleet.links if ends & {e.node for e in one.targets})
            yield Mutant(example, (Change(end_of(link.span.source), crowd),), tuple(at))


@kind("FL614")
def hosts_that_are_not_there(example: Example) -> Iterator[Mutant]:
    """A check kills or loses more hosts than an agent runs on."""
    for fault in faults(example):
        if "count" in fault.values:
            yield Mutant(example, (Change(fault.values["count"].span, "1_000"),))
