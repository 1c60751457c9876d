"""Names that nobody uses, and names that are not written as ours are."""

import re
from collections.abc import Iterator

from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.graph import Graph
from flumec.compiler.model import Fleet
from flumec.compiler.parse_tables import tables
from flumec.compiler.source import Span

SNAKE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


class UnusedName(Diagnostic, code="FL901", severity="warning"):
    """Something is declared and never used.

    It changes nothing. Most often another name was meant where it should be used.

    ## Example

    ```flow
    hosts web = ["web-1"]

    let room = 1GiB

    agent a on web {
      source numbers : seq

      channel spool : memory

      sink out : null

      numbers -> spool
      spool -> out
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel spool : memory

      sink out : null

      numbers -> spool
      spool -> out
    }
    ```
    """

    kind: str
    name: str

    @property
    def message(self) -> str:
        return f"the {self.kind} `{self.name}` is never used"

    @property
    def hint(self) -> str:
        return "take it away, or use it"


class NameStyle(Diagnostic, code="FL902", severity="warning"):
    """A name is not in snake_case.

    Names of hosts, agents and components become names of files, metrics and variables. One way of
    writing them keeps them easy to find. Names of headers are the users' own and stay as they are.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source myNumbers : seq

      channel spool : memory

      sink out : null

      myNumbers -> spool
      spool -> out
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source my_numbers : seq

      channel spool : memory

      sink out : null

      my_numbers -> spool
      spool -> out
    }
    ```
    """

    name: str

    @property
    def message(self) -> str:
        return f"`{self.name}` is not in snake_case"

    @property
    def hint(self) -> str | None:
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", self.name).lower().strip("_")
        name = re.sub(r"_+", "_", words)
        return f"`{name}`" if name and name not in tables().words else None


def check_names(fleet: Fleet, _graph: Graph) -> Iterator[Diagnostic]:
    """Yield unused names, and names in another style."""
    for kind, name, span in fleet.unused:
        yield UnusedName(span, kind, name)
    for name, span in names_of(fleet):
        own = name.rpartition(".")[2]
        if SNAKE.fullmatch(own) is None:
            yield NameStyle(span, own)


def names_of(fleet: Fleet) -> Iterator[tuple[str, Span]]:
    """Yield the names of agents and components with their places."""
    for agent in fleet.agents.values():
        yield agent.name, agent.name_span
        for component in agent.components.values():
            yield component.name, component.name_span
