"""What is found damaged in a journal: where, what, and which rows that costs."""

from pathlib import Path

from flumec.runtime.frozen import frozen
from flumec.runtime.journal.layout import PAGE
from flumec.runtime.journal.scan import Gap


@frozen
class Damage:
    """Bytes `start` to `stop` of a file that are not as they were written.

    Rows `first` to `end` were in them; `channels` are those that had some, None where that cannot
    be known. `stop` 0 stands for a whole file that is gone.
    """

    segment: int
    path: Path
    start: int
    stop: int
    first: int
    end: int
    what: str
    channels: tuple[int, ...] | None = None
    unbounded: bool = False
    """Whether rows from `first` on are gone of which nothing is left to count."""

    @classmethod
    def of(cls, segment: int, path: Path, gap: Gap) -> "Damage":
        """Return what a gap in a segment is."""
        what = "the opening group is not valid" if gap.start == PAGE else "a group is not valid"
        return cls(segment, path, gap.start, gap.stop, gap.first, gap.end, what)

    @property
    def rows(self) -> int:
        """How many rows there were at most."""
        return self.end - self.first
