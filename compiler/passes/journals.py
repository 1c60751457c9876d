"""Journals of an agent: what one put may span, and what a host has only once."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Graph, ends
from flumec.compiler.lying import LyingByAgent, fed_by_sources, journal_of
from flumec.compiler.model import Agent, Fleet
from flumec.compiler.passes.names import UnusedName
from flumec.compiler.source import Span
from flumec.compiler.values import resolve
from flumec.runtime.journal_settings import DEFAULT


class SpansJournals(Diagnostic, code="FL317", severity="warning"):
    """A source feeds channels of several journals, which no crash leaves equal.

    Within one journal a put is stored in all channels or in none. Here it is stored in one journal
    after the other, the source's position last: nothing is lost, but what was stored before a
    crash is stored there again.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      journal fast {
        directory = "/srv/fast"
      }

      source numbers : seq

      channel spool : file

      channel copy : file {
        journal = fast
      }

      sink one : null

      sink two : null

      numbers -> spool, copy
      spool -> one
      copy -> two
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

      channel copy : file {
        journal = fast
      }

      sink one : null

      sink two : null

      numbers -> spool, copy
      spool -> one
      copy -> two
    }
    ```
    """

    source: str
    journals: tuple[str, ...]
    first: Span

    @property
    def message(self) -> str:
        named = " and ".join(f"`{name}`" for name in self.journals)
        return f"repeats are possible: `{self.source}` feeds the journals {named}"

    @property
    def hint(self) -> str:
        return "let its channels lie in one journal, where a put is stored in all or in none"

    @property
    def places(self) -> tuple[Place, ...]:
        return (Place(self.first, f"in `{self.journals[0]}`"),)


class JournalTaken(Diagnostic, code="FL533"):
    """Two journals of a host have the same directory; each locks its own.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      journal fast {
        directory = "/srv/fast"
      }

      journal slow {
        directory = "/srv/fast"
      }

      source numbers : seq

      source others : seq

      channel spool : file {
        journal = fast
      }

      channel store : file {
        journal = slow
      }

      sink one : null

      sink two : null

      numbers -> spool
      others -> store
      spool -> one
      store -> two
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      journal fast {
        directory = "/srv/fast"
      }

      journal slow {
        directory = "/srv/slow"
      }

      source numbers : seq

      source others : seq

      channel spool : file {
        journal = fast
      }

      channel store : file {
        journal = slow
      }

      sink one : null

      sink two : null

      numbers -> spool
      others -> store
      spool -> one
      store -> two
    }
    ```
    """

    host: str
    directory: str
    first: Span
    owner: str

    @property
    def message(self) -> str:
        return f"`{self.directory}` on `{self.host}` is the directory of another journal"

    @property
    def hint(self) -> str:
        return "give each journal a directory of its own, or none: then it lies with its agent"

    @property
    def places(self) -> tuple[Place, ...]:
        return (Place(self.first, f"the journal `{self.owner}`"),)


def check_journals(fleet: Fleet, graph: Graph) -> Iterator[Diagnostic]:
    """Yield puts that span journals, journals without channels, and shared directories."""
    for agent in fleet.agents.values():
        if agent.journals:
            yield from _spans(agent, graph.derived(LyingByAgent).of(agent).channels)
            yield from _unused(agent) if agent.name not in fleet.unsure else ()
    yield from _directories(fleet)


def _spans(agent: Agent, channels: Mapping[str, str]) -> Iterator[SpansJournals]:
    fed: dict[str, dict[str, Span]] = defaultdict(dict)
    for chain in fed_by_sources(agent):
        for target in ends(chain):
            if (journal := channels.get(target.name or "")) is not None:
                fed[chain.start].setdefault(journal, target.span)
    for source, journals in fed.items():
        if len(journals) > 1:
            first, second, *_ = journals.values()
            yield SpansJournals(second, source, tuple(journals), first)


def _unused(agent: Agent) -> Iterator[UnusedName]:
    used = {journal_of(agent, channel) for channel in agent.components} | {DEFAULT}
    for name, journal in agent.journals.items():
        if name not in used:
            yield UnusedName(journal.span, "journal", name)


def _directories(fleet: Fleet) -> Iterator[JournalTaken]:
    first: dict[tuple[str, str], tuple[str, Span]] = {}
    said: set[Span] = set()
    for agent in fleet.agents.values():
        found = [(n, v) for n, j in agent.journals.items() if (v := j.values.get("directory"))]
        for host in agent.hosts.hosts if found else ():
            for name, value in found:
                try:
                    path = str(PurePosixPath(str(resolve(value.value, host, host.address))))
                except (KeyError, ValueError, TypeError):  # a fact with a mistake that was reported
                    continue
                owner, span = first.setdefault(
                    (host.name, path), (f"{agent.name}.{name}", value.span)
                )
                if span is not value.span and value.span not in said:
                    said.add(value.span)
                    yield JournalTaken(value.span, host.name, path, span, owner)
