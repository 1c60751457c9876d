"""A line of a file with a mark under a part of it, as wide as a terminal."""

import unicodedata
from typing import NamedTuple

from flumec.compiler.source import Span

TAB = 4
"""How many columns a tab takes: it is shown as spaces, so that marks stay under their words."""

REACH = 10
"""How many characters for each column are looked at on both sides of a mark: lines may be huge."""


class Excerpt(NamedTuple):
    """A line as it is shown, and under it how many spaces and how many signs make the mark."""

    line: str
    before: int
    marked: int


def excerpt(span: Span, width: int) -> Excerpt:
    """Return the line where `span` begins, cut to `width` columns around it.

    A mark of several lines goes to the end of the first, without a block's `{`; an empty one is one
    sign wide.
    """
    whole = span.source.line(span.line)
    start = min(span.column - 1, len(whole))
    skipped = max(start - REACH * width, 0)
    text = whole[skipped : start + REACH * width]
    start -= skipped
    end = min(start + max(span.end - span.start, 0), len(text))
    if span.end - span.start > len(whole) - span.column + 1:
        end = max(len(text.rstrip(" \t{")), start) if skipped + len(text) == len(whole) else end
    cells = [_cell(character) for character in text]
    first, last = _window(cells, start, end, width)
    shown = "".join(glyph for glyph, _ in cells[first:last])
    left, right = "…" * (skipped + first > 0), "…" * (skipped + last < len(whole))
    before = len(left) + _columns(cells[first:start])
    return Excerpt(left + shown + right, before, max(_columns(cells[start : min(end, last)]), 1))


def _window(cells: list[tuple[str, int]], start: int, end: int, width: int) -> tuple[int, int]:
    """Return which characters to show: the mark first, then what is beside it, in equal parts."""
    if _columns(cells) <= width:
        return 0, len(cells)
    room = width - 2
    first = last = start
    while last < end and room >= cells[last][1]:
        room -= cells[last][1]
        last += 1
    grown = True
    while grown:
        grown = False
        if first > 0 and room >= cells[first - 1][1]:
            first -= 1
            room -= cells[first][1]
            grown = True
        if last < len(cells) and last >= end and room >= cells[last][1]:
            room -= cells[last][1]
            last += 1
            grown = True
    return first, last


def _columns(cells: list[tuple[str, int]]) -> int:
    return sum(width for _, width in cells)


def _cell(character: str) -> tuple[str, int]:
    """Return how a character is shown, and in how many columns."""
    if character == "\t":
        return " " * TAB, TAB
    if unicodedata.category(character) in {"Cc", "Cs", "Cf", "Co", "Cn", "Zl", "Zp"}:
        return "\N{REPLACEMENT CHARACTER}", 1
    if unicodedata.combining(character) or unicodedata.category(character) == "Me":
        return character, 0
    return character, 2 if unicodedata.east_asian_width(character) in "WF" else 1
