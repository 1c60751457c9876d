"""One event arrives in one place once, unless the file says otherwise."""

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Edge, Graph, Node
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
      tls = mutual
    }

    a.two => b.inbox {
      port = 4141
      tls = mutual
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
      tls = mutual
    }
    ```
    """

    channel: str
    source: str
    each: bool
    other: Span

    @property
    def message(self) -> str:
        which = "each event" if self.each else "some events"
        return f"`{self.channel}` gets two copies of {which} of `{self.source}`"

    @property
    def hint(self) -> str:
        return "take one of the two paths away, if one copy is wanted"

    @property
    def places(self) -> tuple[Place, ...]:
        return (Place(self.other, "the other path arrives here"),)


class _Arrival(NamedTuple):
    """A way from a source into a channel: its first edge and its last."""

    first: Edge
    last: Edge


def check_copies(fleet: Fleet, graph: Graph) -> Iterator[Diagnostic]:
    """Yield channels into which two paths bring the same source's events."""
    said: set[Span] = set()
    for agent in fleet.agents.values():
        for component in agent.components.values():
            if component.kind == "source" and agent.name not in fleet.unsure:
                leaving = graph.outgoing.get((agent.name, component.name), ())
                for two, one in meetings(fleet, graph, leaving):
                    if two.last.span not in said:
                        said.add(two.last.span)
                        source = f"{agent.name}.{component.name}"
                        each = not (chooses(one.first) or chooses(two.first))
                        channel = two.last.end[1]
                        yield TwoCopies(two.last.span, channel, source, each, one.last.span)


def meetings(
    fleet: Fleet, graph: Graph, leaving: Sequence[Edge]
) -> Iterator[tuple[_Arrival, _Arrival]]:
    """Yield pairs of ways that begin with some of the edges and end in one channel."""
    arrived: dict[Node, list[_Arrival]] = defaultdict(list)
    for first in leaving if len(leaving) > 1 else ():
        for last in _way(fleet, graph, first):
            mine = _Arrival(first, last)
            for other in arrived[last.end]:
                # Ways that met before arrive by one edge.
                if other.last is not last and _copied(first, other.first):
                    yield mine, other
            arrived[last.end].append(mine)


def _way(fleet: Fleet, graph: Graph, first: Edge) -> Iterator[Edge]:
    """Yield the edges by which events go on that left their source by `first`, up to the sinks.

    A channel gives each event to one consumer: where its ways meet again there are no copies.
    """
    waiting, seen = deque([first]), set[Node]()
    while waiting:
        edge = waiting.popleft()
        agent, name = edge.end
        is_sink = fleet.agents[agent].components[name].kind == "sink"
        if edge.kind != "misplaced" and not is_sink and edge.end not in seen:
            seen.add(edge.end)
            yield edge
            waiting.extend(graph.outgoing.get(edge.end, ()))


def _copied(one: Edge, two: Edge) -> bool:
    """Whether one event may leave its source by both edges."""
    if one.chain is two.chain:
        return one.arm is two.arm and one.end != two.end
    return not (chooses(one) and chooses(two))


def chooses(edge: Edge) -> bool:
    """Whether only some events of its source leave by an edge."""
    steps = edge.chain.steps if edge.chain else ()
    return edge.arm is not None or any(
        step.declaration is None or step.declaration.drops for step in steps
    )
