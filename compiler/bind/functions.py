"""The functions whose calls are values somewhere."""

from flumec.compiler.diagnostic import Diagnostic, closest, put_right
from flumec.compiler.fix import Fix


class UnknownFunction(Diagnostic, code="FL220"):
    """A value is a call of something that is no function.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel spool : memory

      channel letters : memory

      sink out : null {
        give_up = aftr(24h)
        dead_letter = letters
      }

      numbers -> spool
      spool -> out
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel spool : memory

      channel letters : memory

      sink out : null {
        give_up = after(24h)
        dead_letter = letters
      }

      numbers -> spool
      spool -> out
    }
    ```
    """

    name: str
    known: tuple[str, ...]

    @property
    def message(self) -> str:
        """Name it."""
        return f"there is no function `{self.name}`"

    @property
    def hint(self) -> str:
        """Offer the nearest, or all."""
        known = ", ".join(f"`{name}`" for name in self.known)
        return closest(self.name, self.known) or f"the functions here are {known}"

    @property
    def fix(self) -> Fix | None:
        """What a program writes."""
        return put_right(self.span, self.name, self.known)


FUNCTIONS = (
    "secret",
    "env",
    "hash",
    "after",
    "union",
    "except",
    "inventory",
    "failover",
    "balance",
)
"""The functions whose calls are values somewhere."""
