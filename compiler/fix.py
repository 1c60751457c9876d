"""How a finding is mended: edits of the text, as data on the finding."""

from typing import NamedTuple

from flumec.compiler.source import Span


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
