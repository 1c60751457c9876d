"""Whether networks and disks take what checks say will come, and have something to spare."""

from collections.abc import Iterator, Mapping

from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Graph, Node
from flumec.compiler.model import Fleet, Host
from flumec.compiler.proofs import figures
from flumec.compiler.proofs.capacity import Capacity
from flumec.compiler.proofs.load import Declared
from flumec.compiler.proofs.traffic import Use
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
    peak: bool
    """Whether some of it is a `peak`, and not what comes usually."""
    fed: bool
    """Whether others send to the host, which more hosts would share."""

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
        return (*lines, figures.AT_PEAK) if self.peak else tuple(lines)

    @property
    def places(self) -> tuple[Place, ...]:
        said = f"`{self.fact}` of `{self.host.name}` is {self.speed}"
        return tuple(Place(span, said) for span in self.host.places_of(self.fact))

    @property
    def hint(self) -> str:
        faster = (
            f"`{self.fact} = {figures.needed_rate(sum(self.uses.values()))}` where it is faster"
        )
        more = "more receiving hosts and `policy = balance`, " if self.fed else ""
        return f"{more}less that comes, or {faster}"


def check_speeds(_fleet: Fleet, graph: Graph) -> Iterator[Diagnostic]:
    """Yield hosts to which more comes than they can take, one for each set of hosts."""
    capacity = graph.derived(Capacity)
    if not capacity.rates or not capacity.measured:
        return
    said: set[tuple[str, str]] = set()
    for name, use in capacity.traffic.items():
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
            largest, *_ = said = _rates_of(capacity, uses)
            peak = any(one.most > one.usual for one in said)
            fed = any(name in capacity.fed for name, _ in capacity.machines.on(host.name))
            yield TooSlow(largest.span, host, verb, fact, speed, dict(uses), peak, fed)


def _rates_of(capacity: Capacity, uses: Mapping[str, float]) -> list[Declared]:
    """Return the rates that are a part of some uses; those of the largest first, the most first."""
    found: dict[Node, Declared] = {}
    for name in sorted(uses, key=lambda name: -uses[name]):
        agent, _, component = name.rpartition(".")
        upstream = capacity.graph.leading_to((agent, component))
        for source, one in sorted(capacity.rates.items(), key=lambda each: -each[1].most):
            if source in upstream:
                found.setdefault(source, one)
    return list(found.values())
