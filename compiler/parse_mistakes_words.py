"""Mistakes in names: a keyword, a hyphen, quotes where none belong or none where they do."""

import re
from typing import Self

from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.fix import Fix, replaced
from flumec.compiler.parse_stop import Stop
from flumec.compiler.parse_tables import tables
from flumec.compiler.source import Span

_HYPHENED = re.compile(r"[A-Za-z_]\w*(-\w+)+")
_AFTER_NAMES = {"EQUAL", "_INTO", "_ACROSS", "DOT"}
_PATTERNS = ("source", "channel", "sink", "else", "true", "false")


class ReservedWord(Diagnostic, code="FL011"):
    """A keyword is used as a name.

    The language needs it for itself; after a dot it may stand (`header.source`).

    ## Example

    ```flow
    hosts one = ["a.example.com"]

    agent test on one {
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

    word: str

    @property
    def message(self) -> str:
        """What is wrong."""
        return f"`{self.word}` is a word of the language and cannot be a name"

    @property
    def hint(self) -> str:
        """What to do; a channel that is assigned is what Apache Flume's users write."""
        after = self.span.source.text[self.span.end : self.span.end + 20].lstrip(" \t")
        if self.word == "channel" and after.startswith("="):
            return "a channel is joined by arrows: `source -> channel`, `channel -> sink`"
        return f"choose another name, `{self.word}_1` perhaps"

    @classmethod
    def recognise(cls, stop: Stop) -> Self | None:
        """Return the mistake if this is it."""
        keywords = tables().words | dict.fromkeys(_PATTERNS)
        before, word = stop.before, stop.text()
        if before and stop.token.terminal in _AFTER_NAMES and stop.text(before) in keywords:
            return cls(stop.at(before), word=stop.text(before))
        if "NAME" not in stop.expected or word not in keywords:
            return None
        return cls(stop.span, word=word)


class NameInQuotes(Diagnostic, code="FL012"):
    """A name stands in quotes.

    ## Example

    ```flow
    hosts one = ["a.example.com"]

    agent "beat" on one {
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

    @property
    def message(self) -> str:
        """What is wrong."""
        return "a name stands without quotes"

    @property
    def hint(self) -> str:
        """What to do."""
        return f"write `{self.span.source.text[self.span.start + 1 : self.span.end - 1]}`"

    @property
    def fix(self) -> Fix | None:
        """What a program writes."""
        name = self.span.source.text[self.span.start + 1 : self.span.end - 1]
        if not re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII):
            return None
        return replaced(self.span, name, "take the quotes away", safe=True)

    @classmethod
    def recognise(cls, stop: Stop) -> Self | None:
        """Return the mistake if this is it."""
        if (
            stop.token.terminal != "STRING"
            or "NAME" not in stop.expected
            or "STRING" in stop.expected
        ):
            return None
        return cls(stop.span)


class TextWithoutQuotes(Diagnostic, code="FL013"):
    """A text stands without quotes.

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

    check beats {
      from = beat.ticks
      to = beat.out
    }
    ```

    ## Instead

    ```flow
    ```
    """

    word: str

    @property
    def message(self) -> str:
        """What is wrong."""
        return f"`{self.word}` has to be a text here"

    @property
    def hint(self) -> str:
        """What to do."""
        return f'write `"{self.word}"`'

    @property
    def fix(self) -> Fix:
        """What a program writes."""
        return replaced(self.span, f'"{self.word}"', "put it in quotes", safe=True)

    @classmethod
    def recognise(cls, stop: Stop) -> Self | None:
        """Return the mistake if this is it."""
        if (
            stop.token.terminal != "NAME"
            or "STRING" not in stop.expected
            or "NAME" in stop.expected
        ):
            return None
        return cls(stop.span, word=stop.text())


class NameWithHyphen(Diagnostic, code="FL008"):
    """A name has a hyphen.

    A hyphen would be read as the sign of a number.

    ## Example

    ```flow
    hosts one = ["a.example.com"]

    agent beat-1 on one {
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

    agent beat_1 on one {
      source ticks : seq
      channel queue : memory
      sink out : null

      ticks -> queue
      queue -> out
    }
    ```
    """

    word: str
    value: bool = False
    """Whether it is a value, and so perhaps a text: what is no name of the file is one."""

    @property
    def message(self) -> str:
        """What is wrong."""
        return f"`{self.word}` is no name"

    @property
    def hint(self) -> str:
        """What to do."""
        text = f'; a text has quotes: `"{self.word}"`' if self.value else ""
        return f"a name has letters, digits and `_`: `{self.word.replace('-', '_')}`{text}"

    @property
    def fix(self) -> Fix:
        """What a program writes."""
        name = self.word.replace("-", "_")
        return replaced(self.span, name, f"write `{name}`", safe=False)

    @classmethod
    def recognise(cls, stop: Stop) -> Self | None:
        """Return the mistake if this is it."""
        before = stop.before
        if before is None or before.terminal != "NAME" or before.end != stop.token.start:
            return None
        word = _HYPHENED.match(stop.source.text, before.start)
        if word is None or stop.names_hosts:
            return None
        value = stop.terminals[-3:-2] in {("EQUAL",), ("LPAR",), ("LSQB",), ("_COMMA",)}
        return cls(Span(stop.source, before.start, word.end()), word=word[0], value=value)
