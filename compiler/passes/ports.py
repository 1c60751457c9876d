"""What a host has only once: its ports."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Graph
from flumec.compiler.model import Agent, Fleet, Host, HostFact, PerHost, Settings, Value
from flumec.compiler.source import Span
from flumec.runtime.component import Port


@dataclass(frozen=True, slots=True)
class Claim:
    """A port that an agent listens on. Claims with the same `listener` share it."""

    port: int | PerHost
    what: str
    span: Span
    listener: object


class PortTaken(Diagnostic, code="FL530"):
    """Two listeners of one host want the same port.

    The second would fail to start, on every host of the set.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source clicks : http {
        port = 8080
      }

      source orders : http {
        port = 8080
      }

      channel spool : memory

      sink out : null

      clicks -> spool
      orders -> spool
      spool -> out
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source clicks : http {
        port = 8080
      }

      source orders : http {
        port = 8081
      }

      channel spool : memory

      sink out : null

      clicks -> spool
      orders -> spool
      spool -> out
    }
    ```
    """

    host: str
    port: int
    what: str
    first: Claim

    @property
    def message(self) -> str:
        return f"port {self.port} is used twice on `{self.host}`"

    @property
    def label(self) -> str:
        return self.what

    @property
    def hint(self) -> str:
        return "give one of them another port"

    @property
    def places(self) -> tuple[Place, ...]:
        return (Place(self.first.span, f"first by {self.first.what}"),)


def check_ports(fleet: Fleet, _graph: Graph) -> Iterator[Diagnostic]:
    """Yield ports that two listeners of a host claim; alike hosts are looked at once."""
    claims = claims_of_agents(fleet)
    agents_of: dict[str, list[Agent]] = defaultdict(list)
    hosts: dict[str, Host] = {}
    for agent in fleet.agents.values():
        for host in agent.hosts.hosts if claims[agent.name] else ():
            agents_of[host.name].append(agent)
            hosts.setdefault(host.name, host)
    seen: set[object] = set()
    reported: set[tuple[Span, Span]] = set()
    for name, agents in agents_of.items():
        mine = [claim for agent in agents for claim in claims[agent.name]]
        alike = tuple(agent.name for agent in agents)
        if alike in seen:
            continue
        if not any(isinstance(claim.port, PerHost) for claim in mine):
            seen.add(alike)
        for taken in check_host(hosts[name], mine):
            if (taken.span, taken.first.span) not in reported:
                reported.add((taken.span, taken.first.span))
                yield taken


def check_host(host: Host, claims: Sequence[Claim]) -> Iterator[PortTaken]:
    """Yield the ports of one host that are claimed twice."""
    first: dict[int, Claim] = {}
    for claim in claims:
        port = resolved(claim.port, host)
        earlier = first.setdefault(port, claim) if port else claim
        if earlier is not claim and earlier.listener != claim.listener:
            yield PortTaken(claim.span, host.name, port, claim.what, earlier)


def resolved(port: int | PerHost, host: Host) -> int:
    """Return the port's number on a host; 0 where it is none, which was reported."""
    if not isinstance(port, PerHost):
        return int(port)
    text = "".join(fact(part, host) if isinstance(part, HostFact) else part for part in port.parts)
    return int(text) if text.isdecimal() else 0


def fact(part: HostFact, host: Host) -> str:
    """Return a fact of a host as text."""
    table: Mapping[str, object] = (
        host.vars if part.path[0] == "vars" else {"index": host.index, **host.facts}
    )
    return str(table.get(part.path[-1], ""))


def claims_of_agents(fleet: Fleet) -> dict[str, list[Claim]]:
    """Return what each agent listens on, by the agent's name."""
    claims: dict[str, list[Claim]] = {name: [] for name in fleet.agents}
    for agent in fleet.agents.values():
        if (metrics := agent.settings.get("metrics_port")) is not None:
            claims[agent.name].append(
                Claim(metrics.value, f"the metrics of `{agent.name}`", metrics.span, metrics)
            )
        for component in agent.components.values():
            what = f"`{agent.name}.{component.name}`"
            claims[agent.name] += [
                Claim(v.value, what, v.span, v) for v in ports_in(component.values)
            ]
    for link in fleet.links:
        for target in link.targets:
            if (port := link.values.get("port")) is not None and target.agent in claims:
                # Links into one channel with equal port and settings share a listener.
                shared = (
                    target.agent,
                    target.component,
                    link.via,
                    str(link.values.get("tls") and link.values["tls"].value),
                )
                what = f"the link into `{target.agent}.{target.component}`"
                claims[target.agent].append(Claim(port.value, what, port.span, shared))
    return claims


def ports_in(values: Mapping[str, Value]) -> Iterator[Value]:
    """Yield the values that are ports, those inside sections too."""
    for value in values.values():
        kind = value.value.type if isinstance(value.value, PerHost) else type(value.value)
        if kind is Port:
            yield value
        elif isinstance(value.value, Settings):
            yield from ports_in(value.value.values)
