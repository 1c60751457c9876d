"""What the steps of a chain make of headers, as their classes declare it."""

import re
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING
from typing import Any

from flumec.compiler.headers.known import (
    ANY,
    MOST_VALUES,
    Headers,
    Lack,
    surely,
)
from flumec.compiler.model import (
    Agent,
    Arm,
    Chain,
    Host,
    Route,
    Step,
)
from flumec.compiler.source import Span
from flumec.compiler.values import resolve, varies
from flumec.runtime.component import Declared, Header, Interceptor

_DEFAULTS: dict[type[Declared], Mapping[str, Any]] = {}
"""The properties of a class with their defaults; of ten thousand steps there are few classes."""


def enters(agent: Agent, chain: Chain) -> bool:
    """Return whether a chain begins where events enter; behind a channel no step has a place."""
    start = agent.components.get(chain.start)
    return start is not None and start.kind == "source"


def steps_of(chain: Chain) -> Iterator[Step]:
    """Yield every step of a chain, those of a route's arms too."""
    yield from chain.steps
    for arm in chain.end.arms if isinstance(chain.end, Route) else ():
        yield from arm.steps


def after(headers: Headers, step: Step, agent: Agent) -> Headers:
    """Return the headers behind a step."""
    declared = step.declaration
    if declared is None:  # a plug-in's: it may do anything
        return ANY
    if declared.drops and (looked_for := _looks_for(declared, complete(step))) is not None:
        headers = headers.with_found(looked_for)
    if declared.finds:
        headers = _found(headers, step, declared)
    if declared.sets:
        values, alike = constants(step, agent.hosts.hosts), _is_alike(step, headers)
        for property_ in declared.sets:
            for name in named(step, property_):
                if keeps(step):
                    known = headers[name].kept_or(step.span, values, alike=alike)
                else:
                    known = surely(step.span, values, alike=alike)
                headers = headers.with_(name, known)
    return headers


def _found(headers: Headers, step: Step, declared: type[Interceptor]) -> Headers:
    """Return the headers behind a step that sets some where it finds them."""
    lack = Lack(step.span, f"`{step.type}` does not set it on every event")
    values = complete(step)
    found, listed = tuple[Header, ...](), dict[Header, frozenset[str]]()
    if _is_told(values):
        found, listed = declared.finds_together(values), {**declared.finds_values(values)}
    together, always = frozenset(map(str, found)), _looks_for(declared, values) in headers.found
    for property_ in declared.finds:
        for name in named(step, property_):
            texts = listed.get(Header(name))
            known = headers[name].found(step.span, lack, texts, together=together - {name})
            sure = always and name in together
            headers = headers.with_(name, surely(step.span, texts) if sure else known)
    return headers


def _looks_for(declared: type[Interceptor], values: dict[str, Any]) -> Hashable:
    return declared.looks_for(values) if _is_told(values) else None


def _is_told(values: Mapping[str, Any]) -> bool:
    """Whether the file says all, and the same on each host."""
    return MISSING not in values.values() and not any(map(varies, values.values()))


def _is_alike(step: Step, headers: Headers) -> bool:
    """Whether many events get one value: by what the step is, or by what it makes it from."""
    declared = step.declaration
    assert declared is not None
    if not declared.uses:
        return declared.alike
    parts = [part for name in declared.uses for part in said(step, name)]
    known = [headers[str(part)] if isinstance(part, Header) else None for part in parts]
    return all(one is not None and (one.alike or one.never) for one in known)


def behind(headers: Headers, steps: Iterable[Step], agent: Agent) -> Headers:
    """Return the headers behind several steps."""
    for step in steps:
        headers = after(headers, step, agent)
    return headers


def taken(headers: Headers, route: Route, arm: Arm) -> Headers:
    """Return the headers of the events that take an arm of a route, before its own steps."""
    if arm.values is not None:
        return headers.taken(route.header, frozenset(arm.values))
    others = frozenset(value for other in route.arms for value in other.values or ())
    return headers.left(route.header, others)


def named(step: Step, property_: str) -> Iterator[str]:
    """Yield the headers that a property of a step names, its default where it is not written."""
    value = said(step, property_)
    for one in value if isinstance(value, tuple | list) else (value,):
        if isinstance(one, Header):
            yield str(one)


def keeps(step: Step) -> bool:
    """Return whether a step leaves a header alone where it is there."""
    return said(step, "preserve") is True


def finds(step: Step) -> bool:
    """Return whether a step sets headers only where it finds them."""
    return step.declaration is not None and bool(step.declaration.finds)


def said(step: Step, name: str) -> Any:
    """Return a property of a step, its default where it is not written."""
    assert step.declaration is not None
    held = step.values.get(name)
    return held.value if held is not None else defaults(step.declaration).get(name)


def complete(step: Step) -> dict[str, Any]:
    """Return all properties of a step, defaults filled in."""
    assert step.declaration is not None
    written = {name: held.value for name, held in step.values.items()}
    return {**defaults(step.declaration), **written}


def shown(name: str) -> str:
    """Return a header as a file names it.

    >>> shown("user"), shown("X-Request-Id")
    ('header.user', 'header["X-Request-Id"]')
    """
    return f"header.{name}" if name.isidentifier() and name.isascii() else f'header["{name}"]'


def place_of(name: str, span: Span) -> Span:
    """Return where in a piece of a file a header stands: `header.x`, `header["x"]` or `%{x}`."""
    for form in (f"%{{{name}}}", f'header["{name}"]', f"header.{name}"):
        whole = rf"{re.escape(form)}(?!\w)" if form[-1] not in "}]" else re.escape(form)
        found = re.compile(whole).search(span.source.text, span.start, span.end)
        if found is not None:
            return Span(span.source, *found.span())
    return span


def constants(step: Step, hosts: Sequence[Host]) -> frozenset[str] | None:
    """Return the values that a step gives its header on some hosts; None for any."""
    declared = step.declaration
    assert declared is not None
    written = {name: held.value for name, held in step.values.items()}
    if not any(varies(value) for value in written.values()):
        full = {**defaults(declared), **written}
        one, other = declared.constant(full, "a", "a"), declared.constant(full, "b", "b")
        if one == other:  # no host is in it
            return None if one is None else frozenset({one})
    if not hosts or len(hosts) > MOST_VALUES:
        return None
    values = {constant_on(step, host) for host in hosts}
    return None if None in values else frozenset(value for value in values if value is not None)


def constant_on(step: Step, host: Host) -> str | None:
    """Return the value that a step gives its header on a host; None where that is not known."""
    declared = step.declaration
    assert declared is not None
    try:
        written = {n: resolve(v.value, host, host.address) for n, v in step.values.items()}
    except (KeyError, ValueError, TypeError):  # a fact with a mistake that was reported
        return None
    return declared.constant({**defaults(declared), **written}, host.name, host.address)


def defaults(declared: type[Declared]) -> Mapping[str, Any]:
    """Return the properties of a class with their defaults."""
    if declared not in _DEFAULTS:
        _DEFAULTS[declared] = {name: one.default for name, one in declared.props.items()}
    return _DEFAULTS[declared]
