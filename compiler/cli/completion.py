"""`flumec completion`: what a shell needs to complete flumec's commands and options."""

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")

_HOW = {
    "bash": 'eval "$(flumec completion bash)"   # in ~/.bashrc',
    "zsh": 'eval "$(flumec completion zsh)"    # in ~/.zshrc',
    "fish": "flumec completion fish > ~/.config/fish/completions/flumec.fish",
}


@click.command(
    "completion",
    epilog="\b\n" + "\n".join(_HOW.values()),
    short_help="Print what a shell needs to complete flumec.",
)
@click.argument("shell", type=click.Choice(SHELLS))
def command(shell: str) -> int:
    """Print the script by which SHELL completes flumec."""
    from flumec.compiler.cli import flumec

    completion = get_completion_class(shell)
    assert completion is not None
    click.echo(completion(flumec, {}, "flumec", "_FLUMEC_COMPLETE").source())
    return 0
