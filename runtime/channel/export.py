"""`flumec channel export`: a channel's rows as JSON lines, as Parquet, or as bare bodies."""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from flumec.runtime.channel.events import FORMATS, Appended, Target
from flumec.runtime.channel.frames import Frames
from flumec.runtime.channel.members import gone
from flumec.runtime.channel.place import find
from flumec.runtime.channel.verify import Unsound, describe
from flumec.runtime.channel.words import counted
from flumec.runtime.clock import Clock
from flumec.runtime.disk import Disk, DiskFile
from flumec.runtime.errors import StartError
from flumec.runtime.journal.damage import Damage
from flumec.runtime.journal.errors import StateError
from flumec.runtime.journal.inspection import Inspection
from flumec.runtime.journal.ranges import without
from flumec.runtime.journal.records import Chunk
from flumec.runtime.journal.state import ChannelState

_SUFFIXES = {".parquet": "parquet", ".jsonl": "json", ".json": "json", ".ndjson": "json"}


def declare(parser: ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("channel", metavar="CHANNEL", help="which channel")
    parser.add_argument(
        "--format",
        choices=sorted(FORMATS),
        help="what is written (default: by the file's ending, else json)",
    )
    parser.add_argument("--to", type=Path, metavar="FILE", help="a new file (default: the output)")
    parser.add_argument("--first", type=int, metavar="ROW", help="the first row to write")
    parser.add_argument("--last", type=int, metavar="ROW", help="the last row to write")
    parser.add_argument(
        "--all", action="store_true", help="also rows that are delivered and still on the disk"
    )
    parser.add_argument(
        "--skip-damaged", action="store_true", help="go on behind rows that cannot be read"
    )


def run(options: Namespace, disk: Disk, clock: Clock) -> Iterator[str]:  # noqa: ARG001 the commands' form
    """Write the rows; what is said about them goes to the standard error."""
    there = find(options, disk)
    found, channel = there.inspection, there.channel
    kind = options.format or _SUFFIXES.get(options.to.suffix if options.to else "", "json")
    low = 0 if options.all else channel.low
    first = low if options.first is None else max(low, options.first)
    end = found.state.next_row if options.last is None else options.last + 1
    rows = Frames(found, disk, channel.number, first, end)
    rows.require_keys()
    file, target = _target(options.to, disk)
    writer = FORMATS[kind](target)
    count = missing = 0
    for each in rows:
        if not isinstance(each, Damage):
            for part in [each] if options.all else waiting(found, channel, each):
                writer.write(part)
                count += part.rows
            continue
        options.progress("")
        sys.stderr.write(f"{describe(found, each)}\n")
        if not options.skip_damaged:
            _remove(options.to, file, disk)
            raise StateError(
                f"stopped at damage, with {counted(count, 'row')} written before it; to go on "
                "behind it: --skip-damaged"
            )
        missing += each.rows
    writer.close()
    if file is not None:
        _finish(options.to, file, disk)
    told = f"{counted(count, 'row')} of {channel.name}" + (
        f", {missing:,} not readable" if missing else ""
    )
    sys.stderr.write(told + "\n")
    if missing:
        raise Unsound
    yield from ()


def waiting(found: Inspection, channel: ChannelState, chunk: Chunk) -> Iterator[Chunk]:
    """Yield the parts of a chunk that were neither dropped nor set aside."""
    for first, end in without(chunk.first, chunk.end, gone(found.state, channel)):
        skip = chunk.skip + first - chunk.first
        yield replace(chunk, first=first, rows=end - first, skip=skip)


def _target(path: Path | None, disk: Disk) -> tuple[DiskFile | None, Target]:
    """Open what is written to, under a name that says that it is not whole yet."""
    if path is None:
        return None, sys.stdout.buffer
    if path.name in disk.names(path.absolute().parent):
        raise StartError(f"{path} exists; name a file that does not")
    file = disk.open(_part(path), "write")
    file.truncate(0)
    return file, Appended(file)


def _part(path: Path) -> Path:
    return path.with_name(f".{path.name}.part")


def _finish(path: Path, file: DiskFile, disk: Disk) -> None:
    """Make the file durable, then give it its name."""
    file.sync()
    file.close()
    disk.rename(_part(path), path)
    disk.sync_directory(path.absolute().parent)


def _remove(path: Path | None, file: DiskFile | None, disk: Disk) -> None:
    if path is not None and file is not None:
        file.close()
        disk.unlink(_part(path))
