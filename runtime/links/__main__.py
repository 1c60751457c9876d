"""`python3 -m flumec.runtime.links`: the command line of the tool, as `flumec link` has it."""

import sys
from argparse import Namespace, RawDescriptionHelpFormatter
from collections.abc import Iterator, Sequence
from pathlib import Path

from flumec.runtime.channel.__main__ import Parser
from flumec.runtime.channel.words import counted, table
from flumec.runtime.disk import Disk, RealDisk
from flumec.runtime.journal.errors import StateError
from flumec.runtime.links.books import Book, books, of_host
from flumec.runtime.links.loss import Loss
from flumec.runtime.links.memory import NOBODY
from flumec.runtime.live.find import INSTALLED

_EPILOG = """\
ls only reads, beside running agents too. settle gives a word that the agent takes at its next
attempt to connect: within a second or so if it stands still with an alarm, at its start if it does
not run. Exit status: 0 fine, 1 ls found an alarm, 2 it could not be done."""


def main(arguments: Sequence[str], name: str = "python3 -m flumec.runtime.links") -> int:
    """Run one command; return its exit status."""
    options, disk = _parser(name).parse_args(arguments), RealDisk()
    try:
        found = books(options.state, disk)
        said = listed(found) if options.command == "ls" else settled(found, options, disk)
        for line in said:
            sys.stdout.write(line + "\n")
    except StateError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"error: {error.filename}: {error.strerror}\n")
        return 2
    return int(options.command == "ls" and any(book.lost for book in found))


def _parser(name: str) -> Parser:
    made = Parser(
        prog=name, description="Look after an agent's links to other hosts.", epilog=_EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
    )  # fmt: skip
    commands = made.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command, sentence in (
        ("ls", "What each link has sent to each host, and what it waits for."),
        ("settle", "Say that a host is lost with what it had: its links go on without."),
    ):
        each = commands.add_parser(command, help=sentence, description=sentence)
        each.add_argument(
            "--state", type=Path, metavar="DIR", default=INSTALLED,
            help=f"where agents keep their state (default: {INSTALLED})",
        )  # fmt: skip
        if command == "settle":
            each.add_argument(
                "--lost", metavar="HOST", action="append", required=True, default=[],
                help="the receiving host that is lost, or was replaced; may be repeated",
            )  # fmt: skip
            each.add_argument("--force", action="store_true", help="do it, after it said what")
    return made


def listed(found: Sequence[Book]) -> Iterator[str]:
    """Yield a line for each sender."""
    head = ("AGENT", "SENDER", "TO", "JOURNAL", "ACKNOWLEDGED", "IN DOUBT", "LEFT", "STATE")
    lines = [
        (
            book.agent, book.sender, book.target.host or "?",
            "none yet" if book.receiver == NOBODY else book.receiver.hex(),
            f"{book.acknowledged:,}",
            "?" if book.in_doubt is None else f"{book.in_doubt:,}", f"{book.left:,}", _state(book),
        )
        for book in found
    ]  # fmt: skip
    yield from table(head, lines, "llllrrrl")
    for book in found:
        if reason := book.live.get("failing"):
            yield f"{book.agent}.{book.sender}: {reason}"


def _state(book: Book) -> str:
    if not book.live:
        return "not running"
    if book.lost:
        return f"ALARM: {counted(book.lost, 'row')} lost"
    if book.linked:
        return "linked"
    return "waits" if book.live.get("failing") else "not linked"


def settled(found: list[Book], options: Namespace, disk: Disk) -> Iterator[str]:
    """Give the word for each sender to the lost hosts; yield what follows from it."""
    mine = [book for host in options.lost for book in of_host(found, host)]
    for book in mine:
        if book.linked:
            raise StateError(
                f"{book.agent}.{book.sender} is linked to {book.target.host} now: it is not lost"
            )
    if not options.force:
        told = "\n  ".join(_follows(book) for book in mine)
        raise StateError(f"this is what would follow; --force does it:\n  {told}")
    for book in mine:
        Loss(disk, book.state, book.sender).say(book.target.host)
        yield _follows(book)


def _follows(book: Book) -> str:
    where = f"{book.agent}.{book.sender} to {book.target.host}"
    given = counted(book.lost or book.acknowledged, "row")
    up = f"{'' if book.lost else 'up to '}{given} that it acknowledged"
    again = counted(book.left, "row")
    to = "the other hosts" if book.shared else "whoever takes its place"
    return f"{where}: {up} are given up if it lost them; {again} go to {to}, also what it may have"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
