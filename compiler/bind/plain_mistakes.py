"""Units, names of secrets, and names of components that do not exist."""

from flumec.compiler.diagnostic import Diagnostic, closest


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

      channel buffer : memory {
        size = 1MiB
      }

      sink nothing : null {
        dead_letter = bufer
      }

      numbers -> buffer
      buffer -> nothing
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent counter on web {
      source numbers : seq

      channel buffer : memory {
        size = 1MiB
      }

      sink nothing : null

      numbers -> buffer
      buffer -> nothing
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
