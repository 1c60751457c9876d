"""A file as entries, one for each statement or comment, with the empty lines between them."""

from collections.abc import Iterator
from dataclasses import dataclass

from flumec.compiler.format_pieces import comments
from flumec.compiler.parse_tokens import Token, scan
from flumec.compiler.source import Source


@dataclass(slots=True)
class Entry:
    """A statement without its block, a `}`, or a comment (then it has no tokens)."""

    tokens: list[Token]
    comment: str
    """The comment itself, or the one at the end of the statement's line."""
    apart: bool
    """An empty line stands above it."""

    @property
    def opens(self) -> bool:
        """Whether a block follows."""
        return bool(self.tokens) and self.tokens[-1].terminal == "LBRACE"

    @property
    def closes(self) -> bool:
        """Whether it ends a block."""
        return len(self.tokens) == 1 and self.tokens[0].terminal == "RBRACE"

    @property
    def kind(self) -> str:
        """What kind of statement it is: those of one kind may stand close together."""
        terminals = [token.terminal for token in self.tokens]
        for sign in ("_INTO", "_ACROSS", "EQUAL", "COLON"):
            if terminals[0] in ("NAME", "STRING", "ELSE") and sign in _outside(terminals):
                return sign
        return terminals[0]


def _outside(terminals: list[str]) -> set[str]:
    """Return the terminals outside of brackets."""
    found, depth = set[str](), 0
    for terminal in terminals:
        depth += (terminal in ("LPAR", "LSQB")) - (terminal in ("RPAR", "RSQB"))
        if not depth:
            found.add(terminal)
    return found


def entries(source: Source) -> Iterator[Entry]:
    """Yield the entries of a file without mistakes, whose last line is complete."""
    tokens: list[Token] = []
    depth, apart = 0, False
    for token in scan(source):
        if token.terminal != "NL" or depth:
            depth += (token.terminal in ("LPAR", "LSQB")) - (token.terminal in ("RPAR", "RSQB"))
            tokens.append(token)
            continue
        layout = "\n" * (not token.start) + source.text[token.start : token.end]
        if tokens:
            yield Entry(tokens, comments(layout)[0], apart)
        tokens, apart = [], False
        for line in layout.split("\n")[1:-1]:
            if line.strip():
                yield Entry([], line.strip(), apart)
            apart = not line.strip()
