"""Mistakes in signs: those of other languages, and those that no language has here."""

import unicodedata
from typing import Self

from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.fix import Fix, new_line, replaced, rest_of_line
from flumec.compiler.parse_stop import Stop
from flumec.compiler.parse_tokens import ERROR

_SIGNS = {"+", "-", "*", "/", "%", "^", "&", "|", "&&", "||", "==", "!=", "?:"}


class Semicolon(Diagnostic, code="FL003"):
    """A statement ends with a semicolon.

    The end of the line ends a statement; there is no other sign for it.

    ## Example

    ```flow
    hosts one = ["a.example.com"]

    agent beat on one {
      source ticks : seq
      channel queue : memory
      sink out : null

      ticks -> queue
      queue -> out;
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
        return "`;` has no meaning here"

    @property
    def hint(self) -> str:
        """What to do."""
        return "the end of the line ends a statement; leave it out"

    @property
    def fix(self) -> Fix:
        """What a program writes."""
        if (rest := rest_of_line(self.span)).strip().startswith("#") or not rest.strip():
            return replaced(self.span, "", "leave it out", safe=True)
        end = self.span.end + len(rest) - len(rest.lstrip())
        return replaced(
            self.span._replace(end=end), new_line(self.span), "begin a new line", safe=True
        )

    @classmethod
    def recognise(cls, stop: Stop) -> Self | None:
        """Return the mistake if this is it."""
        return cls(stop.span) if stop.text() == ";" else None


class ForeignComment(Diagnostic, code="FL005"):
    """A comment of another language.

    ## Example

    ```flow
    hosts one = ["a.example.com"]

    agent beat on one {
      source ticks : seq
      channel queue : memory
      sink out : null

      // every second
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

      # every second
      ticks -> queue
      queue -> out
    }
    ```
    """

    @property
    def message(self) -> str:
        """What is wrong."""
        return "a comment does not begin with `//` or `/*`"

    @property
    def hint(self) -> str:
        """What to do."""
        return "a comment begins with `#`, and `##` documents the next declaration"

    @property
    def fix(self) -> Fix | None:
        """What a program writes."""
        if not self.span.source.text.startswith("//", self.span.start):
            return None
        sign = self.span._replace(end=self.span.start + 2)
        return replaced(sign, "#", "write `#`", safe=True)

    @classmethod
    def recognise(cls, stop: Stop) -> Self | None:
        """Return the mistake if this is it."""
        return cls(stop.span) if stop.text().startswith(("//", "/*")) else None


class Arithmetic(Diagnostic, code="FL009"):
    """A value is calculated.

    There is no arithmetic, no conditional and no loop: a value is what stands there, in one
    unit.

    ## Example

    ```flow
    hosts one = ["a.example.com"]

    agent beat on one {
      source ticks : seq
      channel queue : memory {
        size = 2 * 64MiB
      }
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
      channel queue : memory {
        size = 128MiB
      }
      sink out : null

      ticks -> queue
      queue -> out
    }
    ```
    """

    sign: str

    @property
    def message(self) -> str:
        """What is wrong."""
        return f"`{self.sign}` calculates, and the language does not"

    @property
    def hint(self) -> str:
        """What to do."""
        return "write the result; `let` gives it a name"

    @classmethod
    def recognise(cls, stop: Stop) -> Self | None:
        """Return the mistake if this is it."""
        sign = stop.text()
        if sign not in _SIGNS or not stop.expected & {"NL", "_COMMA", "RPAR", "RSQB"}:
            return None
        return cls(stop.span, sign=sign)


_COMPARED = dict.fromkeys(
    ("<", ">", "<=", ">=", "!="), "nothing is compared here; a value is set with `=`"
) | {"~": 'a pattern is `= r"…"`'}
"""What programs compare with, and what to write instead."""


class UnknownCharacter(Diagnostic, code="FL010"):
    """A sign that the language does not have.

    ## Example

    ```flow
    hosts one = ["a.example.com"]

    agent beat on one {
      source ticks : seq
      channel queue : memory
      sink out : null

      ticks -> queue
      queue -> out !
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

    @property
    def message(self) -> str:
        """What is wrong."""
        return f"`{self.text}` has no meaning here"

    @property
    def hint(self) -> str:
        """What to do."""
        return self._remedy

    @property
    def _remedy(self) -> str:
        first = self.text[:1]
        if self.text in _COMPARED:
            return _COMPARED[self.text]
        if first.isalpha():
            return "a name has letters from a to z, digits and `_`"
        if first.isascii() and first.isprintable():
            return "leave it out"
        return f"leave it out (it is {unicodedata.name(first, f'U+{ord(first):04X}').lower()})"

    @classmethod
    def recognise(cls, stop: Stop) -> Self | None:
        """Return the mistake if this is it."""
        if stop.token.terminal != ERROR:
            return None
        return cls(stop.span, text=stop.text() or stop.source.text[stop.token.start])
