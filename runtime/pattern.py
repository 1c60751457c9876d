"""What RE2 takes as a regular expression, told without RE2: `flumec lint` runs without pyarrow.

A pattern that passes here is one that RE2 compiles; of what RE2 takes, the obscure is refused.
"""

import re
import warnings
from collections.abc import Iterator
from functools import lru_cache

from flumec.runtime.frozen import frozen

SENTENCE = (
    "a regular expression in RE2's syntax (balanced, and without look-around or back-references)"
)

_PIECE = re.compile(
    r"\\Q.*?(?:\\E|\Z)|\\[pP]\{[^}]*\}|\\x\{[^}]*\}|\\x..|\\[pP].|\\."  # escapes
    r"|\[\^?\]?(?:\[:\^?\w+:\]|\\[pP]\{[^}]*\}|\\.|[^\]\\])*\]"  # a class, in which nothing groups
    r"|\(\?(?:P?<(?![=!])[^>]*>|P=|P>|[=!>(#|]|<[=!]|[A-Za-z-]*[:)])"
    r"|\{\d*,?\d*\}[+?]?|[*+?][+?]?|.",
    re.DOTALL,
)
_ESCAPE = re.compile(
    r"\\(?:[!-/:-@\[-`{-~ _]|[afnrtvdDsSwWbBAzC]"
    r"|x[0-9A-Fa-f]{2}|x\{(?:10|[0-9A-Fa-f])?[0-9A-Fa-f]{1,4}\}"
    r"|[pP](?:[CLMNPSZ]|\{\^?(?:C[cfos]?|L[lmotu]?|M[cen]?|N[dlo]?|P[cdefios]?|S[ckmo]?|Z[lps]?"
    r"|Arabic|Armenian|Bengali|Common|Cyrillic|Devanagari|Georgian|Greek|Han|Hangul|Hebrew|Hiragana"
    r"|Katakana|Latin|Tamil|Thai)\})|Q.*)",
    re.DOTALL,
)
_IN_CLASS = re.compile(r"\[:[^\]]*\]|\\[pP]\{[^}]*\}|\\x\{[^}]*\}|\\x..|\\[pP].|\\.", re.DOTALL)
_NOT_IN_CLASS = re.compile(r"\\[bBAzCQE]")
_POSIX = re.compile(
    r"\[:\^?(?:alnum|alpha|ascii|blank|cntrl|digit|graph|lower|print|punct|space|upper|word|xdigit):\]"
)
_FLAGS = re.compile(r"\(\?(?:[imsU]+(?:-[imsU]+)?|-[imsU]+)?[:)]")
_NAMED = re.compile(r"\(\?P?<[A-Za-z_]\w*>", re.ASCII)
COUNTS = re.compile(r"\{(\d+)(?:,(\d*))?\}[+?]?")
"""A repeat that is counted: how often at least, and at most."""
_MOST = 1000
"""The largest count of a repeat, those that it is nested in multiplied."""

_PROPERTY = 400
"""Steps of RE2's program that a class of Unicode may take."""

_LARGEST = 20_000
"""Most steps; RE2's own bound is several times that."""

_DEEPEST = 100
"""Most groups within one another: RE2 takes more, Python's `re` not many."""


def pieces(pattern: str) -> Iterator[str]:
    """Yield the pattern in pieces: escapes, classes, group openings, repeats, single characters."""
    yield from (match.group() for match in _PIECE.finditer(pattern))


def captures(piece: str) -> bool:
    """Return whether the piece opens a group that captures."""
    return piece == "(" or (piece.startswith(("(?P<", "(?<")) and piece.endswith(">"))


def groups(pattern: str) -> int:
    """Return how many capturing groups there are."""
    return sum(captures(piece) for piece in pieces(pattern))


def named_groups(pattern: str) -> str:
    r"""Return the pattern with its groups named g1, g2, … as Arrow's extraction demands.

    >>> named_groups(r"(?P<user>\w+)@(?:a|(b))[(]")
    '(?P<g1>\\w+)@(?:a|(?P<g2>b))[(]'
    """
    number, named = 0, []
    for piece in pieces(pattern):
        if captures(piece):
            number += 1
            named.append(f"(?P<g{number}>")
        else:
            named.append(piece)
    return "".join(named)


