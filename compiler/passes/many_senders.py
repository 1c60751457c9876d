"""How many senders come to a receiver, and that it takes so many."""

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple

from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.graph import Graph, Node
from flumec.compiler.model import Fleet
from flumec.compiler.passes.listeners import listener_of
from flumec.compiler.proofs.choice import fact_of
from flumec.compiler.proofs.words import dotted
from flumec.compiler.source import Span


class TooManySenders(Diagnostic, code="FL916", severity="warning"):
    """More hosts send to one receiver than it takes at once.

    A receiver takes 4,096 senders: each costs it three threads. Those that come later are told to
    come back, and what they have waits with them until another one leaves, perhaps for ever.

    ## Example

    ```flow
    hosts web = "web-{1..5000}"

    hosts core = ["core-1"]

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
    ```

    ## Instead

    ```flow
    hosts north = "north-{1..2500}"

    hosts south = "south-{1..2500}"

    hosts core = ["core-1"]

    hosts edge = ["core-2"]

    template numbers() {
      source numbers : seq

      channel spool : file

      numbers -> spool
    }

    template store() {
      channel inbox : file

      sink out : null

      inbox -> out
    }

    agent a on north = numbers()

    agent b on south = numbers()

    agent c on core = store()

    agent d on edge = store()

    a.spool => c.inbox {
      port = 4141
      tls = mutual
    }

    b.spool => d.inbox {
      port = 4141
      tls = mutual
    }
    ```
    """

    receiver: str
    host: str
    senders: int
    takes: int

    @property
    def message(self) -> str:
        return (
            f"{self.senders:,} senders come to `{self.receiver}` on `{self.host}`, which takes "
            f"{self.takes:,} at once"
        )

    @property
    def hint(self) -> str:
        return (
            "share the senders out: a receiver of its own for each part of them, or `within` by a "
            "fact of the hosts"
        )


class Arrivals(NamedTuple):
    """The senders to a listener: how many come to it on each of its hosts."""

    node: Node
    link: Span
    """Where the first of its links stands."""
    on_host: dict[str, int]

    @property
    def most(self) -> int:
        """Those that come to the host with most of them."""
        return max(self.on_host.values(), default=0)


def check_many_senders(_fleet: Fleet, graph: Graph) -> Iterator[Diagnostic]:
    """Yield listeners to which more senders come than they take, each at its worst host."""
    for each in graph.derived(arrivals):
        if each.most > most_taken():
            host = next(name for name, count in each.on_host.items() if count == each.most)
            yield TooManySenders(each.link, dotted(each.node), host, each.most, most_taken())


@cache
def most_taken() -> int:
    """Return how many senders a listener takes at once."""
    from flumec.runtime.links import ArrowReceiver

    most: int = ArrowReceiver.props["senders"].default
    return most


def arrivals(fleet: Fleet, _graph: Graph) -> tuple[Arrivals, ...]:
    """Return the senders to each listener, as many as may be connected at one time."""
    found: dict[object, Arrivals] = {}
    for link in fleet.links:
        sending, said = fleet.agents.get(link.sender.agent), link.values.get("within")
        hosts = () if sending is None else sending.hosts.hosts
        within = None if said is None else str(said.value)
        near = None if within is None else Counter(fact_of(within, host) for host in hosts)
        for end in link.targets:
            receiving = fleet.agents.get(end.agent)
            here = found.setdefault(
                listener_of(link, end), Arrivals(end.node, link.sender.span, {})
            )
            for host in () if receiving is None else receiving.hosts.hosts:
                more = len(hosts) if within is None else _near(near, fact_of(within, host))
                here.on_host[host.name] = here.on_host.get(host.name, 0) + more
    return tuple(found.values())


def _near(senders: Mapping[object, int] | None, fact: object) -> int:
    """Return how many share a host's fact; who lacks it is near to nobody."""
    return 0 if senders is None or fact is None else senders.get(fact, 0)
