"""A statement in pieces: what stands together on a line, and where a line may be broken."""

from dataclasses import dataclass, field

from flumec.compiler.parse_tokens import Token

_OPENING = {"LPAR": "RPAR", "LSQB": "RSQB"}
_ARROWS = {"_INTO", "_ACROSS"}
_TIGHT_AFTER = {"LPAR", "LSQB", "DOT", ""}
_TIGHT_BEFORE = {"RPAR", "RSQB", "DOT", "OPTIONAL", "LPAR"}


@dataclass(slots=True)
class Part:
    """What stands before a comma or an end, with the comments above it and behind it."""

    pieces: "list[str | Bracket]" = field(default_factory=list)
    above: list[str] = field(default_factory=list)
    behind: str = ""

    @property
    def forced(self) -> bool:
        """Whether a comment, or a long text in a bracket, needs lines of its own."""
        return bool(
            self.above
            or self.behind
            or any(isinstance(piece, Bracket) and piece.forced for piece in self.pieces)
        )

    def __str__(self) -> str:
        return "".join(map(str, self.pieces))


@dataclass(slots=True)
class Bracket:
    """`[…]` or `(…)` with its parts, and the comments behind its first and above its last sign."""

    opening: str
    closing: str
    parts: list[Part] = field(default_factory=list)
    behind: str = ""
    below: list[str] = field(default_factory=list)

    @property
    def forced(self) -> bool:
        """Whether it cannot stand on one line."""
        return bool(
            self.behind
            or self.below
            or any(part.forced or "\n" in str(part) for part in self.parts)
        )

    def __str__(self) -> str:
        return f"{self.opening}{', '.join(map(str, self.parts))}{self.closing}"


@dataclass(slots=True)
class Leg:
    """What stands between two arrows, parted by commas; `arrow` is the one before it."""

    arrow: str = ""
    parts: list[Part] = field(default_factory=lambda: [Part()])

    @property
    def forced(self) -> bool:
        """Whether it cannot stand on one line."""
        return any(part.forced for part in self.parts)

    def __str__(self) -> str:
        return f"{self.arrow} " * bool(self.arrow) + ", ".join(map(str, self.parts))


def legs(text: str, tokens: list[Token]) -> list[Leg]:
    """Take a statement apart."""
    found, at, last = [Leg()], 0, ""
    while at < len(tokens):
        token = tokens[at]
        if token.terminal in _ARROWS:
            behind, above = comments(text[token.start : token.end])
            found[-1].parts[-1].behind = behind
            found.append(Leg("->" if token.terminal == "_INTO" else "=>", [Part(above=above)]))
            last, at = "", at + 1
        elif token.terminal == "_COMMA":
            _comma(text, token, found[-1].parts)
            last, at = "", at + 1
        else:
            at, last = _piece(text, tokens, at, last, found[-1].parts[-1])
    return found


def comments(layout: str) -> tuple[str, list[str]]:
    """Return the comment on the line where `layout` begins, and those on lines of their own."""
    first, *rest = layout.split("\n")
    behind = first[first.find("#") :].rstrip() if "#" in first else ""
    return behind, [line.strip() for line in rest if line.strip().startswith("#")]


def _comma(text: str, token: Token, parts: list[Part]) -> None:
    """End a part; the comments in the comma's layout go to it and to the next."""
    behind, above = comments(text[token.start : token.end])
    parts[-1].behind = behind
    parts.append(Part(above=above))


def _piece(text: str, tokens: list[Token], at: int, last: str, part: Part) -> tuple[int, str]:
    """Append the word or bracket at `at`; return what comes next, and the terminal before that."""
    token = tokens[at]
    space = " " * (last not in _TIGHT_AFTER and token.terminal not in _TIGHT_BEFORE)
    if token.terminal == "LSQB" and last == "NAME":
        part.pieces.append("".join(text[one.start : one.end] for one in tokens[at : at + 3]))
        return at + 3, "RSQB"
    if token.terminal in _OPENING:
        if space:
            part.pieces.append(space)
        bracket = Bracket(text[token.start : token.end], "")
        part.pieces.append(bracket)
        return _fill(text, tokens, at + 1, bracket), _OPENING[token.terminal]
    part.pieces.append(space + text[token.start : token.end])
    return at + 1, token.terminal


def _fill(text: str, tokens: list[Token], at: int, bracket: Bracket) -> int:
    """Read the parts of a bracket up to its end; return what comes after it."""
    parts, last = [Part()], ""
    while (token := tokens[at]).terminal not in ("RPAR", "RSQB"):
        if token.terminal == "_COMMA":
            _comma(text, token, parts)
            last, at = "", at + 1
        elif token.terminal == "NL":
            behind, above = comments(text[token.start : token.end])
            if parts[-1].pieces or len(parts) > 1:
                parts[-1].behind = parts[-1].behind or behind
                bracket.below += above
            else:
                bracket.behind = behind
                parts[-1].above += above
            at += 1
        else:
            at, last = _piece(text, tokens, at, last, parts[-1])
    if not parts[-1].pieces:
        bracket.below = parts.pop().above + bracket.below
    bracket.parts, bracket.closing = parts, text[token.start : token.end]
    return at + 1
