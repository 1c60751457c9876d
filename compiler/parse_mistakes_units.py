"""Mistakes in quantities: the unit stands apart from its number."""

from typing import Self

from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.fix import Fix, replaced
from flumec.compiler.parse_stop import Stop
from flumec.compiler.source import Span
from flumec.runtime.quantity import SPELLED, UNITS


class UnitApart(Diagnostic, code="FL037"):
    """A unit stands apart from its number.

    A number and its unit are one word: `4GiB`, `1h30m`.

    ## Example

    ```flow
    hosts one = ["a.example.com"]

    agent beat on one {
      source ticks : seq

      channel queue : memory {
        size = 64 MiB
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

    number: str
    unit: str
    """As it is written here."""

    @property
    def message(self) -> str:
        """What is wrong."""
        return "a unit stands right behind its number"

    @property
    def hint(self) -> str:
        """What to do."""
        return f"write `{self.number}{self.unit}`"

    @property
    def fix(self) -> Fix:
        """What a program writes."""
        quantity = f"{self.number}{self.unit}"
        return replaced(self.span, quantity, f"write `{quantity}`", safe=True)

    @classmethod
    def recognise(cls, stop: Stop) -> Self | None:
        """Return the mistake if this is it."""
        before, word = stop.before, stop.text()
        if before is None or before.terminal != "NUMBER" or stop.token.terminal != "NAME":
            return None
        if word not in UNITS and word.lower() not in SPELLED:
            return None
        unit = word if word in UNITS else SPELLED[word.lower()]
        span = Span(stop.source, before.start, stop.token.end)
        return cls(span, number=stop.text(before), unit=unit)
