"""The frames that an orderly end wrote late: found at the start, group by group, without bodies."""

from collections.abc import Iterator
from pathlib import Path

from flumec.runtime.disk import Disk, DiskFile
from flumec.runtime.journal.layout import read_segment_header
from flumec.runtime.journal.replay import frames
from flumec.runtime.journal.spill import Late
from flumec.runtime.journal.state import ChannelState, State
from flumec.runtime.journal.walk import GroupReader, Located, damaged, segment_path


def find_late(directory: Path, disk: Disk, state: State, channel: ChannelState) -> list[Located]:
    """Return a channel's late frames that are not done, in order; raise JournalDamaged.

    Their files are open: one for each segment that has some.
    """
    files: dict[int, DiskFile] = {}
    found: list[Located] = []
    try:
        for late in channel.spill.late if channel.spill is not None else ():
            if late.segment in state.segments:  # else it was given up
                path = segment_path(directory, late.segment)
                if late.segment not in files:
                    files[late.segment] = disk.open(path)
                found += _group(late, files[late.segment], path, state, channel)
    except BaseException:
        for file in files.values():
            file.close()
        raise
    used = {id(located.file) for located in found}
    for file in files.values():
        if id(file) not in used:
            file.close()
    return found


def _group(
    late: Late, file: DiskFile, path: Path, state: State, channel: ChannelState
) -> Iterator[Located]:
    segment, header = state.segments[late.segment], read_segment_header(file)
    found = GroupReader(file, segment.epoch).group(late.offset, segment.end)
    if found is None:
        if state.hole(late.segment, late.offset) is None:
            what = "a group is not valid"
            raise damaged(path, late.offset, channel.low, late.end, what)
        return
    for entry in frames(found[1]):
        at = late.offset + entry.offset
        given_up = state.hole(late.segment, at) is not None
        mine = channel.number in entry.channels and not given_up
        if mine and not channel.past(entry.first, entry.end):
            yield Located(entry, path, file, at, header.key if header is not None else 0)
