"""Findings as a person reads them, and as a program does."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.fix import Fix
from flumec.compiler.render_excerpt import excerpt
from flumec.compiler.source import Span

FORMAT_VERSION = 1
"""Of the JSON form: a field that goes away or changes its meaning raises it."""

WIDTH = 120
"""How long a line may be before it is cut around its mark."""

MOST_PLACES = 8
"""How many other places a finding shows."""

_COLOURS = {"error": "31", "warning": "33", "note": "36", "frame": "34"}


def as_text(finding: Diagnostic, *, colours: bool = False, width: int = WIDTH) -> str:
    """Return one finding with the lines it is about, without a newline at the end."""
    return "\n".join(_Text(finding, colours=colours, width=width).lines())


def render_text(
    findings: Sequence[Diagnostic], *, colours: bool = False, width: int = WIDTH, most: int = 100
) -> str:
    """Return findings one after the other; of more than `most`, how many are left out."""
    shown = [as_text(finding, colours=colours, width=width) for finding in findings[:most]]
    if more := len(findings) - len(shown):
        shown.append(f"and {more:,} more")
    return "".join(f"{text}\n\n" for text in shown)


class _Text:
    """The lines of one finding. All its line numbers stand in one column."""

    def __init__(self, finding: Diagnostic, *, colours: bool, width: int) -> None:
        self._finding = finding
        self._colours = colours
        self._places = finding.places[:MOST_PLACES]
        spans = [finding.span, *(place.span for place in self._places)]
        self._digits = max(len(str(span.line)) for span in spans)
        self._width = max(width - self._digits - 3, 20)

    def lines(self) -> Iterator[str]:
        """Yield the heading, the marked line, the other places, notes and what to do."""
        finding = self._finding
        kind = self._paint(f"{finding.severity}[{finding.code}]", finding.severity)
        yield f"{kind}: {one_line(finding.message)}"
        yield from self._marked(finding.span, "-->", "^", finding.label)
        for place in self._places:
            yield from self._marked(place.span, ":::", "-", place.text)
        rest = [*finding.notes]
        if more := len(finding.places) - len(self._places):
            rest.append(f"and {more:,} more places")
        if finding.hint:
            rest.append(f"help: {finding.hint}")
        if rest:
            yield self._frame("|")
        for note in rest:
            yield f"{self._frame('=')} {one_line(note)}"

    def _marked(self, span: Span, arrow: str, sign: str, label: str) -> Iterator[str]:
        """Yield where a span is, its line, and the mark; a file without text has no line."""
        place = f"{span.source.path}:{span.line}:{span.column}"
        yield f"{' ' * self._digits}{self._paint(arrow, 'frame')} {one_line(place)}"
        if not span.source.text:
            if label:
                yield f"{self._frame('=')} {one_line(label)}"
            return
        shown = excerpt(span, self._width)
        yield self._frame("|")
        number = self._paint(f"{span.line:>{self._digits}} |", "frame")
        yield f"{number} {shown.line}".rstrip()
        colour = self._finding.severity if sign == "^" else "frame"
        mark = self._paint(f"{sign * shown.marked} {one_line(label)}".rstrip(), colour)
        yield f"{self._frame('|')} {' ' * shown.before}{mark}"

    def _frame(self, sign: str) -> str:
        return self._paint(f"{' ' * self._digits} {sign}", "frame")

    def _paint(self, text: str, colour: str) -> str:
        return f"\x1b[1;{_COLOURS[colour]}m{text}\x1b[0m" if self._colours else text


def one_line(text: str) -> str:
    """Return a text with what a terminal would obey or could not show replaced."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def as_json(findings: Iterable[Diagnostic], said: Sequence[str] = ()) -> str:
    """Return findings as one JSON object, and what else a command said.

    `format_version` 1: `diagnostics` is a list of objects with `code`, `name`, `severity`,
    `message`, `label`, `hint` (or null), `notes`, a place (`path`, `line`, `column`, `end_line`,
    `end_column`; lines and columns count from 1, in characters, the end is behind the last one),
    `places`, each a place with its `text`, and `fix`: null, or its `title`, whether it is `safe`,
    and `edits`, each a place and the `text` that is to stand there.
    """
    whole = {
        "format_version": FORMAT_VERSION,
        "diagnostics": [_object(finding) for finding in findings],
        "said": list(said),
    }
    return json.dumps(whole, indent=2)


def _object(finding: Diagnostic) -> dict[str, Any]:
    return {
        "code": finding.code,
        "name": finding.slug(),
        "severity": finding.severity,
        "message": finding.message,
        "label": finding.label,
        "hint": finding.hint,
        "notes": list(finding.notes),
        **_where(finding.span),
        "places": [_place(place) for place in finding.places],
        "fix": _fix(finding.fix) if finding.fix else None,
    }


def _fix(fix: Fix) -> dict[str, Any]:
    edits = [{**_where(edit.span), "text": edit.text} for edit in fix.edits]
    return {"title": fix.title, "safe": fix.safe, "edits": edits}


def _place(place: Place) -> dict[str, Any]:
    return {**_where(place.span), "text": place.text}


def _where(span: Span) -> dict[str, Any]:
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    return {
        "path": span.source.path,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
    }
