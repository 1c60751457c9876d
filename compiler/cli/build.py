"""`flumec build`: a folder for each host, with its agents' scripts and units."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click
from flumec.compiler.cli.arguments import (
    FILE,
    fleet_arguments,
    opened,
    options,
    report_arguments,
    sets_of_hosts,
)
from flumec.compiler.cli.failures import CannotRun

if TYPE_CHECKING:
    from flumec.compiler.cli.report import Report


@click.command("build", short_help="Write what each host needs to run its agents.")
@fleet_arguments
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    type=FILE,
    required=True,
    help="The bundle's folder; a bundle that is there is replaced as a whole.",
)
@click.option(
    "--hosts",
    metavar="SET",
    multiple=True,
    help="Build only for the hosts of this set; may be given more than once.",
)
@click.option(
    "--check",
    is_flag=True,
    help="Write nothing; say where the bundle in DIR is another: exit status 1.",
)
@report_arguments
def command(
    *,
    flow: tuple[Path, ...],
    sets: dict[str, str],
    flowvars: tuple[Path, ...],
    output: Path,
    hosts: tuple[str, ...],
    check: bool,
    form: str,
    strict: bool,
) -> int:
    """Compile the fleet into a bundle: for each host a folder that installs alone.

    The same files give the same bytes, wherever and whenever they are built.
    """
    from flumec.compiler.build import compile_fleet
    from flumec.compiler.cli.report import Report
    from flumec.compiler.emit import emit

    compiled = compile_fleet(flow, options(sets, flowvars), opened(flow, flowvars))
    report = Report(compiled.diagnostics, form=form, strict=strict)
    if compiled.plan is None or report.status:
        report.show()
        return 1
    plan = compiled.plan.only(sets_of_hosts(hosts, compiled.fleet)) if hosts else compiled.plan
    files = emit(plan)
    if check:
        return _compare(files, output, report)
    _write(files, output)
    agents = sum(len(host.agents) for host in plan.hosts)
    report.show(f"built {_count(agents, 'agent')} for {_count(len(plan.hosts), 'host')}: {output}")
    return 0


def _write(files: Mapping[str, bytes], output: Path) -> None:
    from flumec.compiler.bundle import BundleError, write_bundle

    try:
        write_bundle(files, output)
    except BundleError as error:
        raise CannotRun(str(error)) from error


def _compare(files: Mapping[str, bytes], output: Path, report: "Report") -> int:
    from flumec.compiler.bundle import BundleError, compare

    try:
        differences = [str(difference) for difference in compare(files, output)]
    except BundleError as error:
        raise CannotRun(str(error)) from error
    number = len(differences)
    differ = f"{_count(number, 'file')} differ{'s' if number == 1 else ''}"
    verdict = differ if differences else "up to date"
    report.show(f"{output}: {verdict}", *differences)
    return 1 if differences else 0


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
