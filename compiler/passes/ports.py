"""What a host has only once: its ports."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any

from flumec.compiler.addresses import is_all, overlap, own
from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Graph
from flumec.compiler.model import Agent, Fleet, Host, PerHost, Settings, Value
from flumec.compiler.secured import tls_of
from flumec.compiler.source import Span
from flumec.compiler.values import resolve, varies
from flumec.runtime import metrics_port
from flumec.runtime.component import Port
from flumec.runtime.frozen import frozen


@frozen
class Claim:
    """A port that an agent listens on. Claims with the same `listener` share it."""

    port: int | PerHost
    what: str
    span: Span
    listener: Hashable
    bind: Any = None
    """The address that the file says, None where it is the agent's own."""
    own: Callable[[str], str] = own
    """Where it listens, by the address of its host, if the file does not say."""

    def place(self, host: Host) -> tuple[int, str]:
        """Return its port and its address on a host; raise KeyError or ValueError."""
        port = int(resolve(self.port, host, host.address))
        if self.bind is None:
            return port, self.own(host.address)
        return port, str(resolve(self.bind, host, host.address))

    def clashes(self, mine: str, other: "Claim", theirs: str) -> bool:
        """Return whether it and another cannot both have a port, at their addresses.

        Two without an address are kept apart even where a host has several: `flumec run` has one.
        """
        return (self.bind is None and other.bind is None) or overlap(mine, theirs)


class PortTaken(Diagnostic, code="FL530"):
    """Two listeners of one host want the same port.

    The second would fail to start, on every host of the set. Two that `bind` to different addresses
    are no clash; one that listens on every address of the host is one with any other, and so is an
    agent that others reach by a name.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source clicks : http {
        port = 8080
        bind = "127.0.0.1"
      }

      source orders : http {
        port = 8080
        bind = "127.0.0.1"
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
        bind = "127.0.0.1"
      }

      source orders : http {
        port = 8081
        bind = "127.0.0.1"
      }

      channel spool : memory

      sink out : null

      clicks -> spool
      orders -> spool
      spool -> out
    }
    ```
    """

    hosts: tuple[str, ...]
    """The host; two names of it, where two hosts have one address."""
    port: int
    what: str
    first: Claim
    addresses: tuple[str, str]
    """Of the first and of the second."""

    @property
    def message(self) -> str:
        where = " and ".join(f"`{host}`" for host in self.hosts)
        same = ", which have one address" if len(self.hosts) > 1 else ""
        return f"port {self.port} is used twice on {where}{same}"

    @property
    def label(self) -> str:
        return self.what

    @property
    def notes(self) -> tuple[str, ...]:
        for address, what, other in (
            (self.addresses[0], self.first.what, self.addresses[1]),
            (self.addresses[1], self.what, self.addresses[0]),
        ):
            if is_all(address) and not is_all(other):
                return (f"{what} listens on every address of the host, on `{other}` too",)
        return ()

    @property
    def hint(self) -> str:
        if self.what == self.first.what and len(self.hosts) == 1:
            return "give both the same wire and `tls`, to share it, or one of them another port"
        return "give one of them another port"

    @property
    def places(self) -> tuple[Place, ...]:
        return (Place(self.first.span, f"first by {self.first.what}"),)


def check_ports(fleet: Fleet, _graph: Graph) -> Iterator[Diagnostic]:
    """Yield ports that two listeners of a host claim; alike hosts are looked at once."""
    claims = claims_of_agents(fleet)
    # What two sets call a host may be one machine: hosts with one address share its ports. An
    # agent's own host, with the index and variables of its set, says what its ports are.
    machines: dict[str, list[tuple[Agent, Host]]] = defaultdict(list)
    for agent in fleet.agents.values():
        for host in agent.hosts.hosts if claims[agent.name] else ():
            machines[host.address].append((agent, host))
    seen: set[object] = set()
    reported: set[tuple[Span, Span]] = set()
    for placed in machines.values():
        mine = [(claim, host) for agent, host in placed for claim in claims[agent.name]]
        names = list(dict.fromkeys(host.name for _, host in placed))
        alike = tuple((agent.name, names.index(host.name)) for agent, host in placed)
        if alike in seen:
            continue
        if not any(varies(claim.port) or varies(claim.bind) for claim, _ in mine):
            seen.add(alike)
        for taken in check_host(mine):
            if (taken.span, taken.first.span) not in reported:
                reported.add((taken.span, taken.first.span))
                yield taken


def check_host(claims: Sequence[tuple[Claim, Host]]) -> Iterator[PortTaken]:
    """Yield the ports of one machine that are claimed twice."""
    # Ten thousand links may come in by one listener: the first of them stands for all.
    taken: dict[int, dict[Hashable, tuple[Claim, Host, str]]] = defaultdict(dict)
    for claim, host in claims:
        try:
            port, address = claim.place(host)
        except (KeyError, ValueError):  # a variable with a mistake that was reported
            continue
        for earlier, there, theirs in taken[port].values():
            shared = earlier.listener == claim.listener and there.name == host.name
            if not shared and claim.clashes(address, earlier, theirs):
                names = tuple(dict.fromkeys((there.name, host.name)))
                yield PortTaken(claim.span, names, port, claim.what, earlier, (theirs, address))
                break
        known = (claim.listener, host.name, address, claim.bind is None)
        taken[port].setdefault(known, (claim, host, address))


def claims_of_agents(fleet: Fleet) -> dict[str, list[Claim]]:
    """Return what each agent listens on, by the agent's name."""
    claims: dict[str, list[Claim]] = {name: [] for name in fleet.agents}
    for agent in fleet.agents.values():
        if (metrics := agent.settings.get("metrics_port")) is not None:
            claims[agent.name].append(
                Claim(
                    metrics.value,
                    f"the metrics of `{agent.name}`",
                    metrics.span,
                    (agent.name, metrics.span),
                    own=metrics_port.address_for,
                )
            )
        for component in agent.components.values():
            what = f"`{agent.name}.{component.name}`"
            held = component.values.get("bind")
            bind = None if held is None else held.value
            claims[agent.name] += [
                Claim(v.value, what, v.span, (agent.name, component.name, v.key), bind)
                for v in ports_in(component.values)
            ]
    for link in fleet.links:
        for target in link.targets:
            if (port := link.values.get("port")) is not None and target.agent in claims:
                # Links into one channel with equal port and settings share a listener.
                shared = (target.agent, target.component, link.via, tls_of(link))
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
