"""Which groups of a pattern hold a character wherever the pattern is found."""

import re
from dataclasses import dataclass, field

from flumec.runtime.frozen import frozen
from flumec.runtime.pattern import COUNTS, captures, pieces

_OF_NO_CHARACTER = re.compile(r"[$^]|\\[bBAz]|\\Q\\E|\(\?[^:<]*\)")


def surely_found(pattern: str) -> tuple[bool, ...]:
    r"""Return of each group, in their order, whether each match has a character of it.

    The pattern is one that RE2 takes.

    >>> surely_found(r"(\w+)=(\w*)(?: (\d+))?")
    (True, False, False)
    """
    open_, number = [_Open()], 0
    for piece in pieces(pattern):
        if captures(piece):
            number += 1
            open_.append(_Open(number))
        elif piece.startswith("(?") and not piece.endswith(")"):
            open_.append(_Open())
        elif piece == ")":
            closed = open_.pop().whole()
            open_[-1].parts.append(closed)
        elif piece == "|":
            open_[-1].end_branch()
        elif (least := _least(piece)) is not None:
            open_[-1].parts[-1] = open_[-1].parts[-1].times(least)
        else:
            open_[-1].parts.append(_Part(0 if _OF_NO_CHARACTER.fullmatch(piece) else 1))
    found = open_[0].whole().groups
    return tuple(one in found for one in range(1, number + 1))


@frozen
class _Part:
    """What each match of a part of a pattern has: so many characters at least, and groups."""

    shortest: int = 0
    groups: frozenset[int] = frozenset()

    def times(self, least: int) -> "_Part":
        return _Part(self.shortest * least, self.groups if least else frozenset())


@dataclass(slots=True)
class _Open:
    """A group, or the pattern itself, as far as it was read."""

    number: int | None = None
    parts: list[_Part] = field(default_factory=list)
    """Of the branch that is read."""
    branches: list[_Part] = field(default_factory=list)

    def end_branch(self) -> None:
        together = frozenset[int]().union(*(part.groups for part in self.parts))
        self.branches.append(_Part(sum(part.shortest for part in self.parts), together))
        self.parts = []

    def whole(self) -> _Part:
        self.end_branch()
        shortest = min(branch.shortest for branch in self.branches)
        groups = self.branches[0].groups if len(self.branches) == 1 else frozenset[int]()
        if self.number is not None and shortest:
            groups |= {self.number}
        return _Part(shortest, groups)


def _least(piece: str) -> int | None:
    """Return how often a repeat demands what is before it; None: the piece is no repeat."""
    if piece[0] in "*?":
        return 0
    if piece[0] == "+":
        return 1
    counts = COUNTS.fullmatch(piece)
    return None if counts is None else int(counts.group(1))