@lru_cache(maxsize=256)
def fault(pattern: str) -> str | None:
    """Return what keeps RE2 from taking the pattern, or None."""
    found = list(pieces(pattern))
    for before, piece in zip(["(", *found], found, strict=False):
        if reason := _fault(piece) or _misplaced(before, piece):
            return reason
    if (repeats := _repeats(found)) is not None:
        return repeats
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # a set within a set is one in neither
            re.compile("".join(_as_python(piece) for piece in found))
    except (re.error, OverflowError, RecursionError) as error:
        return str(error)
    return None


def _fault(piece: str) -> str | None:
    """Return why RE2 does not know a piece."""
    if piece in ("(?=", "(?!", "(?<=", "(?<!"):
        return f"look-around `{piece}`"
    if piece == "(?P=" or re.fullmatch(r"\\[1-9k]", piece):
        return f"a back-reference `{piece}`"
    if piece[0] == "\\" and not _ESCAPE.fullmatch(piece):
        return f"the escape `{piece}`"
    if piece[0] == "[" and len(piece) > 1:
        return _class_fault(piece)
    if len(piece) > 1 and piece[0] in "*+?{" and piece[-1] == "+":
        return f"a possessive repeat `{piece}`"
    if piece.startswith("(?") and not (_FLAGS if piece[-1] in ":)" else _NAMED).fullmatch(piece):
        return f"the flags `{piece}`" if piece[-1] in ":)" else f"`{piece}`"
    return None


def _class_fault(piece: str) -> str | None:
    for match in _IN_CLASS.finditer(piece, 1):
        inner = match.group()
        known = _POSIX if inner.startswith("[") else _ESCAPE
        if not known.fullmatch(inner) or _NOT_IN_CLASS.match(inner):
            return f"`{inner}` within `{piece}`"
    return None


def _misplaced(before: str, piece: str) -> str | None:
    """Return that a repeat has nothing to repeat, which Python sees otherwise."""
    is_repeat = piece[0] in "*+?" or COUNTS.fullmatch(piece) is not None
    nothing = before == "|" or before.startswith("(")
    return f"nothing to repeat at `{before}{piece}`" if is_repeat and nothing else None


def _repeats(found: list[str]) -> str | None:
    """Return that repeats, multiplied through their nesting, are too many, or groups too deep."""
    outer: list[_Size] = [_Size()]
    last = _Size()
    for piece in found:
        counts = COUNTS.fullmatch(piece)
        if counts is not None:
            last = last.times(max(int(n) for n in counts.groups() if n) or 1)
            outer[-1] = outer[-1].plus(last)
        elif piece[0] == "(" and not piece.endswith(")"):
            outer.append(_Size())
        else:
            ends = piece == ")" and len(outer) > 1
            last = outer.pop() if ends else _Size(steps=_PROPERTY if "\\p" in piece.lower() else 1)
            outer[-1] = outer[-1].plus(last)
        if last.repeats > _MOST or outer[-1].steps > _LARGEST:
            return f"more than {_MOST} repeats"
        if len(outer) > _DEEPEST:
            return f"groups deeper than {_DEEPEST}"
    return None


@frozen
class _Size:
    """How large RE2's program for a part of a pattern is, about, and its largest repeat."""

    repeats: int = 1
    steps: int = 0

    def times(self, count: int) -> "_Size":
        return _Size(self.repeats * count, self.steps * count)

    def plus(self, other: "_Size") -> "_Size":
        return _Size(max(self.repeats, other.repeats), self.steps + other.steps)


def _as_python(piece: str) -> str:
    """Return what stands for the piece in Python's syntax, where that is written differently."""
    if piece.startswith(r"\Q"):
        return re.escape(piece[2:].removesuffix(r"\E"))
    if re.match(r"\\[pPCzx]", piece):
        return "."
    if captures(piece):
        return "("
    if piece.startswith("(?"):
        return "(?:" if piece.endswith(":") else "(?:)"
    if piece[0] == "[" and len(piece) > 1:
        return re.sub(r"\[:\^?\w+:\]|\\[pP](\{[^}]*\}|.)|\\x\{[^}]*\}", "a", piece)
    return piece
