"""Statements of a file that has mistakes: where each one begins and ends.

A file without mistakes never comes here. In one with a mistake, braces and brackets may be missing
or too many, so they alone cannot say what belongs together. People indent, though: where most
blocks of the file are indented, the indentation decides what a missing bracket meant; else the
brackets do.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from flumec.compiler.parse_tokens import ERROR, Token
from flumec.compiler.source import Source

OPENERS = {"LPAR", "LSQB"}
CLOSERS = {"RPAR", "RSQB"}
ARROWS = {"_INTO", "_ACROSS"}
LONGEST = 10_000
"""The tokens of a line that has a mistake; what stands behind them is not looked at."""

HEADS = {
    "LANGUAGE",
    "IMPORT",
    "PARAM",
    "LET",
    "HOSTS",
    "TEMPLATE",
    "AGENT",
    "CHECK",
    "TEST",
    "KIND",
}
"""The words that only begin a statement."""

_NAMED = {"NAME", "STRING", "NUMBER"}
"""What follows such a word where it begins one."""


@dataclass(slots=True)
class Statement:
    """The tokens of a statement without its block; `low` to `high` are the columns of its lines."""

    tokens: list[Token]
    low: int
    high: int
    opens: Token | None = None
    """The `{` at its end, or with its block's content behind it on the same line."""
    inline: bool = False
    """It does not begin its line: what stands before it should have ended there."""
    lone_brace: bool = False
    """Its `{` stands on the next line."""
    doc: str = ""
    brackets: list[Token] = field(default_factory=list)
    """Those still open where it ends."""

    @property
    def closes(self) -> bool:
        """Whether it is a `}`."""
        return len(self.tokens) == 1 and self.tokens[0].terminal == "RBRACE"

    @property
    def sets(self) -> bool:
        """Whether it is a kind of statement that has no block."""
        first, second = _two(self.tokens)
        return first in {"PARAM", "LET", "LANGUAGE"} or (first == "NAME" and second == "EQUAL")

    @property
    def heads(self) -> bool:
        """Whether it is a kind of statement that may have a block."""
        terminals = [token.terminal for token in self.tokens]
        declares = terminals[:1] and terminals[0] in HEADS and not self.sets
        return bool(declares) or "_ACROSS" in terminals or terminals in (["NAME"], ["NAME"] * 2)

    @property
    def is_arm(self) -> bool:
        """Whether it looks like the arm of a route."""
        first, second = _two(self.tokens)
        return first == "ELSE" or (first == "STRING" and second in {"_INTO", "_COMMA"})

    @property
    def begins_item(self) -> bool:
        """Whether it stands in the file itself, in no block."""
        first, _ = _two(self.tokens)
        return first in HEADS - {"KIND"} or any(t.terminal == "_ACROSS" for t in self.tokens)

    @property
    def needs_block(self) -> bool:
        """Whether it makes no sense without one."""
        terminals = [token.terminal for token in self.tokens]
        if terminals[0] == "AGENT":
            return "EQUAL" not in terminals
        names = terminals in (["NAME"], ["NAME"] * 2)
        return names or terminals[0] in {"TEMPLATE", "CHECK", "TEST"} or "ROUTE" in terminals

    def may_stand_in(self, head: "Statement") -> bool:
        """Whether it is a kind of statement that the block of `head` may have."""
        if self.begins_item:
            return False
        within = [token.terminal for token in head.tokens]
        if self.tokens[:1] and self.tokens[0].terminal == "KIND":
            return within[:1] in ([], ["AGENT"], ["TEMPLATE"], ["ERROR"]) or (
                within[0] == "NAME" and len(within) > 2 and "_INTO" not in within
            )
        return True

    @property
    def start(self) -> int:
        """Where it begins."""
        return self.tokens[0].start if self.tokens else self.opens.start if self.opens else 0

    def take(self, tokens: list[Token]) -> None:
        """Append tokens, and note which brackets are open."""
        self.tokens += tokens
        self.note(tokens)

    def note(self, tokens: list[Token]) -> None:
        """Note which brackets `tokens` leave open."""
        for token in tokens:
            if token.terminal in OPENERS:
                self.brackets.append(token)
            elif token.terminal in CLOSERS and self.brackets:
                self.brackets.pop()


@dataclass(slots=True)
class Row:
    """The tokens of a line, and of the arrows below it; `low` and `high` are their columns."""

    tokens: list[Token]
    low: int
    high: int
    doc: str
    apart: bool
    """An empty line or a comment is above it."""


def statements(source: Source, tokens: Sequence[Token]) -> tuple[list[Statement], bool]:
    """Return the statements of a file in its order, and whether its indentation may be trusted."""
    lines = _rows(source, tokens)
    trusted = _indented(lines)
    found: list[Statement] = []
    for row in lines:
        for piece in _pieces(row):
            last = found[-1] if found else None
            free = piece.inline or (row.apart and not piece.tokens)
            if last and not free and _continues(last, piece, trusted=trusted):
                last.take(piece.tokens)
                last.high = max(last.high, piece.low)
                last.opens, last.lone_brace = piece.opens, not piece.tokens
            elif trusted and (head := _unopened(found, piece)) is not None:
                for each in (*found[head + 1 :], piece):
                    found[head].take(each.tokens)
                found[head].opens = piece.opens
                del found[head + 1 :]
            else:
                piece.note(piece.tokens)
                found.append(piece)
    return found, trusted


