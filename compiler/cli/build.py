"""`flumec build`: a folder for each host, with its agents' scripts and units."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
from flumec.compiler.uncollected import uncollected

if TYPE_CHECKING:
    from flumec.compiler.archive import Archive
    from flumec.compiler.cli.report import Report
    from flumec.compiler.plan import Plan
    from flumec.compiler.wheels.packing import Runtime
    from flumec.compiler.wheels.target import Target


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
@click.option(
    "--wheels",
    metavar="DIR",
    type=FILE,
    help="Bring the libraries, for hosts that have only Python: DIR is filled by `flumec wheels`.",
)
@click.option(
    "--slim",
    is_flag=True,
    help="With --wheels: leave them out, for hosts that have this runtime from a build before.",
)
@click.option(
    "--playbook",
    "with_playbook",
    is_flag=True,
    help="Add an Ansible playbook that installs it everywhere, receivers before senders.",
)
@report_arguments
@uncollected()
def command(
    *,
    flow: tuple[Path, ...],
    sets: dict[str, str],
    flowvars: tuple[Path, ...],
    output: Path,
    hosts: tuple[str, ...],
    check: bool,
    wheels: Path | None,
    slim: bool,
    with_playbook: bool,
    form: str,
    **rules: Any,
) -> int:
    """Compile the fleet into a bundle: for each host a folder that installs alone, and its tar.

    The same files give the same bytes, wherever and whenever they are built.
    """
    from flumec.compiler.archive import archives
    from flumec.compiler.build import compile_fleet
    from flumec.compiler.cli.report import Report

    if slim and wheels is None:
        raise CannotRun("--slim goes with --wheels: it says which runtime the hosts have already")
    given = options(sets, flowvars, flow, **rules)
    compiled = compile_fleet(flow, given, opened(flow, flowvars))
    report = Report(compiled.diagnostics, form=form, strict=given.strict, files=flow)
    if compiled.plan is None or report.status:
        report.show()
        return 1
    plan = compiled.plan.only(sets_of_hosts(hosts, compiled.fleet)) if hosts else compiled.plan
    runtimes = _runtimes(plan, wheels) if wheels is not None else {}
    files = _emitted(plan, runtimes, carried=not slim, with_playbook=with_playbook)
    packed = [*archives(files), *(() if slim else (each.archive for each in runtimes.values()))]
    if check:
        return _compare(files, packed, output, report)
    _write(files, packed, output)
    agents = _count(sum(len(host.agents) for host in plan.hosts), "agent")
    report.show(f"built {agents} for {_count(len(plan.hosts), 'host')}: {output}")
    return 0


def _emitted(
    plan: "Plan", runtimes: "dict[Target, Runtime]", *, carried: bool, with_playbook: bool
) -> dict[str, bytes]:
    """Return the files of the bundle; with `carried`, the runtimes' tars lie beside them."""
    from flumec.compiler.emit import Runtimes, emit
    from flumec.compiler.emit.playbook import playbook

    about: Runtimes = {target: runtime.about for target, runtime in runtimes.items()}
    beside = playbook(plan, about if carried else {}) if with_playbook else {}
    return emit(plan, about, beside)


def _runtimes(plan: "Plan", folder: Path) -> "dict[Target, Runtime]":
    """Return the runtime of each kind of hosts."""
    from flumec.compiler.wheels.lock import WheelsError
    from flumec.compiler.wheels.needs import targets_of
    from flumec.compiler.wheels.packing import pack

    try:
        return {each: pack(folder, each, extras) for each, extras in targets_of(plan).items()}
    except WheelsError as error:
        raise CannotRun(str(error)) from error


def _write(files: Mapping[str, bytes], packed: "Sequence[Archive]", output: Path) -> None:
    from flumec.compiler.bundle import BundleError, write_bundle

    try:
        write_bundle(files, output, packed)
    except BundleError as error:
        raise CannotRun(str(error)) from error


def _compare(
    files: Mapping[str, bytes], packed: "Sequence[Archive]", output: Path, report: "Report"
) -> int:
    from flumec.compiler.bundle import BundleError, compare

    try:
        differences = [str(difference) for difference in compare(files, output, packed)]
    except BundleError as error:
        raise CannotRun(str(error)) from error
    number = len(differences)
    differ = f"{_count(number, 'file')} differ{'s' if number == 1 else ''}"
    verdict = differ if differences else "up to date"
    report.show(f"{output}: {verdict}", *differences)
    return 1 if differences else 0


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
