"""Units, names of secrets, and names of components that do not exist."""

import re

from flumec.compiler.diagnostic import Diagnostic, closest, put_right
from flumec.compiler.fix import Fix, replaced


class UnknownUnit(Diagnostic, code="FL205"):
    """A number has a unit that does not exist, or none where it needs one.

    Sizes are in B, kB (or KB), MB, GB, TB, or KiB, MiB, GiB, TiB; durations in us, ms, s, m, h, d;
    a rate is a size or a number and `/s`. `MB` is decimal, `MiB` binary.

    ## Example

    ```flow
    hosts web = ["web-1.example.com"] {
      disk = 10mb
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1.example.com"] {
      disk = 10MB
    }
    ```
    """

    error: str

    @property
    def message(self) -> str:
        """Name the unit that was probably meant."""
        return self.error

    @property
    def fix(self) -> Fix | None:
        """What a program writes."""
        text = self.span.source.text[self.span.start : self.span.end]
        meant = re.fullmatch(r"unknown unit `(\w+)`: (\w+)\?", self.error)
        if meant is None or text.count(meant[1]) != 1:
            return None  # of `MB or MiB?` a person chooses
        return replaced(
            self.span, text.replace(meant[1], meant[2]), f"write `{meant[2]}`", safe=False
        )


class BadSecretName(Diagnostic, code="FL217"):
    """A secret's name is not one that a file on the host can have.

    The name is that of a systemd credential: letters, digits, `_`, `.` and `-`.

    ## Example

    ```flow
    param password : secret = secret("my password")
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]
    ```
    """

    name: str

    @property
    def message(self) -> str:
        """Say what a name may have."""
        return f"a secret is named by letters, digits, `_`, `.` and `-`, not `{self.name}`"


class UnknownReference(Diagnostic, code="FL109"):
    """A property names a component that its agent does not have.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent counter on web {
      source numbers : seq

      channel buffer : file

      channel copy : file

      channel letters : file

      sink one : null {
        dead_letter = letters
      }

      sink two : null {
        dead_letter = leters
      }

      numbers -> buffer, copy
      buffer -> one
      copy -> two
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent counter on web {
      source numbers : seq

      channel buffer : file

      channel copy : file

      channel letters : file

      sink one : null {
        dead_letter = letters
      }

      sink two : null {
        dead_letter = letters
      }

      numbers -> buffer, copy
      buffer -> one
      copy -> two
    }
    ```
    """

    slot: str
    name: str
    wanted: str
    known: tuple[str, ...]
    kind: str

    @property
    def message(self) -> str:
        """Name it."""
        if self.kind:
            return f"`{self.slot}` must name {self.wanted}, and `{self.name}` is a {self.kind}"
        return f"`{self.slot}` must name {self.wanted} of this agent, which has no `{self.name}`"

    @property
    def hint(self) -> str | None:
        """Offer the nearest."""
        return closest(self.name, self.known)

    @property
    def fix(self) -> Fix | None:
        """What a program writes."""
        return put_right(self.span, self.name, self.known)
