"""`flumec fmt`: the one canonical form of .flow files."""

import sys
from pathlib import Path

import click
from flumec.compiler.cli.arguments import FILE, opened
from flumec.compiler.inputs import Inputs

_STDIN = "-"


@click.command("fmt", short_help="Bring .flow files into their one canonical form.")
@click.option("--check", is_flag=True, help="Write nothing; name what is not formatted: status 1.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change: status 1.")
@click.argument("files", metavar="FILE...", type=FILE, nargs=-1, required=True)
def command(*, files: tuple[Path, ...], check: bool, diff: bool) -> int:
    """Bring .flow files into their one canonical form, in place.

    With `-` for FILE the standard input is formatted to the standard output. A file with a syntax
    error is left as it is, and the error is shown: exit status 1.
    """
    read = opened([path for path in files if str(path) != _STDIN])
    return max([_format(path, read, check=check, diff=diff) for path in files])


def _format(path: Path, read: Inputs, *, check: bool, diff: bool) -> int:
    from flumec.compiler.cli.report import Report
    from flumec.compiler.cli.rewrite import difference, replace
    from flumec.compiler.format import format_text
    from flumec.compiler.source import Source

    name = "<stdin>" if str(path) == _STDIN else str(path)
    content = sys.stdin.buffer.read() if str(path) == _STDIN else read(path)
    formatted, diagnostics = format_text(Source.read(name, content))
    if formatted is None:
        Report(diagnostics, form="text", strict=False).show()
        return 1
    changed = formatted.encode() != content
    if diff and changed:
        click.echo(difference(content.decode(), formatted, name, "formatted"), nl=False)
    if check and changed:
        click.echo(f"not formatted: {name}", err=True)
    if check or diff:
        return int(changed)
    if str(path) == _STDIN:
        click.echo(formatted, nl=False)
    elif changed:
        replace(path, formatted.encode())
        click.echo(f"formatted {name}", err=True)
    return 0
