"""A pattern without the groups that change nothing about where it is found."""

from functools import lru_cache

from flumec.runtime.pattern import COUNTS, captures, pieces

Plain = tuple["str | Plain", ...]
"""Its pieces; a group that is needed, for a repeat, a choice or flags, is one of them."""


@lru_cache(maxsize=256)
def plain(pattern: str) -> Plain:
    r"""Return what is equal for patterns that are found in the same texts, if they differ in groups
    alone. The pattern is one that RE2 takes.

    >>> plain(r"user=(\w+)") == plain(r"user=\w+") == plain(r"(?:user=(?P<name>\w+))")
    True
    >>> plain(r"(ab)+") == plain(r"(?:ab)+"), plain(r"(ab)+") == plain(r"ab+")
    (True, False)
    >>> plain(r"x(a|b)") == plain(r"xa|b")
    False
    """
    found = list(pieces(pattern))
    openings, open_ = list[str](), list[list[str | Plain]]([[]])
    for piece, after in zip(found, [*found[1:], ""], strict=True):
        if piece[0] == "(" and not _is_flags(piece):
            openings.append("(?:" if captures(piece) else piece)
            open_.append([])
        elif piece == ")":
            opening, inner = openings.pop(), open_.pop()
            needless = opening == "(?:" and not _is_repeat(after) and not any(map(_divides, inner))
            open_[-1] += inner if needless else [(opening, *inner, piece)]
        else:
            open_[-1].append(piece)
    return tuple(open_[0])


def _divides(piece: str | Plain) -> bool:
    """Whether a piece of a group says something of all that is in it, up to its end."""
    return isinstance(piece, str) and (piece == "|" or _is_flags(piece))


def _is_flags(piece: str) -> bool:
    return piece.startswith("(?") and piece.endswith(")")


def _is_repeat(piece: str) -> bool:
    return piece[:1] in ("*", "+", "?") or COUNTS.fullmatch(piece) is not None
