"""`flumec drift`: is a host as its bundle made it? The runtime has it; hosts have only that."""

import click


@click.command(
    "drift",
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
    add_help_option=False,
    short_help="Say where a host is not as its bundle made it.",
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> int:
    """Say where a host is not as its bundle made it: see `flumec drift --help`."""
    from flumec.runtime.drift.__main__ import main

    return main(arguments, "flumec drift")
