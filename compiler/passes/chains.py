"""Chains begin and end where events can: source to channels, channel to its consumer."""

from collections.abc import Iterator

from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Graph, ends
from flumec.compiler.model import Agent, Chain, Component, Fleet, Route


class WrongChainStart(Diagnostic, code="FL304"):
    """A chain starts at a sink.

    Events leave an agent at a sink; nothing comes out of it that a chain could carry on.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel spool : memory

      sink out : null

      numbers -> spool
      spool -> out
      out -> spool
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

    name: str

    @property
    def message(self) -> str:
        return f"a chain cannot start at the sink `{self.name}`"

    @property
    def hint(self) -> str:
        return "a chain leads from a source into channels, or from a channel to a sink"


class WrongChainEnd(Diagnostic, code="FL305"):
    """A chain ends in a component of the wrong kind.

    A source's events must wait in a channel, so that a slow or broken sink cannot lose them; and a
    channel's events go to a sink, or by a link (`=>`) to another agent.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel spool : memory

      sink out : null

      numbers -> spool
      spool -> out
      numbers -> out
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

    start: Component
    end: Component

    @property
    def message(self) -> str:
        return (
            f"a chain from the {self.start.kind} `{self.start.name}` "
            f"cannot end in the {self.end.kind} `{self.end.name}`"
        )

    @property
    def hint(self) -> str:
        if self.start.kind == "source":
            into, out = f"{self.start.name} -> CHANNEL", f"CHANNEL -> {self.end.name}"
            return f"put a channel between: `{into}` and `{out}`"
        if self.end.kind == "channel":
            return "to fill two channels, name both at the source: `SOURCE -> a, b`"
        return "a channel leads to a sink, or by `=>` to a channel of another agent"

    @property
    def places(self) -> tuple[Place, ...]:
        return (Place(self.end.name_span, f"`{self.end.name}` is a {self.end.kind}"),)


class StepAfterChannel(Diagnostic, code="FL306"):
    """An interceptor or a route stands between a channel and a sink.

    What waits in a channel was decided when it was put there: its tags and its place are fixed, so
    that a crash decides the same again. Interceptors and routes belong before the channel.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel spool : memory

      sink out : null

      numbers -> spool
      spool -> timestamp() -> out
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel spool : memory

      sink out : null

      numbers -> timestamp() -> spool
      spool -> out
    }
    ```
    """

    channel: str
    step: str

    @property
    def message(self) -> str:
        return f"`{self.step}` cannot stand after the channel `{self.channel}`"

    @property
    def hint(self) -> str:
        return f"put it into the chain that ends in `{self.channel}`"


def check_chains(fleet: Fleet, _graph: Graph) -> Iterator[Diagnostic]:
    """Yield chains that start or end wrongly."""
    for agent in fleet.agents.values():
        for chain in agent.chains:
            yield from check_chain(agent, chain)


def check_chain(agent: Agent, chain: Chain) -> Iterator[Diagnostic]:
    """Yield what is wrong with one chain."""
    start = agent.components.get(chain.start)
    if start is None:
        return
    if start.kind == "sink":
        yield WrongChainStart(chain.start_span, start.name)
        return
    if start.kind == "channel":
        for step in chain.steps:
            yield StepAfterChannel(step.span, start.name, f"{step.type}()")
        if isinstance(chain.end, Route):
            yield StepAfterChannel(chain.end.span, start.name, "route")
            return
    wanted = "channel" if start.kind == "source" else "sink"
    for target in ends(chain):
        end = agent.components.get(target.name or "")
        if end is not None and end.kind != wanted:
            yield WrongChainEnd(target.span, start, end)
