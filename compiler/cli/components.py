"""`flumec components`: the reference of what flows are made of."""

import click
from flumec.compiler.cli.failures import CannotRun, meant


@click.command("components", short_help="Print the reference of a component.")
@click.option("--all", "everything", is_flag=True, help="Print every page, as docs/components.md.")
@click.argument("name", required=False)
def command(name: str | None, everything: bool) -> int:
    """Print the reference of a component, or of all sources, channels, sinks, interceptors or
    links; without NAME, list them all.
    """
    from flumec.compiler.reference import contents, later, pages, reference

    if everything and name:
        raise click.UsageError("give a NAME or --all, not both")
    if everything:
        click.echo(reference(), nl=False)
        return 0
    if name is None:
        click.echo(contents(), nl=False)
        return 0
    found = pages(name)
    if not found and later(name):
        raise CannotRun(f"`{name}` is not possible yet; `flumec components` lists what is")
    if not found:
        names = [each.partition(" ")[2] for each in pages()]
        near = meant(name, names) or "; `flumec components` lists those that there are"
        raise CannotRun(f"there is no component `{name}`{near}")
    click.echo("\n".join(found.values()), nl=False)
    return 0
