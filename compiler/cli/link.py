"""`flumec link`: what an agent's links have done. The runtime has it; hosts have only that."""

import click


@click.command(
    "link",
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
    add_help_option=False,
    short_help="Look after an agent's links to other hosts.",
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> int:
    """Look after an agent's links to other hosts: see `flumec link --help`."""
    from flumec.runtime.links.__main__ import main

    return main(arguments, "flumec link")
