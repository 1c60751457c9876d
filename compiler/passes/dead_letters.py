"""Dead letters and late events go where they are kept, and never come back to where they were."""

from collections.abc import Iterator, Sequence

from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Graph
from flumec.compiler.letters import Taken, giving_up, taken_from
from flumec.compiler.lying import is_on_disk
from flumec.compiler.model import Agent, Component, Fleet
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
    """Yield dead letters without a place, with an unsafe one, or with one that leads back."""
    sent = giving_up(fleet)
    for agent in fleet.agents.values():
        taken = list(taken_from(agent, sent.get(agent.name, ())))
        for one in taken:
            yield from _check(agent, one, taken)
        for sink in agent.components.values():
            given = sink.values.get("give_up") if sink.kind == "sink" else None
            if given is not None and "dead_letter" not in sink.values:
                yield GivenUpNowhere(given.key, sink.name)


def _check(agent: Agent, one: Taken, taken: Sequence[Taken]) -> Iterator[Diagnostic]:
    letters, name = one.letters, str(one.letters.value)
    start, end = agent.components.get(one.channel), agent.components.get(name)
    if start is None or end is None:
        return
    if name == start.name and one.late:
        return  # late events that come back at once: FL330
    way = _way_back(start.name, name, taken)
    if way is not None:
        yield LettersReturn(letters.span, way)
    elif _is_durable(start) and not _is_durable(end):
        yield LettersLost(letters.span, start.name, name, end.name_span, is_on_disk(end))


def _is_durable(channel: Component) -> bool:
    return bool(getattr(channel.declaration, "durable", False))


def _way_back(start: str, letters: str, taken: Sequence[Taken]) -> tuple[str, ...] | None:
    """Return the channels of a circle of dead letters, None if there is none."""
    ways: list[tuple[str, ...]] = [(start, letters)]
    seen: set[str] = set()
    while ways:
        way = ways.pop()
        if way[-1] == start:
            return way
        if way[-1] not in seen:
            seen.add(way[-1])
            ways += [(*way, str(t.letters.value)) for t in taken if t.channel == way[-1]]
    return None
