"""The frames that an orderly end wrote late: found at the start, group by group, without bodies."""

from collections.abc import Iterator
from pathlib import Path

from flumec.runtime.disk import Disk
from flumec.runtime.journal.layout import read_segment_header
from flumec.runtime.journal.replay import frames
from flumec.runtime.journal.state import ChannelState, State
from flumec.runtime.journal.walk import GroupReader, Located, damaged, segment_path


def find_late(
    directory: Path, disk: Disk, state: State, channel: ChannelState
) -> Iterator[Located]:
    """Yield a channel's late frames that are not done, in order; raise JournalDamaged.

    Their files stay open: there is one for each segment that has some.
    """
    spill = channel.spill
    files = {}
    for late in spill.late if spill is not None else ():
        if (segment := state.segments.get(late.segment)) is None:
            continue  # it was given up
        path = segment_path(directory, late.segment)
        if late.segment not in files:
            files[late.segment] = disk.open(path)
        file = files[late.segment]
        found = GroupReader(file, segment.epoch).group(late.offset, segment.end)
        header = read_segment_header(file)
        if found is None:
            if state.hole(late.segment, late.offset) is not None:
                continue
            what = "a group is not valid"
            raise damaged(path, late.offset, channel.low, late.end, what)
        for entry in frames(found[1]):
            at = late.offset + entry.offset
            given_up = state.hole(late.segment, at) is not None
            mine = channel.number in entry.channels and not given_up
            if mine and not channel.past(entry.first, entry.end):
                yield Located(entry, path, file, at, header.key if header is not None else 0)
