"""`flumec pause`: a sink or link rests, and its channel holds what comes."""

from pathlib import Path

import click
from flumec.compiler.cli.failures import CannotRun
from flumec.compiler.cli.reach import agents_arguments, named


@click.command("pause", short_help="Let a sink or link rest.")
@click.argument("sink", metavar="[HOST/]AGENT.SINK")
@agents_arguments(far=False)
@click.option("--for", "duration", metavar="TIME", help="Resume by itself after, for instance, 2h.")
def command(*, sink: str, state: tuple[Path, ...], duration: str | None) -> int:
    """Let a sink or link read nothing more from its channel, until it is resumed.

    What it has taken already is finished. The pause ends with the agent's process: a restart
    resumes.
    """
    from flumec.runtime.control.client import Refused, Unreachable
    from flumec.runtime.quantity import Duration, QuantityError

    try:
        seconds = None if duration is None else float(Duration(duration))
    except QuantityError as error:
        raise CannotRun(f"--for: {error}") from None
    agent, name = named(sink, state)
    try:
        agent.client.post(f"/sinks/{name}/pause", {"seconds": seconds})
    except (Refused, Unreachable) as error:
        raise CannotRun(str(error)) from None
    until = f"for {duration}" if duration else f"until `flumec resume {sink}`"
    click.echo(f"{agent.name}.{name} is paused {until}, or until the agent ends")
    return 0
