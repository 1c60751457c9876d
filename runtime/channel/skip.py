"""`flumec channel skip`: give up one poison row, or exactly what damage took."""

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from flumec.runtime.channel.events import Appended, as_json, events
from flumec.runtime.channel.frames import Frames
from flumec.runtime.channel.holding import bucket_of
from flumec.runtime.channel.keeping import kept, opened
from flumec.runtime.channel.keys import given
from flumec.runtime.channel.members import number, reader_of
from flumec.runtime.channel.place import agent_of, asking, find, places_of_one
from flumec.runtime.channel.salvage import Salvage
from flumec.runtime.channel.verify import describe
from flumec.runtime.channel.words import counted, moment
from flumec.runtime.clock import Clock
from flumec.runtime.disk import Disk
from flumec.runtime.errors import StartError
from flumec.runtime.journal.damage import Damage
from flumec.runtime.journal.errors import StateError
from flumec.runtime.journal.inspection import Inspection, inspect
from flumec.runtime.journal.packing import Keys
from flumec.runtime.journal.records import Aside, Chunk, Put, Refused
from flumec.runtime.journal.state import ChannelState, ConsumerState


def declare(parser: ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("channel", metavar="CHANNEL", nargs="?", help="the channel of the row")
    parser.add_argument("--row", type=int, metavar="ROW", help="the row that is never read again")
    parser.add_argument(
        "--to", type=Path, metavar="FILE", help="where the row goes first, as a JSON line more"
    )
    parser.add_argument("--reason", default="", metavar="TEXT", help="why; it is noted in FILE")
    parser.add_argument(
        "--damaged", action="store_true", help="give up what `verify` says is lost, no row more"
    )


def run(options: Namespace, disk: Disk, clock: Clock) -> Iterator[str]:
    """Do it, and yield what was done."""
    one = (options.channel, options.row, options.to)
    if options.damaged and not any(each is not None for each in one):
        yield from _skip_damaged(options, disk, clock)
    elif options.damaged or None in one:
        raise StartError("give either CHANNEL, --row and --to for one row, or --damaged alone")
    else:
        yield from _skip_row(options, disk, clock)


def _skip_row(options: Namespace, disk: Disk, clock: Clock) -> Iterator[str]:
    there = find(options, disk)
    found, channel = there.inspection, there.channel
    consumer = reader_of(found.state, channel, options.row)
    if consumer is None or not channel.declared:
        raise StateError(
            f"nothing reads `{channel.name}`, so no row is in the way: `export` copies its rows, "
            "and `drop --force` empties it then"
        )
    chunk = row_of(found, channel, consumer, options.row, disk)
    agent = agent_of(there.place, disk)
    if agent is not None:
        route = f"/channels/{quote(channel.name, safe='')}/skip"
        with asking():
            agent.post(route, {"row": options.row, "only_ask": True})
            keep(chunk, channel.name, options, disk, clock)
            agent.post(route, {"row": options.row})
    else:
        with kept(there, disk, clock) as journal:
            keep(chunk, channel.name, options, disk, clock)
            known = number(consumer, options.row)
            if known is None:
                raise StateError(
                    f"row {options.row} is at no member of its group now: start the agent, and "
                    "give the same command again once one is stopped by it"
                )
            aside = Aside(consumer.name, ((known, known + 1),), "dropped")
            outcome = journal.submit(Put(aside=aside)).result()
        if isinstance(outcome, Refused):
            raise StateError(f"row {options.row} stays here: {outcome.reason}")
    yield (
        f"row {options.row} of {channel.name} is in {options.to}, counted as dropped; "
        f"{consumer.name} goes on behind it"
    )


def row_of(
    found: Inspection, channel: ChannelState, consumer: ConsumerState, row: int, disk: Disk
) -> Chunk:
    """Return one row that a consumer has still to do; raise StateError for any other."""
    if row < channel.low:
        raise StateError(f"row {row} of {channel.name} is done: all below {channel.low} are")
    for each in Frames(found, disk, channel.number, row, row + 1):
        if isinstance(each, Damage):
            raise StateError(f"row {row} cannot be read; {describe(found, each)}; see `--damaged`")
        bucket, known = bucket_of(consumer, each, row), number(consumer, row)
        if bucket and known is not None and known < consumer.cursor.ahead.get(bucket.name, 0):
            raise StateError(f"row {row} of {channel.name} is delivered already, into {bucket}")
        return each
    raise StateError(
        f"{channel.name} has no row {row}; `export {channel.name}` shows those that it has"
    )


def keep(chunk: Chunk, channel: str, options: Namespace, disk: Disk, clock: Clock) -> None:
    """Append the row to a file, durably: whatever comes after, it is there."""
    (event,) = events(chunk)
    fields = json.loads(as_json(event))
    fields["skipped"] = {
        "channel": channel, "reason": options.reason, "time": moment(clock.now_ns()),
    }  # fmt: skip
    line = json.dumps(fields, ensure_ascii=False).encode() + b"\n"
    file = disk.open(options.to, "write")
    try:
        Appended(file, file.stat().st_size).write(line)
        file.sync()
    finally:
        file.close()
    disk.sync_directory(options.to.absolute().parent)


def _skip_damaged(options: Namespace, disk: Disk, clock: Clock) -> Iterator[str]:
    keys = Keys(None, given(options.key_file, disk))
    there = places_of_one(options.state, disk)
    for place in there:
        if len(there) > 1:
            yield f"{place.journal}:"
        yield from _salvage(inspect(place.journal, disk, keys), disk, clock)


def _salvage(found: Inspection, disk: Disk, clock: Clock) -> Iterator[str]:
    salvage = Salvage(found.keys)
    with opened(found, disk, clock, salvage):
        pass
    for damage in salvage.damage:
        yield describe(found, damage)
    if not salvage.damage:
        yield "nothing is damaged; nothing was given up"
        return
    for name, rows in salvage.lost.items():
        of = f"of {name}, counted as dropped" if name else "whose channel cannot be known"
        yield f"given up: {counted(rows, 'row')} {of}"
    for path in salvage.set_aside:
        yield f"kept for a closer look: {path}"
    if not salvage.lost:
        yield "no row was lost"
    yield "the journal is sound; start its agent"
