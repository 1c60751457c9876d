"""Mistakes between a name and its value."""

from typing import Self

from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.fix import Fix, inserted, sign_for
from flumec.compiler.parse_stop import Stop

VALUES = {"STRING", "RAW", "TEXT", "QUANTITY", "NUMBER", "BOOL"}
"""The terminals that are a value by themselves."""

ENDS = {"NL", "LBRACE", "RBRACE", "RPAR", "RSQB", "_COMMA", "_INTO", "_ACROSS"}
"""The terminals that end a value."""


class ColonForEquals(Diagnostic, code="FL014"):
    """A colon stands where an equals sign should.

    A colon gives a type, an equals sign a value.

    ## Example

    ```flow
    hosts one = ["a.example.com"]

    agent beat on one {
      source ticks : seq

      channel queue : memory {
        size : 64MiB
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
        size = 64MiB
      }

      sink out : null

      ticks -> queue
      queue -> out
    }
    ```
    """

    @property
    def message(self) -> str:
        """What is wrong."""
        return "a value is set with `=`, not with `:`"

    @property
    def hint(self) -> str:
        """What to do."""
        return "write `=`"

    @property
    def fix(self) -> Fix:
        """What a program writes."""
        return sign_for(self.span, "=")

    @classmethod
    def recognise(cls, stop: Stop) -> Self | None:
        """Return the mistake if this is it."""
        if stop.token.terminal == "COLON" and "EQUAL" in stop.expected:
            return cls(stop.span)
        if stop.terminals[:2] == ("NAME", "COLON") and stop.index == 2 and stop.context == "block":
            return cls(stop.at(stop.tokens[1]))
        return None


class MissingEquals(Diagnostic, code="FL016"):
    """Between a name and its value the equals sign is missing.

    ## Example

    ```flow
    hosts one = ["a.example.com"]

    agent beat on one {
      source ticks : seq

      channel queue : memory {
        size 64MiB
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
        size = 64MiB
      }

      sink out : null

      ticks -> queue
      queue -> out
    }
    ```
    """

    @property
    def message(self) -> str:
        """What is wrong."""
        return "`=` is missing"

    @property
    def hint(self) -> str:
        """What to do."""
        return "write `=` between the name and its value"

    @property
    def fix(self) -> Fix:
        """What a program writes."""
        return inserted(self.span.source, self.span.start, "= ", "write `=`", safe=True)

    @classmethod
    def recognise(cls, stop: Stop) -> Self | None:
        """Return the mistake if this is it."""
        if "EQUAL" not in stop.expected or stop.token.terminal not in VALUES | {"LSQB", "NAME"}:
            return None
        return cls(stop.span)


class MissingValue(Diagnostic, code="FL017"):
    """A name has no value.

    ## Example

    ```flow
    hosts one = ["a.example.com"]

    agent beat on one {
      source ticks : seq

      channel queue : memory {
        size =
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
        size = 64MiB
      }

      sink out : null

      ticks -> queue
      queue -> out
    }
    ```
    """

    name: str

    @property
    def message(self) -> str:
        """What is wrong."""
        return f"`{self.name}` has no value"

    @property
    def hint(self) -> str:
        """What to do."""
        return "write it behind the sign, on the same line"

    @classmethod
    def recognise(cls, stop: Stop) -> Self | None:
        """Return the mistake if this is it."""
        before = stop.before
        if before is None or before.terminal != "EQUAL" or stop.token.terminal not in ENDS:
            return None
        named = stop.tokens[stop.index - 2] if stop.index > 1 else before
        return cls(stop.gap, stop.text(named))
