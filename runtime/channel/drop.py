"""`flumec channel drop`: give up what a channel holds, for good."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from urllib.parse import quote

from flumec.runtime.channel.keeping import kept
from flumec.runtime.channel.place import agent_of, asking, find
from flumec.runtime.channel.words import counted, size
from flumec.runtime.clock import Clock
from flumec.runtime.disk import Disk
from flumec.runtime.journal.errors import StateError
from flumec.runtime.journal.removal import Dropped


def declare(parser: ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("channel", metavar="CHANNEL", help="which channel")
    parser.add_argument(
        "--force", action="store_true", help="also one that the bundle has; it is emptied"
    )
    parser.add_argument("--reason", default="", metavar="TEXT", help="why; the journal notes it")


def run(options: Namespace, disk: Disk, clock: Clock) -> Iterator[str]:
    """Do it, and yield what was done."""
    found = find(options, disk, removed=True)
    channel = found.channel
    if channel.declared and not options.force:
        raise StateError(
            f"`{channel.name}` is in the bundle, and holds {counted(channel.held, 'row')}: take it "
            "out of the .flow file and roll that out first; or give up its rows with --force"
        )
    agent = None if options.force else agent_of(found.place, disk)
    if agent is not None:
        with asking():
            dropped = Dropped(**agent.post(_route(channel.name), {"reason": options.reason}))
    else:
        with kept(found, disk, clock) as journal:
            dropped = journal.drop(channel.name, options.reason, force=options.force)
    yield f"dropped {counted(dropped.rows, 'row')} of {channel.name}, {size(dropped.bytes)}"


def _route(channel: str) -> str:
    return f"/channels/{quote(channel, safe='')}/drop"
