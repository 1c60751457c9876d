"""`flumec channel replay`: exported events back into a channel, each file once."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterator
from pathlib import Path

from flumec.runtime.channel.incoming import Incoming
from flumec.runtime.channel.keeping import kept
from flumec.runtime.channel.place import Found, agent_of, asking, find
from flumec.runtime.channel.replayed import Replay
from flumec.runtime.channel.replaying import Dead, Interruptible, Live, Replaying, Show, Target
from flumec.runtime.channel.twice import Tags, held
from flumec.runtime.channel.words import counted
from flumec.runtime.clock import Clock
from flumec.runtime.disk import Disk
from flumec.runtime.errors import StartError
from flumec.runtime.journal.errors import StateError
from flumec.runtime.journal.journal import LARGEST_PUT


def declare(parser: ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("channel", metavar="CHANNEL", help="which channel")
    parser.add_argument("file", metavar="FILE", type=Path, help="what `export` or `skip` wrote")
    parser.add_argument(
        "--format", choices=("json", "parquet", "raw"),
        help="what FILE is (default: parquet by its first bytes, else json); of raw, each line is "
        "an event's body",
    )  # fmt: skip
    parser.add_argument(
        "--header", metavar="NAME=VALUE", action="append", default=[], type=_header,
        help="a header that each of its events gets (again for more)",
    )  # fmt: skip
    parser.add_argument(
        "--from", metavar="N", dest="start", type=_number,
        help="the event of FILE to begin with, from 1 on (default: where it was cut short)",
    )  # fmt: skip
    parser.add_argument(
        "--again", action="store_true", help="also a file that was replayed into it before"
    )


def run(options: Namespace, disk: Disk, clock: Clock) -> Iterator[str]:
    """Do it, and yield what was done."""
    found = find(options, disk)
    if not found.channel.declared:
        raise StateError(
            f"the bundle does not have `{found.channel.name}` any more: nothing reads it"
        )
    file = Incoming(options.file, disk, options.format, dict(options.header))
    tags = _looked_through(file, found.channel.name, options)
    with Interruptible() as interrupted:
        agent = agent_of(found.place, disk)
        if agent is not None:
            with asking():
                live = Live(agent, found.channel.name, clock, interrupted)
                before, after = _replay(live, file, found, options, tags=tags, clock=clock)
        else:
            with kept(found, disk, clock) as journal:
                dead = Dead(journal, interrupted)
                before, after = _replay(dead, file, found, options, tags=tags, clock=clock)
    known = f" ({counted(before, 'row')} before it passed over)" if before else ""
    yield f"{counted(after - before, 'row')} of {file.path} put into {found.channel.name}{known}"


def _looked_through(file: Incoming, channel: str, options: Namespace) -> Tags:
    """Return the tags of a file's events, each of which can be put; nothing is put before."""
    tags = Tags()
    for frame in file.frames(channel):
        if frame.body.size > LARGEST_PUT:
            raise StartError(
                f"{file.path}, event {tags.rows + 1} has {frame.body.size:,} bytes, and a journal "
                f"takes {LARGEST_PUT:,} at once"
            )
        tags.add(frame)
        options.progress(f"{counted(tags.rows, 'event')} looked at")
    if options.start is not None and options.start > max(tags.rows, 1):
        count = counted(tags.rows, "event")
        raise StartError(f"{file.path} has {count}, so none is {options.start}")
    return tags


def _replay(
    target: Target, file: Incoming, found: Found, options: Namespace, *, tags: Tags, clock: Clock
) -> tuple[int, int]:
    """Put what is not there; return how many rows were passed over, and how many are through."""
    positions = target.positions()
    run = Replay.of(positions, file.digest(), found.channel.uuid)
    begin = run.rows if options.start is None else options.start - 1
    if (run.done or begin < run.rows) and not options.again:
        what = "was replayed" if run.done else f"was replayed up to event {run.rows}"
        rest = "" if run.done else "; without --from it goes on behind that"
        raise StateError(
            f"{file.path} {what} into {found.channel.name} before{rest}; to have its events there "
            "once more: --again"
        )
    if run.done or begin < run.rows:
        run, begin = run.next, begin if options.start else 0
    twice = 0 if options.again else tags.among(held(found, file.disk), begin)
    if twice:
        raise StateError(
            f"{found.channel.name} holds {counted(twice, 'event')} of {file.path} still: "
            "`export` takes nothing out; to have them there twice: --again"
        )
    command = "the same command" if options.start is None else "the same command without --from"
    replaying = Replaying(
        target, run, positions, clock, show=_shower(options, tags.rows), name=str(file.path),
        size=found.channel.size, command=command,
    )  # fmt: skip
    return begin, replaying.put_all(file.frames(found.channel.name, begin), begin)


def _shower(options: Namespace, count: int) -> Show:
    return lambda rows, note: options.progress(f"{rows:,} of {counted(count, 'row')} put{note}")


def _header(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise ArgumentTypeError(f"`{text}` is no header: NAME=VALUE is")
    return name, value


def _number(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise ArgumentTypeError(f"`{text}` is no number from 1 on")
    return int(text)
