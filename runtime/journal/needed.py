"""What is read of one segment of an inspected journal: what is still needed, and its key."""

from collections.abc import Iterator
from dataclasses import replace

from flumec.runtime.disk import DiskFile
from flumec.runtime.journal.inspection import Inspection
from flumec.runtime.journal.layout import SegmentHeader, read_segment_header
from flumec.runtime.journal.scan import Gap, Scan, Sound, header_of


def reading(inspection: Inspection, number: int, file: DiskFile) -> Iterator[Sound | Gap]:
    """Yield the groups of one segment that the journal still needs, and the gaps in it.

    What somebody gave up of a gap is none any more; what rotted behind it since then is one.
    """
    segment, known = inspection.state.segments[number], read_segment_header(file)
    stop = known.end if known is not None and known.end else segment.end
    header = SegmentHeader(inspection.state.journal, segment.epoch, number, segment.first_row, 0, 0)
    end = max(segment.channels.values(), default=segment.first_row)
    for found in Scan(file, header, stop=stop, end=end, chained=False):
        if isinstance(found, Sound):
            yield found
        elif (start := _not_given_up(inspection, number, found)) < found.stop:
            yield replace(found, start=start)


def _not_given_up(inspection: Inspection, number: int, gap: Gap) -> int:
    """Return where the part of a gap begins that nobody gave up, its end if all of it was."""
    start = gap.start
    while start < gap.stop and (stop := inspection.state.hole(number, start)) is not None:
        start = stop
    return start


def key_of(inspection: Inspection, number: int, file: DiskFile) -> int:
    """Return the id of the key of a segment's bodies, 0 for none; not all headers were read."""
    header = inspection.headers.get(number) or header_of(file)
    return header.key if header else 0
