"""`flumec channel upgrade`: let the journal be written in the newest format."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator

from flumec.runtime.channel.place import places
from flumec.runtime.clock import Clock
from flumec.runtime.disk import Disk
from flumec.runtime.journal.inspection import inspect
from flumec.runtime.journal_format import FORMAT


def declare(parser: ArgumentParser) -> None:
    """The command has no arguments but the directory."""


def run(options: Namespace, disk: Disk, clock: Clock) -> Iterator[str]:  # noqa: ARG001 the commands' form
    """Yield which format the journal has: it is never older than what it has to hold."""
    for place in places(options.state, disk):
        found = inspect(place.journal, disk)
        written = max(header.format for header in found.headers.values())
        yield f"{place.journal} is written in format {written}, the newest is {FORMAT}"
    yield (
        "A journal is in the oldest format that can hold what is in it, so that after a rollback "
        "the runtime before this one can read it; nothing is to be done"
    )
