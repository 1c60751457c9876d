"""From a statement's pieces to its lines: on one line if it fits, else one part a line."""

from flumec.compiler.format_pieces import Bracket, Leg, Part

WIDTH = 88
"""How long a line may be, without the comment at its end."""

STEP = 2
"""How far a block, a part and a chain's arrow are indented."""


class Layout:
    """The lines of a statement. `base` is the column from which its block is indented."""

    def __init__(self, legs: list[Leg], indent: int, end: str, *, whole: bool = False) -> None:
        """Lay out `legs` from column `indent` on; `end` is the ` {` behind them, or nothing.

        What stays `whole` is on one line even where it does not fit.
        """
        self.lines: list[str] = []
        self.base = indent
        line = " ".join(map(str, legs)) + end
        forced = any(part.forced for leg in legs for part in leg.parts)
        if not forced and (whole or _fits(indent, line)):
            self._add(indent, line)
            return
        for index, leg in enumerate(legs):
            self.base = indent + STEP * bool(index)
            self._leg(leg, end if index == len(legs) - 1 else "")

    def _add(self, indent: int, text: str, behind: str = "") -> None:
        self.lines.append(" " * indent + text + f"  {behind}" * bool(behind))

    def _leg(self, leg: Leg, end: str) -> None:
        """Put an arrow and all it leads to on one line, or each target on its own."""
        sign = f"{leg.arrow} " * bool(leg.arrow)
        first, last = leg.parts[0], leg.parts[-1]
        for comment in first.above:
            self._add(self.base, comment)
        whole = sign + ", ".join(map(str, leg.parts)) + end
        if _plain(leg.parts) and _fits(self.base, whole):
            self._add(self.base, whole, last.behind)
            return
        for part in leg.parts:
            column = self.base if part is first else self.base + (len(sign) or STEP)
            for comment in part.above if part is not first else ():
                self._add(column, comment)
            self._part(part, column, sign * (part is first), end if part is last else ",")

    def _part(self, part: Part, column: int, before: str, behind: str) -> None:
        """Put a part on one line, or break its last bracket and those that have comments."""
        brackets = [piece for piece in part.pieces if isinstance(piece, Bracket) and piece.parts]
        broken = [bracket for bracket in part.pieces if _forced(bracket)]
        if not broken and not _fits(column, before + str(part) + behind):
            broken = list(brackets[-1:])
        line = before
        for piece in part.pieces:
            if any(piece is one for one in broken):
                assert isinstance(piece, Bracket)
                self._add(column, line + piece.opening, piece.behind)
                self._parts(piece, column + STEP)
                line = piece.closing
            else:
                line += str(piece)
        self._add(column, line + behind, part.behind)

    def _parts(self, bracket: Bracket, column: int) -> None:
        """Put each part of a bracket on a line of its own, with a comma behind it."""
        for part in bracket.parts:
            for comment in part.above:
                self._add(column, comment)
            self._part(part, column, "", ",")
        for comment in bracket.below:
            self._add(column, comment)


def _fits(column: int, text: str) -> bool:
    """Return whether a text fits into its line; of one with several lines, the first counts."""
    return column + len(text.partition("\n")[0]) <= WIDTH


def _forced(piece: str | Bracket) -> bool:
    return isinstance(piece, Bracket) and piece.forced


def _plain(parts: list[Part]) -> bool:
    """Return whether parts may share a line: no comment between them, none in their brackets."""
    between = any(part.behind for part in parts[:-1]) or any(part.above for part in parts[1:])
    return not between and not any(_forced(piece) for part in parts for piece in part.pieces)
