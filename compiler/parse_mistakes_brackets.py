"""Mistakes in round and square brackets, and in what stands between them."""

from typing import Self

from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.fix import Fix, inserted, replaced
from flumec.compiler.parse_mistakes_assignments import VALUES
from flumec.compiler.parse_stop import Stop
from flumec.compiler.parse_tokens import Token
from flumec.compiler.recover_statements import CLOSERS, OPENERS
from flumec.compiler.source import Source, Span

_CLOSING = {"(": ")", "[": "]"}
_PAIRS = {("LPAR", "RPAR"), ("LSQB", "RSQB")}


def _pairs(opener: Token, closer: Token) -> bool:
    return (opener.terminal, closer.terminal) in _PAIRS


def _open(stop: Stop) -> Token | None:
    """Return the innermost bracket that is open where the parser stopped."""
    stack: list[Token] = []
    for token in stop.tokens[: stop.index]:
        if token.terminal in OPENERS:
            stack.append(token)
        elif token.terminal in CLOSERS and stack:
            stack.pop()
    return stack[-1] if stack else None


class MissingComma(Diagnostic, code="FL022"):
    """A comma is missing.

    Behind a name in a call it may be the equals sign that is missing: `count 3` is meant to be
    `count = 3`, or `count, 3`. Which of them, a program cannot know.

    ## Example

    ```flow
    hosts one = ["a.example.com" "b.example.com"]

    agent beat on one {
      source ticks : seq
      channel queue : memory
      sink out : null

      ticks -> queue
      queue -> out
    }
    ```

    ## Instead

    ```flow
    hosts one = ["a.example.com", "b.example.com"]

    agent beat on one {
      source ticks : seq
      channel queue : memory
      sink out : null

      ticks -> queue
      queue -> out
    }
    ```
    """

    gap: Span
    """Where it belongs."""
    named: str = ""
    """The name before it, where that may be an argument's."""

    @property
    def message(self) -> str:
        """What is wrong."""
        return "a comma or `=` is missing" if self.named else "a comma is missing"

    @property
    def hint(self) -> str:
        """What to do."""
        if self.named:
            return f"write `{self.named} = …` if that is the argument, else `,` before it"
        return "write `,` before it"

    @property
    def fix(self) -> Fix | None:
        """What a program writes, where it is the comma for certain."""
        if self.named:
            return None
        return inserted(self.gap.source, self.gap.start, ",", "write `,`", safe=True)

    @classmethod
    def recognise(cls, stop: Stop) -> Self | None:
        """Return the mistake if this is it."""
        inside = "_COMMA" in stop.expected and stop.expected & CLOSERS
        if not inside or stop.token.terminal not in VALUES | {"LSQB", "NAME"}:
            return None
        return cls(stop.span, stop.gap, _argument(stop))


def _argument(stop: Stop) -> str:
    """Return the name before the token if that begins an argument, and the token may be its value:
    not, if it has a value of its own, which may lack its `=` too: `kill(a count 3)`.
    """
    begins = stop.index > 1 and stop.tokens[stop.index - 2].terminal in OPENERS | {"_COMMA"}
    named = begins and stop.before is not None and stop.before.terminal == "NAME"
    follows = "" if stop.after is None else stop.after.terminal
    valued = follows == "EQUAL" or (stop.token.terminal == "NAME" and follows in VALUES)
    return stop.text(stop.before) if named and not valued and "EQUAL" in stop.expected else ""


class UnclosedBracket(Diagnostic, code="FL023"):
    """A bracket is never closed.

    ## Example

    ```flow
    hosts one = ["a.example.com"

    agent beat on one {
      source ticks : seq
      channel queue : memory
      sink out : null

      ticks -> queue
      queue -> out
    }
    ```

    ## Instead

    ```flow
    hosts one = ["a.example.com"]

    agent beat on one {
      source ticks : seq
      channel queue : memory
      sink out : null

      ticks -> queue
      queue -> out
    }
    ```
    """

    opener: Span

    @property
    def message(self) -> str:
        """What is wrong."""
        return f"`{self._sign}` is never closed"

    @property
    def hint(self) -> str:
        """What to do."""
        return f"write `{_CLOSING[self._sign]}` where it ends"

    @property
    def places(self) -> tuple[Place, ...]:
        """Where it opens, if that is elsewhere."""
        return (Place(self.opener, "it opens here"),) if self.opener.line != self.span.line else ()

    @property
    def _sign(self) -> str:
        return self.opener.source.text[self.opener.start]

    @property
    def fix(self) -> Fix:
        """What a program writes."""
        sign = _CLOSING[self._sign]
        return inserted(self.span.source, self.span.start, sign, f"write `{sign}`", safe=False)

    @classmethod
    def at(cls, source: Source, opener: Token, last: Token) -> Self:
        """Return the mistake for a statement that ends with `last`."""
        end = last.start + 1 if last.terminal == "_COMMA" else last.end
        return cls(Span(source, end, end), opener=Span(source, opener.start, opener.end))

    @classmethod
    def recognise(cls, stop: Stop) -> Self | None:
        """Return the mistake if this is it."""
        opener = _open(stop)
        ends = stop.token.terminal in {"NL", "LBRACE", "_INTO", "_ACROSS", "EQUAL", "COLON"}
        if opener is None or not ends or not stop.expected & CLOSERS:
            return None
        return cls(stop.gap, opener=stop.at(opener))


class WrongBracket(Diagnostic, code="FL024"):
    """A bracket closes nothing, or another kind of bracket.

    ## Example

    ```flow
    hosts one = ["a.example.com")

    agent beat on one {
      source ticks : seq
      channel queue : memory
      sink out : null

      ticks -> queue
      queue -> out
    }
    ```

    ## Instead

    ```flow
    hosts one = ["a.example.com"]

    agent beat on one {
      source ticks : seq
      channel queue : memory
      sink out : null

      ticks -> queue
      queue -> out
    }
    ```
    """

    text: str
    opener: Span | None

    @property
    def message(self) -> str:
        """What is wrong."""
        return (
            f"`{self.text}` closes nothing"
            if self.opener is None
            else f"`{self.text}` does not close `{self._sign}`"
        )

    @property
    def hint(self) -> str:
        """What to do."""
        return "leave it out" if self.opener is None else f"write `{_CLOSING[self._sign]}`"

    @property
    def places(self) -> tuple[Place, ...]:
        """What is open."""
        return (Place(self.opener, "this is open"),) if self.opener else ()

    @property
    def _sign(self) -> str:
        return self.opener.source.text[self.opener.start] if self.opener else ""

    @property
    def fix(self) -> Fix:
        """What a program writes."""
        sign = _CLOSING[self._sign] if self.opener else ""
        return replaced(self.span, sign, self.hint, safe=False)

    @classmethod
    def recognise(cls, stop: Stop) -> Self | None:
        """Return the mistake if this is it."""
        opener = _open(stop)
        if stop.token.terminal not in CLOSERS or (opener and _pairs(opener, stop.token)):
            return None
        return cls(stop.span, text=stop.text(), opener=stop.at(opener) if opener else None)
