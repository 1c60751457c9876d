"""One event arrives in one place once, unless the file says otherwise."""

from collections.abc import Iterator

from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Graph, Node
from flumec.compiler.model import Fleet
from flumec.compiler.source import Span


class TwoCopies(Diagnostic, code="FL904", severity="warning"):
    """Two paths from one source meet again in one channel.

    Each event would be delivered twice. Where that is not wanted, one of the paths is too many.

    ## Example

    ```flow
    hosts web = ["web-1"]

    hosts core = ["core-1"]

    agent a on web {
      source numbers : seq

      channel one : memory

      channel two : memory

      numbers -> one, two
    }

    agent b on core {
      channel inbox : memory

      sink out : null

      inbox -> out
    }

    a.one => b.inbox {
      port = 4141
    }

    a.two => b.inbox {
      port = 4141
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    hosts core = ["core-1"]

    agent a on web {
      source numbers : seq

      channel one : memory

      numbers -> one
    }

    agent b on core {
      channel inbox : memory

      sink out : null

      inbox -> out
    }

    a.one => b.inbox {
      port = 4141
    }
    ```
    """

    channel: str
    source: str
    other: Span

    @property
    def message(self) -> str:
        return f"`{self.channel}` gets two copies of each event of `{self.source}`"

    @property
    def hint(self) -> str:
        return "take one of the two paths away, if one copy is wanted"

    @property
    def places(self) -> tuple[Place, ...]:
        return (Place(self.other, "the other path arrives here"),)


def check_copies(fleet: Fleet, graph: Graph) -> Iterator[Diagnostic]:
    """Yield channels into which two links bring the same source's events."""
    origins: dict[Node, frozenset[Node]] = {}

    def sources_of(node: Node, seen: frozenset[Node]) -> frozenset[Node]:
        if node not in origins and node not in seen:
            edges = graph.writers(node)
            found = [sources_of(edge.start, seen | {node}) for edge in edges]
            origins[node] = frozenset({node}) if not edges else frozenset().union(*found)
        return origins.get(node, frozenset())

    for agent in fleet.agents.values():
        for component in agent.components.values():
            links = [e for e in graph.writers((agent.name, component.name)) if e.kind == "link"]
            arrived: dict[Node, Span] = {}
            for edge in links:
                for origin in sorted(sources_of(edge.start, frozenset())):
                    if origin in arrived and arrived[origin] is not edge.span:
                        yield TwoCopies(
                            edge.span, component.name, ".".join(origin), arrived[origin]
                        )
                        break
                    arrived[origin] = edge.span
