"""Each channel is written by someone and read by exactly one."""

from collections.abc import Iterator

from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Graph, Reader
from flumec.compiler.model import Component, Fleet, Settings
from flumec.runtime.component import Ref


class UnreadChannel(Diagnostic, code="FL301"):
    """Nothing reads a channel.

    It would fill up, and then its source would stop: a full channel drops nothing.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel spool : memory

      numbers -> spool
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
        return f"nothing reads the channel `{self.name}`"

    @property
    def hint(self) -> str:
        return (
            f"add a consumer: `{self.name} -> SINK`, or a link `AGENT.{self.name} => OTHER.CHANNEL`"
        )


class UnwrittenChannel(Diagnostic, code="FL302"):
    """Nothing writes into a channel.

    What reads it would wait for ever; most often a chain names another channel than was meant.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      channel spool : memory

      sink out : null

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

    name: str

    @property
    def message(self) -> str:
        return f"nothing writes into the channel `{self.name}`"

    @property
    def hint(self) -> str:
        return (
            f"let a chain end in it (`SOURCE -> {self.name}`), or a link (`… => AGENT.{self.name}`)"
        )


class SharedChannel(Diagnostic, code="FL303"):
    """Two consumers read one channel.

    In Apache Flume they would share the events; a newcomer reads that both get all of them. So it
    must be said.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel spool : memory

      sink one : null

      sink two : null

      numbers -> spool
      spool -> one
      spool -> two
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel first : memory

      channel second : memory

      sink one : null

      sink two : null

      numbers -> first, second
      first -> one
      second -> two
    }
    ```
    """

    name: str
    reader: Reader
    first: Reader

    @property
    def message(self) -> str:
        return f"the channel `{self.name}` has two consumers"

    @property
    def hint(self) -> str:
        first, reader = (each.name.rpartition(".")[2] for each in (self.first, self.reader))
        sinks = self.first.kind == self.reader.kind == "sink"
        second = f"{self.name}_{reader}" if sinks else "ANOTHER"
        copy = (
            f"to copy them, let the source's chain end in `{self.name}, {second}`: it costs no disk"
        )
        if not sinks:
            return copy
        both = f"{first}, {reader}"
        return (
            f"to share the events, `{self.name} -> balance({both})` or `failover({both})`; {copy}"
        )

    @property
    def places(self) -> tuple[Place, ...]:
        return (Place(self.first.span, "the first consumer"),)


def check_channels(fleet: Fleet, graph: Graph) -> Iterator[Diagnostic]:
    """Yield channels without a writer, without a reader, or with two."""
    dead_letters = {
        (agent.name, str(value.value))
        for agent in fleet.agents.values()
        for component in agent.components.values()
        if (value := component.values.get("dead_letter")) is not None
    } | {
        (link.sender.agent, str(value.value))
        for link in fleet.links
        if (value := link.values.get("dead_letter")) is not None
    }
    dead_letters |= {
        (agent.name, late)
        for agent in fleet.agents.values()
        for component in agent.components.values()
        if (late := late_channel(component)) is not None
    }
    for agent in fleet.agents.values():
        unsure = agent.name in fleet.unsure
        for channel in agent.components.values():
            if channel.kind == "channel":
                node = (agent.name, channel.name)
                kept = unsure or node in dead_letters
                yield from check_channel(channel, graph, node, kept=kept)


def late_channel(sink: Component) -> str | None:
    """Return the channel that a sink's `dedup` sends late events to; None without one."""
    dedup = sink.values.get("dedup")
    if dedup is None or not isinstance(dedup.value, Settings):
        return None
    late = dedup.value.values.get("late")
    return str(late.value) if late is not None and isinstance(late.value, Ref) else None


def check_channel(
    channel: Component, graph: Graph, node: tuple[str, str], *, kept: bool
) -> Iterator[Diagnostic]:
    """Yield what is wrong with one channel; a dead-letter channel may be `kept` unread."""
    readers = graph.readers.get(node, [])
    if not readers and not kept:
        yield UnreadChannel(channel.name_span, channel.name)
    if not graph.writers(node) and not kept:
        yield UnwrittenChannel(channel.name_span, channel.name)
    for reader in readers[1:]:
        yield SharedChannel(reader.span, channel.name, reader, readers[0])
