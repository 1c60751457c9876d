"""The reference of all components: Markdown made from their declarations, and from nothing else."""

import inspect
import types
import typing
from collections.abc import Iterator
from dataclasses import MISSING
from functools import cache
from typing import Any, Literal

from flumec.runtime.component import (
    ChannelRef,
    Declared,
    Header,
    JournalRef,
    Port,
    Property,
    Ref,
    Secret,
    Section,
    Url,
)
from flumec.runtime.quantity import Duration, Percent, Rate, Size

_WORDS: dict[Any, str] = {
    bool: "bool", bytes: "string", ChannelRef: "channel", Duration: "duration", float: "number",
    Header: "header", int: "number", JournalRef: "journal", Percent: "percent", Port: "port",
    Rate: "rate", Ref: "component", Secret: "secret", Size: "size", str: "string", Url: "url",
}  # fmt: skip
_COMMITS = {
    "rename": "each file appears whole, by one rename: exactly once",
    "named_put": "each object appears whole, by one named put: exactly once",
    "cursor_in_target": "its cursor is stored with what it writes: exactly once",
    "idempotent": "what is repeated is recognised at the target: exactly once",
    "none": "what was under way when it was killed may be repeated: at least once",
}
_STARTS = {
    "line": "each complete line",
    "acknowledgement": "the acknowledgement",
    "none": "nowhere: best effort",
}


@cache
def declarations() -> dict[str, type[Declared]]:
    """Return every declared class by `kind type`, such as `sink file_roll`, in reference order."""
    from flumec.runtime.components import ALL, INTERCEPTORS
    from flumec.runtime.links import LinkSettings

    found: dict[str, type[Declared]] = {f"{cls.kind} {cls.type}": cls for cls in ALL}
    found.update({f"interceptor {cls.type}": cls for cls in INTERCEPTORS})
    found[f"link {LinkSettings.type}"] = LinkSettings
    return found


def pages(name: str | None = None) -> dict[str, str]:
    """Return the pages of all components, or of those called `name` or of that kind, by name."""
    return {
        kind_and_name: page(kind_and_name, cls)
        for kind_and_name, cls in declarations().items()
        if name is None or name in (kind_and_name, cls.type, kind_and_name.partition(" ")[0])
    }


def later(name: str) -> bool:
    """Return whether `name` is a component that the language has and the runtime has not yet."""
    from flumec.compiler.bind.future_components import COMPONENTS, INTERCEPTORS

    future: tuple[Any, ...] = (*COMPONENTS, *INTERCEPTORS)
    return any(name in (cls.type, f"{getattr(cls, 'kind', '')} {cls.type}") for cls in future)


_DURABILITY = {
    (True, True): "Durable: what it holds survives a crash.",
    (False, True): "Not durable: what it has in memory is lost with a process that is killed.",
    (False, False): "Not durable: what it holds is lost with the process.",
}


def contents() -> str:
    """Return a line for each component: kind, name, and its first sentence."""
    lines = []
    for kind_and_name, cls in declarations().items():
        kind, _, name = kind_and_name.partition(" ")
        lines.append(f"{kind:12} {name:16} {_doc(cls).partition(chr(10))[0]}")
    return "\n".join(lines) + "\n"


def reference() -> str:
    """Return docs/components.md."""
    head = (
        "# Components\n\n"
        "What a .flow file can name, from the declarations in `runtime/`. Made by "
        "`flumec components --all`; a test keeps it fresh.\n"
    )
    return "\n".join([head, *pages().values()])


def page(kind_and_name: str, cls: type[Declared]) -> str:
    """Return one component's page: what it does, what it promises, its properties."""
    kind, _, name = kind_and_name.partition(" ")
    lines = [f"## {kind} `{name}`", "", _doc(cls), ""]
    lines.extend(_promises(cls))
    lines.extend(_table(cls))
    for section, inner in _sections(cls):
        lines += [f"### `{section} {{ … }}`", "", _doc(inner), "", *_table(inner)]
    return "\n".join(lines)


def _promises(cls: type[Declared]) -> Iterator[str]:
    """Yield what a class says about delivery, in words."""
    kind = getattr(cls, "kind", "")
    said = []
    if kind == "source":
        replayable = "can" if getattr(cls, "replayable", False) else "cannot"
        start = _STARTS[getattr(cls, "start", "none")]
        said.append(
            f"Delivery is claimed from: {start}. What was not stored {replayable} be read again."
        )
    if kind == "channel":
        said.append(_DURABILITY[getattr(cls, "durable", False), getattr(cls, "on_disk", False)])
    if kind == "sink":
        said.append(f"Commit: {_COMMITS[getattr(cls, 'commit', 'none')]}.")
    for sentence in said:
        yield from (sentence, "")


def _table(cls: type[Declared]) -> Iterator[str]:
    if not cls.props:
        yield from ("It has no properties.", "")
        return
    yield "| property | type | default | meaning |"
    yield "| --- | --- | --- | --- |"
    for declared in cls.props.values():
        name = f"`{declared.name}`" + (" (by position)" if declared.positional else "")
        cells = (name, type_text(declared.type), _default(declared), _meaning(declared))
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
    yield ""


def _sections(cls: type[Declared]) -> Iterator[tuple[str, type[Section]]]:
    for declared in cls.props.values():
        for kind in _members(declared.type):
            if isinstance(kind, type) and issubclass(kind, Section) and not kind.type:
                yield declared.name, kind


def type_text(kind: Any) -> str:
    """Return a property's type as a .flow file would call it.

    >>> type_text(tuple[Header, ...]), type_text(Size | None), type_text(Literal["lf", "keep"])
    ('list(header)', 'size', '`lf`, `keep`')
    """
    if kind in _WORDS:
        return _WORDS[kind]
    if typing.get_origin(kind) is tuple:
        return f"list({type_text(typing.get_args(kind)[0])})"
    if typing.get_origin(kind) is Literal:
        return ", ".join(f"`{value}`" for value in typing.get_args(kind))
    if isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union:
        return " or ".join(type_text(member) for member in _members(kind))
    if isinstance(kind, type) and issubclass(kind, Section):
        return f"`{kind.type}(…)`" if kind.type else "block"
    return str(getattr(kind, "__name__", kind)).lower()


def _members(kind: Any) -> list[Any]:
    """Return the members of a union but None, or the type itself."""
    union = isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union
    members = typing.get_args(kind) if union else (kind,)
    return [member for member in members if member is not type(None)]


def _default(declared: Property) -> str:
    value = declared.default
    if value is MISSING:
        return "required"
    if value is None or value in ("", ()) or isinstance(value, Section):
        return ""
    return _default_text(value)


def _default_text(value: object) -> str:
    if isinstance(value, Secret):
        return f'`secret("{value.name}")`'
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _meaning(declared: Property) -> str:
    must = f" Must be {declared.check.sentence}." if declared.check is not None else ""
    return declared.doc + must


def _doc(cls: type) -> str:
    return inspect.getdoc(cls) or ""
