"""Sources that acknowledge what a power cut may take, as their journal syncs only now and then."""

from collections.abc import Iterator

from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Graph
from flumec.compiler.lying import LyingByAgent
from flumec.compiler.model import Agent, Fleet
from flumec.compiler.source import Span
from flumec.compiler.unsynced import Unsynced, syncing_late, unsynced


class AcknowledgedUnsynced(Diagnostic, code="FL319", severity="warning"):
    """A source acknowledges events that are not synced yet, and nobody sends them again.

    With `sync = 1s` a put is acknowledged once it is written. The end of the process takes nothing
    of that; a power cut, or a kernel that dies, takes what was acknowledged in the last second. A
    file that is followed is read again from its position in the same journal, and a link is
    answered after a sync in any case. But a client that heard 200 forgets what it sent. Of a source
    that writes into several journals the one counts that it is at home in: `default`, else the
    first declared. What lies in the others is synced before it answers.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      journal default {
        sync = 1s
      }

      source clients : http {
        bind = "127.0.0.1"
        port = 8080
      }

      channel spool : file

      sink out : null

      clients -> spool
      spool -> out
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source clients : http {
        bind = "127.0.0.1"
        port = 8080
      }

      channel spool : file

      sink out : null

      clients -> spool
      spool -> out
    }
    ```
    """

    source: str
    journal: str
    every: str
    writes: Span

    @property
    def message(self) -> str:
        return (
            f"a power cut may take what `{self.source}` acknowledged in the last {self.every}: "
            f"`{self.journal}` is synced only so often"
        )

    @property
    def hint(self) -> str:
        return "let its channels lie in a journal with `sync = commit`, or accept that"

    @property
    def places(self) -> tuple[Place, ...]:
        return (Place(self.writes, "it writes here"),)


def check_syncing(fleet: Fleet, graph: Graph) -> Iterator[Diagnostic]:
    """Yield each journal that defers its syncs, with the first source that nobody repeats."""
    for agent in fleet.agents.values():
        late = {**syncing_late(agent)}
        for name, source in _pushed(agent, graph) if late else ():
            if (said := late.pop(source.journal, None)) is not None:
                place = source.targets[0].span
                yield AcknowledgedUnsynced(said.span, name, source.journal, str(said.value), place)


def _pushed(agent: Agent, graph: Graph) -> Iterator[tuple[str, Unsynced]]:
    """Yield the sources that acknowledge what is not synced, in the order of their chains."""
    lying = graph.derived(LyingByAgent).of(agent)
    for name in dict.fromkeys(chain.start for chain in agent.chains):
        source = agent.components.get(name)
        found = None if source is None else unsynced(agent, source, lying)
        if found is not None:
            yield name, found
