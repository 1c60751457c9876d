"""How a finding is mended: edits of the text, as data on the finding."""

from typing import NamedTuple

from flumec.compiler.source import Source, Span


class Edit(NamedTuple):
    """What stands in a span becomes `text`; an empty span inserts, an empty text deletes."""

    span: Span
    text: str


class Fix(NamedTuple):
    """One way to mend a finding, applied as a whole or not at all.

    It is safe if what the file means is certain and stays: `lint --fix` makes it unasked. What is
    probably meant, or changes a name that hosts know, is unsafe and waits for `--unsafe`.
    """

    title: str
    """What it does, as an order: "quote the text"."""
    edits: tuple[Edit, ...]
    safe: bool


def replaced(span: Span, text: str, title: str, *, safe: bool) -> Fix:
    """Return the fix that puts `text` in the place of a span."""
    return Fix(title, (Edit(span, text),), safe)


def inserted(source: Source, at: int, text: str, title: str, *, safe: bool) -> Fix:
    """Return the fix that writes `text` at an offset."""
    return replaced(Span(source, at, at), text, title, safe=safe)


def rest_of_line(span: Span) -> str:
    """Return what stands behind a span on its line, without the line's end."""
    text = span.source.text
    end = text.find("\n", span.end)
    return text[span.end : end if end >= 0 else len(text)].rstrip("\r")


def new_line(span: Span) -> str:
    """Return what ends a line and begins the next as the one of `span` begins."""
    line = span.source.line(span.line)
    indent = line[: len(line) - len(line.lstrip(" \t"))]
    return ("\r\n" if "\r\n" in span.source.text else "\n") + indent


def sign_for(span: Span, sign: str) -> Fix:
    """Return the fix that writes another sign with a space on both sides."""
    text = span.source.text
    before = "" if text[span.start - 1 : span.start].isspace() else " "
    after = "" if text[span.end : span.end + 1].isspace() else " "
    return replaced(span, f"{before}{sign}{after}", f"write `{sign}`", safe=True)


def without_item(span: Span, *, safe: bool = True) -> Fix | None:
    """Return the fix that takes an item out of a list, with the comma before it."""
    text = span.source.text
    comma = len(text[: span.start].rstrip()) - 1
    if text[comma : comma + 1] != ",":  # a comment stands between, or it is the first
        return None
    return replaced(span._replace(start=comma), "", "take it out", safe=safe)


def without_repeated_line(first: Span, second: Span) -> Fix | None:
    """Return the fix that takes a line out that says again what an earlier one said."""
    source = second.source
    if first.source is not source or first.line == second.line:
        return None
    line = source.line(second.line)
    if line.strip() != source.line(first.line).strip() or line.rstrip()[-1:] in "[({,":
        return None
    start = second.start - second.column + 1
    end = source.text.find("\n", start) + 1 or len(source.text)
    return replaced(Span(source, start, end), "", "take it out", safe=True)
