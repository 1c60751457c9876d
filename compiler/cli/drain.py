"""`flumec drain`: agents take nothing more, and run empty."""

import math
from pathlib import Path

import click
from flumec.compiler.cli.failures import CannotRun
from flumec.compiler.cli.reach import agents_arguments


@click.command("drain", short_help="Let agents take nothing more, and run empty.")
@click.argument("names", metavar="HOST|[HOST/]AGENT...", nargs=-1, required=True)
@agents_arguments(far=False)
@click.option("--stop", is_flag=True, help="End each agent when it is empty, at boot as well.")
@click.option("--cancel", "back", is_flag=True, help="Let them take events again.")
@click.option(
    "--for", "duration", metavar="TIME", help="Wait at most so long; they go on after that."
)
def command(
    *, names: tuple[str, ...], state: tuple[Path, ...], stop: bool, back: bool, duration: str | None
) -> int:
    """Stop what brings events into agents, and wait until all that they hold is delivered and
    acknowledged, by sinks and by links.

    It says how far they are, and what holds them. A restart goes on with it, until --cancel. Of
    several agents those that send to others are drained first.

    Exit status: 0 all is delivered, 1 something is left, 2 it could not be done.
    """
    from flumec.runtime.clock import SystemClock
    from flumec.runtime.live.draining import CannotDrain, Drain, Wanted, cancel
    from flumec.runtime.live.find import NotFound
    from flumec.runtime.quantity import Duration, QuantityError

    try:
        patience = math.inf if duration is None else float(Duration(duration))
    except QuantityError as error:
        raise CannotRun(f"--for: {error}") from None
    wanted = Wanted(state, names, patience, stop=stop)
    drain = Drain(wanted, SystemClock())
    try:
        for line in cancel(wanted) if back else drain.run():
            click.echo(line)
    except (CannotDrain, NotFound) as error:
        raise CannotRun(str(error)) from None
    return drain.status
