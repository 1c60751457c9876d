"""What can be expected of a component, by its kind and what it is set to."""

from collections.abc import Iterator, Mapping
from typing import Any

from flumec.compiler.lying import is_on_disk
from flumec.compiler.model import Component, Settings, Statement
from flumec.runtime.sinks.filing import Filing

Wrong = tuple[str, str, str | None]
"""The argument that is wrong, why, and what to do."""

_CIRCUMSTANCES = {"at", "host", "within"}
_OF_EVENTS = frozenset({"count", "body", "headers", "unique", "duplicates", "order"})
_OF_DROPS = frozenset({"dropped", "reason"})
_OF_FILES = frozenset({"files", "path"})

_SINGLE = frozenset({"count", "unique", "duplicates", "order"})
"""What can only be told where a file says where an event ends."""


def expected(said: Statement, at: Component, where: str, *, real: bool) -> Iterator[Wrong]:
    """Yield what an `expect` asks of a component that it does not have; `real` are its files."""
    given = said.values.keys() - _CIRCUMSTANCES
    possible = _possible(at)
    for name in sorted(given - possible):
        yield name, _impossible(name, at, where), None
    if at.kind != "sink" and not given:
        yield "at", f"say what is expected at {where}: `{_FIRST[at.kind]} = …`", None
    if said.get("unique") and said.get("duplicates"):
        yield "duplicates", "`unique = true` says that there are none", None
    if not given - possible:
        yield from _reasons(said, at, where)
        yield from _left_out(given, at, where) if real else ()


_FIRST = {"source": "dropped", "channel": "count"}


def _possible(at: Component) -> frozenset[str]:
    if at.kind == "source":
        return _OF_DROPS
    if at.kind == "channel":
        return frozenset({"dropped"}) | (_OF_EVENTS if is_on_disk(at) else frozenset({"count"}))
    possible = _OF_EVENTS | (_OF_FILES if issubclass(_class(at), Filing) else frozenset())
    return possible | (_OF_DROPS if _dedup(at) else frozenset())


def _impossible(name: str, at: Component, where: str) -> str:
    shown = "header.…" if name == "headers" else name
    if at.kind == "sink":
        if name in _OF_FILES:
            return f"{where} publishes no files: its type is `{at.type}`"
        return f"{where} drops nothing: it has no `dedup`"
    if at.kind == "channel" and name in _OF_EVENTS:
        return f"of {where}, a channel in memory, only `count` and `dropped` are known"
    return f"`{shown}`: of {where}, a {at.kind}, {_KNOWN[at.kind]} are known"


_KNOWN = {
    "source": "`dropped` and its `reason`",
    "channel": "`count`, `dropped` and events",
}


def _reasons(said: Statement, at: Component, where: str) -> Iterator[Wrong]:
    reason = said.get("reason")
    if reason is None:
        return
    known = ("unrouted", "filtered") if at.kind == "source" else _late(at)
    if said.get("dropped") is None:
        yield "reason", f"say how many were dropped: `dropped = 1, reason = {reason}`", None
    elif reason not in known:
        told = " or ".join(f"`{each}`" for each in known)
        yield "reason", f"{where} drops nothing by `{reason}`: by {told}", None


def _late(at: Component) -> tuple[str, ...]:
    dedup = _dedup(at)
    late = None if dedup is None else dedup.get("late")
    return ("copy", "late") if late is not None and late.value == "drop" else ("copy",)


def _left_out(given: frozenset[str] | set[str], at: Component, where: str) -> Iterator[Wrong]:
    """Yield what is asked of events that a sink's real files do not tell."""
    if not issubclass(_class(at), Filing) or _value(at, "format") != "text":
        return
    if "headers" in given:
        yield "headers", f"the files of {where} have no headers in them: `format = text`", None
    for name in sorted(given & _SINGLE):
        if not _value(at, "newline"):
            yield name, f"the files of {where} do not tell where an event ends", None


def _dedup(at: Component) -> Mapping[str, Any] | None:
    held = at.values.get("dedup")
    settings = None if held is None else held.value
    return settings.values if isinstance(settings, Settings) else None


def _class(at: Component) -> Any:
    assert at.declaration is not None, "asked of known types only"
    return at.declaration


def _value(at: Component, name: str) -> Any:
    held = at.values.get(name)
    return _class(at).props[name].default if held is None else held.value
