"""Channels that reject what their writers cannot refuse."""

from collections.abc import Iterator

from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Edge, Graph
from flumec.compiler.model import Component, Fleet
from flumec.compiler.source import Span


class CannotRefuse(Diagnostic, code="FL316", severity="warning"):
    """A channel rejects when it is full, and something that writes into it has nobody to tell.

    A source that follows a file can only wait, and so does what comes by a link: the sending agent
    keeps it. For them `reject` is the same as `block`.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel spool : file {
        when_full = reject
      }

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

      channel spool : file

      sink out : null

      numbers -> spool
      spool -> out
    }
    ```
    """

    channel: str
    writer: str
    writes: Span

    @property
    def message(self) -> str:
        return f"{self.writer} cannot refuse events: it waits when `{self.channel}` is full"

    @property
    def hint(self) -> str:
        return "`block` says what happens; `drop_oldest` keeps the newest events and waits for none"

    @property
    def places(self) -> tuple[Place, ...]:
        return (Place(self.writes, "it writes here"),)


def check_refusing(fleet: Fleet, graph: Graph) -> Iterator[Diagnostic]:
    """Yield channels that reject, with the first of their writers that can only wait."""
    for agent in fleet.agents.values():
        for channel in agent.components.values():
            said = channel.values.get("when_full") if channel.kind == "channel" else None
            if said is None or said.value != "reject":
                continue
            for edge in graph.writers((agent.name, channel.name)):
                if (writer := _waiting(fleet, edge)) is not None:
                    yield CannotRefuse(said.span, channel.name, writer, edge.span)
                    break


def _waiting(fleet: Fleet, edge: Edge) -> str | None:
    """Return what writes by an edge if it cannot refuse."""
    agent, name = edge.start
    if edge.kind == "link":
        return "a link"
    source: Component = fleet.agents[agent].components[name]
    refuses = getattr(source.declaration, "refuses", True)
    return None if refuses or edge.kind == "misplaced" else f"`{source.type}`"
