"""`flumec resume`: a sink or link that was paused goes on."""

from pathlib import Path

import click
from flumec.compiler.cli.failures import CannotRun
from flumec.compiler.cli.reach import agents_arguments, named


@click.command("resume", short_help="Let a paused sink or link go on.")
@click.argument("sink", metavar="[HOST/]AGENT.SINK")
@agents_arguments(far=False)
def command(*, sink: str, state: tuple[Path, ...]) -> int:
    """Let a sink or link that was paused read its channel again."""
    from flumec.runtime.control.client import Refused, Unreachable

    agent, name = named(sink, state)
    try:
        told = agent.client.post(f"/sinks/{name}/resume")
    except (Refused, Unreachable) as error:
        raise CannotRun(str(error)) from None
    click.echo(f"{agent.name}.{name} {'goes on' if told['was_paused'] else 'was not paused'}")
    return 0
