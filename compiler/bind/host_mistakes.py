"""Host sets that cannot be made."""

from flumec.compiler.diagnostic import Diagnostic, Place, closest, listed, put_right
from flumec.compiler.fix import Fix, replaced
from flumec.compiler.source import Span


class EmptyHostSet(Diagnostic, code="FL510"):
    """A set has no host.

    An agent on it would run nowhere, which nobody means.

    ## Example

    ```flow
    hosts web = []
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]
    ```
    """

    @property
    def message(self) -> str:
        """Say so."""
        return "this set has no host"

    @property
    def hint(self) -> str:
        """Say what to do."""
        return "name a host, or take the set away"


class ConflictingFacts(Diagnostic, code="FL511"):
    """Two sets that share a host say different things of it.

    A machine has one address and one disk, whichever set it is met in.

    ## Example

    ```flow
    hosts web = ["web-1"] {
      disk = 100GiB
    }
    hosts edge = ["web-1"] {
      disk = 200GiB
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"] {
      disk = 100GiB
    }
    hosts edge = ["web-1"]
    ```
    """

    host: str
    fact: str
    values: tuple[str, str]
    other: Span

    @property
    def message(self) -> str:
        """Name the host, the fact and both values."""
        one, two = self.values
        return f"`{self.host}` has `{self.fact} = {one}` here and `{two}` in another set"

    @property
    def hint(self) -> str:
        """Say what to do."""
        return "one machine has one: say the same in both, or leave it out of one"

    @property
    def places(self) -> tuple[Place, ...]:
        """The other set."""
        return (Place(self.other, "the other set"),)


class OneMachine(Diagnostic, code="FL515"):
    """Two sets spell the name of one machine differently.

    Names of hosts have no upper and lower case: it is one machine, which would get two folders and
    two agents of each kind.

    ## Example

    ```flow
    hosts web = ["web-1"]
    hosts edge = ["Web-1"]
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]
    hosts edge = ["web-1"]
    ```
    """

    name: str
    other: str
    first: Span

    @property
    def message(self) -> str:
        """Show both spellings."""
        return f"`{self.name}` is the machine that another set calls `{self.other}`"

    @property
    def hint(self) -> str:
        """Say what to write."""
        return f"write `{self.other}` here too"

    @property
    def places(self) -> tuple[Place, ...]:
        """The first spelling."""
        return (Place(self.first, f"`{self.other}`"),)

    @property
    def fix(self) -> Fix | None:
        """What a program writes."""
        if self.span.source.text[self.span.start : self.span.end] != f'"{self.name}"':
            return None
        return replaced(self.span, f'"{self.other}"', self.hint, safe=False)


class HostSetCycle(Diagnostic, code="FL514"):
    """A host set is made of itself.

    ## Example

    ```flow
    hosts web = ["web-1"]
    hosts all = union(web, all)
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]
    hosts core = ["core-1"]
    hosts all = union(web, core)
    ```
    """

    name: str

    @property
    def message(self) -> str:
        """Name it."""
        return f"the host set `{self.name}` is made of itself"

    @property
    def hint(self) -> str:
        """Say what to do."""
        return "make it of other sets"


class NoHosts(Diagnostic, code="FL513"):
    """Where hosts belong stands something else.

    Hosts are a set's name, a list of names, a brace pattern, `inventory(…)`, `union(a, b)` or
    `except(a, b)`.

    ## Example

    ```flow
    hosts web = 12
    ```

    ## Instead

    ```flow
    hosts web = "web-{01..12}"
    ```
    """

    found: str

    @property
    def message(self) -> str:
        """Say what was found."""
        takes = "a list, a pattern, `inventory(…)`, `union(…)` or `except(…)`"
        return f"hosts are {takes}, but {self.found}"

    @property
    def hint(self) -> str | None:
        """Offer the nearest of what can be called."""
        called, bracket, _ = self.span.source.text[self.span.start : self.span.end].partition("(")
        return closest(called, ("inventory", "union", "except")) if bracket else None


class UnknownHostSet(Diagnostic, code="FL107"):
    """A host set is named that does not exist.

    ## Example

    ```flow
    hosts web = ["web-1"]
    hosts all = union(web, core)
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]
    hosts core = ["core-1"]
    hosts all = union(web, core)
    ```
    """

    name: str
    known: tuple[str, ...]

    @property
    def message(self) -> str:
        """Name it."""
        return f"there is no host set `{self.name}`"

    @property
    def hint(self) -> str | None:
        """Offer the nearest, or quotes for what looks like a host's own name."""
        if near := closest(self.name, self.known):
            return near
        if "." in self.name:
            return f'if it is a host, write `"{self.name}"`'
        return listed("host sets", self.known)

    @property
    def fix(self) -> Fix | None:
        """What a program writes."""
        return put_right(self.span, self.name, self.known)
