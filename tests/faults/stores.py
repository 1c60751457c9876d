"""What came of the lines: the directories that a sink publishes into, and what belongs there."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from faults.checking import Verdict, compare, hidden, lines_of, published

Expect = Callable[[list[bytes]], list[bytes]]
"""Returns the lines that belong in a store, of all that were written."""


def everything(written: list[bytes]) -> list[bytes]:
    """Return all lines, each as often as it was written."""
    return written


class Store:
    """One sink's output, in one directory or, of rows that may be given up, in several."""

    def __init__(
        self, name: str, places: Sequence[Path], expect: Expect = everything,
        known_as: Callable[[bytes], bytes] = lambda line: line,
    ) -> None:  # fmt: skip
        self.name = name
        self.expect = expect
        self._places = places
        self._known_as = known_as
        """What a line counts as: copies of one event count as that event."""
        self._counted: dict[str, int] = {}

    def arrived(self) -> int:
        """Return how many lines are there. A file does not change once it is seen."""
        for place in self._places:
            for path in published(place):
                if path not in self._counted:
                    with suppress(OSError):  # its store went away meanwhile
                        self._counted[path] = Path(path).read_bytes().count(b"\n")
        return sum(self._counted.values())

    def judge(self, written: list[bytes]) -> Verdict:
        """Compare with what was written; nothing may be left hidden."""
        came = [[self._known_as(line) for line in lines_of(place)] for place in self._places]
        verdict = compare(self.name, self.expect(written), *came)
        for place in self._places:
            left = [f"{self.name}: left behind: {path}" for path in hidden(place)]
            verdict.examples += left
        return verdict
