"""The text of a string: its escapes, its `${…}`, and the indentation of long texts."""

import re
from collections.abc import Iterator

from flumec.compiler import tree
from flumec.compiler.bind.findings import Findings
from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.fix import Fix, inserted
from flumec.compiler.source import Span

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "\\": "\\", '"': '"'}
_SPECIAL = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(.?))|(\$\$\{)|\$\{([^}]*)(\}?)", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DOTTED = re.compile(rf"\s*{_NAME.pattern}(?:\.{_NAME.pattern})*\s*")
_OPENING = {"plain": 1, "raw": 2, "long": 3}


class UnknownEscape(Diagnostic, code="FL214"):
    r"""A text has a backslash before something that is no escape.

    The escapes are `\n`, `\t`, `\r`, `\0`, `\"`, `\\` and `\u0041`. A pattern stands best in a raw
    text, `r"…"`, in which a backslash is a backslash.

    ## Example

    ```flow
    hosts web = ["web-1.example.com"] {
      site = "berlin\d"
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1.example.com"] {
      site = r"berlin\d"
    }
    ```
    """

    escape: str

    @property
    def message(self) -> str:
        """Name the escape."""
        return f"unknown escape `{self.escape}`"

    @property
    def hint(self) -> str:
        """Offer the raw text."""
        return r'for a backslash write `\\`, or a raw text: r"…"'

    @property
    def fix(self) -> Fix:
        """What a program writes."""
        return inserted(
            self.span.source, self.span.start, "\\", "write the backslash twice", safe=False
        )


class BrokenInterpolation(Diagnostic, code="FL142"):
    """Between `${` and `}` stands no name.

    Only a name can stand there: of a param, a let, a template's parameter, or `host.…`. There is no
    arithmetic and no call. For the characters `${` themselves write `$${`.

    ## Example

    ```flow
    hosts web = ["web-1.example.com"] {
      site = "rack ${1 + 1}"
    }
    ```

    ## Instead

    ```flow
    let rack = 2

    hosts web = ["web-1.example.com"] {
      site = "rack ${rack}"
    }
    ```
    """

    inside: str
    closed: bool

    @property
    def message(self) -> str:
        """Say what is wrong with it."""
        if not self.closed:
            return "`${` has no `}` in this text"
        if not self.inside.strip():
            return "`${}` names nothing"
        return f"`{self.inside.strip()}` is no name"

    @property
    def hint(self) -> str:
        """Say what may stand there."""
        return "`${…}` takes the name of a param or let; for the characters themselves write `$${`"


def read_parts(node: tree.String, findings: Findings) -> tuple[list[str | tree.Ref], bool]:
    """Return a string's texts and the names between them, and whether it has no mistake in it."""
    raw = node.raw
    if node.form == "raw" or (node.form == "plain" and "\\" not in raw and "$" not in raw):
        return [raw], True
    start = node.span.start + _OPENING[node.form]
    parts: list[str | tree.Ref] = []
    whole = True
    lines = _dedented(raw) if node.form == "long" else iter([(0, raw)])
    for number, (offset, line) in enumerate(lines):
        if number:
            parts.append("\n")
        for part in _scan(line, start + offset, node.span, findings):
            whole = whole and part is not None
            parts.append(part or "")
    return parts, whole


def _scan(line: str, start: int, span: Span, findings: Findings) -> Iterator[str | tree.Ref | None]:
    """Yield the parts of one line; None for one with a mistake."""
    at = 0
    for found in _SPECIAL.finditer(line):
        yield line[at : found.start()]
        at = found.end()
        code, escape, literal, inside, closing = found.groups()
        place = Span(span.source, start + found.start(), start + found.end())
        if literal:
            yield "${"
        elif code and not 0xD800 <= int(code, 16) < 0xE000:  # half a character has no bytes
            yield chr(int(code, 16))
        elif code or escape is not None:
            if escape not in _ESCAPES:
                findings.report(UnknownEscape(place, escape=found[0]))
            yield _ESCAPES.get(escape)
        elif closing and _DOTTED.fullmatch(inside):
            yield _reference(inside, start + found.start() + 2, place)
        else:
            findings.report(BrokenInterpolation(place, inside=inside, closed=bool(closing)))
            yield None
    yield line[at:]


def _reference(inside: str, start: int, place: Span) -> tree.Ref:
    names = tuple(
        tree.Name(name[0], Span(place.source, start + name.start(), start + name.end()))
        for name in _NAME.finditer(inside)
    )
    return tree.Ref(names, None, Span(place.source, names[0].span.start, names[-1].span.end))


def _dedented(raw: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a long text without their common indentation, each with its offset in
    `raw`.

    The line of the opening quotes does not count, nor the newline before the closing ones; where
    those stand alone on a line, their indentation counts too.
    """
    lines = raw.split("\n")
    starts = [0]
    for line in lines[:-1]:
        starts.append(starts[-1] + len(line) + 1)
    counted = [line for line in lines[1:-1] if line.strip()] + lines[-1:]
    indent = min((len(line) - len(line.lstrip(" \t")) for line in counted), default=0)
    last = len(lines) if lines[-1].strip() else len(lines) - 1
    for line, start in zip(lines[1:last], starts[1:last], strict=True):
        cut = min(indent, len(line) - len(line.lstrip(" \t")))
        yield start + cut, line[cut:].removesuffix("\r")
