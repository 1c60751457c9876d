"""`flumec top`: a running fleet, again and again."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
from flumec.compiler.cli.reach import agents_arguments, living

if TYPE_CHECKING:
    from flumec.runtime.live.find import Live
    from rich.console import Group

WIDE = 240
"""Columns that a picture has which nobody looks at on a terminal."""


@click.command("top", short_help="Watch a running fleet.")
@agents_arguments(far=True)
@click.option(
    "--every",
    metavar="SECONDS",
    type=click.FloatRange(0.2, 3600),
    default=1.0,
    show_default=True,
    help="How often the agents are asked.",
)
@click.option("--once", is_flag=True, help="Show it once; so it is where there is no terminal.")
def command(
    *,
    state: tuple[Path, ...],
    metrics: tuple[tuple[str, int], ...],
    every: float,
    once: bool,
) -> int:
    """Show rates, and lag in events, bytes and seconds, of every channel, until Ctrl-C.

    Below the table stands what cannot work, and the way of the back-pressure: from the source that
    waits to what is too slow.
    """
    from rich.console import Console

    fleet = living(state, metrics)
    console = Console(highlight=False, markup=False)
    if once or not sys.stdout.isatty():
        console.width = max(console.width, WIDE)
        console.print(_picture(fleet))
        return 0
    from rich.live import Live as Screen

    with Screen(_picture(fleet), console=console, screen=True, auto_refresh=False) as screen:
        while True:
            time.sleep(every)
            screen.update(_picture(living(state, metrics)), refresh=True)


def _picture(fleet: "list[Live]") -> "Group":
    from flumec.runtime.live.pressure import pressure
    from flumec.runtime.live.text import HEADINGS, rows, troubles
    from flumec.runtime.logs import one_line
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, heading in enumerate(HEADINGS):
        justify = "right" if 2 <= number <= 7 else "left"
        table.add_column(heading, no_wrap=True, justify=justify)  # type: ignore[arg-type]
    for row in rows(fleet):
        table.add_row(*map(one_line, row))
    below = [f"{agent.name}.{text}" for agent in fleet for text in troubles(agent)]
    below += [f"{agent.name} does not answer: {agent.trouble}" for agent in fleet if agent.trouble]
    pressed = [Text(one_line(f"back-pressure: {text}"), "red") for text in pressure(fleet)]
    return Group(table, *(Text(one_line(text), "yellow") for text in below), *pressed)
