"""What lies inside of a directory that belongs to a journal, or to an agent's state."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Graph
from flumec.compiler.model import Agent, Fleet, Host, Value
from flumec.compiler.passes.directories import claims_of
from flumec.compiler.paths import STATES
from flumec.compiler.source import Span
from flumec.compiler.values import resolve, varies
from flumec.runtime.whereabouts import JOURNAL

Folder = Callable[[object], str | None]


class InsideJournal(Diagnostic, code="FL537"):
    """A sink or journal lies inside of another journal's directory, or of an agent's state.

    A journal frees, replaces and counts the files of its directory, an agent those of its state,
    and both are for their agent alone: other files there are in its way, and nobody else may read
    them. With them they are moved, copied or removed.

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

      sink files : file_roll {
        directory = "/srv/fast/numbers"
      }

      numbers -> spool
      spool -> files
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

      sink files : file_roll {
        directory = "/srv/numbers"
      }

      numbers -> spool
      spool -> files
    }
    ```
    """

    what: str
    directory: str
    host: str
    owner: str
    """`the journal …` or `the state of …`."""
    first: Span
    another: str
    """A directory beside the owner's."""

    @property
    def message(self) -> str:
        return f"{self.what} `{self.directory}` on `{self.host}`, inside of {self.owner}"

    @property
    def hint(self) -> str:
        return f"a directory that is nobody else's, such as `{self.another}`"

    @property
    def places(self) -> tuple[Place, ...]:
        return (Place(self.first, self.owner),)


class _Tenant(NamedTuple):
    """A directory that an agent's sink or journal has on a host."""

    agent: str
    name: str
    is_journal: bool
    path: PurePosixPath
    value: Value

    @property
    def what(self) -> str:
        named = f"`{self.agent}.{self.name}`"
        return f"the journal {named} lies in" if self.is_journal else f"{named} writes into"


def check_inside(fleet: Fleet, _graph: Graph) -> Iterator[Diagnostic]:
    """Yield directories that lie in a journal or state; hosts that are alike are looked at once."""
    holding = {agent.name for agent in fleet.agents.values() if any(_directories(agent))}
    on_host: dict[str, list[tuple[Host, Agent]]] = defaultdict(list)
    for agent in fleet.agents.values():
        for host in agent.hosts.hosts:
            on_host[host.name].append((host, agent))
    seen: set[tuple[str, ...]] = set()
    reported: set[Span] = set()
    for placed in on_host.values():
        alike = tuple(agent.name for _, agent in placed)
        if alike in seen or holding.isdisjoint(alike):
            continue
        if not any(varies(held.value) for _, agent in placed for held in _directories(agent)):
            seen.add(alike)
        for found in _on_host(placed):
            if found.span not in reported:
                reported.add(found.span)
                yield found


def _directories(agent: Agent) -> Iterator[Value]:
    for journal in agent.journals.values():
        if "directory" in journal.values:
            yield journal.values["directory"]
    yield from (claim.directory for claim in claims_of(agent))


def _on_host(placed: Sequence[tuple[Host, Agent]]) -> Iterator[InsideJournal]:
    tenants = [tenant for host, agent in placed for tenant in _tenants(agent, host)]
    journals = {tenant.path: tenant for tenant in tenants if tenant.is_journal}
    states = {PurePosixPath(STATES, agent.name): agent for _, agent in placed}
    host = placed[0][0].name
    for tenant in tenants:
        for folder in (tenant.path, *tenant.path.parents):
            journal, agent = journals.get(folder), states.get(folder)
            if journal is not None and not (tenant.is_journal and folder == tenant.path):
                owner, first = f"the journal `{journal.agent}.{journal.name}`", journal.value.span
            elif agent is not None and not _own(tenant, agent, folder):
                owner, first = f"the state of `{agent.name}`", agent.name_span
            else:
                continue
            root = agent is not None or len(folder.parts) < 3
            base = PurePosixPath("/srv") if root else folder.parent
            yield InsideJournal(
                tenant.value.span, tenant.what, str(tenant.path), host, owner, first,
                str(base / tenant.agent / tenant.name),
            )  # fmt: skip
            break


def _own(tenant: _Tenant, agent: Agent, state: PurePosixPath) -> bool:
    """Whether it is a journal in its own agent's state, under a name that is nothing else's."""
    if tenant.agent != agent.name or not tenant.is_journal or tenant.path == state:
        return False
    return tenant.path.relative_to(state).parts[0].split("-")[0] != JOURNAL


def _tenants(agent: Agent, host: Host) -> Iterator[_Tenant]:
    for journal in agent.journals.values():
        if (held := journal.values.get("directory")) is not None:
            yield from _tenant(agent.name, journal.name, held, host)
    for claim in claims_of(agent):
        yield from _tenant(agent.name, claim.sink, claim.directory, host, claim.folder)


def _tenant(
    agent: str, name: str, held: Value, host: Host, folder: Folder | None = None
) -> Iterator[_Tenant]:
    """Yield where it lies on a host; nothing where it is elsewhere, or has a mistake."""
    try:
        value = resolve(held.value, host, host.address)
        path = str(value) if folder is None else folder(value)
    except (KeyError, ValueError, TypeError):  # a fact with a mistake that was reported
        return
    if path is not None:
        yield _Tenant(agent, name, folder is None, PurePosixPath(path), held)
