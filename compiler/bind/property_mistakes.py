"""Blocks that do not fit what declares them."""

from typing import TYPE_CHECKING

from flumec.compiler import tree
from flumec.compiler.diagnostic import Diagnostic, Place, closest, put_right
from flumec.compiler.fix import Fix, without_repeated_line
from flumec.compiler.source import Span

if TYPE_CHECKING:
    from flumec.compiler.bind.properties import Form


class UnknownProperty(Diagnostic, code="FL201"):
    """A block or call sets a property that its owner does not have.

    ## Example

    ```flow
    hosts web = ["web-1"] {
      dsk = 200GiB
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"] {
      disk = 200GiB
    }
    ```
    """

    form: "Form"
    name: str

    @property
    def message(self) -> str:
        """Name both."""
        return f"{self.form.owner} has no {self.form.noun} `{self.name}`"

    @property
    def hint(self) -> str | None:
        """Offer the nearest, or all if they are few."""
        if near := closest(self.name, self.form.fields):
            return near
        names = ", ".join(f"`{name}`" for name in self.form.fields)
        plural = "properties" if self.form.noun == "property" else self.form.noun + "s"
        return f"its {plural} are {names}" if names else f"it has no {plural}"

    @property
    def fix(self) -> Fix | None:
        return put_right(self.span, self.name, self.form.fields)


class DuplicateProperty(Diagnostic, code="FL202"):
    """A block or call sets a property twice.

    ## Example

    ```flow
    hosts web = ["web-1"] {
      disk = 200GiB
      disk = 300GiB
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"] {
      disk = 300GiB
    }
    ```
    """

    name: str
    first: Span

    @property
    def message(self) -> str:
        """Name it."""
        return f"`{self.name}` is set twice"

    @property
    def places(self) -> tuple[Place, ...]:
        """Where it was set first."""
        return (Place(self.first, "first set here"),)

    @property
    def fix(self) -> Fix | None:
        return without_repeated_line(self.first, self.span)


class MissingProperty(Diagnostic, code="FL203"):
    """A property that has no default is not set.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent counter on web {
      source numbers : seq

      channel buffer : memory {
        size = 1MiB
      }

      sink files : file_roll

      numbers -> buffer
      buffer -> files
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

      sink files : file_roll {
        directory = "/srv/numbers"
      }

      numbers -> buffer
      buffer -> files
    }
    ```
    """

    owner: str
    names: tuple[str, ...]
    place: str = "block"

    @property
    def message(self) -> str:
        return f"{self.owner} needs {' and '.join(f'`{name}`' for name in self.names)}"

    @property
    def hint(self) -> str:
        names = " and ".join(f"`{name} = …`" for name in self.names)
        return f"write {names} in its {self.place}"


class ContradictoryProperties(Diagnostic, code="FL209"):
    """Properties, each right on its own, cannot stand together.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent gateway on web {
      source events : http {
        port = 8080
        bind = "127.0.0.1"
        max_body = 16MiB
        max_pending = 8MiB
      }

      channel buffer : memory {
        size = 64MiB
      }

      sink nothing : null

      events -> buffer
      buffer -> nothing
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent gateway on web {
      source events : http {
        port = 8080
        bind = "127.0.0.1"
        max_body = 16MiB
        max_pending = 64MiB
      }

      channel buffer : memory {
        size = 64MiB
      }

      sink nothing : null

      events -> buffer
      buffer -> nothing
    }
    ```
    """

    sentence: str
    others: tuple[Span, ...]

    @property
    def message(self) -> str:
        """Say what the component says."""
        return self.sentence

    @property
    def places(self) -> tuple[Place, ...]:
        """The other properties."""
        return tuple(Place(span, "and this") for span in self.others)


class BlockExpected(Diagnostic, code="FL210"):
    """A property has a block where it takes a value.

    ## Example

    ```flow
    hosts web = ["web-1"] {
      disk {
        size = 200GiB
      }
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"] {
      disk = 200GiB
    }
    ```
    """

    name: str
    expected: str

    @property
    def message(self) -> str:
        """Say what it takes."""
        return f"`{self.name}` is no block: it must be {self.expected}"

    @property
    def hint(self) -> str:
        """Show the form."""
        return f"write `{self.name} = …`"


class Misplaced(Diagnostic, code="FL150"):
    """A statement stands in a block where it means nothing.

    ## Example

    ```flow
    hosts web = ["web-1"] {
      log_dir : path
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"] {
      vars {
        log_dir : path = "/var/log"
      }
    }
    ```
    """

    what: str
    owner: str

    @property
    def message(self) -> str:
        """Name it and its surroundings."""
        return f"{self.what} cannot stand in the block of {self.owner}"


def what_stands(statement: tree.Statement) -> str:
    """Return what a statement is, with its article."""
    match statement:
        case tree.Attr():
            return "a property"
        case tree.Component():
            return f"a {statement.kind}"
        case tree.Chain():
            return "a chain"
        case tree.Call():
            return "a call"
        case tree.Section():
            return f"a block `{statement.name.text}`"
        case tree.Formal():
            return "a typed name"
