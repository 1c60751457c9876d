"""Settings that work, and do less than they say: another bound always comes first."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING
from typing import Any

from flumec.compiler.bind.properties import complete
from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Graph
from flumec.compiler.model import Agent, Fleet, Host, Link, Settings, Value
from flumec.compiler.source import Span
from flumec.runtime.component import Misfit


class LessThanSaid(Diagnostic, code="FL914", severity="warning"):
    """A setting does less than it says, as another one has a closer bound.

    Nothing fails by it, and what the file says is not what happens: files are never rolled by a
    quiet time that is longer than they live, no sender ever gets a window that is larger than what
    all of them share, an agent that stops does not wait for longer than its end takes, and of more
    clients than there are remembered requests some are not known again.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel spool : file

      sink files : file_roll {
        directory = "/srv/numbers"

        roll {
          every = 5m
          idle = 10m
        }
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
        directory = "/srv/numbers"

        roll {
          every = 5m
          idle = 30s
        }
      }

      numbers -> spool
      spool -> files
    }
    ```
    """

    misfit: Misfit
    other: Span | None

    @property
    def message(self) -> str:
        return self.misfit.sentence

    @property
    def hint(self) -> str:
        return self.misfit.hint

    @property
    def places(self) -> tuple[Place, ...]:
        name = self.misfit.other.rpartition(".")[2]
        return () if self.other is None else (Place(self.other, f"and `{name}`"),)


def check_misfits(fleet: Fleet, _graph: Graph) -> Iterator[Diagnostic]:
    """Yield settings of components and links that do less than they say, on the first host."""
    for agent in fleet.agents.values():
        for component in agent.components.values():
            if component.declaration is not None:
                hosts = _hosts(agent)
                yield from _of(component.declaration, component.values, hosts, component.name_span)
    for link in fleet.links:
        yield from _of_link(fleet, link)


def _hosts(agent: Agent) -> Sequence[Host]:
    return agent.hosts.hosts[:1]


def _of_link(fleet: Fleet, link: Link) -> Iterator[LessThanSaid]:
    from flumec.runtime.links.settings import LinkSettings

    sender = fleet.agents.get(link.sender.agent)
    if sender is not None and link.via == LinkSettings.type and not link.mistaken:
        yield from _of(LinkSettings, link.values, _hosts(sender), link.sender.span)


def _of(
    declared: Any, values: Mapping[str, Value], hosts: Sequence[Host], otherwise: Span
) -> Iterator[LessThanSaid]:
    """Yield the misfits of what is declared; without a property in the file none is its own."""
    for host in hosts if values else ():
        held = complete(declared, values, host)
        if held is None or any(_broken(one.default, held[n]) for n, one in declared.props.items()):
            continue  # which was reported
        for misfit in declared.misfits(held):
            said, other = (_place(values, name) for name in (misfit.name, misfit.other))
            span, second = (said, other) if said is not None else (other, None)
            yield LessThanSaid(otherwise if span is None else span, misfit, second)


def _broken(default: Any, held: Any) -> bool:
    """Whether a property is missing, or a section that has a mistake in it."""
    return held is MISSING or (held is None and default is not None)


def _place(values: Mapping[str, Value], name: str) -> Span | None:
    """Return where a property is set, `roll.idle` inside its section; None where it is not."""
    first, _, inner = name.partition(".")
    held = values.get(first)
    if held is None or not inner:
        return None if held is None else held.span
    return _place(held.value.values, inner) if isinstance(held.value, Settings) else None
