"""Bounds that another one comes before."""

from collections.abc import Iterator

from flumec.compiler.graph import Graph
from mutated.example import Example
from mutated.mutant import Mutant, kind
from mutated.sites import components, said, section


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
