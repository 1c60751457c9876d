"""`flumec plan`: what a build would change on the hosts."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from flumec.compiler.cli.arguments import FILE, fleet_arguments, opened, options, sets_of_hosts
from flumec.compiler.cli.failures import CannotRun, meant
from flumec.compiler.options import Options
from flumec.compiler.uncollected import uncollected

if TYPE_CHECKING:
    from flumec.compiler.plan import Plan


def _states(
    _context: click.Context, _parameter: click.Parameter, values: Sequence[str]
) -> tuple[tuple[str, Path], ...]:
    """Read DIR and HOST=DIR; a folder that is there may have an equals sign in its name."""
    named = []
    for value in values:
        host, equals, directory = value.partition("=")
        whole = not equals or "/" in host or Path(value).is_dir()
        named.append(("", Path(value)) if whole else (host, Path(directory)))
    return tuple(named)


@click.command("plan", short_help="Say what a build would change, and in which order to install.")
@fleet_arguments
@click.option(
    "--against",
    metavar="DIST",
    type=FILE,
    required=True,
    help="The folder that `flumec build -o` wrote for what is installed.",
)
@click.option(
    "--hosts", metavar="SET", multiple=True, help="Only the hosts of this set, as in `build`."
)
@click.option(
    "--state",
    metavar="[HOST=]DIR",
    multiple=True,
    callback=_states,
    help="State directories, or copies of them, to see what orphaned channels hold.",
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
    against: Path,
    hosts: tuple[str, ...],
    state: tuple[tuple[str, Path], ...],
    form: str,
    **rules: Any,
) -> int:
    """Compare the fleet with what was built before: which agents change, in the words of the file,
    which of them restart, in which order hosts are to be installed, and what would be left behind.

    Exit status: 0 nothing changes, 1 something does, 2 it could not be told.
    """
    from flumec.compiler.bundle import BundleError
    from flumec.compiler.change.as_json import as_json
    from flumec.compiler.change.fleet import built, planned
    from flumec.compiler.change.held import CannotLook, held
    from flumec.compiler.change.markdown import as_markdown
    from flumec.compiler.change.outcome import outcome
    from flumec.compiler.change.text import as_text

    try:
        old = built(against)
        new = planned(_plan(flow, options(sets, flowvars, flow, **rules), flowvars, hosts))
        for host, directory in state:
            if host and host not in (known := {**old.hosts, **new.hosts}):
                near = meant(host, known)
                raise CannotRun(f"--state {host}={directory}: there is no host `{host}`{near}")
        found = outcome(old, new, held(state))
    except (BundleError, CannotLook) as error:
        raise CannotRun(str(error)) from None
    if form == "json":
        click.echo(json.dumps(as_json(found), indent=2, ensure_ascii=False))
    else:
        for line in as_text(found) if form == "text" else as_markdown(found):
            click.echo(line)
    return found.status


def _plan(
    flow: tuple[Path, ...], given: Options, flowvars: tuple[Path, ...], hosts: tuple[str, ...]
) -> "Plan":
    from flumec.compiler.build import compile_fleet
    from flumec.compiler.cli.report import Report

    compiled = compile_fleet(flow, given, opened(flow, flowvars))
    if compiled.plan is None:
        Report(compiled.diagnostics, form="text", strict=False).show()
        raise CannotRun("the files have errors, so nothing can be compared")
    return compiled.plan.only(sets_of_hosts(hosts, compiled.fleet)) if hosts else compiled.plan
