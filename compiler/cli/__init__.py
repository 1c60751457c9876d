"""The command line, `flumec COMMAND`; the commands are in `group`."""

import errno
import gc
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click
from flumec.compiler.cli.failures import CannotRun, misused
from flumec.compiler.cli.group import Commands

DEBUG = "FLUMEC_DEBUG"
INTERRUPTED, PIPE_CLOSED = 130, 141

SELDOM = 200_000
"""How many objects are made before garbage is looked for. At Python's own pace, 700, that was a
fifth of what a lint of a small file took; and commands that run on for long still look for it."""

_OUTPUT_FAILS = (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EBADF)
"""What writing to the standard output fails with; files of our own report it themselves."""

_EPILOG = """\b
Exit status: 0 clean, 1 there are findings, 2 it could not run.
Colours show on a terminal only, and not where NO_COLOR is set.
FLUMEC_DEBUG=1 shows where in flumec a failure came from."""


@click.group(
    cls=Commands,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="flumec", message="flumec %(version)s")
def flumec() -> None:
    """Compile the description of a whole fleet's data flow into the agents that run it."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and end the process; whatever happens, no traceback reaches the user."""
    whole_process = arguments is None
    if whole_process:
        gc.set_threshold(SELDOM, 10, 10)
    try:
        code = _run(arguments)
        if sys.stdout is not None:  # it may have been closed for us
            sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has what they wanted.
        _close_output()
        code = PIPE_CLOSED
    except OSError as error:
        _close_output()
        code = _fail(f"cannot write the output: {error.strerror or error}")
    if whole_process:
        gc.freeze()  # or Python would look through all that there is once more, before it ends
    sys.exit(code)


def _close_output() -> None:
    """Let nothing more be written, not by Python's own last flush either."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _run(arguments: Sequence[str] | None) -> int:
    """Run one command and return the exit status."""
    try:
        result = flumec.main(args=arguments, prog_name="flumec", standalone_mode=False)
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except CannotRun as failure:
        return _fail(str(failure))
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return 2
    except click.UsageError as error:
        return _fail(misused(error))
    except click.ClickException as error:
        return _fail(error.format_message())
    except BrokenPipeError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _OUTPUT_FAILS:
            raise
        return _unexpected(error)
    return result if isinstance(result, int) else 0


def _fail(message: str) -> int:
    click.echo(f"error: {message}", err=True)
    return 2


def _unexpected(error: Exception) -> int:
    """Tell of a mistake of ours in one line; the traceback only for who asks for it."""
    if os.environ.get(DEBUG):
        import traceback

        traceback.print_exception(error)
    what = str(error).splitlines()[0] if str(error) else ""
    return _fail(
        f"flumec failed: {type(error).__name__}{f': {what}' if what else ''}\n"
        f"This is a mistake in flumec. Please report it with the files and the output of {DEBUG}=1."
    )
