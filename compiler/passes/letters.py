"""Dead letters and late events: stored in one step with what they are taken from."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.graph import Graph, ends
from flumec.compiler.lying import journal_of
from flumec.compiler.model import Agent, Component, Fleet, Link, Settings, Value
from flumec.runtime.component import Ref


class TornLetter(Diagnostic, code="FL318"):
    """A channel for dead letters or late events lies in another journal than what it takes from.

    An event is given up and its letter stored in one step, which only one journal can do.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      journal fast {
        directory = "/srv/fast"
      }

      source numbers : seq

      channel spool : file {
        journal = fast
      }

      channel letters : file

      sink out : file_roll {
        directory = "/srv/out"

        dedup {
          key = tag
          late = letters
        }
      }

      numbers -> spool
      spool -> out
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      journal fast {
        directory = "/srv/fast"
      }

      source numbers : seq

      channel spool : file {
        journal = fast
      }

      channel letters : file {
        journal = fast
      }

      sink out : file_roll {
        directory = "/srv/out"

        dedup {
          key = tag
          late = letters
        }
      }

      numbers -> spool
      spool -> out
    }
    ```
    """

    letters: str
    channel: str
    journal: str

    @property
    def message(self) -> str:
        return f"`{self.letters}` does not lie in the journal `{self.journal}` of `{self.channel}`"

    @property
    def hint(self) -> str:
        return f"a letter is stored where its event was: give `{self.letters}` that journal"


class Taken(NamedTuple):
    """A channel, and one for what its reader gives up of it: dead letters, or late events."""

    channel: str
    letters: Value
    late: bool = False


def check_letters(fleet: Fleet, _graph: Graph) -> Iterator[Diagnostic]:
    """Yield channels for letters in another journal than the events."""
    links = giving_up(fleet)
    for agent in fleet.agents.values():
        given = links.get(agent.name, ())
        for channel, letters, _ in taken_from(agent, given) if agent.journals else ():
            here, there = journal_of(agent, channel), journal_of(agent, str(letters.value))
            if here is not None and there is not None and there != here:
                yield TornLetter(letters.span, str(letters.value), channel, str(here))


def giving_up(fleet: Fleet) -> Mapping[str, Sequence[Link]]:
    """Return the links that have a channel for dead letters, by their sending agents."""
    found: dict[str, list[Link]] = {}
    for link in fleet.links:
        if "dead_letter" in link.values:
            found.setdefault(link.sender.agent, []).append(link)
    return found


def taken_from(agent: Agent, links: Sequence[Link]) -> Iterator[Taken]:
    """Yield each channel of an agent with the channels for what its sinks or link give up."""
    for chain in agent.chains:
        for target in ends(chain) if chain.start in agent.components else ():
            sink = agent.components.get(target.name or "")
            if sink is not None and agent.components[chain.start].kind == "channel":
                said = sink.values.get("dead_letter")
                for letters in letters_of(sink):
                    yield Taken(chain.start, letters, letters is not said)
    for link in links:
        given = link.values.get("dead_letter") if link.sender.agent == agent.name else None
        if given is not None:
            yield Taken(link.sender.component, given)


def letters_of(sink: Component) -> Iterator[Value]:
    """Yield the channels that a sink puts events into which it does not deliver."""
    if (letters := sink.values.get("dead_letter")) is not None:
        yield letters
    dedup = sink.values.get("dedup")
    if dedup is not None and isinstance(dedup.value, Settings):
        late = dedup.value.values.get("late")
        if late is not None and isinstance(late.value, Ref):
            yield late
