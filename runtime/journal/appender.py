"""What is still written when a journal ends and nothing more is put."""

from collections.abc import Callable

from flumec.runtime.frozen import frozen
from flumec.runtime.journal.group import Group
from flumec.runtime.journal.log import Log
from flumec.runtime.journal.segment import SegmentState


@frozen
class Appender:
    """What may still be appended to the log when the writer has nothing more to do."""

    _log: Log
    _roll: Callable[[int], None]

    def make_room(self, bound: int) -> tuple[SegmentState, int]:
        """Return the segment for a group of so many bytes and where it goes; raise DiskFull."""
        if self._log.reserved or not self._log.fits(bound):
            self._roll(bound)
        return self._log.segment, self._log.segment.end

    def append(self, group: Group, first_row: int) -> None:
        """Write the group that room was made for, and sync it."""
        self._log.write(group, first_row)
        self._log.segment.end = self._log.sync()