def _unopened(found: list[Statement], piece: Statement) -> int | None:
    """Return which statement a line that begins with `)` ends, if only its `(` is missing: the
    lines between are indented like arguments.
    """
    if not piece.tokens or piece.tokens[0].terminal != "RPAR":
        return None
    index = len(found) - 1
    while index >= 0 and found[index].low > piece.low:
        between = found[index]
        if between.opens or between.closes or between.inline or between.heads:
            return None
        index -= 1
    if not 0 <= index < len(found) - 1:
        return None
    head = found[index]
    named = bool(head.tokens) and head.tokens[-1].terminal == "NAME"
    return index if named and not head.opens and head.high <= piece.low else None


def _rows(source: Source, tokens: Sequence[Token]) -> list[Row]:
    """Split tokens into lines; a chain's arrow goes on with the line before it."""
    found, fresh, doc, apart = list[Row](), True, "", False
    for token in tokens:
        if token.terminal in ("NL", "$END"):
            fresh, doc = True, token.value or ""
            apart = source.text.count("\n", token.start, token.end) > 1
            continue
        below = token.terminal in ARROWS and "\n" in source.text[token.start : token.end]
        column = _column(source, token) if fresh or below else 0
        if fresh or (below and _begins_anew(column, found[-1])):
            found.append(Row([], column, column, doc, apart))
        elif below:
            found[-1].high = max(found[-1].high, column)
        if len(found[-1].tokens) < LONGEST:
            found[-1].tokens.append(token)
        fresh = token.terminal == "_COMMA" and "\n" in source.text[token.start : token.end]
        doc, apart = "", False
    return found


def own_start(source: Source, token: Token) -> int:
    """Return where a token's own sign begins: an arrow takes the lines before it with it."""
    if token.terminal in ARROWS:
        return token.start + len(source.text[token.start : token.end].rstrip()) - 2
    return token.start


def _column(source: Source, token: Token) -> int:
    start = own_start(source, token)
    return start - source.text.rfind("\n", 0, start) - 1


def _begins_anew(column: int, row: Row) -> bool:
    """Return whether an arrow on a new line goes on with nothing that is above it."""
    first, second = _two(row.tokens)
    if row.tokens[-1].terminal in {"LBRACE", "RBRACE"}:
        return True
    if first in ARROWS:
        return False
    leads = any(one.terminal in ARROWS for one in row.tokens)
    ends = first == ERROR or first in CLOSERS  # of what is above it
    above = leads and not ends and 0 < row.low >= column
    declares = first in HEADS and second not in {"", *ARROWS}  # alone it is a reserved name
    return above or declares or second in {"EQUAL", "COLON"}


def _two(tokens: list[Token]) -> tuple[str, str]:
    """Return the first two terminals, empty where there are none."""
    first, second, *_ = (*(token.terminal for token in tokens[:2]), "", "")
    return first, second


def _indented(lines: list[Row]) -> bool:
    """Return whether most blocks are indented."""
    votes = 0
    for row, below in pairwise(lines):
        if row.tokens[-1].terminal == "LBRACE" and below.tokens[0].terminal != "RBRACE":
            votes += 1 if below.low > row.low else -1
    return votes > 0


def _pieces(row: Row) -> Iterator[Statement]:
    """Split a line at each `}` that closes what another line opened."""
    start, depth, opened = 0, 0, -1
    for index, token in enumerate(row.tokens):
        if token.terminal == "LBRACE":
            opened = index if depth == 0 else opened
            depth += 1
        elif token.terminal == "RBRACE" and depth:
            depth -= 1
        elif token.terminal == "RBRACE":
            if index > start:
                before = row.tokens[start:index]
                yield Statement(before, row.low, row.high, inline=start > 0, doc=row.doc)
            yield Statement([token], row.low, row.high, inline=index > 0, doc=row.doc)
            start = index + 1
    if start < len(row.tokens):
        opens = row.tokens[opened] if depth else None
        rest = row.tokens[start:-1] if opens is row.tokens[-1] else row.tokens[start:]
        yield Statement(rest, row.low, row.high, opens, inline=start > 0, doc=row.doc)


def _continues(last: Statement, piece: Statement, *, trusted: bool) -> bool:
    """Return whether a line belongs to the statement above it."""
    if last.opens or last.closes or piece.closes:
        return False
    if not piece.tokens:
        return piece.low == last.low and last.heads
    first, second = _two(piece.tokens)
    deeper = piece.low > last.low
    if first in HEADS:  # in brackets an argument may have such a word where a name belongs
        return bool(last.brackets) and trusted and deeper and second not in _NAMED
    if first == ERROR and [token.terminal for token in last.tokens] == ["NAME"]:
        return trusted and deeper  # a chain whose first arrow is misspelt
    listed = last.tokens[-1:] and last.tokens[-1].terminal == "_COMMA"
    if trusted and (last.brackets or listed):
        ends = first in CLOSERS or piece.tokens[-1].terminal == "_COMMA"  # no statement does
        return deeper or (ends and piece.low == last.low)
    if last.brackets:
        return not (last.brackets[-1].terminal == "LSQB" and _begins(piece.tokens))
    if listed:
        return not _begins(piece.tokens)
    return trusted and deeper and last.sets and not _begins(piece.tokens)


def _begins(tokens: list[Token]) -> bool:
    """Return whether tokens look like the beginning of a statement."""
    first, second, third = (*(token.terminal for token in tokens[:3]), "LBRACE", "LBRACE")[:3]
    if first in ("STRING", "ELSE"):
        return second in ("EQUAL", "_INTO")
    if first != "NAME":
        return first in HEADS
    if second == "NAME":
        return third == "LBRACE"
    return second in ("EQUAL", "COLON", "_INTO", "LBRACE")
