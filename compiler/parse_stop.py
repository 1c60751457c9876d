"""Where the parser stopped: what a mistake is recognised by."""

from flumec.compiler.parse_tokens import Token
from flumec.compiler.source import Source, Span
from flumec.runtime.frozen import frozen


@frozen
class Stop:
    """The token at which a statement stops making sense, with what stands around it.

    `tokens` is the statement with its end (a `{` or a line's end), `index` the token at which it
    stopped, `expected` the terminals that could have stood there, `context` where the statement
    stands: in the `file`, in a `block` or in a `route`.
    """

    source: Source
    tokens: list[Token]
    index: int
    expected: frozenset[str]
    context: str

    @property
    def token(self) -> Token:
        """The token that cannot stand there."""
        return self.tokens[self.index]

    @property
    def before(self) -> Token | None:
        """The token before it in the statement."""
        return self.tokens[self.index - 1] if self.index else None

    @property
    def after(self) -> Token | None:
        """The token after it in the statement."""
        return self.tokens[self.index + 1] if self.index + 1 < len(self.tokens) else None

    @property
    def names_hosts(self) -> bool:
        """Whether it is the value of `hosts NAME = …`, where a word with a hyphen is no name."""
        return self.terminals[:1] == ("HOSTS",) and "EQUAL" in self.terminals[:-1]

    @property
    def is_unopened(self) -> bool:
        """Whether a `)` follows that closes nothing: the bracket that is missing stood here."""
        depth = 0
        for token in self.tokens[self.index :]:
            depth += (token.terminal == "LPAR") - (token.terminal == "RPAR")
            if depth < 0:
                return True
        return False

    @property
    def terminals(self) -> tuple[str, ...]:
        """The terminals of the statement up to and with the token."""
        return tuple(token.terminal for token in self.tokens[: self.index + 1])

    @property
    def span(self) -> Span:
        """The token; the place after the last word where a line or file ends too early."""
        token = self.token
        if token.terminal == "NL":
            end = self.before.end if self.before else token.start
            return Span(self.source, end, end)
        return self.at(token)

    @property
    def gap(self) -> Span:
        """The place behind the token before, where something is missing."""
        end = self.before.end if self.before else self.token.start
        return Span(self.source, end, end)

    def at(self, token: Token) -> Span:
        """Return a token's span; an arrow's, without the lines before it and the space behind."""
        text = self.source.text[token.start : token.end]
        if token.terminal not in {"_INTO", "_ACROSS"}:
            return Span(self.source, token.start, token.end)
        end = token.start + len(text.rstrip())
        return Span(self.source, end - 2, end)

    def text(self, token: Token | None = None) -> str:
        """Return the text of a token, of this one by default."""
        _, start, end = self.at(token or self.token)
        return self.source.text[start:end].strip()
