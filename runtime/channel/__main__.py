"""`python3 -m flumec.runtime.channel`: the command line of the tool, as `flumec channel` has it."""

import difflib
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from flumec.runtime.channel import keys
from flumec.runtime.clock import SystemClock
from flumec.runtime.disk import RealDisk
from flumec.runtime.errors import StartError
from flumec.runtime.journal.errors import StateError

COMMANDS = {
    "ls": "What is in it: per channel and source, and what holds it.",
    "verify": "Read everything: is each frame as it was put?",
    "export": "Write a channel's rows as JSON lines, Parquet or raw.",
    "replay": "Put exported events back into a channel.",
    "skip": "Give up one poison row into a file, or what damage took.",
    "drop": "Give up what a removed channel holds.",
    "upgrade": "Let the journal be written in the newest format.",
}
"""In the order of the help page; each is a module beside this one."""

_EPILOG = """\
DIR is an agent's state directory, /var/lib/flumec/AGENT on a host (or one of its journals). ls,
verify and export only read: beside a running agent, and on a read-only disk.

Exit status: 0 fine, 1 there is damage, 2 it could not be done, 130 it was stopped."""


class Parser(ArgumentParser):
    """Says what is wrong with a command line as all of flumec's commands do."""

    def error(self, message: str) -> NoReturn:
        """Print it, with where the help is, and end with status 2."""
        sys.stderr.write(f"error: {message}\nhelp: {self.prog} --help\n")
        raise SystemExit(2)


def overview(name: str) -> Parser:
    """Return the parser of what has no command: its help page lists them."""
    made = Parser(
        prog=name, description="Look after what lies in an agent's journal.", epilog=_EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
    )  # fmt: skip
    commands = made.add_subparsers(metavar="COMMAND", required=True)
    for command, sentence in COMMANDS.items():
        commands.add_parser(command, help=sentence)
    return made


def parser(name: str, command: str) -> Parser:
    """Return the parser of one command; to make those of all takes longer than most of them run."""
    made = Parser(prog=f"{name} {command}", description=COMMANDS[command])
    made.add_argument("state", metavar="DIR", type=Path, help="the state directory")
    import_module(f"flumec.runtime.channel.{command}").declare(made)
    keys.declare(made)
    return made


def main(arguments: Sequence[str], name: str = "python3 -m flumec.runtime.channel") -> int:
    """Run one command; return its exit status: 0, 1 for damage, 2 if it could not be done."""
    from flumec.runtime.channel.replaying import Stopped
    from flumec.runtime.channel.verify import Unsound

    if not arguments or arguments[0] not in COMMANDS:
        _without_command(arguments, overview(name))
    options = parser(name, arguments[0]).parse_args(arguments[1:])
    progress = options.progress = Progress()
    command = import_module(f"flumec.runtime.channel.{arguments[0]}")
    try:
        for line in command.run(options, RealDisk(), SystemClock()):
            progress("")
            sys.stdout.write(line + "\n")
    except Unsound:
        return 1
    except Stopped as stopped:
        progress("")
        sys.stderr.write(f"{stopped}\n")
        return 130
    except (StartError, StateError) as error:
        return _fail(str(error))
    except BrokenPipeError:
        raise
    except OSError as error:
        return _fail(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    finally:
        progress("")
    return 0


def _without_command(arguments: Sequence[str], made: Parser) -> NoReturn:
    """Show the help page if it is asked for; else say what is wrong."""
    if arguments and not arguments[0].startswith("-"):
        near = difflib.get_close_matches(arguments[0], COMMANDS, n=1, cutoff=0.5)
        meant = f"; did you mean `{near[0]}`?" if near else ""
        made.error(f"there is no command `{arguments[0]}`{meant}")
    made.parse_args(arguments)
    made.error("the command comes first")


def _fail(message: str) -> int:
    sys.stderr.write(f"error: {message}\n")
    return 2


class Progress:
    """A line on the terminal that is written over; nothing elsewhere."""

    def __init__(self) -> None:
        self._shown = 0

    def __call__(self, text: str) -> None:
        """Show `text` in place of the last one; an empty one leaves nothing."""
        if sys.stderr is None or not sys.stderr.isatty() or (not text and not self._shown):
            return
        sys.stderr.write(f"\r{text:{self._shown}}" + ("" if text else "\r"))
        sys.stderr.flush()
        self._shown = len(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
