"""Dead letters and late events: stored in one step with what they are taken from."""

from collections.abc import Iterator

from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.graph import Graph
from flumec.compiler.letters import giving_up, taken_from
from flumec.compiler.lying import LyingByAgent
from flumec.compiler.model import Fleet


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
        return "a letter is stored where its event was: let both lie in one journal"


def check_letters(fleet: Fleet, graph: Graph) -> Iterator[Diagnostic]:
    """Yield channels for letters in another journal than the events."""
    links, lying = giving_up(fleet), graph.derived(LyingByAgent)
    for agent in fleet.agents.values():
        given = links.get(agent.name, ())
        for channel, letters, _ in taken_from(agent, given) if agent.journals else ():
            channels = lying.of(agent).channels
            here, there = channels.get(channel), channels.get(str(letters.value))
            if here is not None and there is not None and there != here:
                yield TornLetter(letters.span, str(letters.value), channel, here)
