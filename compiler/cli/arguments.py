"""Arguments that several commands share: the .flow files, and the values given beside them."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from flumec.compiler.cli.failures import CannotRun, meant, unreadable
from flumec.compiler.cli.report import FORMATS
from flumec.compiler.inputs import Inputs
from flumec.compiler.options import Options

if TYPE_CHECKING:
    from flumec.compiler.model import Fleet

F = TypeVar("F", bound=Callable[..., Any])

FILE = click.Path(path_type=Path)


def fleet_arguments(command: F) -> F:
    """Add FLOW… , --set and --vars to a command."""
    flow = click.argument("flow", metavar="FLOW...", type=FILE, nargs=-1, required=True)
    return flow(fleet_options(command))


def fleet_options(command: F) -> F:
    """Add --set and --vars to a command."""
    for add in (
        click.option(
            "--vars",
            "flowvars",
            metavar="FILE",
            type=FILE,
            multiple=True,
            help="Read values of params from a .flowvars file; a later file wins over an earlier.",
        ),
        click.option(
            "--set",
            "sets",
            metavar="NAME=VALUE",
            multiple=True,
            callback=_pairs,
            help="Set a param; wins over --vars, the environment and defaults.",
        ),
    ):
        command = add(command)
    return command


def report_arguments(command: F) -> F:
    """Add --format and --strict to a command."""
    for add in (
        click.option("--strict", is_flag=True, help="Take warnings for findings: exit status 1."),
        click.option(
            "--format",
            "form",
            type=click.Choice(FORMATS),
            default="text",
            show_default=True,
            help="Show findings for people, or for a program on the standard output.",
        ),
    ):
        command = add(command)
    return command


def options(sets: dict[str, str], flowvars: Sequence[Path]) -> Options:
    """Return what the command line and the environment add to the files."""
    return Options(sets, tuple(flowvars), dict(os.environ))


def opened(flow: Sequence[Path], flowvars: Sequence[Path] = ()) -> Inputs:
    """Return a reader that has read the named files; raise CannotRun if one cannot be read."""
    inputs = Inputs()
    for path in (*flow, *flowvars):
        try:
            inputs(path)
        except OSError as error:
            raise unreadable(path, error) from None
        except ValueError as error:
            raise CannotRun(f"cannot read `{path!s}`: {error}") from None
    return inputs


def sets_of_hosts(names: Sequence[str], fleet: "Fleet") -> frozenset[str]:
    """Return the hosts of the named sets; raise CannotRun for a set that there is not."""
    for name in names:
        if name not in fleet.host_sets:
            raise CannotRun(f"there is no host set `{name}`{meant(name, fleet.host_sets)}")
    return frozenset(host.name for name in names for host in fleet.host_sets[name].hosts)


def _pairs(
    context: click.Context, parameter: click.Parameter, values: Sequence[str]
) -> dict[str, str]:
    """Read NAME=VALUE; the last one for a name wins."""
    pairs: dict[str, str] = {}
    for value in values:
        name, equals, text = value.partition("=")
        if not equals or not name.strip():
            raise click.BadParameter(
                f"`{value}` is not NAME=VALUE, such as `--set stage=dev`", context, parameter
            )
        pairs[name.strip()] = text
    return pairs
