"""Compare every trade that was answered 200 with the store and with what came too late for it."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from client import event

Key = tuple[str, int]
"""A client's name and its trade's number."""


@dataclass
class Said:
    """What the clients recorded of one trade."""

    at: list[str] = field(default_factory=list)
    """Where it was answered 200, and when."""
    asked: int = 0

    def __str__(self) -> str:
        return f"answered 200 by {', '.join(self.at) or 'nobody'}, asked {self.asked} times"


@dataclass
class Verdict:
    """What the comparison found; `examples` tells a few events by name."""

    made: int = 0
    answered: int = 0
    stored: int = 0
    late: int = 0
    """Distinct trades in the late channel."""
    late_copies: int = 0
    """Those of them that the store has as well: whether they are copies, nobody knew any more."""
    lost: int = 0
    duplicated: int = 0
    foreign: int = 0
    """Trades that nobody made, or with another content."""
    answers: Counter[str] = field(default_factory=Counter)
    """How often each machine answered what: `feed-a 200`, `feed-b ConnectionResetError`."""
    examples: list[str] = field(default_factory=list)

    @property
    def refused(self) -> int:
        """How many connections met nobody who listens."""
        return sum(n for said, n in self.answers.items() if said.endswith("ConnectionRefusedError"))

    @property
    def good(self) -> bool:
        """Whether each answered trade is in the store once, or is late, and nothing else is."""
        return not (self.lost or self.duplicated or self.foreign)

    def __str__(self) -> str:
        text = f"lost {self.lost}, duplicated {self.duplicated}"
        return text + (f", never made {self.foreign}" if self.foreign else "")


def judge(records: Iterable[Path], store: Path, late: Iterable[dict[str, Any]] = ()) -> Verdict:
    """Compare the clients' records with the files of the store and the rows that came late."""
    verdict = Verdict()
    said = _said(records, verdict)
    where: dict[Key, list[str]] = defaultdict(list)
    for path, row in rows(store):
        if key := _key(row, said, f"in {path}", verdict):
            where[key].append(path.relative_to(store).as_posix())
    overdue = {key for row in late if (key := _key(row, said, "in the late channel", verdict))}
    verdict.made, verdict.stored = len(said), len(where)
    verdict.late, verdict.late_copies = len(overdue), len(overdue & where.keys())
    for key, each in said.items():
        verdict.answered += bool(each.at)
        if each.at and key not in where and key not in overdue:
            verdict.lost += 1
            _show(verdict, f"lost: {key[0]} {key[1]}: {each}; it is nowhere")
        if len(where.get(key, ())) > 1:
            verdict.duplicated += len(where[key]) - 1
            _show(verdict, f"doubled: {key[0]} {key[1]}: {each}; it is in {', '.join(where[key])}")
    return verdict


def rows(store: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield each event of the store's published files."""
    for path in sorted(store.rglob("*")):
        if path.is_file() and ".flumec" not in path.parts:
            for line in path.read_text().splitlines():
                yield path, json.loads(line)


def _said(records: Iterable[Path], verdict: Verdict) -> dict[Key, Said]:
    """Return what the clients made, and what of it they heard."""
    said: dict[Key, Said] = {}
    for path in records:
        for line in map(json.loads, path.read_text().splitlines()):
            keys = [(line["client"], number) for number in range(line["first"], line["stop"])]
            if "made" in line:
                said |= {key: Said() for key in keys}
                continue
            outcome = line["status"] or line["error"]
            verdict.answers[f"{line['at']} {outcome}"] += 1
            for key in keys:
                said[key].asked += 1
                if line["status"] == 200:
                    said[key].at.append(f"{line['at']} at {line['time']:.2f}")
    return said


def _key(row: dict[str, Any], said: dict[Key, Said], where: str, verdict: Verdict) -> Key | None:
    """Return which trade a row is; None, noted, where it is none that was made."""
    headers = row["headers"]
    key = (headers.get("client", ""), int(headers.get("seq", -1)))
    if key in said and row["body"] == event(*key, own_ids=False)["body"]:
        return key
    verdict.foreign += 1
    _show(verdict, f"never made: {row['body']!r}, {headers}, {where}")
    return None


def _show(verdict: Verdict, example: str) -> None:
    if len(verdict.examples) < 12:
        verdict.examples.append(example)
