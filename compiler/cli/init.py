"""`flumec init`: a first flow that runs."""

import shlex
from pathlib import Path

import click
from flumec.compiler.cli.arguments import FILE
from flumec.compiler.cli.failures import CannotRun


@click.command("init", short_help="Write a first flow that runs.")
@click.argument("folder", metavar="[DIR]", type=FILE, default=Path())
def command(folder: Path) -> int:
    """Write first.flow, which runs as it is, into DIR (default: here). Nothing is overwritten."""
    from flumec.compiler.init import NAME, first_flow

    path = folder / NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(first_flow(folder.absolute()))
    except FileExistsError:
        what = f"`{path}` is there already" if path.exists() else f"`{folder}` is no folder"
        raise CannotRun(f"{what}; name another folder") from None
    except UnicodeEncodeError:
        path.unlink()
        raise CannotRun(f"the name of `{folder.absolute()!s:.200}` is not UTF-8") from None
    except OSError as error:
        raise CannotRun(f"cannot write `{path}`: {error.strerror or error}") from None
    click.echo(f"wrote {path}\n")
    flow, state = shlex.quote(str(path)), shlex.quote(str(folder / ".state"))
    click.echo(f"    flumec run {flow} --state {state} --until-idle")
    return 0
