"""The functions whose calls are values somewhere."""

from flumec.compiler.diagnostic import Diagnostic, closest


class UnknownFunction(Diagnostic, code="FL220"):
    """A value is a call of something that is no function.

    ## Example

    ```flow
    let login = user("flumec")

    hosts web = ["web-1"] {
      user = login
    }
    ```

    ## Instead

    ```flow
    let login = "flumec"

    hosts web = ["web-1"] {
      user = login
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
