"""Names that channels had, which a channel can be only once."""

from collections.abc import Iterator

from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Graph
from flumec.compiler.lying import journal_of
from flumec.compiler.model import Agent, Component, Fleet, Value
from flumec.compiler.source import Span


class FormerNameTaken(Diagnostic, code="FL539", severity="warning"):
    """A channel is to go on as one that is still there, or that another channel goes on as.

    `formerly` names the channel of the last bundle whose events a channel takes over. One that is
    still there keeps them, and `formerly` does nothing. Of two that name the same one the first
    gets all that it holds, and the second begins empty.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel spool : file

      channel numbers_out : file {
        formerly = "spool"
      }

      sink out : null

      sink others : null

      numbers -> spool, numbers_out
      spool -> out
      numbers_out -> others
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel numbers_out : file {
        formerly = "spool"
      }

      sink out : null

      numbers -> numbers_out
      numbers_out -> out
    }
    ```
    """

    name: str
    former: str
    why: str
    first: Span

    @property
    def message(self) -> str:
        return f"`{self.name}` cannot go on as `{self.former}`: {self.why}"

    @property
    def hint(self) -> str:
        return "leave `formerly` out, if this channel is to begin empty"

    @property
    def places(self) -> tuple[Place, ...]:
        return (Place(self.first, f"`{self.former}`"),)


def check_former_names(fleet: Fleet, _graph: Graph) -> Iterator[Diagnostic]:
    """Yield channels whose former name is that of another one."""
    for agent in fleet.agents.values():
        taken: dict[tuple[str | None, str], Span] = {}
        for channel in agent.components.values():
            former = channel.values.get("formerly")
            if channel.kind == "channel" and former is not None:
                yield from _of(agent, channel, former, taken)


def _of(
    agent: Agent, channel: Component, former: Value, taken: dict[tuple[str | None, str], Span]
) -> Iterator[FormerNameTaken]:
    name, journal = str(former.value), journal_of(agent, channel.name)
    there = agent.components.get(name)
    first = taken.setdefault((journal, name), former.span)
    if there is not None and journal_of(agent, name) == journal:
        itself = there is channel
        why = "that is its own name" if itself else "that channel is still there, and keeps its own"
        yield FormerNameTaken(former.span, channel.name, name, why, there.name_span)
    elif first is not former.span:
        why = "another channel of its journal is to have what that one holds"
        yield FormerNameTaken(former.span, channel.name, name, why, first)
