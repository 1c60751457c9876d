"""`flumec tap`: events in flight, at any point of a running agent."""

import json
from pathlib import Path

import click
from flumec.compiler.cli.failures import CannotRun
from flumec.compiler.cli.reach import agents_arguments, named


@click.command("tap", short_help="Show events in flight at a point.")
@click.argument("point", metavar="[HOST/]AGENT.POINT")
@agents_arguments(far=False)
@click.option(
    "-n",
    "count",
    type=click.IntRange(1, 10_000),
    default=10,
    show_default=True,
    help="How many events.",
)
@click.option(
    "--bytes",
    "largest",
    type=click.IntRange(0, 1 << 20),
    default=4096,
    show_default=True,
    help="How much of each body.",
)
@click.option("--json", "as_json", is_flag=True, help="Print each event as a line of JSON.")
def command(*, point: str, state: tuple[Path, ...], count: int, largest: int, as_json: bool) -> int:
    """Show the next events at a source, a channel or a sink, with headers and body.

    At a source they are as they came, before interceptors; at a channel as it stores them; at a
    sink or link as it reads them. The agent is not disturbed: it hands out what passes, and passes
    over what would have to wait. Ctrl-C ends it early.
    """
    from flumec.runtime.control.client import Refused, Unreachable
    from flumec.runtime.live.events import shown

    agent, name = named(point, state)
    try:
        for event in agent.client.lines(f"/tap?point={name}&n={count}&bytes={largest}"):
            if event is not None:
                click.echo(json.dumps(event) if as_json else shown(event))
    except (Refused, Unreachable) as error:
        raise CannotRun(str(error)) from None
    return 0
