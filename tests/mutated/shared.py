"""Files, directories and names that somebody else has."""

from collections.abc import Iterator

from flumec.compiler.graph import Graph
from mutated.example import Change, Example, behind, text_of
from mutated.mutant import Mutant, kind
from mutated.sites import chains, components, said, within


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


@kind("FL537")
def in_the_state(example: Example) -> Iterator[Mutant]:
    """A sink writes into the state of its agent."""
    for agent, sink, _ in components(example, "sink", "file_roll"):
        place = sink.values["directory"].span
        if within(place, agent.span):
            yield Mutant(example, (Change(place, f'"/var/lib/flumec/{agent.name}/files"'),))


@kind("FL537")
def in_a_journal(example: Example) -> Iterator[Mutant]:
    """A journal lies inside of another one's directory."""
    for agent, sink, _ in components(example, "sink", "file_roll"):
        folder = sink.values["directory"]
        for journal in agent.journals.values():
            if "directory" in journal.values and within(folder.span, agent.span):
                text = text_of(journal.values["directory"].span)
                yield Mutant(example, (Change(folder.span, f'{text[:-1]}/files"'),))


@kind("FL539")
def still_there(example: Example) -> Iterator[Mutant]:
    """A channel is to go on as one that is still there."""
    for agent, channel, _ in components(example, "channel", "file"):
        journal = channel.values.get("journal")
        for other in agent.components.values():
            same = other.kind == "channel" and other.values.get("journal") == journal
            if other is not channel and other.type == "file" and same and journal is None:
                change = said(channel.span, channel.values, "formerly", f'"{other.name}"')
                yield Mutant(example, (change,))
