"""Names that nobody uses, and names that are not written as ours are."""

import re
from collections.abc import Iterator

from flumec.compiler import tree
from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.fix import Edit, Fix, new_line, replaced, rest_of_line
from flumec.compiler.graph import Graph
from flumec.compiler.model import Component, Fleet
from flumec.compiler.parse_tables import tables
from flumec.compiler.source import Span

SNAKE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")

FORMERLY = "formerly"
"""What a channel says that had another name."""

_KEPT = {
    "agent": "a host keeps its state by this name: under another one it begins anew",
    "source": "a host keeps by this name what was read: under another one it begins anew",
    "channel": f"with its name of before as `{FORMERLY}` it keeps what it holds",
    "sink": "a host keeps by this name what is hidden, and what its `dedup` knows",
}
"""What a new name costs, by what has it."""


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

    A host keeps by its name what a part has: how far a source has read, what a sink has hidden and
    what its `dedup` knows, the whole state of an agent. Where such a name was installed, another
    one begins anew; so these are for a person to rename, before they are. A channel keeps what it
    holds if it says its name of before: `formerly`.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel mySpool : file

      sink out : null

      numbers -> mySpool
      mySpool -> out
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel my_spool : file {
        formerly = "mySpool"
      }

      sink out : null

      numbers -> my_spool
      my_spool -> out
    }
    ```
    """

    name: str
    agent: str
    """The agent that is called so, or has it."""
    part: Component | None
    """The component that is called so; None for the agent."""

    @property
    def message(self) -> str:
        return f"`{self.name}` is not in snake_case"

    @property
    def notes(self) -> tuple[str, ...]:
        kept = _KEPT["agent" if self.part is None else self.part.kind]
        return (kept,) if self.part is None or self.part.kind != "channel" or self._holds else ()

    @property
    def hint(self) -> str | None:
        return f"rename it to `{self._better}`" if self._better else None

    @property
    def fix(self) -> Fix | None:
        """Rename a channel wherever its file names it; one on disk keeps what it holds."""
        from flumec.compiler.uses import Uses

        part = self.part
        if not self._better or part is None or part.kind != "channel" or FORMERLY in part.values:
            return None
        uses = Uses(self.span.source)
        places = uses.of_component(self.agent, self.name)
        declared = uses.component(self.agent, part.name_span)
        if self.span not in places or declared is None:
            return None
        edits = [Edit(place, self._better) for place in places]
        if self._holds:
            edits.append(_formerly(declared))
        return Fix(f"rename it to `{self._better}`", tuple(edits), safe=False)

    @property
    def _holds(self) -> bool:
        """Whether it is a channel that has its events on disk."""
        declared = None if self.part is None else self.part.declaration
        return declared is not None and FORMERLY in declared.props

    @property
    def _better(self) -> str:
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", self.name).lower().strip("_")
        name = re.sub(r"_+", "_", words)
        return name if name not in tables().words else ""


def _formerly(channel: tree.Component) -> Edit:
    """Return the edit by which a channel says the name that it has now, as its first property."""
    source, end = channel.span.source, channel.span.end
    line, said = new_line(channel.name.span), f'  {FORMERLY} = "{channel.name.text}"'
    if channel.block is None:
        return Edit(Span(source, end, end), f" {{{line}{said}{line}}}")
    start = channel.block.span.start + 1
    inside = Span(source, start, start)
    return Edit(inside, f"{line}{said}{f'{line}  ' if rest_of_line(inside).strip() else ''}")


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
        if SNAKE.fullmatch(own) is None:
            yield NameStyle(agent.name_span, own, own, None)
        for part in agent.components.values():
            if SNAKE.fullmatch(part.name) is None:
                yield NameStyle(part.name_span, part.name, own, part)
