"""The headers that get columns of their own: those that an agent, or one it sends to, names."""

from collections.abc import Iterable, Iterator, Mapping

from flumec.compiler.choice import hashed_by
from flumec.compiler.model import Agent, Chain, Component, Fleet, Route, Settings, Step, Value
from flumec.compiler.values import resolve, varies
from flumec.runtime.component import Declared, Header
from flumec.runtime.output.template import Template
from flumec.runtime.sinks.filing import Filing

PATH = "path"
"""The property of a sink that is a path template."""


def columns(fleet: Fleet) -> dict[str, tuple[str, ...]]:
    """Return for each agent the sorted headers that it and everything downstream of it names.

    Frames are forwarded as they lie in the journal, so a header that only the last agent's path
    uses is a column from where the event enters.
    """
    own = {name: frozenset(_named(agent)) for name, agent in fleet.agents.items()}
    downstream: dict[str, list[str]] = {}
    for link in fleet.links:
        targets = [end.agent for end in link.targets if end.agent in own]
        downstream.setdefault(link.sender.agent, []).extend(targets)
        if (header := hashed_by(link)) is not None and link.sender.agent in own:
            own[link.sender.agent] |= {header}
    return {name: tuple(sorted(_reached(name, own, downstream))) for name in own}


def _reached(
    start: str, own: Mapping[str, frozenset[str]], downstream: Mapping[str, list[str]]
) -> set[str]:
    headers: set[str] = set()
    seen, ahead = {start}, [start]
    while ahead:
        agent = ahead.pop()
        headers |= own[agent]
        fresh = [target for target in downstream.get(agent, ()) if target not in seen]
        seen.update(fresh)
        ahead.extend(fresh)
    return headers


def _named(agent: Agent) -> Iterator[str]:
    for component in agent.components.values():
        if component.declaration is not None:
            yield from _typed(component.declaration, component.values)
        if component.kind == "sink":
            yield from _in_path(component, agent)
    for chain in agent.chains:
        yield from _in_chain(chain)


def _in_chain(chain: Chain) -> Iterator[str]:
    yield from _in_steps(chain.steps)
    if isinstance(chain.end, Route):
        yield chain.end.header
        for arm in chain.end.arms:
            yield from _in_steps(arm.steps)


def _in_steps(steps: Iterable[Step]) -> Iterator[str]:
    for step in steps:
        if step.declaration is not None:
            yield from _typed(step.declaration, step.values)


def _typed(declaration: type[Declared], written: Mapping[str, Value]) -> Iterator[str]:
    """Yield the values of the properties that are headers, defaults included."""
    for name, declared in declaration.props.items():
        value = written[name].value if name in written else declared.default
        for item in value if isinstance(value, tuple | list) else (value,):
            if isinstance(item, Header):
                yield str(item)
            elif isinstance(item, Settings):
                yield from _typed(item.declaration, item.values)


def _in_path(sink: Component, agent: Agent) -> Iterator[str]:
    """Yield the headers that a sink's path fills in, the one that its times are read from too."""
    held = sink.values.get(PATH)
    if held is None or not (sink.declaration and issubclass(sink.declaration, Filing)):
        return
    hosts = agent.hosts.hosts if varies(held.value) else agent.hosts.hosts[:1]
    for text in {str(resolve(held.value, host, host.address)) for host in hosts}:
        template = Template.parse(sink.declaration.template({PATH: text}))
        yield from template.headers
        if template.unit is not None:
            yield "timestamp"
