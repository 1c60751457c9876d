"""Ends of chains that are not what they could be: routes, groups, optional channels."""

from flumec.compiler.diagnostic import Diagnostic, closest, put_right
from flumec.compiler.fix import Fix, replaced


class OptionalNothing(Diagnostic, code="FL155"):
    """A `?` stands behind something that is no channel.

    `ch?` is a channel that may miss an event when it is full. Nothing else can be optional.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent counter on web {
      source numbers : seq

      channel buffer : memory

      sink nothing : null

      numbers -> static(header.kind, "a") -> route header.kind {
        "a" -> buffer
        else -> drop?
      }
      buffer -> nothing
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent counter on web {
      source numbers : seq

      channel buffer : memory

      sink nothing : null

      numbers -> static(header.kind, "a") -> route header.kind {
        "a" -> buffer
        else -> drop
      }
      buffer -> nothing
    }
    ```
    """

    name: str
    kind: str

    @property
    def message(self) -> str:
        """Say what it is."""
        what = f"the {self.kind} `{self.name}`" if self.kind else f"`{self.name}`"
        return f"only a channel can be optional, not {what}"

    @property
    def hint(self) -> str:
        """Say what to do."""
        return "leave the `?` out"

    @property
    def fix(self) -> Fix | None:
        """What a program writes."""
        if not (self.span.source.text[self.span.start : self.span.end]).endswith("?"):
            return None
        return replaced(
            self.span._replace(start=self.span.end - 1), "", "take the `?` away", safe=True
        )


class NoHeader(Diagnostic, code="FL157"):
    """A route is by something that is no header.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent counter on web {
      source numbers : seq

      channel buffer : memory

      sink nothing : null

      numbers -> static(header.kind, "a") -> route kind {
        "a" -> buffer
        else -> drop
      }
      buffer -> nothing
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent counter on web {
      source numbers : seq

      channel buffer : memory

      sink nothing : null

      numbers -> static(header.kind, "a") -> route header.kind {
        "a" -> buffer
        else -> drop
      }
      buffer -> nothing
    }
    ```
    """

    name: str

    @property
    def message(self) -> str:
        """Say what it takes."""
        return f"a route is by a header, not by `{self.name}`"

    @property
    def hint(self) -> str:
        """Write it as a header."""
        return f"write `header.{self.name.rpartition('.')[2]}`"

    @property
    def fix(self) -> Fix | None:
        """What a program writes."""
        if self.span.source.text[self.span.start : self.span.end] != self.name:
            return None
        name = f"header.{self.name.rpartition('.')[2]}"
        return replaced(self.span, name, f"write `{name}`", safe=False)


class UnknownGroupFunction(Diagnostic, code="FL158"):
    """A chain ends in a call that makes no group of sinks.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent counter on web {
      source numbers : seq

      channel buffer : memory

      sink nothing : null

      numbers -> buffer
      buffer -> fallback(nothing)
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent counter on web {
      source numbers : seq

      channel buffer : memory

      sink nothing : null

      numbers -> buffer
      buffer -> nothing
    }
    ```
    """

    name: str
    known: tuple[str, ...]

    @property
    def message(self) -> str:
        """Name it."""
        return f"a chain cannot end in `{self.name}(…)`"

    @property
    def hint(self) -> str:
        """Offer the groups."""
        if self.name in self.known:
            return f"`{self.name}(…)` stands alone at the end of a channel's chain"
        return (
            closest(self.name, self.known)
            or "a group of sinks is `failover(a, b)` or `balance(a, b)`"
        )

    @property
    def fix(self) -> Fix | None:
        """What a program writes."""
        return put_right(self.span, self.name, self.known)
