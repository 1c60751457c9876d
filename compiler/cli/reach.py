"""Arguments of the commands that talk to running agents: where these are."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from flumec.compiler.cli.arguments import FILE
from flumec.compiler.cli.failures import CannotRun

if TYPE_CHECKING:
    from flumec.runtime.live.find import Live

F = TypeVar("F", bound=Callable[..., Any])


def agents_arguments(*, far: bool) -> Callable[[F], F]:
    """Add --state and, where agents that are far away can be asked too, --metrics."""

    def add(command: F) -> F:
        if far:
            command = click.option(
                "--metrics",
                metavar="HOST:PORT",
                multiple=True,
                callback=_ports,
                help="The `metrics_port` of an agent that is somewhere else; may be repeated.",
            )(command)
        return click.option(
            "--state",
            metavar="DIR",
            type=FILE,
            multiple=True,
            help="A fleet's, host's or agent's state directory; by default /var/lib/flumec.",
        )(command)

    return add


def living(state: Sequence[Path], metrics: Sequence[tuple[str, int]] | None = None) -> "list[Live]":
    """Ask every agent there; raise CannotRun where none keeps its state.

    `metrics` is None for a command that does not ask agents which are far away.
    """
    from flumec.runtime.live.find import NotFound, ask, places

    try:
        return ask(places(state, metrics))
    except NotFound as error:
        raise CannotRun(str(error)) from None


def named(address: str, state: Sequence[Path]) -> "tuple[Live, str]":
    """Return the agent and the point of it that `[HOST/]AGENT.NAME` means; raise CannotRun."""
    from flumec.runtime.live.find import NotFound, point

    try:
        return point(address, living(state))
    except NotFound as error:
        raise CannotRun(str(error)) from None


def _ports(
    context: click.Context, parameter: click.Parameter, values: Sequence[str]
) -> tuple[tuple[str, int], ...]:
    found = []
    for value in values:
        host, _, port = value.rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
            raise click.BadParameter(
                f"`{value}` is not HOST:PORT, such as `--metrics core-1:9464`", context, parameter
            )
        found.append((host.strip("[]"), int(port)))
    return tuple(found)
