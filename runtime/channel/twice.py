"""Events that a channel holds still, and a file has too: to replay them would double them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from threading import Lock

from flumec.runtime.channel.members import gone
from flumec.runtime.channel.place import Found
from flumec.runtime.disk import Disk
from flumec.runtime.journal.entries import FrameEntry
from flumec.runtime.journal.errors import JournalDamaged
from flumec.runtime.journal.late import find_late
from flumec.runtime.journal.parts import cut
from flumec.runtime.journal.ranges import union, without
from flumec.runtime.journal.records import Frame, Ranges, TagRun
from flumec.runtime.journal.walk import Walk


class Tags:
    """The tags of a file's events by their places in it, in runs as long as they are."""

    def __init__(self) -> None:
        self._runs: list[tuple[int, TagRun]] = []
        self.rows = 0

    def add(self, frame: Frame) -> None:
        """Take in the next events."""
        place = self.rows
        for run in frame.tags or ():
            known, last = self._runs[-1] if self._runs else (0, TagRun(b"", 0, 0))
            follows = (last.epoch, last.row + last.count) == (run.epoch, run.row)
            if follows and known + last.count == place:
                self._runs[-1] = known, TagRun(last.epoch, last.row, last.count + run.count)
            else:
                self._runs.append((place, run))
            place += run.count
        self.rows += frame.rows

    def among(self, held: Mapping[bytes, Ranges], begin: int) -> int:
        """Count the events behind the first `begin` of which a channel has the tag."""
        found = 0
        for place, run in self._runs:
            first = run.row + min(run.count, max(0, begin - place))
            end = run.row + run.count
            others = without(first, end, held.get(run.epoch, ())) if first < end else []
            found += end - first - sum(stop - start for start, stop in others)
        return found


def held(found: Found, disk: Disk) -> dict[bytes, Ranges]:
    """Return the tags of what a channel has still to deliver, by their epochs; heads say them."""
    inspection, channel = found.inspection, found.channel
    done = gone(inspection.state, channel)
    tags: defaultdict[bytes, list[tuple[int, int]]] = defaultdict(list)
    for heads in (_log, _late):
        with suppress(JournalDamaged):  # which whoever opens it says
            for entry in heads(found, disk):
                epoch = inspection.state.epoch_of(entry.first)
                runs = entry.tags or (TagRun(epoch, entry.first, entry.rows),)
                for first, end in without(max(entry.first, channel.low), entry.end, done):
                    _note(tags, cut(runs, first - entry.first, end - entry.first))
    return {epoch: union((), ranges) for epoch, ranges in tags.items()}


def _log(found: Found, disk: Disk) -> Iterator[FrameEntry]:
    """Yield the heads that stand in the order of the log."""
    inspection, channel = found.inspection, found.channel
    walk = Walk(
        disk, inspection.directory, inspection.state, Lock(), channel.number, channel.low
    )  # fmt: skip
    try:
        while (located := walk.next()) is not None:
            yield located.entry
    finally:
        walk.close()


def _late(found: Found, disk: Disk) -> Iterator[FrameEntry]:
    """Yield those that an orderly end of a channel that spills wrote apart."""
    inspection = found.inspection
    late = find_late(inspection.directory, disk, inspection.state, found.channel)
    for located in late:
        located.file.close()
    yield from (located.entry for located in late)


def _note(tags: defaultdict[bytes, list[tuple[int, int]]], runs: Iterable[TagRun]) -> None:
    for run in runs:
        known = tags[run.epoch]
        if known and known[-1][1] == run.row:
            known[-1] = known[-1][0], run.row + run.count
        else:
            known.append((run.row, run.row + run.count))
