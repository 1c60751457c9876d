"""`flumec status`: a running fleet in a few lines."""

import json
from datetime import UTC, datetime
from pathlib import Path

import click
from flumec.compiler.cli.reach import agents_arguments, living


@click.command("status", short_help="Show how a running fleet is.")
@agents_arguments(far=True)
@click.option("--json", "as_json", is_flag=True, help="Print what the agents said, as JSON.")
def command(*, state: tuple[Path, ...], metrics: tuple[tuple[str, int], ...], as_json: bool) -> int:
    """Show each agent with its channels, what cannot work and why, and where the back-pressure is.

    Exit status 1: an agent does not answer, or a part of one cannot work or is paused.
    """
    from flumec.runtime.live.text import lines, troubles

    fleet = living(state, metrics)
    if as_json:
        told = [{"name": a.name, "trouble": a.trouble, "state": a.state} for a in fleet]
        click.echo(json.dumps(told, indent=2))
    else:
        for line in lines(fleet, datetime.now(UTC)):
            click.echo(line)
    return int(any(agent.state is None or list(troubles(agent)) for agent in fleet))
