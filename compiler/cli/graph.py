"""`flumec graph`: a picture of the fleet."""

from pathlib import Path
from typing import Any

import click
from flumec.compiler.cli.arguments import FILE, fleet_arguments, opened, options
from flumec.compiler.cli.failures import CannotRun
from flumec.compiler.uncollected import uncollected


@click.command("graph", short_help="Draw the fleet as SVG, Mermaid, DOT or JSON.")
@fleet_arguments
@click.option(
    "--format",
    "form",
    type=click.Choice(["svg", "mermaid", "dot", "json"]),
    default="svg",
    show_default=True,
    help="What to draw: a picture, the text of Mermaid or Graphviz, or data.",
)
@click.option("-o", "--output", metavar="FILE", type=FILE, help="Where to; else standard output.")
@uncollected()
def command(
    *,
    flow: tuple[Path, ...],
    sets: dict[str, str],
    flowvars: tuple[Path, ...],
    form: str,
    output: Path | None,
    **rules: Any,
) -> int:
    """Draw the fleet: its agents, what they read, keep and write, and the links between them.

    What this version cannot run yet is drawn all the same.
    """
    from flumec.compiler.build import lint
    from flumec.compiler.cli.report import Report
    from flumec.compiler.draw import draw
    from flumec.compiler.passes.future import NotPossibleYet

    linted = lint(flow, options(sets, flowvars, flow, **rules), opened(flow, flowvars))
    errors = {each.code for each in linted.diagnostics if each.severity == "error"}
    if errors - {NotPossibleYet.code}:
        report = Report(linted.diagnostics, form="text", strict=False)
        report.show()
        return report.status
    picture = draw(linted.fleet, linted.graph, form)
    if output is None:
        click.echo(picture, nl=not picture.endswith("\n"))
        return 0
    try:
        output.write_text(picture, "utf-8")
    except OSError as error:
        raise CannotRun(f"cannot write `{output}`: {error.strerror or error}") from None
    return 0
