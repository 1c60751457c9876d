"""Compare every line written with every line that arrived, per host and in order."""

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

NUMBER = re.compile(r"access\.log(?:\.(\d+))?$")
FIRST_ROW = re.compile(r"\.(\d{12})-\d{12}\.")


@dataclass
class Verdict:
    """What the comparison found; lists hold a few examples, the numbers all of them."""

    written: int = 0
    arrived: int = 0
    lost: int = 0
    duplicated: int = 0
    foreign: int = 0
    disordered: int = 0
    examples: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether every line arrived exactly once, and nothing else did, in order."""
        return not (self.lost or self.duplicated or self.foreign or self.disordered)

    def __str__(self) -> str:
        text = f"lost {self.lost}, duplicated {self.duplicated}"
        if self.foreign:
            text += f", never written {self.foreign}"
        if self.disordered:
            text += f", out of order {self.disordered}"
        return text


def lines_written(directory: Path) -> list[bytes]:
    """Return the lines of a log folder, the oldest rotation first."""
    files = [(match, path) for path in directory.iterdir() if (match := NUMBER.search(path.name))]
    files.sort(key=lambda item: -int(item[0].group(1) or 0))
    return [line for _, path in files for line in path.read_bytes().splitlines(keepends=True)]


def lines_arrived(directory: Path) -> list[bytes]:
    """Return the lines of a sink's folder, in the order of the rows in the files' names."""
    files = [p for p in directory.rglob("*") if p.is_file() and ".flumec" not in p.parts]
    files.sort(
        key=lambda path: int(found.group(1)) if (found := FIRST_ROW.search(path.name)) else -1
    )
    return [line for path in files for line in path.read_bytes().splitlines(keepends=True)]


def compare(written: list[bytes], arrived: list[bytes], verdict: Verdict) -> None:
    """Add one host's lines to the verdict."""
    sent, came = Counter(written), Counter(arrived)
    lost, surplus = sent - came, came - sent
    verdict.written += len(written)
    verdict.arrived += len(arrived)
    verdict.lost += lost.total()
    verdict.foreign += sum(count for line, count in surplus.items() if line not in sent)
    verdict.duplicated += sum(count for line, count in surplus.items() if line in sent)
    if not lost and not surplus:
        verdict.disordered += sum(a != b for a, b in zip(written, arrived, strict=True))
    for word, found in (("lost", lost), ("doubled", surplus)):
        verdict.examples += [
            f"{word}: {line.decode(errors='replace').rstrip()}" for line in list(found)[:3]
        ]


def judge(logs: dict[str, Path], store: Path) -> Verdict:
    """Compare each host's log folder with the host's folder in the store."""
    verdict = Verdict()
    for host, directory in logs.items():
        compare(lines_written(directory), lines_arrived(store / host), verdict)
    return verdict
