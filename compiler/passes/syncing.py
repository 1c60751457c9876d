"""Sources that acknowledge what a power cut may take, as their journal syncs only now and then."""

from collections.abc import Iterator

from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Graph, ends
from flumec.compiler.lying import journal_of
from flumec.compiler.model import Agent, Fleet
from flumec.compiler.source import Span
from flumec.runtime.component import Source


class AcknowledgedUnsynced(Diagnostic, code="FL319", severity="warning"):
    """A source acknowledges events that are not synced yet, and nobody sends them again.

    With `sync = 1s` a put is acknowledged once it is written. The end of the process takes nothing
    of that; a power cut, or a kernel that dies, takes what was acknowledged in the last second. A
    file that is followed is read again from its position in the same journal, and a link is
    answered after a sync in any case. But a client that heard 200 forgets what it sent.

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


def check_syncing(fleet: Fleet, _graph: Graph) -> Iterator[Diagnostic]:
    """Yield each journal that defers its syncs, with the first source that nobody repeats."""
    for agent in fleet.agents.values():
        for name, journal in agent.journals.items():
            said = journal.values.get("sync")
            found = None if said is None or said.value == "commit" else _pushed(agent, name)
            if said is not None and found is not None:
                yield AcknowledgedUnsynced(said.span, found[0], name, str(said.value), found[1])


def _pushed(agent: Agent, journal: str) -> tuple[str, Span] | None:
    """Return a source that acknowledges what nobody sends again, and where it feeds a journal."""
    for chain in agent.chains:
        source = agent.components.get(chain.start)
        kind = source.declaration if source is not None else None
        if kind is None or not issubclass(kind, Source):
            continue
        if kind.start != "acknowledgement" or kind.replayable:
            continue
        for target in ends(chain):
            if journal_of(agent, target.name or "") == journal:
                return chain.start, target.span
    return None
