"""Compare what was written with what arrived: name what was lost, doubled, reordered or torn."""

import os
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

FIRST_ROW = re.compile(r"\.(\d{12})-\d{12}\.")
LINE = re.compile(rb"(\w) (\d{8}) kind=\w [0-9a-f]*\n")
OURS = ".flumec"
_EXAMPLES = 5


@dataclass
class Verdict:
    """What a comparison found: how many of each, and a few of them by name."""

    written: int = 0
    arrived: int = 0
    lost: int = 0
    duplicated: int = 0
    reordered: int = 0
    foreign: int = 0
    """Lines that nobody wrote: torn or mixed up."""
    examples: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether every line arrived exactly once, whole and in order."""
        return not (self.lost or self.duplicated or self.reordered or self.foreign)

    def __str__(self) -> str:
        text = f"lost {self.lost}, duplicated {self.duplicated}, reordered {self.reordered}"
        return text + (f", never written {self.foreign}" if self.foreign else "")

    def add(self, other: "Verdict") -> None:
        """Take another comparison in."""
        for name in ("written", "arrived", "lost", "duplicated", "reordered", "foreign"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.examples += other.examples


def compare(where: str, written: Iterable[bytes], *arrived: Iterable[bytes]) -> Verdict:
    """Compare lines, each of which is unique, with what came of them, in its order.

    Where they may come to several places, each place has an order of its own.
    """
    places = [list(lines) for lines in arrived]
    sent, came = list(written), [line for lines in places for line in lines]
    expected, found = Counter(sent), Counter(came)
    missing, surplus = expected - found, found - expected
    foreign = {line: count for line, count in surplus.items() if line not in expected}
    doubled = {line: count for line, count in surplus.items() if line in expected}
    late = [line for lines in places for line in _reordered(lines)]
    verdict = Verdict(
        len(sent), len(came), missing.total(), sum(doubled.values()), len(late),
        sum(foreign.values()),
    )  # fmt: skip
    named = {"lost": missing, "doubled": doubled, "never written": foreign, "reordered": late}
    for word, lines in named.items():
        verdict.examples += [f"{where}: {word}: {line!r}" for line in list(lines)[:_EXAMPLES]]
    return verdict


def _reordered(came: list[bytes]) -> list[bytes]:
    """Return the lines that stand behind a later one of their source and kind."""
    newest: dict[tuple[bytes, bytes], int] = {}
    late = []
    for line in came:
        if found := LINE.fullmatch(line):
            key, number = (found[1], line.split()[2]), int(found[2])
            if number < newest.get(key, -1):
                late.append(line)
            newest[key] = max(number, newest.get(key, -1))
    return late


def published(store: Path) -> list[str]:
    """Return the paths of the files below a directory for all to see."""
    found = []
    for folder, folders, names in os.walk(store):  # which bears that folders go meanwhile
        folders[:] = [name for name in folders if name != OURS]
        found += [f"{folder}/{name}" for name in names]
    return found


def hidden(store: Path) -> list[Path]:
    """Return what a sink has left out of sight."""
    return [path for path in (store / OURS).rglob("*") if path.is_file()]


def lines_of(store: Path) -> list[bytes]:
    """Return every line of a store, in the order of the rows."""
    files = sorted(map(Path, published(store)), key=lambda path: _first_row(path.name))
    return [line for path in files for line in path.read_bytes().splitlines(True)]


def _first_row(name: str) -> int:
    found = FIRST_ROW.search(name)
    return int(found[1]) if found else -1
