"""The command `drain`, as `flumec drain` and `python3 -m flumec.runtime.control drain` have it."""

import math
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace

from flumec.runtime.clock import SystemClock
from flumec.runtime.live.draining import Drain, Wanted, cancel
from flumec.runtime.quantity import Duration, QuantityError


def declare(parser: ArgumentParser) -> None:
    """Add the command's arguments."""
    add = parser.add_argument
    add("names", nargs="+", metavar="HOST|[HOST/]AGENT", help="an agent, or all of a host")
    add("--stop", action="store_true", help="end the agent when it is empty, at boot as well")
    add("--cancel", action="store_true", help="let it take events again")
    add(
        "--for", dest="patience", type=_seconds, default=math.inf, metavar="TIME",
        help="wait at most so long; it goes on after that",
    )  # fmt: skip


def run(options: Namespace) -> int:
    """Do it; return the exit status: 0 when all is delivered, 1 when something holds it."""
    wanted = Wanted(options.state, options.names, options.patience, stop=options.stop)
    drain = Drain(wanted, SystemClock())
    for line in cancel(wanted) if options.cancel else drain.run():
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    return drain.status


def _seconds(text: str) -> float:
    try:
        return float(Duration(text))
    except QuantityError as error:
        raise ArgumentTypeError(str(error)) from None
