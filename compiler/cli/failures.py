"""Why a command could not run: exit status 2, and one message that says what to do."""

import difflib
from collections.abc import Iterable
from pathlib import Path

import click


class CannotRun(Exception):  # noqa: N818 it reads as what happened
    """A command cannot do its work; the message says why."""


def unreadable(path: Path, error: OSError) -> CannotRun:
    """Return the failure for a file that cannot be read, with what may have been meant."""
    if isinstance(error, FileNotFoundError):
        return CannotRun(f"there is no file `{path}`{_meant_file(path)}")
    if isinstance(error, IsADirectoryError):
        return CannotRun(f"`{path}` is a folder; name the .flow files in it")
    return CannotRun(f"cannot read `{path}`: {error.strerror or error}")


def misused(error: click.UsageError) -> str:
    """Return what is wrong with a command line, what was meant, and where the help is."""
    context = error.ctx
    match error:
        case click.NoSuchOption():
            parameters = context.command.get_params(context) if context else []
            options = [name for parameter in parameters for name in parameter.opts]
            name = error.option_name
            message = f"there is no option `{name}`{meant(name, options)}"
        case click.MissingParameter(param=click.Option() as option):
            message = f"the option `{max(option.opts, key=len)}` is missing"
        case click.MissingParameter(param=click.Argument() as argument):
            message = f"{argument.make_metavar(context) if context else 'an argument'} is missing"
        case _:
            message = error.format_message().rstrip(".")
            message = message[:1].lower() + message[1:]
    return f"{message}\nhelp: {context.command_path if context else 'flumec'} --help"


def meant(word: str, names: Iterable[str]) -> str:
    """Return `; did you mean …?` with the nearest of `names`, or nothing."""
    near = difflib.get_close_matches(word, list(names), n=1, cutoff=0.5)
    return f"; did you mean `{near[0]}`?" if near else ""


def _meant_file(path: Path) -> str:
    try:
        names = [other.name for other in path.parent.iterdir()]
    except OSError:
        return ""
    near = difflib.get_close_matches(path.name, names, n=1, cutoff=0.6)
    return f"; did you mean `{path.with_name(near[0])}`?" if near else ""
