"""Dead letters and late events go where they are kept, and never come back to where they were."""

from collections.abc import Iterator, Mapping

from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Graph
from flumec.compiler.model import Agent, Component, Fleet, Value
from flumec.compiler.passes.letters import letters_of
from flumec.compiler.source import Span


class GivenUpNowhere(Diagnostic, code="FL340"):
    """A sink gives events up, and has no channel for them.

    What is given up is never thrown away: it goes to a dead-letter channel, which needs no reader.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel spool : file

      sink store : file_roll {
        directory = "/srv/logs"
        give_up = after(24h)
      }

      numbers -> spool
      spool -> store
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel spool : file

      channel late : file

      sink store : file_roll {
        directory = "/srv/logs"
        dead_letter = late
        give_up = after(24h)
      }

      numbers -> spool
      spool -> store
    }
    ```
    """

    sink: str

    @property
    def message(self) -> str:
        return f"`{self.sink}` gives events up, and there is no channel for them"

    @property
    def hint(self) -> str:
        return "say where they go: `dead_letter = CHANNEL`; it needs no reader"


class LettersLost(Diagnostic, code="FL341"):
    """Dead letters, or late events of a `dedup`, leave a file channel for one that is not durable.

    There they would be lost with the process, although they have been acknowledged: in a `memory`
    channel all of them, in a `spill` channel those that it has in memory.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel spool : file

      channel late : memory

      sink store : file_roll {
        directory = "/srv/logs"
        dead_letter = late
      }

      numbers -> spool
      spool -> store
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel spool : file

      channel late : file

      sink store : file_roll {
        directory = "/srv/logs"
        dead_letter = late
        give_up = after(24h)
      }

      numbers -> spool
      spool -> store
    }
    ```
    """

    channel: str
    letters: str
    declared: Span
    spills: bool
    """Whether some of them would lie on disk."""

    @property
    def message(self) -> str:
        where = "in memory first" if self.spills else "in memory"
        return f"`{self.letters}` cannot take dead letters of `{self.channel}`: it is {where}"

    @property
    def hint(self) -> str:
        return "dead letters of a file channel go to a file channel"

    @property
    def places(self) -> tuple[Place, ...]:
        return (Place(self.declared, "it is declared here"),)


class LettersReturn(Diagnostic, code="FL342"):
    """Dead letters, or late events of a `dedup`, come back to the channel that they left.

    The sink would be given again what it could not deliver; and when the channels of the circle are
    full, each sink waits for another.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel spool : file

      sink store : file_roll {
        directory = "/srv/logs"
        dead_letter = spool
      }

      numbers -> spool
      spool -> store
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel spool : file

      channel late : file

      sink store : file_roll {
        directory = "/srv/logs"
        dead_letter = late
        give_up = after(24h)
      }

      numbers -> spool
      spool -> store
    }
    ```
    """

    way: tuple[str, ...]

    @property
    def message(self) -> str:
        return f"dead letters go in a circle: {' -> '.join(self.way)}"

    @property
    def hint(self) -> str:
        return "give them a channel of their own; it needs no reader"


def check_dead_letters(fleet: Fleet, _graph: Graph) -> Iterator[Diagnostic]:
    """Yield sinks whose dead letters have no place, an unsafe one, or one that leads back."""
    for agent in fleet.agents.values():
        reads = _channels_by_sink(agent)
        for sink in agent.components.values():
            if sink.kind != "sink":
                continue
            for letters in letters_of(sink):
                yield from _check(agent, sink, letters, reads)
            given = sink.values.get("give_up")
            if given is not None and "dead_letter" not in sink.values:
                yield GivenUpNowhere(given.key, sink.name)


def _check(
    agent: Agent, sink: Component, letters: Value, reads: Mapping[str, str]
) -> Iterator[Diagnostic]:
    name = str(letters.value)
    start = agent.components.get(reads.get(sink.name, ""))
    end = agent.components.get(name)
    if start is None or end is None:
        return
    if name == start.name and letters is not sink.values.get("dead_letter"):
        return  # late events that come back at once: FL330
    way = _way_back(agent, start.name, name, reads)
    if way is not None:
        yield LettersReturn(letters.span, way)
    elif _is_durable(start) and not _is_durable(end):
        spills = bool(getattr(end.declaration, "on_disk", False))
        yield LettersLost(letters.span, start.name, name, end.name_span, spills)


def _is_durable(channel: Component) -> bool:
    return bool(getattr(channel.declaration, "durable", False))


def _way_back(
    agent: Agent, start: str, letters: str, reads: Mapping[str, str]
) -> tuple[str, ...] | None:
    """Return the channels of a circle of dead letters, None if there is none."""
    sinks = {channel: sink for sink, channel in reads.items()}
    ways: list[tuple[str, ...]] = [(start, letters)]
    seen: set[str] = set()
    while ways:
        way = ways.pop()
        if way[-1] == start:
            return way
        sink = agent.components.get(sinks.get(way[-1], ""))
        if sink is not None and way[-1] not in seen:
            seen.add(way[-1])
            ways += [(*way, str(value.value)) for value in letters_of(sink)]
    return None


def _channels_by_sink(agent: Agent) -> dict[str, str]:
    """Return the channel that each sink reads."""
    return {
        target.name: chain.start
        for chain in agent.chains
        if isinstance(chain.end, tuple)
        for target in chain.end
        if target.name is not None
        and chain.start in agent.components
        and agent.components[chain.start].kind == "channel"
    }
