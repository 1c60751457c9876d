"""Where a fleet's description names a header to read it, and what the runtime does without it."""

import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from flumec.compiler.choice import hashed_by
from flumec.compiler.columns import PATH
from flumec.compiler.graph import Node
from flumec.compiler.headers.flow import HeaderFlow
from flumec.compiler.headers.known import Headers, Known
from flumec.compiler.headers.steps import enters, named, place_of, steps_of
from flumec.compiler.model import Agent, Chain, Component, Fleet, Host, Link, Route, Settings, Value
from flumec.compiler.source import Span
from flumec.compiler.values import resolve, varies
from flumec.runtime.component import Header
from flumec.runtime.output.template import Template
from flumec.runtime.sinks.filing import Filing

TIMESTAMP = "timestamp"
"""The header that the times in a path are read from."""

_LETTER = re.compile("%[A-Za-z]")

Kind = Literal["path", "time", "route", "hash", "key", "dedup", "fingerprint"]


class Use(NamedTuple):
    """A header that is read at a place of the fleet, and what is known of it there."""

    name: str
    kind: Kind
    span: Span
    by: str
    """What reads it, as a message names it: "the path of `core.store`"."""
    node: Node
    headers: Headers

    @property
    def known(self) -> Known:
        """What is known of the header there."""
        return self.headers[self.name]


def uses(fleet: Fleet, flow: HeaderFlow) -> Iterator[Use]:
    """Yield every header that is read, where it is read."""
    for agent in fleet.agents.values():
        for component in agent.components.values():
            if component.kind == "sink" and component.declaration is not None:
                yield from _by_sink(agent, component, flow)
        for chain in agent.chains:
            if enters(agent, chain):
                yield from _by_chain(agent, chain, flow)
    for link in fleet.links:
        yield from _by_link(link, flow)


def _by_sink(agent: Agent, sink: Component, flow: HeaderFlow) -> Iterator[Use]:
    node = (agent.name, sink.name)
    headers, name = flow.at(node), f"`{agent.name}.{sink.name}`"
    for header, span in named_in_path(agent, sink):
        kind: Kind = "time" if span is None else "path"
        place = _first_time(sink.values[PATH].span) if span is None else span
        yield Use(header, kind, place, f"the path of {name}", node, headers)
    for property_, held in sink.values.items():
        if isinstance(held.value, Header):
            yield Use(str(held.value), "key", held.span, f"`{property_}` of {name}", node, headers)
    dedup = sink.values.get("dedup")
    if dedup is not None and isinstance(dedup.value, Settings) and "key" in dedup.value.values:
        key = dedup.value.values["key"]
        for header in headers_in(key):
            place = place_of(header, key.span)
            yield Use(header, "dedup", place, f"the key of {name}", node, headers)


def _by_chain(agent: Agent, chain: Chain, flow: HeaderFlow) -> Iterator[Use]:
    node = (agent.name, chain.start)
    reading = any(step.declaration and step.declaration.uses for step in steps_of(chain))
    for step, headers in flow.steps(agent.name, chain) if reading else ():
        declared = step.declaration
        for property_ in declared.uses if declared is not None else ():
            span = step.values[property_].span if property_ in step.values else step.span
            for header in named(step, property_):
                place = place_of(header, span)
                yield Use(header, "fingerprint", place, f"this `{step.type}`", node, headers)
    if isinstance(chain.end, Route) and chain.end.header:
        route, headers = chain.end, flow.before_end(agent.name, chain)
        place = place_of(route.header, route.span)
        yield Use(route.header, "route", place, "this route", node, headers)


def _by_link(link: Link, flow: HeaderFlow) -> Iterator[Use]:
    if (name := hashed_by(link)) is not None:
        node, place = link.sender.node, place_of(name, link.values["policy"].span)
        yield Use(name, "hash", place, "this link", node, flow.at(node))


def headers_in(held: Value) -> Sequence[str]:
    """Return the headers that a property's value names."""
    value = held.value if isinstance(held.value, tuple | list) else (held.value,)
    return [str(one) for one in value if isinstance(one, Header)]


def named_in_path(agent: Agent, sink: Component) -> Iterator[tuple[str, Span | None]]:
    """Yield the headers that a sink's path fills in with their places, and `timestamp` without one
    where there are times in it.
    """  # fmt: skip
    held, declared = sink.values.get(PATH), sink.declaration
    if held is None or declared is None or not issubclass(declared, Filing):
        return
    found: dict[str, Span | None] = {}
    for text in _on_hosts(held, agent.hosts.hosts):
        try:
            template = Template.parse(declared.template({PATH: text}))
        except ValueError:  # which was reported
            continue
        for name in template.headers:
            found.setdefault(name, place_of(name, held.span))
        if template.unit is not None:
            found.setdefault(TIMESTAMP, None)
    yield from found.items()


def _first_time(span: Span) -> Span:
    """Return where in a path its first time stands."""
    found = _LETTER.search(span.source.text, span.start, span.end)
    return span if found is None else Span(span.source, *found.span())


def _on_hosts(held: Value, hosts: Sequence[Host]) -> Iterator[str]:
    """Yield the texts that a value is on the hosts; one, where it is the same on all."""
    seen = set()
    for host in hosts if varies(held.value) else hosts[:1]:
        try:
            text = str(resolve(held.value, host, host.address))
        except (KeyError, ValueError, TypeError):  # a fact with a mistake that was reported
            continue
        if text not in seen:
            seen.add(text)
            yield text
