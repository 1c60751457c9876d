"""`python3 -m flumec.runtime.control`: status, tap, pause, drain where only the runtime is.

It is what `flumec status` and so on are, for a host that has an agent and no compiler.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from flumec.runtime.control import draining_command as draining
from flumec.runtime.control.client import Refused, Unreachable
from flumec.runtime.live.draining import CannotDrain
from flumec.runtime.live.events import shown
from flumec.runtime.live.find import INSTALLED, NotFound, ask, places, point
from flumec.runtime.live.text import lines, troubles
from flumec.runtime.quantity import Duration, QuantityError


def main(arguments: Sequence[str] | None = None) -> int:
    """Do one of these; return the exit status: 1 with findings, 2 if it could not be done."""
    options = _parser().parse_args(arguments)
    try:
        if options.what == "drain":
            return draining.run(options)
        fleet = ask(places(options.state))
        if options.what == "status":
            for line in lines(fleet, datetime.now(UTC)):
                print(line)  # noqa: T201 it is for a terminal
            return int(any(agent.state is None or list(troubles(agent)) for agent in fleet))
        agent, name = point(options.point, fleet)
        match options.what:
            case "tap":
                for event in agent.client.lines(f"/tap?point={name}&n={options.n}"):
                    if event is not None:
                        print(json.dumps(event) if options.json else shown(event))  # noqa: T201
            case "pause":
                agent.client.post(f"/sinks/{name}/pause", {"seconds": options.seconds})
            case "resume":
                agent.client.post(f"/sinks/{name}/resume")
    except (NotFound, Unreachable, Refused, CannotDrain) as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return 2
    except (BrokenPipeError, KeyboardInterrupt):
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 -m flumec.runtime.control")
    commands = parser.add_subparsers(dest="what", required=True, metavar="COMMAND")
    for name, sentence in (
        ("status", "show how the agents of this host are"),
        ("tap", "show events in flight at a source, a channel or a sink"),
        ("pause", "let a sink or link rest, until it is resumed or the agent ends"),
        ("resume", "let a paused sink or link go on"),
        ("drain", "let agents take nothing more and run empty"),
    ):
        command = commands.add_parser(name, help=sentence, description=sentence)
        command.add_argument(
            "--state",
            type=Path,
            metavar="DIR",
            action="append",
            default=[],
            help=f"where agents keep their state (default: {INSTALLED})",
        )
        if name == "drain":
            draining.declare(command)
        elif name != "status":
            command.add_argument("point", metavar="[HOST/]AGENT.NAME")
        if name == "tap":
            command.add_argument("-n", type=int, default=10, help="how many events (default: 10)")
            command.add_argument("--json", action="store_true", help="a line of JSON for each")
        if name == "pause":
            command.add_argument(
                "--for", dest="seconds", type=_seconds, metavar="TIME", help="resume after, say, 2h"
            )
    return parser


def _seconds(text: str) -> float:
    try:
        return float(Duration(text))
    except QuantityError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


if __name__ == "__main__":
    sys.exit(main())
