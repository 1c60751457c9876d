"""A link that keeps within the sites of its hosts leads somewhere from each."""

from collections.abc import Iterator

from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.facts import alike
from flumec.compiler.graph import Graph
from flumec.compiler.model import Fleet, Link


class NoPeerNearby(Diagnostic, code="FL324"):
    """A link keeps within the sites of its hosts, and one of them has no receiver.

    What that host sends would go nowhere.

    ## Example

    ```flow
    hosts north = ["web-1"] {
      site = "north"
    }

    hosts south = ["web-2"] {
      site = "south"
    }

    hosts core = ["core-1"] {
      site = "north"
    }

    agent a on union(north, south) {
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
      policy = failover
      within = host.site
      tls = mutual
    }
    ```

    ## Instead

    ```flow
    hosts north = ["web-1"] {
      site = "north"
    }

    hosts south = ["web-2"] {
      site = "south"
    }

    hosts core = ["core-1"] {
      site = "north"
    }

    hosts second = ["core-2"] {
      site = "south"
    }

    agent a on union(north, south) {
      source numbers : seq

      channel spool : file

      numbers -> spool
    }

    agent b on union(core, second) {
      channel inbox : file

      sink out : null

      inbox -> out
    }

    a.spool => b.inbox {
      port = 4141
      policy = failover
      within = host.site
      tls = mutual
    }
    ```
    """

    fact: str
    hosts: tuple[str, ...]

    @property
    def message(self) -> str:
        first = f"`{self.hosts[0]}`"
        more = f" and {len(self.hosts) - 1:,} more" if len(self.hosts) > 1 else ""
        return f"`within = host.{self.fact}` leaves {first}{more} without a receiver"

    @property
    def hint(self) -> str:
        return f"give the receiving agent a host with the same `{self.fact}`, or leave out `within`"


def check_nearness(fleet: Fleet, _graph: Graph) -> Iterator[Diagnostic]:
    """Yield links within a fact of their hosts, where some find no receiver by it."""
    for link in fleet.links:
        yield from check_link(fleet, link)


def check_link(fleet: Fleet, link: Link) -> Iterator[Diagnostic]:
    """Yield a link that keeps within a fact of its hosts, where some find no receiver by it."""
    within, sender = link.values.get("within"), fleet.agents.get(link.sender.agent)
    if within is None or sender is None:
        return
    agents = [fleet.agents[target.agent] for target in link.targets if target.agent in fleet.agents]
    there = [host for agent in agents for host in agent.hosts.hosts]
    alone = tuple(
        host.name
        for host in sender.hosts.hosts
        if not any(alike(within.value, host, other) for other in there)
    )
    if alone and there:
        yield NoPeerNearby(within.span, str(within.value), alone)
