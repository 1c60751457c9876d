"""Files, directories and names that somebody else has."""

from collections.abc import Iterator

from flumec.compiler.graph import Graph
from flumec.compiler.model import Agent, Chain, Component
from mutated.example import Change, Example, behind, text_of
from mutated.mutant import Mutant, kind
from mutated.sites import chains, components, said, targets, within


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


@kind("FL905")
def whole_folder(example: Example) -> Iterator[Mutant]:
    """A source follows all that lies beside its log, what rotation packed too."""
    for _, source, _ in components(example, "source", "taildir"):
        files = source.values["files"]
        rest = text_of(files.span)
        folder, slash, name = rest.rpartition("/")
        if slash and name.endswith('.log"]'):
            yield Mutant(example, (Change(files.span, f'{folder}/*"]'),))


def _writers(example: Example) -> Iterator[tuple[Agent, Chain, Component, str]]:
    """Yield sinks that write files, with the chain into them and their folder behind a quote."""
    for agent, chain in chains(example, "channel"):
        for target in targets(chain):
            sink = agent.components[target.name or ""]
            if sink.type == "file_roll" and within(sink.values["directory"].span, agent.span):
                yield agent, chain, sink, text_of(sink.values["directory"].span)[:-1]


def _back(chain: Chain, sink: Component, folder: str) -> tuple[Change, Change]:
    """Return the changes by which the files of a folder come into the channel of a sink."""
    source = f'\n\n  source back : taildir {{\n    files = [{folder}/**"]\n  }}'
    return (
        Change(behind(sink.span), source),
        Change(behind(chain.span), f"\n  back -> {chain.start}"),
    )


@kind("FL535")
def followed_back(example: Example) -> Iterator[Mutant]:
    """An agent follows what its own sink writes."""
    for _, chain, sink, folder in _writers(example):
        yield Mutant(example, _back(chain, sink, folder))


@kind("FL535")
def followed_by_each_other(example: Example) -> Iterator[Mutant]:
    """Two agents follow what the other one's sink writes."""
    for agent, chain, sink, folder in _writers(example):
        other = Change(behind(agent.span), _other(agent.hosts.name, folder))
        yield Mutant(example, (*_back(chain, sink, '"/srv/echoed'), other))


def _other(hosts: str, folder: str) -> str:
    """Return an agent that writes again what is in a folder."""
    return f"""

agent echo on {hosts} {{
  source back : taildir {{
    files = [{folder}/**"]
  }}

  channel again : file

  sink echoed : file_roll {{
    directory = "/srv/echoed"
  }}

  back -> again
  again -> echoed
}}"""


@kind("FL538")
def packed(example: Example) -> Iterator[Mutant]:
    """Another agent follows what a sink writes, which is compressed."""
    for agent, _, sink, folder in _writers(example):
        if "format" not in sink.values:
            other = Change(behind(agent.span), _other(agent.hosts.name, folder))
            yield Mutant(example, (said(sink.span, sink.values, "codec", "gzip"), other))


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
