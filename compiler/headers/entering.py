"""The headers that events have when they enter, as their source's class declares it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from flumec.compiler.bind.properties import complete
from flumec.compiler.headers.known import ANY, Headers, Lack, closed, surely
from flumec.compiler.headers.steps import defaults, place_of
from flumec.compiler.model import Component, Settings, Value
from flumec.compiler.source import Span
from flumec.runtime.component import Declared, Header, Source


def entering(source: Component) -> Headers:
    """Return the headers that a source's events have when they enter."""
    declared = source.declaration
    if declared is None or not issubclass(declared, Source):
        return ANY
    values = full(declared, source.values)
    if values is None:  # a mistake in one was reported
        return ANY
    span = source.name_span
    headers = _brought(source, declared.brings(values), declared.requires(values))
    for name, possible in declared.marks.items():
        lack = Lack(span, f"`{source.name}` sets it on some events only")
        headers = headers.with_(
            name, headers[name].found(span, lack, frozenset(possible), alike=True)
        )
    for name in declared.sets:
        held = source.values.get(name)
        if held is not None and isinstance(held.value, Header):
            headers = headers.with_(str(held.value), surely(held.span, alike=True))
    return headers


def _brought(source: Component, listed: Iterable[str] | None, required: Iterable[str]) -> Headers:
    """Return the headers that clients send: each where it is listed, if it is."""
    places = _places(source)
    if listed is None:
        headers = ANY
    elif places:
        headers = closed(Lack(next(iter(places.values())), "no others are let in than are listed"))
    else:
        headers = closed(Lack(source.name_span, f"`{source.name}` has events without it"))
    for name in listed or ():
        span = places.get(name, source.name_span)
        lack = Lack(span, "clients may leave it out")
        headers = headers.with_(name, replace(ANY.rest, setters=(span,), lack=lack))
    for name in required:
        known = surely(places.get(name, source.name_span))
        headers = headers.with_(name, replace(known, client=True))
    return headers


def _places(source: Component) -> dict[str, Span]:
    """Return where the blocks of a source name headers."""
    return {
        str(name): place_of(str(name), held.span)
        for block in source.values.values()
        if isinstance(block.value, Settings)
        for held in block.value.values.values()
        for name in (held.value if isinstance(held.value, tuple | list) else (held.value,))
        if isinstance(name, Header)
    }


def full(declared: type[Declared], values: Mapping[str, Value]) -> dict[str, Any] | None:
    """Return all properties, defaults filled in; None where a mistake in a block was reported."""
    if any(isinstance(held.value, Settings) for held in values.values()):
        return complete(declared, values, None)
    return {**defaults(declared), **{name: held.value for name, held in values.items()}}
