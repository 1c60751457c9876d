"""What RE2 takes as a regular expression, told without RE2: `flumec lint` runs without pyarrow."""

import re
from collections.abc import Iterator
from functools import lru_cache

SENTENCE = (
    "a regular expression in RE2's syntax (balanced, and without look-around or back-references)"
)

_PIECE = re.compile(
    r"\\Q.*?(?:\\E|\Z)|\\(?:p|P|x)\{[^}]*\}|\\[pP].|\\."  # escapes
    r"|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]"  # a class, within which nothing groups
    r"|\(\?(?:P?<(?![=!])[^>]*>|P=\w*\)|P>|[=!>(#|]|<[=!]|[A-Za-z-]*[:)])"
    r"|\{\d*,?\d*\}[+?]?|[*+?][+?]?|.",
    re.DOTALL,
)
_LARGEST_REPEAT = 1000


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
    plain = []
    for piece in pieces(pattern):
        if reason := _fault(piece):
            return reason
        plain.append(_as_python(piece))
    try:
        re.compile("".join(plain))
    except (re.error, OverflowError, RecursionError) as error:
        return str(error)
    return None


def _fault(piece: str) -> str | None:
    """Return what RE2 lacks although Python's `re` has it."""
    if piece in ("(?=", "(?!", "(?<=", "(?<!"):
        return f"look-around `{piece}`"
    if piece.startswith("(?P=") or re.fullmatch(r"\\([1-9]|k)", piece):
        return f"a back-reference `{piece}`"
    if piece in ("(?>", "(?(", "(?#", "(?|", "(?P>") or piece == r"\Z":
        return f"`{piece}`"
    if piece.endswith("+") and len(piece) > 1 and piece[0] in "*+?{":
        return f"a possessive repeat `{piece}`"
    if piece.startswith("(?") and re.match(r"\(\?[A-Za-z-]*[^imsU:)<P-]", piece):
        return f"the flags `{piece}`"
    if piece[0] == "{" and any(int(n) > _LARGEST_REPEAT for n in re.findall(r"\d+", piece)):
        return f"more than {_LARGEST_REPEAT} repeats"
    return None


def _as_python(piece: str) -> str:
    """Return what stands for the piece in Python's syntax, where that is written differently."""
    if piece.startswith(r"\Q"):
        return re.escape(piece[2:].removesuffix(r"\E"))
    if re.match(r"\\[pPCz]", piece):
        return "."
    if captures(piece):
        return "("
    if piece.startswith("(?"):
        return "(?:" if piece.endswith(":") else "(?:)"
    if piece[0] == "[":
        return re.sub(r"\[:\^?\w+:\]|\\[pP](\{[^}]*\}|.)", "a", piece)
    return piece
