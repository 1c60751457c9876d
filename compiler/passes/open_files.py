"""How many files an agent may have open at once, and that its unit allows so many."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from flumec.compiler.bind.agent_settings import FILES
from flumec.compiler.bind.properties import complete
from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.graph import Graph
from flumec.compiler.model import Agent, Fleet, Settings, Value
from flumec.compiler.passes.many_senders import arrivals
from flumec.compiler.source import Span
from flumec.runtime.output.descriptors import SHARE
from flumec.runtime.output.template import Template, Text
from flumec.runtime.sinks.filing import Filing
from flumec.runtime.sources.http import Http
from flumec.runtime.sources.taildir import Taildir

ITS_OWN = 64
"""Files that an agent has open besides: journals, locks, its sockets; ten or so for a small one."""

_ROUND = 256

_SHOWN = 6
"""How many parts are listed, those first that may have most."""


class TooFewFiles(Diagnostic, code="FL915", severity="warning"):
    """An agent's parts may have more files open at once than its unit allows.

    A connection counts as a file. Without `limits { files = … }` an agent may have 16,384, and a
    sink takes a quarter of them at most: with more paths than that at one time it finishes files
    that are far from full. Where all parts together have too many, none can open another: clients
    and senders are not heard, and a sink waits.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source posted : http {
        port = 8080
        bind = "127.0.0.1"
        max_connections = 2000
      }

      channel spool : file

      sink out : null

      limits {
        files = 1024
      }

      posted -> spool
      spool -> out
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source posted : http {
        port = 8080
        bind = "127.0.0.1"
        max_connections = 2000
      }

      channel spool : file

      sink out : null

      limits {
        files = 4096
      }

      posted -> spool
      spool -> out
    }
    ```
    """

    agent: str
    allowed: int
    uses: "tuple[_Use, ...]"

    @property
    def message(self) -> str:
        if (sink := self._kept_short) is not None:
            return (
                f"`max_open = {sink.most}` of `{sink.name}` is more than a quarter of the "
                f"{self.allowed:,} files that `{self.agent}` may have open: it keeps "
                f"{self.allowed // SHARE:,} open at most"
            )
        return (
            f"`{self.agent}` may have {_together(self.uses):,} files open at once, and its unit "
            f"allows {self.allowed:,}"
        )

    @property
    def notes(self) -> tuple[str, ...]:
        if self._kept_short:
            return ()
        ordered = sorted(self.uses, key=lambda use: -use.most)
        said = [f"{use.most:,} {use.what}" for use in ordered[:_SHOWN]]
        if rest := ordered[_SHOWN:]:
            said.append(f"{sum(use.most for use in rest):,} of {len(rest)} more")
        return (f"{', '.join(said)}, {ITS_OWN} of its own",)

    @property
    def hint(self) -> str:
        wanted = max(_together(self.uses), *(use.most * use.share for use in self.uses))
        return f"`limits {{ files = {-(-wanted // _ROUND) * _ROUND} }}`, or fewer at once"

    @property
    def _kept_short(self) -> "_Use | None":
        """The sink that must do with fewer than it says, if there is one."""
        most = max(self.uses, key=lambda use: use.most * use.share)
        return most if most.share > 1 and most.most * most.share > self.allowed else None


class _Use(NamedTuple):
    """What a part of an agent may have open."""

    most: int
    name: str
    what: str
    share: int
    """It takes at most one in so many of the agent's files."""
    span: Span


def check_open_files(fleet: Fleet, graph: Graph) -> Iterator[Diagnostic]:
    """Yield agents whose units allow too few files, by what their parts may have at most."""
    senders: dict[str, list[_Use]] = defaultdict(list)
    for each in graph.derived(arrivals):
        owner, name = each.node
        senders[owner].append(_Use(each.most, name, f"senders to `{name}`", 1, each.link))
    for agent in fleet.agents.values():
        yield from _of_agent(agent, senders[agent.name])


def _of_agent(agent: Agent, senders: list[_Use]) -> Iterator[TooFewFiles]:
    limits = agent.settings.get("limits")
    settings = limits.value if limits is not None else None
    said = settings.values.get("files") if isinstance(settings, Settings) else None
    allowed = FILES if said is None else said.value
    uses = tuple(use for use in (*_uses(agent), *senders) if use.most)
    if not uses or not isinstance(allowed, int):
        return
    if _together(uses) > allowed or any(use.most * use.share > allowed for use in uses):
        largest = max(uses, key=lambda use: use.most * use.share)
        span = largest.span if said is None else said.span
        yield TooFewFiles(span, agent.name, allowed, uses)


def _together(uses: Sequence[_Use]) -> int:
    return sum(use.most for use in uses) + ITS_OWN


def _uses(agent: Agent) -> Iterator[_Use]:
    """Yield what the parts of an agent may have open on its first host, as far as it is known."""
    for part in agent.components.values():
        declared = part.declaration
        if declared is None or not issubclass(declared, Filing | Http | Taildir):
            continue
        held = next((complete(declared, part.values, host) for host in agent.hosts.hosts[:1]), None)
        if held is None:
            continue
        name = part.name
        if issubclass(declared, Filing):
            most, share = _at_once(declared, held), SHARE
            what = f"{'file' if most == 1 else 'files'} of `{name}`"
        elif issubclass(declared, Http):
            most, what, share = held["max_connections"], f"clients of `{name}`", 1
        else:
            files = held["files"]  # which may be missing, as was reported
            most = len(files) if isinstance(files, tuple) else 0
            what, share = f"{'file' if most == 1 else 'files'} that `{name}` follows", 1
        yield _Use(most, name, what, share, _span(part.values, part.name_span))


def _at_once(declared: type[Filing], held: dict[str, Any]) -> int:
    """Return how many files a sink may have open: one, where it writes into one folder alone."""
    most: int = held["max_open"]
    try:
        parts = Template.parse(declared.template(held)).parts
    except ValueError:  # which was reported
        return most
    return most if any(not isinstance(part, Text) for part in parts) else 1


def _span(values: Mapping[str, Value], otherwise: Span) -> Span:
    said = values.get("max_open") or values.get("max_connections")
    return otherwise if said is None else said.span
