"""`flumec prove`: what a fleet does with every event, from the files alone."""

import json
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from flumec.compiler.cli.arguments import fleet_arguments, opened, options
from flumec.compiler.cli.failures import CannotRun, meant
from flumec.compiler.uncollected import uncollected

if TYPE_CHECKING:
    from flumec.compiler.cuts.paths import Path as PathCut
    from flumec.compiler.diagnostic import Diagnostic
    from flumec.compiler.model import Fleet, Proof
    from flumec.compiler.proofs.claim import Claim
    from flumec.compiler.proofs.outlook import Outlook
    from flumec.compiler.source import Source, Span
    from rich.table import Table

LEAST_WIDTH = 100
"""Columns of the table where it is no terminal that reads it."""


@click.command("prove", short_help="Say what the fleet does with every event, and check it.")
@fleet_arguments
@click.option(
    "--path",
    "ends",
    metavar="SOURCE SINK",
    nargs=2,
    help="Say everything about one pair, such as `tailer.access collector.store`.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
    help="For people, for a comment on a change, or for programs.",
)
@uncollected()
def command(
    *,
    flow: tuple[Path, ...],
    sets: dict[str, str],
    flowvars: tuple[Path, ...],
    ends: tuple[str, str] | None,
    form: str,
    **rules: Any,
) -> int:
    """For each source and each sink that its events come to, say how often they arrive, from where
    on, in which order, and which place is the weakest; then what cuts their path, and whether what
    is under way is lost with it; of each outage that a check survives, how long channels last and
    when all is caught up. Then say which checks do not hold.

    Exit status: 0 all checks hold, 1 one does not or the files have errors, 2 it could not run.
    """
    from flumec.compiler.build import lint
    from flumec.compiler.cli.report import Report
    from flumec.compiler.cuts.paths import paths
    from flumec.compiler.proofs.claims import claims
    from flumec.compiler.proofs.outlook import outlooks

    linted = lint(flow, options(sets, flowvars, flow, **rules), opened(flow, flowvars))
    errors = [each for each in linted.diagnostics if each.severity == "error"]
    broken = _of_checks(linted.fleet, errors)
    if len(broken) < len(errors):
        Report(errors, form="text", strict=False).show()
        return 1
    found = claims(linted.graph)
    if ends is not None:
        found = _between(found, *ends)
    cut = list(paths(linted.fleet, linted.graph, found))
    asked = [proof for proof in linted.fleet.proofs if ends is None or _is_of(proof, *ends)]
    outages = list(outlooks(linted.fleet, linted.graph, asked))
    _show(linted.fleet, Found(found, cut, outages), form, whole=ends is not None)
    if broken and form != "json":
        Report(broken, form="text", strict=False).show()
    return int(bool(broken))


def _of_checks(fleet: "Fleet", findings: "Sequence[Diagnostic]") -> "list[Diagnostic]":
    """Return the findings that say that a check does not hold: what else is wrong stops proofs."""
    starts: dict[Source, list[int]] = defaultdict(list)
    ends: dict[Source, list[int]] = defaultdict(list)
    for span in sorted((proof.span for proof in fleet.proofs), key=lambda span: span.start):
        starts[span.source].append(span.start)
        ends[span.source].append(span.end)

    def is_in_one(at: "Span") -> bool:
        begun = bisect_right(starts[at.source], at.start)
        return begun > bisect_left(ends[at.source], at.start)

    return [each for each in findings if each.code.startswith("FL6") and is_in_one(each.span)]


def _between(found: "Sequence[Claim]", source: str, sink: str) -> "tuple[Claim, ...]":
    """Return the claims about one pair; raise CannotRun with what there is."""
    from flumec.compiler.proofs.words import dotted

    sources = dict.fromkeys(dotted(claim.source) for claim in found)
    if source not in sources:
        raise CannotRun(f"there is no source `{source}`{meant(source, sources)}")
    sinks = [dotted(claim.sink) for claim in found if dotted(claim.source) == source]
    if sink not in sinks:
        near = meant(sink, sinks) or f"; they come to {', '.join(f'`{each}`' for each in sinks)}"
        raise CannotRun(f"no events come from `{source}` to `{sink}`{near}")
    return tuple(c for c in found if dotted(c.source) == source and dotted(c.sink) == sink)


def _is_of(proof: "Proof", source: str, sink: str) -> bool:
    """Return whether a check is about a pair."""
    held = (proof.values.get(name) for name in ("from", "to"))
    named = [f"{each.value.agent}.{each.value.component}" for each in held if each is not None]
    return named == [source, sink]


class Found(NamedTuple):
    """All that is to be said of a fleet."""

    claims: "Sequence[Claim]"
    cut: "Sequence[PathCut]"
    outages: "Sequence[Outlook]"


def _show(fleet: "Fleet", found: Found, form: str, *, whole: bool) -> None:
    from flumec.compiler.cuts import rows as of_cuts
    from flumec.compiler.cuts import shown as cuts
    from flumec.compiler.proofs import foreseen
    from flumec.compiler.proofs.rows import rows
    from flumec.compiler.proofs.shown import markdown, sentences

    if form == "json":
        click.echo(json.dumps(_data(found), indent=2, ensure_ascii=False))
    elif whole:
        for claim in found.claims:
            click.echo("\n".join(sentences(claim)))
            its = of_cuts.rows(path for path in found.cut if path.claim is claim)
            for number, line in enumerate(cuts.sentences(its)):
                click.echo(f"  {'' if number else 'cut by':<11}  {line}")
        for number, one in enumerate(foreseen.foreseen(found.outages)):
            click.echo(f"  {'' if number else 'outage':<11}  {foreseen.sentence(one)}")
    elif form == "markdown":
        lines = [*markdown(fleet, rows(found.claims)), "", *cuts.markdown(of_cuts.rows(found.cut))]
        click.echo("\n".join([*lines, *foreseen.markdown(foreseen.foreseen(found.outages))]))
    else:
        _draw(fleet, found)


def _data(found: Found) -> list[dict[str, Any]]:
    """Return all that is claimed, each claim with what cuts its path, and with its outages."""
    from flumec.compiler.cuts.shown import as_json as as_cuts
    from flumec.compiler.proofs.foreseen import by_pair
    from flumec.compiler.proofs.shown import as_json

    of_claim: dict[int, list[PathCut]] = {}
    for path in found.cut:
        of_claim.setdefault(id(path.claim), []).append(path)
    outages = by_pair(found.outages)
    return [
        {
            **as_json(each),
            "paths": as_cuts(of_claim.get(id(each), ())),
            "outages": outages.get((each.source, each.sink), []),
        }
        for each in found.claims
    ]


def _draw(fleet: "Fleet", found: Found) -> None:
    from flumec.compiler.cuts.rows import rows as rows_of_cuts
    from flumec.compiler.cuts.shown import table as table_of_cuts
    from flumec.compiler.proofs import foreseen
    from flumec.compiler.proofs.rows import rows, summary
    from flumec.compiler.proofs.shown import table

    made, cutting = rows(found.claims), rows_of_cuts(found.cut)
    ahead = foreseen.foreseen(found.outages)
    tables = [table(fleet, made)]
    if cutting:
        tables.append(table_of_cuts(cutting))
    if ahead:
        tables.append(foreseen.table(ahead))
    click.echo("\n\n".join([*map(drawn, tables), summary(made)]))


def drawn(table: "Table") -> str:
    """Return a table as lines, as wide as the terminal."""
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=LEAST_WIDTH)
    with console.capture() as shown:
        console.print(table)
    return "\n".join(line.rstrip() for line in shown.get().splitlines())
