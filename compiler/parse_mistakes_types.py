"""Mistakes between a name and its type."""

from typing import Self

from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.fix import Fix, sign_for
from flumec.compiler.parse_mistakes_assignments import ENDS
from flumec.compiler.parse_stop import Stop


class EqualsForColon(Diagnostic, code="FL015"):
    """An equals sign stands where a colon should.

    An equals sign gives a value, a colon a type.

    ## Example

    ```flow
    hosts one = ["a.example.com"]

    agent beat on one {
      source ticks = seq
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
        return "a type is given with `:`, not with `=`"

    @property
    def hint(self) -> str:
        """What to do."""
        return "write `:`"

    @property
    def fix(self) -> Fix:
        """What a program writes."""
        return sign_for(self.span, ":")

    @classmethod
    def recognise(cls, stop: Stop) -> Self | None:
        """Return the mistake if this is it."""
        if stop.token.terminal != "EQUAL" or "COLON" not in stop.expected:
            return None
        return cls(stop.span)


class MissingType(Diagnostic, code="FL018"):
    """A declaration has no type.

    ## Example

    ```flow
    hosts one = ["a.example.com"]

    agent beat on one {
      source ticks
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

    name: str

    @property
    def message(self) -> str:
        """What is wrong."""
        return f"`{self.name}` has no type"

    @property
    def hint(self) -> str:
        """What to do."""
        return "write `: TYPE` behind the name (`flumec components` lists those of components)"

    @classmethod
    def recognise(cls, stop: Stop) -> Self | None:
        """Return the mistake if this is it."""
        if "COLON" in stop.expected and stop.terminals[0] in {"KIND", "PARAM"}:
            return cls(stop.span, stop.text(stop.tokens[1]))
        before = stop.before
        if before is None or before.terminal != "COLON" or stop.token.terminal not in ENDS:
            return None
        named = stop.tokens[stop.index - 2] if stop.index > 1 else before
        return cls(stop.gap, stop.text(named))
