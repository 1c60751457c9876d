"""`flumec channel verify`: whether each frame is as it was put, and what is lost if not."""

from argparse import ArgumentParser, Namespace
from collections.abc import Generator, Iterator

from flumec.runtime.channel.keys import given
from flumec.runtime.channel.place import places
from flumec.runtime.channel.words import counted, rows, size
from flumec.runtime.clock import Clock
from flumec.runtime.disk import Disk
from flumec.runtime.journal.damage import Damage
from flumec.runtime.journal.examination import Examination, Read
from flumec.runtime.journal.inspection import Inspection, inspect
from flumec.runtime.journal.packing import Keys


class Unsound(Exception):  # noqa: N818 a verdict, for the exit status
    """The journal is damaged; the lines before say where."""


def declare(parser: ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "--quiet", action="store_true", help="don't show on the terminal how far it has come"
    )


def run(options: Namespace, disk: Disk, clock: Clock) -> Iterator[str]:  # noqa: ARG001 the commands' form
    """Yield what is wrong, then a summary, of each journal; raise Unsound if anything is."""
    keys, unsound = Keys(None, given(options.key_file, disk)), False
    there = places(options.state, disk)
    for place in there:
        if len(there) > 1:
            yield f"{place.journal}:"
        sound = yield from _verify(inspect(place.journal, disk, keys), options, disk)
        unsound = unsound or not sound
    if unsound:
        raise Unsound


def _verify(found: Inspection, options: Namespace, disk: Disk) -> Generator[str, None, bool]:
    """Yield what is to be said of one journal; return whether it is sound."""
    examination = Examination(found, disk)
    damage = list(found.damage)
    for line in damage:
        yield describe(found, line)
    for each in examination.run():
        if isinstance(each, Read):
            if not options.quiet:
                options.progress(f"{size(each.bytes)} of {size(examination.size)} read")
        else:
            damage.append(each)
            yield describe(found, each)
    if found.torn is not None:
        path, offset = found.torn
        yield (
            f"{path}: from byte {offset} on a group that was cut short, as a crash leaves it; it "
            "was not synced, so nothing of it was acknowledged (unless `sync` is a time)"
        )
    totals = examination.totals
    yield (
        f"{counted(totals.segments, 'segment')}, {counted(totals.groups, 'group')}, "
        f"{counted(totals.frames, 'frame')} with {counted(totals.rows, 'row')} read, "
        f"{size(totals.bytes)}; {counted(totals.freed, 'frame')} done with"
        + (f", {totals.given_up:,} given up" if totals.given_up else "")
    )
    if totals.sealed:
        yield (
            f"{counted(totals.sealed, 'frame')} encrypted: checked by checksum; to look inside as "
            "well: --key-file"
        )
    yield advice(found) if damage else "sound"
    return not damage


def describe(found: Inspection, damage: Damage) -> str:
    """Return one line on damage: the file, the bytes, the rows, the channels."""
    where = f"bytes {damage.start} to {damage.stop}" if damage.stop else "the whole file"
    return f"{damage.path}: {where}: {damage.what}; {lost(found, damage)}"


def lost(found: Inspection, damage: Damage) -> str:
    """Say which rows are gone, and of which channels."""
    if damage.unbounded:
        return f"rows from {damage.first} on are lost; how many there were cannot be known"
    if damage.end <= damage.first:
        return "no rows, but records (positions, cursors, names)"
    channels = found.state.channels
    if damage.channels is not None:
        waiting = [channels[n] for n in damage.channels if n in channels]
        of = "of " + ", ".join(channel.name for channel in waiting)
    else:
        segment = found.state.segments.get(damage.segment)
        ends = segment.channels if segment else {}
        waiting = [c for n, c in channels.items() if not segment or ends.get(n, 0) > damage.first]
        waiting = waiting or list(channels.values())
        some = "one or more of " if len(waiting) > 1 else ""
        of = f"of {some}" + ", ".join(channel.name for channel in waiting)
    done = all(channel.low >= damage.end for channel in waiting)
    ending = ", which are all done: nothing is lost" if waiting and done else " are lost"
    return f"{rows(damage.first, damage.end)} {of}{ending}"


def advice(found: Inspection) -> str:
    """Say what can be done about damage."""
    return (
        "The journal is damaged. Best: stop the agent and restore the files above from a copy of "
        "the disk. Else take out what can be read (`export … --skip-damaged`), and accept the loss "
        f"of exactly the rows above, counted: `flumec channel skip {found.directory} --damaged`"
    )
