"""Compare what nginx logged and what clients were promised with what is in the store."""

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

_HIDDEN = ".flumec"
_EXAMPLES = 3


@dataclass
class Lane:
    """One way from the hosts into the store, and what is wrong at its end."""

    name: str
    promise: str
    """`exactly once`, or `at least once`."""
    expected: int = 0
    arrived: int = 0
    lost: int = 0
    duplicated: int = 0
    foreign: int = 0
    """What nobody wrote: torn or mixed up."""
    examples: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether the promise was kept."""
        doubled = self.duplicated if self.promise == "exactly once" else 0
        return not (self.lost or doubled or self.foreign)


def judge(
    name: str, promise: str, expected: Iterable[bytes], arrived: Iterable[bytes],
    allowed: Iterable[bytes] = (),
) -> Lane:  # fmt: skip
    """Compare events, each of which is unique; what is allowed may be there once or not at all."""
    wanted, found = Counter(expected), Counter(arrived)
    known = wanted.keys() | set(allowed)
    lost = [event for event in wanted if event not in found]
    doubled = {event: count - 1 for event, count in found.items() if count > 1}
    foreign = {event: count for event, count in found.items() if event not in known}
    lane = Lane(
        name, promise, wanted.total(), found.total(), len(lost), sum(doubled.values()),
        sum(foreign.values()),
    )  # fmt: skip
    for word, events in (("lost", lost), ("doubled", doubled), ("never sent", foreign)):
        lane.examples += [f"{name}: {word}: {event!r}" for event in list(events)[:_EXAMPLES]]
    return lane


class Arrivals:
    """The lines that are in a folder of the store: each file is read once, as soon as it is there.

    A published file is whole and never changes, which this relies on, so it is tested along.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: set[Path] = set()
        self.lines: list[bytes] = []

    def look(self) -> int:
        """Read the files that are new; return how many lines have arrived."""
        for folder, folders, names in os.walk(self._folder):
            folders[:] = [name for name in folders if name != _HIDDEN]  # comes and goes meanwhile
            for path in (Path(folder, name) for name in names):
                if path not in self._read:
                    self.lines += path.read_bytes().splitlines()
                    self._read.add(path)
        return len(self.lines)
