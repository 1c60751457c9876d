"""Names of agents and components, in links, checks and tests, that name nothing."""

from flumec.compiler.diagnostic import Diagnostic, closest, listed, put_right
from flumec.compiler.fix import Fix, replaced


class UnknownAgent(Diagnostic, code="FL110"):
    """A link, check or test names an agent that does not exist.

    ## Example

    ```flow
    hosts web = ["web-1"]
    hosts core = ["core-1"]

    agent counter on web {
      source numbers : seq

      channel spool : file

      numbers -> spool
    }

    agent collector on core {
      channel inbox : file

      sink nothing : null

      inbox -> nothing
    }

    counter.spool => colector.inbox {
      port = 4141
      tls = mutual
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]
    hosts core = ["core-1"]

    agent counter on web {
      source numbers : seq

      channel spool : file

      numbers -> spool
    }

    agent collector on core {
      channel inbox : file

      sink nothing : null

      inbox -> nothing
    }

    counter.spool => collector.inbox {
      port = 4141
      tls = mutual
    }
    ```
    """

    name: str
    known: tuple[str, ...]

    @property
    def message(self) -> str:
        """Name it."""
        return f"there is no agent `{self.name}`"

    @property
    def hint(self) -> str | None:
        """Offer the nearest."""
        return closest(self.name, self.known) or listed("agents", self.known)

    @property
    def fix(self) -> Fix | None:
        """What a program writes."""
        return put_right(self.span, self.name, self.known)


class UnknownEnd(Diagnostic, code="FL113"):
    """A link, check or test names a component that its agent does not have.

    ## Example

    ```flow
    hosts web = ["web-1"]
    hosts core = ["core-1"]

    agent counter on web {
      source numbers : seq

      channel spool : file

      numbers -> spool
    }

    agent collector on core {
      channel inbox : file

      sink nothing : null

      inbox -> nothing
    }

    counter.spol => collector.inbox {
      port = 4141
      tls = mutual
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]
    hosts core = ["core-1"]

    agent counter on web {
      source numbers : seq

      channel spool : file

      numbers -> spool
    }

    agent collector on core {
      channel inbox : file

      sink nothing : null

      inbox -> nothing
    }

    counter.spool => collector.inbox {
      port = 4141
      tls = mutual
    }
    ```
    """

    agent: str
    name: str
    wanted: tuple[str, ...]
    kind: str
    known: tuple[str, ...]

    @property
    def message(self) -> str:
        """Say what there is not, or what it is instead."""
        wanted = " or ".join(self.wanted) or "component"
        if self.kind:
            return f"`{self.agent}.{self.name}` is a {self.kind}, but a {wanted} is wanted"
        return f"the agent `{self.agent}` has no {wanted} `{self.name}`"

    @property
    def hint(self) -> str | None:
        """Offer the nearest, or all that would do."""
        near = closest(self.name, self.known)
        return near or (f"it has {', '.join(self.known)}" if self.known else None)

    @property
    def fix(self) -> Fix | None:
        """What a program writes."""
        return put_right(self.span, self.name, self.known)


class IncompleteName(Diagnostic, code="FL159"):
    """Where a component of an agent is to be named stands only a part of its name.

    ## Example

    ```flow
    hosts web = ["web-1"]
    hosts core = ["core-1"]

    agent counter on web {
      source numbers : seq

      channel spool : file

      numbers -> spool
    }

    agent collector on core {
      channel inbox : file

      sink nothing : null

      inbox -> nothing
    }

    counter.spool => collector {
      port = 4141
      tls = mutual
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]
    hosts core = ["core-1"]

    agent counter on web {
      source numbers : seq

      channel spool : file

      numbers -> spool
    }

    agent collector on core {
      channel inbox : file

      sink nothing : null

      inbox -> nothing
    }

    counter.spool => collector.inbox {
      port = 4141
      tls = mutual
    }
    ```
    """

    name: str
    known: tuple[str, ...]

    @property
    def message(self) -> str:
        """Say what is missing."""
        return f"`{self.name}` names no component: write `AGENT.COMPONENT`"

    @property
    def hint(self) -> str | None:
        """Offer what would complete it."""
        return f"perhaps {' or '.join(f'`{name}`' for name in self.known)}?" if self.known else None

    @property
    def fix(self) -> Fix | None:
        """What a program writes."""
        if (
            len(self.known) != 1
            or self.span.source.text[self.span.start : self.span.end] != self.name
        ):
            return None
        return replaced(self.span, self.known[0], f"write `{self.known[0]}`", safe=False)
