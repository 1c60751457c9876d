"""The commands by name; each is imported when it is used, so that none pays for another's start."""

from importlib import import_module
from typing import Any

import click
from flumec.compiler.cli.failures import meant

COMMANDS = (
    "lint",
    "fmt",
    "prove",
    "graph",
    "build",
    "certs",
    "plan",
    "wheels",
    "test",
    "run",
    "status",
    "top",
    "tap",
    "pause",
    "resume",
    "drain",
    "drift",
    "channel",
    "link",
    "explain",
    "components",
    "init",
    "completion",
)
"""In the order of the help page; `flumec.compiler.cli.NAME` has the command as `command`."""


class Commands(click.Group):
    """A group whose commands are modules."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 click's signature
        """Return the names in the order of use, not of the alphabet."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"flumec.compiler.cli.{cmd_name}").command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what is wrong with its options is told as its own."""
        try:
            return super().invoke(ctx)
        except click.BadOptionUsage as error:
            name = ctx.invoked_subcommand
            command = self.get_command(ctx, name) if name else None
            if error.ctx is None and command is not None:  # the parser leaves it out
                error.ctx = click.Context(command, parent=ctx, info_name=name)
            raise

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Find the command of the first argument; raise UsageError with the one that was meant."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            raise click.UsageError(f"there is no command `{name}`{meant(name, COMMANDS)}", ctx)
        return super().resolve_command(ctx, args)
