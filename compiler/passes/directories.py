"""What a host has only once: the hidden folders in which sinks prepare their files."""

import posixpath
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Graph
from flumec.compiler.model import Agent, Fleet, Host, Value
from flumec.compiler.values import resolve, varies


class Claim(NamedTuple):
    """A directory that a sink of an agent writes into."""

    agent: str
    sink: str
    directory: Value
    folder: Callable[[object], str | None]
    """Turns the property's value into a directory; None where it is not on this host."""


class DirectoryTaken(Diagnostic, code="FL532"):
    """Two sinks of one name, in two agents of a host, write into the same directory.

    What is not published yet lies in a hidden folder there that has the sink's name. Each agent
    would take the other one's for what an earlier start of its own left behind, and move it away.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel spool : file

      sink files : file_roll {
        directory = "/srv/numbers"
      }

      numbers -> spool
      spool -> files
    }

    agent b on web {
      source numbers : seq

      channel spool : file

      sink files : file_roll {
        directory = "/srv/numbers"
      }

      numbers -> spool
      spool -> files
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel spool : file

      sink files : file_roll {
        directory = "/srv/numbers/a"
      }

      numbers -> spool
      spool -> files
    }

    agent b on web {
      source numbers : seq

      channel spool : file

      sink files : file_roll {
        directory = "/srv/numbers/b"
      }

      numbers -> spool
      spool -> files
    }
    ```
    """

    host: str
    directory: str
    claim: Claim
    first: Claim

    @property
    def message(self) -> str:
        sinks = [f"`{one.agent}.{one.sink}`" for one in (self.first, self.claim)]
        return f"{' and '.join(sinks)} both write into `{self.directory}` on `{self.host}`"

    @property
    def hint(self) -> str:
        return "give each a directory of its own, or one of the sinks another name"

    @property
    def places(self) -> tuple[Place, ...]:
        return (Place(self.first.directory.span, f"`{self.first.agent}.{self.first.sink}`"),)


def check_directories(fleet: Fleet, _graph: Graph) -> Iterator[Diagnostic]:
    """Yield directories that two agents' sinks claim; hosts that are alike are looked at once."""
    claims = {name: list(claims_of(agent)) for name, agent in fleet.agents.items()}
    on_host: dict[str, list[tuple[Host, Agent]]] = defaultdict(list)
    for agent in fleet.agents.values():
        for host in agent.hosts.hosts if claims[agent.name] else ():
            on_host[host.name].append((host, agent))
    seen: set[object] = set()
    reported: set[tuple[Claim, Claim]] = set()
    for placed in on_host.values():
        alike = tuple(agent.name for _, agent in placed)
        if len(placed) < 2 or alike in seen:
            continue
        mine = [(host, claim) for host, agent in placed for claim in claims[agent.name]]
        if not any(varies(claim.directory.value) for _, claim in mine):
            seen.add(alike)
        for taken in check_host(mine):
            if (taken.claim, taken.first) not in reported:
                reported.add((taken.claim, taken.first))
                yield taken


def claims_of(agent: Agent) -> Iterator[Claim]:
    """Yield the directories that an agent's sinks write."""
    for component in agent.components.values():
        if component.kind == "sink" and component.declaration is not None:
            for name in component.declaration.writes:
                if (value := component.values.get(name)) is not None:
                    folder = partial(component.declaration.folder, name)
                    yield Claim(agent.name, component.name, value, folder)


def check_host(claims: Sequence[tuple[Host, Claim]]) -> Iterator[DirectoryTaken]:
    """Yield the directories of one host that two agents' sinks of one name claim."""
    first: dict[tuple[str, str], Claim] = {}
    for host, claim in claims:
        try:
            folder = claim.folder(resolve(claim.directory.value, host, host.address))
        except (KeyError, ValueError, TypeError):  # a fact with a mistake that was reported
            continue
        if folder is None:
            continue
        directory = posixpath.normpath(folder)
        earlier = first.setdefault((directory, claim.sink), claim)
        if earlier.agent != claim.agent:
            yield DirectoryTaken(claim.directory.span, host.name, directory, claim, earlier)
