"""The files that a sink writes on a host, as patterns."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from flumec.compiler.bind.properties import complete
from flumec.compiler.graph import Node
from flumec.compiler.model import Agent, Component, Host
from flumec.compiler.source import Span
from flumec.compiler.values import varies
from flumec.runtime.formats.formats import suffix
from flumec.runtime.output.names import file_name
from flumec.runtime.output.template import OURS, Part, Template, Text, Time
from flumec.runtime.sinks.filing import Filing

_MOMENT = datetime(2026, 11, 22, 23, 59, 58, tzinfo=UTC)
_OF_ONE_LENGTH = "YymdjHIMS"
"""The times whose number of digits is always the same."""


class Written(NamedTuple):
    """What a sink writes on a host."""

    node: Node
    pattern: str
    """Its files, once they are published."""
    example: str
    """One of them."""
    hidden: str
    """What it has not published yet."""
    unreadable: str
    """Why they are no lines of text, behind `which`; nothing where they are."""
    span: Span
    """Where its directory is said."""


def writers(agent: Agent) -> Iterator[Component]:
    """Yield the sinks of an agent that write files."""
    for sink in agent.components.values():
        if sink.declaration is not None and issubclass(sink.declaration, Filing):
            yield sink


def differs(sink: Component) -> bool:
    """Whether a sink writes into another directory on each host."""
    return any(varies(held.value) for held in sink.values.values())


def written(sink: Component, agent: str, host: Host) -> Written | None:
    """Return what a sink writes on a host; None where that is elsewhere, or has a mistake."""
    declared = sink.declaration
    assert declared is not None
    assert issubclass(declared, Filing)
    held = complete(declared, sink.values, host)
    name = next((name for name in declared.writes if name in sink.values), None)
    folder = declared.folder(name, held[name]) if held is not None and name is not None else None
    if held is None or name is None or folder is None:
        return None
    try:
        parts = Template.parse(declared.template(held)).parts
    except ValueError:  # which was reported
        return None
    folder = folder.rstrip("/")
    end = suffix(held["format"], held["codec"]) if held["suffix"] is None else held["suffix"]
    writer = (host.name, agent, sink.name)
    file = file_name(writer, 0, 999, bytes.fromhex("5f3a1c"), end, prefix=held["prefix"])
    below, below_pattern = "".join(map(_example, parts)), "".join(map(_pattern, parts))
    return Written(
        (agent, sink.name),
        "/".join(
            part for part in (_literal(folder), below_pattern, _of_any_rows(file, end)) if part
        ),
        "/".join(part for part in (folder, below, file) if part),
        f"{_literal(folder)}/{OURS}/{_literal(sink.name)}/*/*",
        _unreadable(held),
        sink.values[name].span,
    )


def _unreadable(held: dict[str, Any]) -> str:
    if held["format"] == "parquet":
        return "are Parquet"
    if held["codec"] != "none":
        return f"are compressed (`codec = {held['codec']}`)"
    return "" if held["newline"] else "have no newlines (`newline = false`)"


def _of_any_rows(file: str, end: str) -> str:
    """Return a file's name as a pattern, whose rows and start of the agent are any.

    >>> _of_any_rows("web-1.a.files.000000000000-000000000999.5f3a1c.log", ".log")[:14]
    'web-1.a.files.'
    """
    stem = file[: len(file) - len(end)]
    who, rows, start = stem.rsplit(".", 2)
    digits = re.sub(r"\d", "[0-9]", rows)
    return f"{_literal(who)}.{digits}.{'[0-9a-f]' * len(start)}{_literal(end)}"


def _example(part: Part) -> str:
    if isinstance(part, Text):
        return part.value
    return part.render(_MOMENT) if isinstance(part, Time) else part.name


def _pattern(part: Part) -> str:
    if isinstance(part, Text):
        return _literal(part.value)
    if isinstance(part, Time) and part.letter in _OF_ONE_LENGTH:
        return "[0-9]" * len(part.render(_MOMENT))
    return "*"


def _literal(text: str) -> str:
    """Return a pattern that means a text alone.

    >>> _literal("/srv/[a]*")
    '/srv/[[]a][*]'
    """
    return re.sub(r"[*?[]", r"[\g<0>]", text)
