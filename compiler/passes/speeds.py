"""Whether networks and disks take what checks say will come, and have something to spare."""

from collections.abc import Iterator, Mapping

from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Graph
from flumec.compiler.model import Fleet, Host
from flumec.compiler.proofs import figures
from flumec.compiler.proofs.capacity import Capacity
from flumec.compiler.proofs.traffic import Use, traffic
from flumec.compiler.source import Span
from flumec.runtime.quantity import Rate

_SHOWN = 6
"""How many uses are listed, the largest first."""


class TooSlow(Diagnostic, code="FL622"):
    """More comes to a host than its network or its disk takes.

    The declared rates of all sources whose events come through the host are added up, each at its
    `peak` where a check says one. Channels fill, whatever their size, and it never catches up.

    ## Example

    ```flow
    hosts web = "web-{01..20}"

    hosts core = ["core-1"] {
      nic = 125MB/s
    }

    agent a on web {
      source numbers : seq

      channel spool : file

      numbers -> spool
    }

    agent b on core {
      channel inbox : file

      sink out : null

      inbox -> out
    }

    a.spool => b.inbox {
      port = 4141
      tls = mutual
    }

    check "numbers arrive" {
      from = a.numbers
      to = b.out
      rate = 10MB/s
    }
    ```

    ## Instead

    ```flow
    hosts web = "web-{01..20}"

    hosts core = ["core-1"] {
      nic = 1.25GB/s
    }

    agent a on web {
      source numbers : seq

      channel spool : file

      numbers -> spool
    }

    agent b on core {
      channel inbox : file

      sink out : null

      inbox -> out
    }

    a.spool => b.inbox {
      port = 4141
      tls = mutual
    }

    check "numbers arrive" {
      from = a.numbers
      to = b.out
      rate = 10MB/s
    }
    ```
    """

    host: Host
    verb: str
    """What the host would have to do: receive, send, write."""
    fact: str
    speed: Rate
    uses: Mapping[str, float]

    @property
    def message(self) -> str:
        needed = figures.rate(sum(self.uses.values()))
        return (
            f"`{self.host.name}` has to {self.verb} {needed}, and its `{self.fact}` is {self.speed}"
        )

    @property
    def notes(self) -> tuple[str, ...]:
        ordered = sorted(self.uses.items(), key=lambda item: -item[1])
        lines = [f"{name}: {figures.rate(rate)}" for name, rate in ordered[:_SHOWN]]
        if rest := ordered[_SHOWN:]:
            lines.append(f"{len(rest)} more: {figures.rate(sum(rate for _, rate in rest))}")
        return tuple(lines)

    @property
    def places(self) -> tuple[Place, ...]:
        said = f"`{self.fact}` of `{self.host.name}` is {self.speed}"
        return tuple(Place(span, said) for span in self.host.places_of(self.fact))

    @property
    def hint(self) -> str:
        return "more receiving hosts and `policy = balance`, less that comes, or what is faster"


def check_speeds(fleet: Fleet, graph: Graph) -> Iterator[Diagnostic]:
    """Yield hosts to which more comes than they can take, one for each set of hosts."""
    capacity = Capacity(fleet, graph)
    if not capacity.rates or not capacity.measured:
        return
    said: set[tuple[str, str]] = set()
    for name, use in traffic(fleet, graph, capacity.peers, capacity.load()).items():
        if (host := capacity.measured.get(name)) is not None:
            for finding in _of_host(capacity, host, use):
                key = finding.verb, "".join(sorted(finding.uses))
                if key not in said:
                    said.add(key)
                    yield finding


def _of_host(capacity: Capacity, host: Host, use: Use) -> Iterator[TooSlow]:
    for verb, fact, uses in use.parts:
        speed = host.facts.get(fact)
        if speed is not None and sum(uses.values()) > float(speed):
            yield TooSlow(_rate_of(capacity, uses), host, verb, fact, speed, dict(uses))


def _rate_of(capacity: Capacity, uses: Mapping[str, float]) -> Span:
    """Return the rate that has the largest part in it."""
    agent, _, component = max(uses, key=lambda name: uses[name]).rpartition(".")
    upstream = capacity.graph.leading_to((agent, component))
    found = [said for source, said in capacity.rates.items() if source in upstream]
    return max(found, key=lambda said: said.most).span
