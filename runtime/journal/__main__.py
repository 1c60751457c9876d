"""Look into a journal: `python -m flumec.runtime.journal DIRECTORY`; it changes nothing."""

import sys
from collections.abc import Iterator
from pathlib import Path

from flumec.runtime.disk import Disk, RealDisk
from flumec.runtime.journal.entries import CursorEntry, FrameEntry, Kind, OpenEntry, records
from flumec.runtime.journal.layout import (
    PAGE,
    SECTOR,
    GroupHeader,
    NewerFormat,
    read_segment_header,
)
from flumec.runtime.journal.walk import GroupReader


def look(directory: Path, disk: Disk) -> Iterator[str]:
    """Yield a line for each segment, group and frame, and for each place that is not valid."""
    for name in disk.names(directory):
        if name.endswith(".seg"):
            yield from _segment(directory / name, disk)


def _segment(path: Path, disk: Disk) -> Iterator[str]:
    file = disk.open(path)
    try:
        header = read_segment_header(file)
        size = file.stat().st_size
        if header is None:
            yield f"{path.name}: no valid header in {size} bytes"
            return
        yield (
            f"{path.name}: epoch {header.epoch.hex()}, rows from {header.first_row}, "
            f"groups from {header.first_group}, {size} bytes"
        )
        reader, offset = GroupReader(file, header.epoch), PAGE
        while (found := reader.group(offset, size)) or (later := reader.later(offset, size, 0)):
            if found is None:
                assert later is not None
                yield f"  {offset:>10}  NOT VALID up to byte {later[0]}"
                offset, found = later[0], reader.group(later[0], size)
                assert found is not None
            yield from _group(offset, *found)
            offset += found[0].length
        rest = "nothing" if not any(file.read(SECTOR, offset)) else "bytes of a torn group"
        yield f"  {offset:>10}  the end; behind it {rest}"
    except NewerFormat as newer:
        yield f"{path.name}: written in format {newer.needs}, which this version can't read"
    finally:
        file.close()


def _group(offset: int, header: GroupHeader, head: memoryview) -> Iterator[str]:
    yield (
        f"  {offset:>10}  group {header.number}, rows {header.first_row} to {header.end_row}, "
        f"{header.head_end + header.body_length} bytes"
    )
    for kind, data in records(head):
        detail = ""
        if kind in (Kind.FRAME, Kind.COPIED):
            frame = FrameEntry.decode(data, copied=kind is Kind.COPIED)
            detail = (
                f" rows {frame.first} to {frame.end} for channels {frame.channels}, "
                f"{frame.length} bytes at {offset + frame.offset}, schema {frame.schema:016x}"
            )
        elif kind is Kind.CURSOR:
            entry = CursorEntry.decode(data)
            detail = f" consumer {entry.consumer} low {entry.cursor.low} frees {entry.freed} bytes"
        elif kind is Kind.OPEN:
            opened = OpenEntry.decode(data)
            detail = f" by {opened.agent} on {opened.host}, flumec {opened.version}"
        yield f"              {kind.name.lower()}{detail}"


def main() -> int:
    """Print what is in the directory that the command line names."""
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        sys.stderr.write("usage: python -m flumec.runtime.journal DIRECTORY\n")
        return 2
    for line in look(Path(sys.argv[1]), RealDisk()):
        sys.stdout.write(line + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
