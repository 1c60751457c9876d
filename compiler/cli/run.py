"""`flumec run`: the whole fleet on this machine."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from flumec.compiler.cli.arguments import FILE, fleet_arguments, opened, options
from flumec.compiler.cli.failures import CannotRun

if TYPE_CHECKING:
    from flumec.compiler.plan import Plan

BUNDLE = ".bundle"
"""Beside the hosts' folders in the state directory; no host's folder begins with a dot."""


@click.command("run", short_help="Run the whole fleet on this machine.")
@fleet_arguments
@click.option(
    "--state",
    metavar="DIR",
    type=FILE,
    required=True,
    help="Where the agents keep their journals; the next run goes on from there.",
)
@click.option("--secrets", metavar="FILE", type=FILE, help="Lines of `name = value` for secret().")
@click.option("--watch", is_flag=True, help="Show a live table of all agents and channels.")
@click.option(
    "--until-idle",
    is_flag=True,
    help="End when every source has nothing new and every channel is empty.",
)
def command(
    *,
    flow: tuple[Path, ...],
    sets: dict[str, str],
    flowvars: tuple[Path, ...],
    state: Path,
    secrets: Path | None,
    watch: bool,
    until_idle: bool,
    **rules: Any,
) -> int:
    """Run every agent of the fleet here, each host on a loopback address of its own.

    It runs the scripts that `flumec build` writes; file paths stand as written. An agent that dies
    is started again. Ctrl-C drains the fleet, a second one kills it.
    """
    from flumec.compiler.build import compile_fleet
    from flumec.compiler.cli.report import Report
    from flumec.compiler.run.addresses import loopback_addresses
    from flumec.compiler.run.errors import RunError
    from flumec.compiler.run.runner import run_fleet

    given, read = options(sets, flowvars, flow, **rules), opened(flow, flowvars)
    compiled = compile_fleet(flow, given, read, loopback_addresses)
    report = Report(compiled.diagnostics, form="text", strict=False)
    report.show()
    if compiled.plan is None:
        return report.status
    try:
        return run_fleet(
            _bundle(compiled.plan, state),
            compiled.plan,
            state=state,
            secrets=secrets,
            watch=watch,
            until_idle=until_idle,
            output=sys.stdout,
        )
    except RunError as error:
        raise CannotRun(str(error)) from None


def _bundle(plan: "Plan", state: Path) -> Path:
    """Write the bundle that is run, and return its folder."""
    from flumec.compiler.bundle import BundleError, write_bundle
    from flumec.compiler.emit import emit

    try:
        write_bundle(emit(plan), state / BUNDLE)
    except BundleError as error:
        raise CannotRun(str(error)) from error
    return state / BUNDLE
