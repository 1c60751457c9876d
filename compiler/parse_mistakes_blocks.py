"""Mistakes in braces: missing, or too many."""

from typing import Self

from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.parse_stop import Stop
from flumec.compiler.recover_statements import Statement
from flumec.compiler.source import Source, Span


class UnclosedBlock(Diagnostic, code="FL026"):
    """A block is never closed.

    All that follows would belong to it.

    ## Example

    ```flow
    hosts one = ["a.example.com"]

    agent beat on one {
      source ticks : seq

      channel queue : memory {
        size = 64MiB

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

    missing: Span

    @property
    def message(self) -> str:
        """What is wrong."""
        return "`{` is never closed"

    @property
    def hint(self) -> str:
        """What to do."""
        return "write `}` on a line of its own where the block ends"

    @property
    def places(self) -> tuple[Place, ...]:
        """Where its end was expected."""
        return (Place(self.missing, "`}` was expected before this"),)

    @classmethod
    def at(cls, source: Source, statement: Statement, end: int) -> Self:
        """Return the mistake for the block of a statement that should have ended before `end`."""
        brace = statement.opens
        start = brace.start if brace else statement.tokens[-1].end
        return cls(Span(source, start, start + 1), missing=Span(source, end, end))


class UnopenedBlock(Diagnostic, code="FL027"):
    """The brace that opens a block is missing, or stands on the next line.

    ## Example

    ```flow
    hosts one = ["a.example.com"]

    agent beat on one {
      source ticks : seq

      channel queue : memory
        size = 64MiB
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
        return "`{` is missing at the end of the line"

    @property
    def hint(self) -> str:
        """What to do."""
        return "write `{` behind the declaration, on the same line"

    @classmethod
    def at(cls, source: Source, end: int) -> Self:
        """Return the mistake for a statement that ends at `end`."""
        return cls(Span(source, end, end))

    @classmethod
    def recognise(cls, stop: Stop) -> Self | None:
        """Return the mistake if this is it."""
        only = "LBRACE" in stop.expected and stop.expected <= {
            "LBRACE",
            "NAME",
            "DOT",
            "LSQB",
            "LPAR",
        }
        return cls(stop.gap) if stop.token.terminal == "NL" and only else None


class StrayBrace(Diagnostic, code="FL028"):
    """A closing brace closes nothing.

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
        return "`}` closes nothing"

    @property
    def hint(self) -> str:
        """What to do."""
        return "leave it out, or write the `{` that it should close"

    @classmethod
    def recognise(cls, stop: Stop) -> Self | None:
        """Return the mistake if this is it."""
        return cls(stop.span) if stop.token.terminal == "RBRACE" else None
