"""What sources follow: the patterns of files of an agent, as they are on a host."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from flumec.compiler.bind.properties import complete
from flumec.compiler.globs import stem
from flumec.compiler.graph import Node
from flumec.compiler.model import Agent, Component, Host
from flumec.compiler.source import Span
from flumec.compiler.values import varies
from flumec.runtime.sources.taildir import Taildir

_PATTERNS = ("files", "rotated")


class Pattern(NamedTuple):
    """A pattern of a source on a host."""

    stem: str
    text: str
    node: Node
    span: Span


def followers(agent: Agent) -> Iterator[Component]:
    """Yield the sources of an agent that follow files."""
    for source in agent.components.values():
        if source.declaration is not None and issubclass(source.declaration, Taildir):
            yield source


def differs(source: Component) -> bool:
    """Whether a source follows other files on each host."""
    return any(varies(source.values[name].value) for name in _PATTERNS if name in source.values)


def patterns_of(sources: Sequence[Component], agent: str, host: Host) -> Iterator[Pattern]:
    """Yield the patterns of an agent's sources on a host, but for those with a mistake."""
    for source in sources:
        held = complete(source.declaration, source.values, host) or {}
        for name in _PATTERNS:
            said = source.values.get(name)
            if said is not None and name in held:
                node = (agent, source.name)
                yield from (Pattern(stem(text), text, node, said.span) for text in held[name])
