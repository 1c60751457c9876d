"""Mistakes in where statements stand, and what is none of the other kinds."""

from typing import Self

from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.fix import Fix, new_line, replaced
from flumec.compiler.parse_mistakes_assignments import VALUES
from flumec.compiler.parse_stop import Stop
from flumec.compiler.parse_tables import END

WORDS = {"LANGUAGE", "IMPORT", "PARAM", "LET", "HOSTS", "TEMPLATE", "AGENT", "CHECK", "TEST"}
"""The terminals that begin an item."""

_BEGIN = {word.lower() for word in WORDS} | {"source", "channel", "sink"}

_CONTEXTS = {"file": "the file itself", "block": "a block", "route": "a route"}

_SAID = {
    "NAME": "a name",
    "STRING": "a text",
    "QUANTITY": "a number",
    "EQUAL": "`=`",
    "COLON": "`:`",
    "_INTO": "`->`",
    "_ACROSS": "`=>`",
    "_COMMA": "`,`",
    "LPAR": "`(`",
    "RPAR": "`)`",
    "LSQB": "`[`",
    "RSQB": "`]`",
    "LBRACE": "`{`",
    "RBRACE": "`}`",
    "DOT": "`.`",
    "AS": "`as`",
    "ON": "`on`",
    "VIA": "`via`",
    "ROUTE": "`route`",
    "ELSE": "`else`",
    "NL": "the end of the line",
}
"""How a message names what could have stood there; what is not here needs no mention."""


def _either(words: tuple[str, ...]) -> str:
    *rest, last = words
    return f"{', '.join(rest)} or {last}" if rest else last


class SecondStatement(Diagnostic, code="FL031"):
    """Two statements stand on one line.

    One statement a line: a change touches just its line.

    ## Example

    ```flow
    hosts one = ["a.example.com"]

    agent beat on one {
      source ticks : seq
      channel queue : memory  sink out : null

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

    @property
    def message(self) -> str:
        """What is wrong."""
        return "a second statement stands on this line"

    @property
    def hint(self) -> str:
        """What to do."""
        return "begin a new line here"

    @property
    def fix(self) -> Fix | None:
        """What a program writes."""
        if self.span.source.text[self.span.start : self.span.end] not in _BEGIN:
            return None  # `4 GiB` is no statement of its own
        text = self.span.source.text[: self.span.start]
        gap = self.span._replace(start=len(text.rstrip(" \t")), end=self.span.start)
        return replaced(gap, new_line(self.span), "begin a new line", safe=True)

    @classmethod
    def recognise(cls, stop: Stop) -> Self | None:
        """Return the mistake if this is it."""
        starts = WORDS | VALUES | {"NAME", "KIND", "ELSE", "ROUTE", "LSQB"}
        if "NL" not in stop.expected or stop.token.terminal not in starts:
            return None
        return cls(stop.span)


class MisplacedWord(Diagnostic, code="FL032"):
    """A declaration stands where it has no place.

    Components and chains stand in an agent; agents, hosts, links, params and the like stand by
    themselves.

    ## Example

    ```flow
    hosts one = ["a.example.com"]

    agent beat on one {
      source ticks : seq
      channel queue : memory
      sink out : null

      ticks -> queue
      queue -> out
    }

    sink lost : null
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

    word: str
    context: str

    @property
    def message(self) -> str:
        """What is wrong."""
        return f"`{self.word}` has no place in {_CONTEXTS[self.context]}"

    @property
    def hint(self) -> str:
        """What to do."""
        return (
            "write it in an agent's block"
            if self.context == "file"
            else "write it outside of all blocks"
        )

    @classmethod
    def recognise(cls, stop: Stop) -> Self | None:
        """Return the mistake if this is it."""
        outside = stop.context == "file" and stop.token.terminal in {"KIND", "ROUTE"}
        inside = stop.context != "file" and stop.token.terminal in WORDS
        sets = stop.after is not None and stop.after.terminal == "EQUAL"
        if stop.index or sets or not (outside or inside):
            return None
        return cls(stop.span, word=stop.text(), context=stop.context)


class Unexpected(Diagnostic, code="FL001"):
    """Something stands where the language has no place for it.

    ## Example

    ```flow
    hosts one = ["a.example.com"]

    agent beat at one {
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

    found: str
    expected: tuple[str, ...]

    @property
    def message(self) -> str:
        """What is wrong."""
        return f"{self.found} is not expected here"

    @property
    def hint(self) -> str | None:
        """What to do."""
        return f"expected {_either(self.expected)}" if self.expected else None

    @classmethod
    def at(cls, stop: Stop) -> Self:
        """Return the mistake, with what could have stood there."""
        ends = {"NL": "the end of the line", END: "the end of the file"}
        found = ends.get(stop.token.terminal) or f"`{stop.text()}`"
        known = tuple(text for terminal, text in _SAID.items() if terminal in stop.expected)
        return cls(stop.span, found=found, expected=known)
