"""Bounds that another one comes before."""

from collections.abc import Iterator

from flumec.compiler.graph import Graph
from mutated.example import Change, Example, behind, text_of
from mutated.mutant import Mutant, kind
from mutated.sites import chains, components, said, section


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


@kind("FL536")
def followed_twice(example: Example) -> Iterator[Mutant]:
    """A second source of an agent follows the same files into the same channels."""
    graph = Graph(example.fleet)
    for agent, chain in chains(example, "source"):
        source = agent.components[chain.start]
        reached = graph.reachable([(agent.name, source.name)])
        sinks = [example.fleet.agents[name].components[one] for name, one in reached]
        if source.type == "taildir" and all("dedup" not in sink.values for sink in sinks):
            text = text_of(source.span).replace(source.name, "again", 1)
            ways = text_of(chain.span).replace(chain.start, "again", 1)
            changes = (
                Change(behind(source.span), f"\n\n  {text}"),
                Change(behind(chain.span), f"\n  {ways}"),
            )
            yield Mutant(example, changes, (source.values["files"].span,))
