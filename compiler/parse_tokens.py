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
"""The terminal of characters that begin nothing, or a text that does not end."""

_SPACE = re.compile(r"[ \t]*")
_STRANGE = re.compile(
    r'"""[^\n]*|"[^\n]*?(?=[ \t]*\{?[ \t]*(?:\r?\n|\Z))|//[^\n]*|;|[^\s"#,(){}\[\]]+|.|\n'
)
"""What is reported as one thing. A text that does not end leaves the `{` at the end of its line."""

_DEEPER = r"(\r?\n([ \t]*|{indent}[ \t]+[^\n]*)(?=\r?\n|\Z))*"


def _span(_: str, span: Span) -> Span:
    return span


_VALUES: dict[str, Callable[[str, Span], Any]] = {
    "KIND": tree.Name,
    "BOOL": lambda text, span: tree.Bool(text == "true", span),
    "QUANTITY": tree.Quantity,
    "NUMBER": tree.Number,
    "STRING": lambda text, span: tree.String(text[1:-1], "plain", span),
    "RAW": lambda text, span: tree.String(text[2:-1], "raw", span),
    "TEXT": lambda text, span: tree.String(text[3:-3].replace("\r\n", "\n"), "long", span),
    "NL": lambda text, span: documentation(text, span.start) if "##" in text else "",
    "ELSE": _span,
    "LBRACE": _span,
    "RBRACE": _span,
    "LSQB": _span,
    "RSQB": _span,
    "RPAR": _span,
    "OPTIONAL": _span,
}
"""How a terminal that the tree keeps becomes its value; the others have none."""


def scan(source: Source, at: int = 0) -> Iterator[Token]:
    """Yield the tokens of a file from `at` on, the last two being a line's end and END."""
    text, words = source.text, tables().words
    match, intern = tables().pattern.match, sys.intern
    at = at or text.startswith("\ufeff")
    size, last = len(text), "NL"
    while at < size:
        found = match(text, at)
        if found is None:
            start, at = _strange(text, at)
            if start < size:
                last = ERROR
                yield Token(ERROR, None, start, at)
            continue
        name = found.lastgroup or ""
        start, at = found.span(name)
        value: Any = None
        if name == "COMMENT":
            continue
        free = last == "DOT" or (last == "EQUAL" and name == "KIND")  # `order = source`
        if name == "NAME" or (free and name in ("KIND", "ELSE", "BOOL")):
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


def _strange(text: str, at: int) -> tuple[int, int]:
    """Return where the characters at `at` that are no terminal begin and end.

    A text that does not end goes to the end of its line; a long one takes the lines with it that
    are indented more than its own, so that its words are not read as statements.
    """
    start = _SPACE.match(text, at).end()  # type: ignore[union-attr]  # it matches anywhere
    found = _STRANGE.match(text, start)
    if found is None:
        return start, start
    end = found.end()
    if found[0].startswith('"""'):
        line = text.rfind("\n", 0, start) + 1
        indent = _SPACE.match(text, line)[0]  # type: ignore[index]
        below = re.compile(_DEEPER.format(indent=re.escape(indent))).match(text, end)
        end = below.end() if below else end
    return start, end - (end - start > 1 and text[end - 1] == "\r")


def documentation(lines: str, start: int) -> str:
    """Return the text of the `##` lines at the end of a line's end that begins at `start`.

    What stands behind a statement on its line documents nothing; a file begins with a whole line.
    """
    said: list[str] = []
    for line in reversed(lines.split("\n")[min(start, 1) : -1]):
        mark, words = line.strip()[:2], line.strip()[2:]
        if mark != "##":
            break
        said.append(words.removeprefix(" "))
    return "\n".join(reversed(said))
