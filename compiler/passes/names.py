"""Names that nobody uses, and names that are not written as ours are."""

import re
from collections.abc import Iterator

from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.fix import Edit, Fix, replaced
from flumec.compiler.graph import Graph
from flumec.compiler.model import Fleet
from flumec.compiler.parse_tables import tables

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

    @property
    def fix(self) -> Fix | None:
        """What a program writes."""
        from flumec.compiler.uses import Uses

        lines = Uses(self.span.source).declaration(self.span)
        return None if lines is None else replaced(lines, "", "take it away", safe=False)


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
    agent: str
    """The agent that has it, or that is called so."""

    @property
    def message(self) -> str:
        return f"`{self.name}` is not in snake_case"

    @property
    def hint(self) -> str | None:
        return f"rename it to `{self._better}`" if self._better else None

    @property
    def fix(self) -> Fix | None:
        """Rename it wherever its file names it; what a host kept under the old name stays there."""
        from flumec.compiler.uses import Uses

        uses = Uses(self.span.source)
        places = uses.of_component(self.agent, self.name)
        if self.span not in places:
            places = uses.of_agent(self.name)
        if not self._better or self.span not in places:
            return None
        edits = tuple(Edit(place, self._better) for place in places)
        return Fix(f"rename it to `{self._better}`", edits, safe=False)

    @property
    def _better(self) -> str:
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", self.name).lower().strip("_")
        name = re.sub(r"_+", "_", words)
        return name if name not in tables().words else ""


class Undocumented(Diagnostic, code="FL930", severity="warning", opt_in=True):
    """An agent has no documentation.

    What `##` says above an agent stands in the graph and in its unit, so that whoever is woken by
    it at night reads what it is for. Only `select = ["default", "undocumented"]` asks for it.

    ## Example

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

    ```toml flumec.toml
    select = ["default", "undocumented"]
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    ## Counts, to see whether the host is up.
    agent a on web {
      source numbers : seq

      channel spool : memory

      sink out : null

      numbers -> spool
      spool -> out
    }
    ```

    ```toml flumec.toml
    select = ["default", "undocumented"]
    ```
    """

    name: str

    @property
    def message(self) -> str:
        return f"nothing says what the agent `{self.name}` is for"

    @property
    def hint(self) -> str:
        return "write it above: `## …`"


def check_names(fleet: Fleet, _graph: Graph) -> Iterator[Diagnostic]:
    """Yield unused names, and names in another style."""
    for kind, name, span in fleet.unused:
        yield UnusedName(span, kind, name)
    for agent in fleet.agents.values():
        own = agent.name.rpartition(".")[2]
        if not agent.doc:
            yield Undocumented(agent.name_span, own)
        components = agent.components.values()
        names = [(own, agent.name_span), *((each.name, each.name_span) for each in components)]
        for name, span in names:
            if SNAKE.fullmatch(name) is None:
                yield NameStyle(span, name, own)
