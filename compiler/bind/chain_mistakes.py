"""Chains whose parts are not what they name."""

from flumec.compiler.diagnostic import Diagnostic, closest, listed, put_right
from flumec.compiler.fix import Fix, inserted


class UnknownComponent(Diagnostic, code="FL108"):
    """A chain names a component that its agent does not have.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent counter on web {
      source numbers : seq

      channel buffer : memory

      sink nothing : null

      numbers -> bufer
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
        return f"this agent has no component `{self.name}`"

    @property
    def hint(self) -> str | None:
        """Offer the nearest."""
        return closest(self.name, self.known) or listed("components", self.known, "it has none")

    @property
    def fix(self) -> Fix | None:
        """What a program writes."""
        return put_right(self.span, self.name, self.known)


class UnknownInterceptor(Diagnostic, code="FL112"):
    """A chain has an interceptor that does not exist.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent counter on web {
      source numbers : seq

      channel buffer : memory

      sink nothing : null

      numbers -> timestmp() -> buffer
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

      numbers -> timestamp() -> buffer
      buffer -> nothing
    }
    ```
    """

    name: str
    known: tuple[str, ...]

    @property
    def message(self) -> str:
        """Name it."""
        return f"there is no interceptor `{self.name}`"

    @property
    def hint(self) -> str:
        """Offer the nearest, or all."""
        return closest(self.name, self.known) or f"the interceptors are {', '.join(self.known)}"

    @property
    def fix(self) -> Fix | None:
        """What a program writes."""
        return put_right(self.span, self.name, self.known)


class NotAStep(Diagnostic, code="FL151"):
    """A part of a chain stands where it cannot.

    A chain begins at a source or a channel; between its ends stand interceptors, as calls; a
    channel or sink ends it.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent counter on web {
      source numbers : seq

      channel buffer : memory

      sink nothing : null

      numbers -> buffer -> nothing
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
    kind: str
    first: bool

    @property
    def message(self) -> str:
        """Say what stands where."""
        if self.first:
            return f"a chain begins at a source or a channel, not at `{self.name}(…)`"
        if self.kind == "end":
            return f"a chain ends in channels, not in the interceptor `{self.name}`"
        if self.kind:
            return f"the {self.kind} `{self.name}` stands in the middle of a chain"
        return f"the interceptor `{self.name}` is not called"

    @property
    def hint(self) -> str:
        """Say how it is written."""
        if self.first or self.kind == "end":
            return f"`SOURCE -> {self.name}(…) -> CHANNEL`"
        if self.kind == "channel":
            return f"end the chain in `{self.name}`, and begin another: `{self.name} -> …`"
        if self.kind:
            return f"a {self.kind} stands at an end of a chain"
        return f"write `{self.name}()`"

    @property
    def fix(self) -> Fix | None:
        """What a program writes."""
        if self.first or self.kind:
            return None
        return inserted(self.span.source, self.span.end, "()", "write `()`", safe=True)


class ChainLeavesAgent(Diagnostic, code="FL154"):
    """A chain names something outside its agent.

    `->` stays inside one process. From one agent's channel to another's leads a link, `=>`, which
    stands beside the agents.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent counter on web {
      source numbers : seq

      channel buffer : memory

      sink nothing : null

      numbers -> counter.buffer
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

      numbers -> buffer
      buffer -> nothing
    }
    ```
    """

    name: str

    @property
    def message(self) -> str:
        """Say that chains stay inside."""
        return f"`->` stays inside one agent, and `{self.name}` is not a name in it"

    @property
    def hint(self) -> str:
        """Offer the link."""
        return f"to cross hosts write a link outside the agent: `AGENT.CHANNEL => {self.name}`"
