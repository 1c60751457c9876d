"""Which texts the groups of a pattern can hold, where the pattern lists them."""

from dataclasses import dataclass, field

from flumec.runtime.pattern import captures, pieces


def listed_values(pattern: str) -> tuple[frozenset[str] | None, ...]:
    r"""Return of each group, in their order, the texts that it can hold; None: any, or many.

    The pattern is one that RE2 takes.

    >>> [sorted(each or ()) for each in listed_values(r"level=(WARN|ERROR) (\w+) (v1\.0|)")]
    [['ERROR', 'WARN'], [], ['', 'v1.0']]
    """
    found, open_ = list[_Listed](), list[_Listed | None]()
    for piece in pieces(pattern):
        if _ignores_case(piece):
            return (None,) * sum(map(captures, pieces(pattern)))
        if piece[0] == "(":
            _spoil(open_)
            if captures(piece):
                found.append(_Listed())
            if captures(piece) or not piece.endswith(")"):
                open_.append(found[-1] if captures(piece) else None)
        elif piece == ")":
            open_.pop()
        elif (text := _literal(piece)) is None:
            _spoil(open_)
        elif open_ and (group := open_[-1]) is not None:
            group.add(text)
    return tuple(None if one.spoilt else frozenset(one.texts) for one in found)


@dataclass(slots=True)
class _Listed:
    """A group, as far as it was read: its alternatives, if they are texts."""

    texts: list[str] = field(default_factory=lambda: [""])
    spoilt: bool = False

    def add(self, text: str) -> None:
        if text == "|":
            self.texts.append("")
        else:
            self.texts[-1] += text[-1]


def _spoil(groups: list[_Listed | None]) -> None:
    for group in groups:
        if group is not None:
            group.spoilt = True


def _ignores_case(piece: str) -> bool:
    """Return whether flags are set by which a letter stands for others, too."""
    return piece.startswith("(?") and not captures(piece) and "i" in piece.partition("-")[0]


def _literal(piece: str) -> str | None:
    """Return a piece that stands for itself, or an escape that does, or `|`."""
    if len(piece) == 1:
        return None if piece in ".^$*+?" else piece
    escaped = len(piece) == 2 and piece[0] == "\\" and not piece[1].isalnum()
    return piece if escaped else None
