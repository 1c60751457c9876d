"""In which journal of its agent each channel lies, and where each source keeps its positions."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from flumec.compiler.graph import Graph, ends
from flumec.compiler.letters import giving_up, taken_from
from flumec.compiler.model import Agent, Chain, Component, Fleet, Link
from flumec.runtime.component import Channel
from flumec.runtime.journal_settings import DEFAULT
from flumec.runtime.lying import first, in_order, lying


class Lying(NamedTuple):
    """The journals of one agent's channels and sources, by their names."""

    channels: Mapping[str, str]
    homes: Mapping[str, str]


class LyingByAgent:
    """Of a whole fleet; made once, by `Graph.derived`, and looked up where it is asked."""

    def __init__(self, fleet: Fleet, _graph: Graph) -> None:
        self._links = giving_up(fleet)
        self._known: dict[str, Lying] = {}

    def of(self, agent: Agent) -> Lying:
        """Return where an agent's channels lie, those in memory too, and its sources are at home;
        the runtime goes by the same rule.
        """
        if agent.name not in self._known:
            self._known[agent.name] = _lying(agent, self._links.get(agent.name, ()))
        return self._known[agent.name]


def is_on_disk(component: Component) -> bool:
    """Return whether a component is a channel that keeps what it holds on disk, or a part of it."""
    declared = component.declaration
    return declared is not None and issubclass(declared, Channel) and declared.on_disk


def _lying(agent: Agent, giving: Sequence[Link]) -> Lying:
    """Return where an agent's channels lie, and its sources are at home; `giving` are its links
    that have a channel for dead letters.
    """
    order = in_order(agent.journals)
    fed: dict[str, set[str]] = {}
    for chain in fed_by_sources(agent):
        known = {each.name for each in ends(chain) if each.name in agent.components}
        fed.setdefault(chain.start, set()).update(name for name in known if name)
    named = {
        name: journal_of(agent, name)
        for name, component in agent.components.items()
        if component.kind == "channel"
    }
    letters = taken_from(agent, giving)
    given_up = ({each.channel, str(each.letters.value)} for each in letters)
    channels = lying(named, (*fed.values(), *given_up), order)
    homes = {
        source: first({channels[name] for name in names if name in channels}, order)
        for source, names in fed.items()
    }
    return Lying(channels, homes)


def fed_by_sources(agent: Agent) -> Iterator[Chain]:
    """Yield the chains that begin at a source."""
    for chain in agent.chains:
        start = agent.components.get(chain.start)
        if start is not None and start.kind == "source":
            yield chain


def journal_of(agent: Agent, channel: str) -> str | None:
    """Return the journal that a channel names; None for one in memory, which names none."""
    component = agent.components.get(channel)
    if component is None or component.kind != "channel" or component.type == "memory":
        return None
    named = component.values.get("journal")
    return DEFAULT if named is None else str(named.value)
