"""What can be wrong with a file of settings."""

from flumec.compiler.diagnostic import Diagnostic, closest


class BrokenSettings(Diagnostic, code="FL080"):
    """A file of settings is no TOML.

    Whoever lints without the settings that are meant sees other findings than CI does.

    ## Example

    ```flow
    hosts web = ["web-1"]
    ```

    ```toml flumec.toml
    ignore = [FL902]
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]
    ```

    ```toml flumec.toml
    ignore = ["FL902"]
    ```
    """

    sentence: str

    @property
    def message(self) -> str:
        """Say what the reader said."""
        return f"this is no TOML: {self.sentence}"


class UnknownSetting(Diagnostic, code="FL081"):
    """A file of settings sets what there is not.

    ## Example

    ```flow
    hosts web = ["web-1"]
    ```

    ```toml flumec.toml
    ignored = ["FL902"]
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]
    ```

    ```toml flumec.toml
    ignore = ["FL902"]
    ```
    """

    name: str
    known: tuple[str, ...]

    @property
    def message(self) -> str:
        """Name it."""
        return f"there is no setting `{self.name}`"

    @property
    def hint(self) -> str:
        """Offer the nearest, or all."""
        return closest(self.name, self.known) or f"the settings are {', '.join(self.known)}"


class WrongSetting(Diagnostic, code="FL082"):
    """A setting has a value of another type than it takes.

    ## Example

    ```flow
    hosts web = ["web-1"]
    ```

    ```toml flumec.toml
    strict = "yes"
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]
    ```

    ```toml flumec.toml
    strict = true
    ```
    """

    name: str
    expected: str

    @property
    def message(self) -> str:
        """Say what it takes."""
        return f"`{self.name}` must be {self.expected}"


class UnknownRule(Diagnostic, code="FL083"):
    """A setting names a rule that does not exist.

    ## Example

    ```flow
    hosts web = ["web-1"]
    ```

    ```toml flumec.toml
    ignore = ["name-stile"]
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]
    ```

    ```toml flumec.toml
    ignore = ["name-style"]
    ```
    """

    name: str
    known: tuple[str, ...]

    @property
    def message(self) -> str:
        """Name it."""
        return f"there is no rule `{self.name}`"

    @property
    def hint(self) -> str:
        """Offer the nearest; of codes the nearest is another rule altogether."""
        near = None if self.name.startswith("FL") else closest(self.name, self.known)
        return near or "`flumec explain` lists all rules"


class ErrorStaysOn(Diagnostic, code="FL084"):
    """A setting turns a rule off, or down, whose findings are errors.

    A warning can be wrong about a fleet. An error cannot: nothing could be built from the file.

    ## Example

    ```flow
    hosts web = ["web-1"]
    ```

    ```toml flumec.toml
    ignore = ["missing-property"]
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]
    ```

    ```toml flumec.toml
    ignore = ["name-style"]
    ```
    """

    name: str
    what: str

    @property
    def message(self) -> str:
        """Name it."""
        return f"`{self.name}` {self.what}, which cannot be turned off"

    @property
    def hint(self) -> str:
        """Say what can be."""
        return "warnings and notes can be; `flumec explain` says which rules have them"
