"""`flumec lint`: everything that is wrong with a fleet, at once."""

from pathlib import Path

import click
from flumec.compiler.cli.arguments import fleet_arguments, opened, options, report_arguments


@click.command("lint", short_help="Check the fleet and report every mistake at once.")
@fleet_arguments
@report_arguments
def command(
    *,
    flow: tuple[Path, ...],
    sets: dict[str, str],
    flowvars: tuple[Path, ...],
    form: str,
    strict: bool,
) -> int:
    """Check the fleet that the files describe together, without building it.

    Every mistake is reported at once, in the order of the files.
    """
    from flumec.compiler.build import lint
    from flumec.compiler.cli.report import Report

    linted = lint(flow, options(sets, flowvars), opened(flow, flowvars))
    report = Report(linted.diagnostics, form=form, strict=strict, quietly=False, files=flow)
    report.show()
    return report.status
