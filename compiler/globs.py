"""Patterns of files, as sources follow them: `*`, `?`, `[…]`, and `**` for any folders."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache

_SIGN = re.compile(r"[*?\[]")
_TOKEN = re.compile(r"\*+|\?|\[!?\]?[^\]]*\]|.", re.DOTALL)
_LETTERS = "alog1_-" + "".join(chr(code) for code in range(33, 127) if chr(code) != "/")
"""What may stand for a sign; first what makes a file in a message look like one."""


@cache
def stem(pattern: str) -> str:
    """Return what stands before the first sign of a pattern.

    >>> stem("/var/log/*.log"), stem("/var/log/a.log")
    ('/var/log/', '/var/log/a.log')
    """
    found = _SIGN.search(pattern)
    return pattern if found is None else pattern[: found.start()]


def in_both(one: str, two: str) -> str | None:
    """Return a file that two patterns mean, None where there is none.

    >>> in_both("/var/log/*.log", "/var/**/access*")
    '/var/log/access.log'
    >>> in_both("/var/log/[ab].log", "/var/log/c*"), in_both("/var/*.log", "/var/log/*.log")
    (None, None)
    """
    mine, theirs = stem(one), stem(two)
    if not (mine.startswith(theirs) or theirs.startswith(mine)):  # most of thousands of pairs
        return None
    found = _meeting(_parts(one), _parts(two), "**", _name)
    return None if found is None else "/".join(found)


def _parts(pattern: str) -> Sequence[str]:
    parts = pattern.split("/")
    return [*parts, "*"] if parts[-1] == "**" else parts


def _meeting(
    one: Sequence[str], two: Sequence[str], any_: str, common: Callable[[str, str], str | None]
) -> tuple[str, ...] | None:
    """Return what two lists both mean, in which `any_` stands for any number of what there is."""
    return _Meeting(one, two, any_, common).rest(0, 0)


@dataclass(slots=True)
class _Meeting:
    """An object, as a function that calls itself from within another is garbage afterwards, which
    nobody collects while a fleet is checked.
    """

    one: Sequence[str]
    two: Sequence[str]
    any_: str
    common: Callable[[str, str], str | None]
    known: dict[tuple[int, int], tuple[str, ...] | None] = field(default_factory=dict)

    def rest(self, i: int, j: int) -> tuple[str, ...] | None:
        """Return what both mean from a place in each on."""
        if (i, j) not in self.known:
            self.known[i, j] = self._found(i, j)
        return self.known[i, j]

    def _found(self, i: int, j: int) -> tuple[str, ...] | None:
        one = self.one[i] if i < len(self.one) else None
        two = self.two[j] if j < len(self.two) else None
        if one is None and two is None:
            return ()
        mine, theirs = one == self.any_, two == self.any_
        found = self.rest(i + 1, j) if mine else None
        if found is None and theirs:
            found = self.rest(i, j + 1)
        if found is None and one is not None and two is not None and not (mine and theirs):
            each = self.common(one, two)
            further = None if each is None else self.rest(i + (not mine), j + (not theirs))
            found = None if each is None or further is None else (each, *further)
        return found


@cache
def _name(one: str, two: str) -> str | None:
    """Return a file's or folder's name that both patterns mean."""
    if not _SIGN.search(one) and not _SIGN.search(two):
        return one if one == two else None
    for mine in _visible(one):
        for theirs in _visible(two):
            if (letters := _meeting(mine, theirs, "*", _letter)) is not None:
                return "".join(letters)
    return None


def _visible(pattern: str) -> Iterator[Sequence[str]]:
    """Yield the signs and letters of a pattern, of which a sign in front stands for no dot."""
    first, *rest = ("*" if one[0] == "*" else one for one in _TOKEN.findall(pattern))
    if first in ("*", "?"):
        yield "[!.]", *(["*"] if first == "*" else []), *rest
    if first == "*" and rest and rest[0] != ".":
        yield rest
    elif first not in ("*", "?"):
        yield first, *rest


@cache
def _letter(one: str, two: str) -> str | None:
    """Return a letter that two of them mean."""
    both = (one, two)
    letters = [each for each in both if len(each) == 1 and each not in "*?"] or _LETTERS
    return next((a for a in letters if all(fnmatchcase(a, each) for each in both)), None)
