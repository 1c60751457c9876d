"""Host sets that cannot be made."""

from flumec.compiler.diagnostic import Diagnostic, Place, closest
from flumec.compiler.source import Span


class InvalidHostName(Diagnostic, code="FL501"):
    """A host has a name that no host can have.

    A name has labels of letters, digits and hyphens (or `_`), joined by dots; 253 characters at most.

    ## Example

    ```flow
    hosts web = ["web 1.example.com"]
    ```

    ## Instead

    ```flow
    hosts web = ["web-1.example.com"]
    ```
    """

    name: str

    @property
    def message(self) -> str:
        """Name it."""
        return f"`{self.name}` is no name of a host" if self.name else "a host has an empty name"


class DuplicateHost(Diagnostic, code="FL502"):
    """A host stands twice in a list or pattern.

    Each host of a set runs the agent once.

    ## Example

    ```flow
    hosts web = ["web-1", "web-{1..3}"]
    ```

    ## Instead

    ```flow
    hosts web = ["web-{1..3}"]
    ```
    """

    name: str
    first: Span

    @property
    def message(self) -> str:
        """Name it."""
        return f"the host `{self.name}` stands twice in this set"

    @property
    def places(self) -> tuple[Place, ...]:
        """Where it stands first."""
        return (Place(self.first, f"`{self.name}` is here already"),)


class BadPattern(Diagnostic, code="FL503"):
    """A brace pattern of hosts is malformed.

    Braces hold a range, `{01..12}` or `{a..f}`, or a list, `{east,west}`. Zeros in front are kept.

    ## Example

    ```flow
    hosts web = "web-{12..01}"
    ```

    ## Instead

    ```flow
    hosts web = "web-{01..12}"
    ```
    """

    sentence: str

    @property
    def message(self) -> str:
        """Say what is wrong with it."""
        return f"this is no pattern of hosts: {self.sentence}"


class TooManyHosts(Diagnostic, code="FL504"):
    """A set has more hosts than flumec takes, which is 100,000.

    ## Example

    ```flow
    hosts web = "web-{1..1000000}"
    ```

    ## Instead

    ```flow
    hosts web = "web-{1..100}"
    ```
    """

    sentence: str

    @property
    def message(self) -> str:
        """Say how many."""
        return f"too many hosts: {self.sentence}"


class BadInventory(Diagnostic, code="FL505"):
    """An inventory cannot be read as Ansible's INI or YAML.

    A file whose name ends in `.yml` or `.yaml` is YAML, any other INI.

    ## Example

    ```flow main.flow
    hosts web = inventory("hosts.ini")
    ```

    ```ini hosts.ini
    [web
    web-1
    ```

    ## Instead

    ```flow main.flow
    hosts web = inventory("hosts.ini")
    ```

    ```ini hosts.ini
    [web]
    web-1
    ```
    """

    sentence: str

    @property
    def message(self) -> str:
        """Say what is wrong."""
        return f"this inventory cannot be read: {self.sentence}"


class UnknownGroup(Diagnostic, code="FL506"):
    """An inventory has no such group.

    ## Example

    ```flow main.flow
    hosts web = inventory("hosts.ini", group = "wbe")
    ```

    ```ini hosts.ini
    [web]
    web-1
    ```

    ## Instead

    ```flow main.flow
    hosts web = inventory("hosts.ini", group = "web")
    ```

    ```ini hosts.ini
    [web]
    web-1
    ```
    """

    name: str
    path: str
    known: tuple[str, ...]

    @property
    def message(self) -> str:
        """Name it."""
        return f"`{self.path}` has no group `{self.name}`"

    @property
    def hint(self) -> str | None:
        """Offer the nearest, or some."""
        if near := closest(self.name, self.known):
            return near
        return f"its groups are {', '.join(self.known[:20])}"


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
    def places(self) -> tuple[Place, ...]:
        """The other set."""
        return (Place(self.other, "the other set"),)


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
        return f"hosts are a list, a pattern, `inventory(…)`, `union(…)` or `except(…)`, but {self.found}"


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
        """Offer the nearest."""
        return closest(self.name, self.known)
