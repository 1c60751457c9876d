"""Arguments that several commands share: the .flow files, and the values given beside them."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from flumec.compiler.cli.failures import CannotRun, meant, unreadable
from flumec.compiler.cli.report import FORMATS
from flumec.compiler.configuration.settings import Settings, found
from flumec.compiler.inputs import Inputs
from flumec.compiler.options import Options

if TYPE_CHECKING:
    from flumec.compiler.model import Fleet

F = TypeVar("F", bound=Callable[..., Any])

FILE = click.Path(path_type=Path)
FOLDER = click.Path(path_type=Path, file_okay=False)


def fleet_arguments(command: F) -> F:
    """Add FLOW…, --set and --vars, and which rules speak, to a command."""
    flow = click.argument("flow", metavar="FLOW...", type=FILE, nargs=-1, required=True)
    return flow(fleet_options(command))


def fleet_options(command: F) -> F:
    """Add --set and --vars, and which rules speak, to a command."""
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
    return rule_options(command)


def rule_options(command: F) -> F:
    """Add which rules speak: what settings make an error stops all commands that read a fleet."""
    for add in (
        click.option(
            "--config",
            metavar="FILE",
            type=FILE,
            help="Read settings from FILE, not from the nearest flumec.toml or pyproject.toml.",
        ),
        click.option(
            "--ignore",
            metavar="RULE,...",
            multiple=True,
            help="Turn warnings and notes off: codes, names, or beginnings such as FL9.",
        ),
        click.option(
            "--select",
            metavar="RULE,...",
            multiple=True,
            help="Of warnings and notes show only these; `default,NAME` shows one more.",
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


def options(
    sets: dict[str, str],
    flowvars: Sequence[Path],
    flow: Sequence[Path],
    *,
    config: Path | None = None,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    strict: bool = False,
) -> Options:
    """Return what the command line, the environment and the nearest settings add to the files."""
    settings = _settings(flow, config)
    if select or ignore or strict:
        words = _words(select), _words(ignore, down=True)
        settings = (settings or Settings()).over(*words, strict=strict)
    return Options(sets, tuple(flowvars), dict(os.environ), settings)


def _settings(flow: Sequence[Path], config: Path | None) -> Settings | None:
    path = config or found(flow[0])
    if path is None:
        return None
    from flumec.compiler.configuration.reading import read_settings

    try:
        return read_settings(Path(os.path.relpath(path)), path.read_bytes())
    except OSError as error:
        raise unreadable(path, error) from None


def _words(given: Sequence[str], *, down: bool = False) -> tuple[str, ...]:
    """Return the rules that are named by commas; raise CannotRun for what is none."""
    from flumec.compiler.configuration.reading import mistakes_in

    words = tuple(word for each in given for part in each.split(",") if (word := part.strip()))
    for mistake in mistakes_in(words, down=down):
        raise CannotRun(f"{mistake.message}\nhelp: {mistake.hint}")
    return words


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
