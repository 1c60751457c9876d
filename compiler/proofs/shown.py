"""Claims as people and programs read them: a table, Markdown, JSON, sentences about one pair."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from flumec.compiler.model import Fleet
from flumec.compiler.proofs.claim import Claim, Effect
from flumec.compiler.proofs.rows import Row, hosts_of, summary
from flumec.compiler.proofs.words import (
    DELIVERY,
    HARM,
    dotted,
    order_words,
    reasoning,
    weakest_words,
)

if TYPE_CHECKING:
    from rich.table import Table

COLOURS = {"exactly_once": "green", "at_least_once": "yellow", "best_effort": "red"}
HEADINGS = ("FROM", "TO", "DELIVERY", "ORDER", "WEAKEST PLACE")


def cells(fleet: Fleet, row: Row) -> tuple[str, str, str, str, str]:
    """Return a row's cells."""
    hosts = hosts_of(fleet, row)
    where = f"{row.sources} ({hosts:,} hosts)" if hosts > 1 else row.sources
    to = f"{row.sinks} ({row.claim.only})" if row.claim.only else row.sinks
    claim = row.claim
    return where, to, DELIVERY[claim.delivery], order_words(claim.order), weakest_words(claim)


def table(fleet: Fleet, found: Sequence[Row]) -> "Table":
    """Return the claims as a table for a terminal."""
    from rich.table import Table
    from rich.text import Text

    made = Table(box=None, pad_edge=False, header_style="bold", leading=1)
    for heading, most in zip(HEADINGS, (26, 20, 13, 14, None), strict=True):
        made.add_column(heading, max_width=most)
    for row in found:
        said = [Text(cell) for cell in cells(fleet, row)]
        said[2].stylize(COLOURS[row.claim.delivery])
        made.add_row(*said)
    return made


def markdown(fleet: Fleet, found: Sequence[Row]) -> Iterator[str]:
    """Yield the claims as a table for a comment on a change."""
    yield f"**flumec prove**: {summary(found)}"
    yield ""
    yield f"| {' | '.join(heading.lower() for heading in HEADINGS)} |"
    yield f"| {' | '.join('---' for _ in HEADINGS)} |"
    for row in found:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells(fleet, row))} |"


def sentences(claim: Claim) -> Iterator[str]:
    """Yield what is claimed of one pair, part by part."""
    only = f" ({claim.only})" if claim.only else ""
    ends = f"{dotted(claim.source)} -> {dotted(claim.sink)}{only}"
    yield f"{ends}: {DELIVERY[claim.delivery]}"
    last = ""
    for part, line in reasoning(claim):
        yield f"  {part if part != last else '':<11}  {line}"
        last = part


def as_json(claim: Claim) -> dict[str, Any]:
    """Return a claim as data."""
    return {
        "source": dotted(claim.source),
        "sink": dotted(claim.sink),
        "only": claim.only or None,
        "delivery": claim.delivery,
        "from": claim.start,
        "through": [failure.value for failure in claim.through],
        "effects": [_effect(each) for effects in claim.worst.values() for each in effects],
        "assuming": list(claim.assuming),
        "order": {
            "per": claim.order.per,
            "keys": sorted(claim.order.keys or ()),
            "in_each_folder": claim.order.folders is not None,
            "because": claim.order.reason or None,
        },
        "detours": [
            {
                "kind": each.kind,
                "at": dotted(each.node),
                "to": each.to,
                "each_copy": each.takes_copies,
            }
            for each in claim.detours
        ],
        "weakest": None if claim.weakest is None else _effect(claim.weakest),
    }


def _effect(effect: Effect) -> dict[str, Any]:
    return {
        "failure": effect.failure.value,
        "harm": HARM[effect.harm],
        "at": effect.where,
        "because": effect.reason,
        "instead": effect.cure or None,
        "file": effect.span.source.path,
        "line": effect.span.line,
        "column": effect.span.column,
    }
