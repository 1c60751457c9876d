"""Every source and sink has its one place in the flow."""

from collections import defaultdict
from collections.abc import Iterator

from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Graph, ends
from flumec.compiler.model import Agent, Component, Fleet
from flumec.compiler.passes.links import arrives
from flumec.compiler.source import Span


class UnboundComponent(Diagnostic, code="FL307"):
    """A source or sink is in no chain.

    It would start and do nothing: a source would have nowhere to put what it reads, or what comes
    to it by a link; a sink would wait for ever.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      source others : seq

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

      source others : seq

      channel spool : memory

      sink out : null

      numbers -> spool
      others -> spool
      spool -> out
    }
    ```
    """

    component: Component

    @property
    def message(self) -> str:
        return f"the {self.component.kind} `{self.component.name}` is in no chain"

    @property
    def hint(self) -> str:
        name = self.component.name
        is_source = self.component.kind == "source"
        return f"write `{name} -> CHANNEL`" if is_source else f"write `CHANNEL -> {name}`"


class SinkReadsTwice(Diagnostic, code="FL308"):
    """A sink is the consumer of two channels.

    A sink's cursor is a place in one channel. Two sources may share a channel, so what should end
    in one sink meets before it.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel one : memory

      channel two : memory

      sink out : null

      numbers -> one, two
      one -> out
      two -> out
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel one : memory

      sink out : null

      numbers -> one
      one -> out
    }
    ```
    """

    sink: str
    spans: tuple[Span, ...]

    @property
    def message(self) -> str:
        return f"the sink `{self.sink}` reads from {len(self.spans)} channels"

    @property
    def hint(self) -> str:
        return "let the sources share one channel, or give each channel a sink of its own"

    @property
    def places(self) -> tuple[Place, ...]:
        return tuple(Place(span, "and here") for span in self.spans[:-1])


def check_unbound(fleet: Fleet, graph: Graph) -> Iterator[Diagnostic]:
    """Yield sources and sinks that are in no chain, and sinks that are in two."""
    linked = defaultdict(set)
    for link in fleet.links:
        for end in (link.sender, *link.targets):
            linked[end.agent].add(end.component)
    for agent in fleet.agents.values():
        starts = {chain.start for chain in agent.chains}
        used = starts | linked[agent.name]
        used.update(target.name or "" for chain in agent.chains for target in ends(chain))
        for component in agent.components.values():
            wanted = starts if arrives(component) else used
            free = component.kind != "channel" and component.name not in wanted
            if free and agent.name not in fleet.unsure:
                yield UnboundComponent(component.name_span, component)
        yield from check_sinks(agent, graph)


def check_sinks(agent: Agent, graph: Graph) -> Iterator[Diagnostic]:
    """Yield sinks that more than one channel leads to."""
    for component in agent.components.values():
        if component.kind != "sink":
            continue
        writers = graph.writers((agent.name, component.name))
        incoming = [edge for edge in writers if edge.kind == "chain"]
        spans = tuple(
            edge.span for edge in incoming if agent.components[edge.start[1]].kind == "channel"
        )
        if len({edge.start for edge in incoming}) > 1 and len(spans) > 1:
            yield SinkReadsTwice(spans[-1], component.name, spans)
