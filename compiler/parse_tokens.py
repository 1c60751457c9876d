"""The scanner: a file's text as a stream of terminals with their values."""

import re
import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from flumec.compiler import tree
from flumec.compiler.parse_tables import END, tables
from flumec.compiler.source import Source, Span


class Token(NamedTuple):
    """A terminal, what stands for it in the tree, and where it is."""

    terminal: str
    value: Any
    start: int
    end: int


ERROR = "ERROR"
"""The terminal of a character that begins nothing."""

_SPACE = re.compile(r"[ \t]*")

_VALUES: dict[str, Callable[[str, Span], Any]] = {
    "KIND": tree.Name,
    "ELSE": lambda _, span: span,
    "BOOL": lambda text, span: tree.Bool(text == "true", span),
    "QUANTITY": tree.Quantity,
    "NUMBER": tree.Number,
    "STRING": lambda text, span: tree.String(text[1:-1], "plain", span),
    "RAW": lambda text, span: tree.String(text[2:-1], "raw", span),
    "TEXT": lambda text, span: tree.String(text[3:-3], "long", span),
    "NL": lambda text, _: documentation(text) if "##" in text else "",
    "LBRACE": lambda _, span: span,
    "RBRACE": lambda _, span: span,
    "LSQB": lambda _, span: span,
    "RSQB": lambda _, span: span,
    "RPAR": lambda _, span: span,
    "OPTIONAL": lambda _, span: span,
}
"""How a terminal that the tree keeps becomes its value; the others have none."""


def scan(source: Source) -> Iterator[Token]:
    """Yield the tokens of a file, the last two being a line's end and END."""
    text, words = source.text, tables().words
    match, intern = tables().pattern.match, sys.intern
    at, size, last = 0, len(text), "NL"
    while at < size:
        found = match(text, at)
        if found is None:
            start = _SPACE.match(text, at).end()  # type: ignore[union-attr]  # it matches anywhere
            at = start + 1
            if start < size:
                yield Token(ERROR, None, start, at)
            continue
        name = found.lastgroup or ""
        start, at = found.span(name)
        value: Any = None
        if name == "COMMENT":
            continue
        if name == "NAME" or (last == "DOT" and name in ("KIND", "ELSE", "BOOL")):
            word = intern(found[name])
            name = words.get(word, "NAME") if last != "DOT" else "NAME"
            span = Span(source, start, at)
            value = tree.Name(word, span) if name == "NAME" else span
        elif make := _VALUES.get(name):
            value = make(found[name], Span(source, start, at))
        last = name
        yield Token(name, value, start, at)
    if last != "NL":
        yield Token("NL", "", size, size)
    yield Token(END, None, size, size)


def documentation(lines: str) -> str:
    """Return the text of the `##` lines at the end of a run of lines and comments."""
    said: list[str] = []
    for line in reversed(lines.split("\n")[1:-1]):
        mark, words = line.strip()[:2], line.strip()[2:]
        if mark != "##":
            break
        said.append(words.removeprefix(" "))
    return "\n".join(reversed(said))
