"""`flumec channel`: what lies in an agent's journal. The runtime has it; hosts have only that."""

import click


@click.command(
    "channel",
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
    add_help_option=False,
    short_help="Look after what lies in an agent's journal.",
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> int:
    """Look after what lies in an agent's journal: see `flumec channel --help`."""
    from flumec.runtime.channel.__main__ import main

    return main(arguments, "flumec channel")
