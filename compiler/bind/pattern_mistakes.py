"""Names of hosts, patterns and inventories that cannot be read."""

from flumec.compiler.diagnostic import Diagnostic, Place, closest, put_right
from flumec.compiler.fix import Fix, without_item
from flumec.compiler.source import Span


class InvalidHostName(Diagnostic, code="FL501"):
    """A host has a name that no host can have.

    A name has labels of letters, digits, hyphens and `_`, joined by dots; 253 characters at most.

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

    @property
    def hint(self) -> str:
        """Say what to do."""
        return "letters, digits, `-` and `_`, in labels that dots join"


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

    @property
    def fix(self) -> Fix | None:
        """What a program writes."""
        text = self.span.source.text
        same = text[self.first.start : self.first.end] == text[self.span.start : self.span.end]
        return without_item(self.span) if same and self.first.source is self.span.source else None


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

    @property
    def fix(self) -> Fix | None:
        """What a program writes."""
        return put_right(self.span, self.name, self.known)
