"""How many senders come to a receiver, and that it takes so many."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import field
from operator import itemgetter

from flumec.compiler.choice import policy_of
from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.facts import fact_of
from flumec.compiler.graph import Graph, Node
from flumec.compiler.model import End, Fleet, Host, Link
from flumec.compiler.passes.listeners import listener_of
from flumec.compiler.proofs.words import dotted
from flumec.compiler.source import Span
from flumec.runtime.frozen import frozen
from flumec.runtime.links.settings import SENDERS, LinkSettings


class TooManySenders(Diagnostic, code="FL916", severity="warning"):
    """More hosts send to one receiver than it takes at once.

    A receiver takes 4,096 senders, or as many as `senders` of its links says: each costs it three
    threads. Those that come later are told to come back, and what they have waits with them until
    another one leaves, perhaps for ever.

    The senders of a link with `policy = failover` are at one receiver at a time. Which of them come
    to another one only when theirs is gone may come all the same.

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
    only_then: bool
    """Whether so many come only when other receivers are gone."""

    @property
    def message(self) -> str:
        where = f"to `{self.receiver}` on `{self.host}`"
        if self.only_then:
            return (
                f"{self.senders:,} senders may come {where} when others are gone, and it takes "
                f"{self.takes:,} at once"
            )
        return f"{self.senders:,} senders come {where}, which takes {self.takes:,} at once"

    @property
    def hint(self) -> str:
        more = f"`senders = {self.senders}`, or " if SENDERS.holds(self.senders) else ""
        return (
            f"{more}share the senders out: a receiver of its own for each part of them, or "
            "`within` by a fact of the hosts"
        )


@frozen
class Arrivals:
    """The senders to a listener: how many come to it on each of its hosts."""

    node: Node
    link: Span
    """Where the first of its links stands."""
    takes: int
    """How many it takes at once."""
    on_host: Counter[str] = field(default_factory=Counter)
    """Those that may be connected at one time."""
    at_first: Counter[str] = field(default_factory=Counter)
    """Those among them that come as long as no receiver is gone."""

    @property
    def most(self) -> int:
        """Those that may come to the host with most of them, as far as it takes them."""
        return min(self.takes, max(self.on_host.values(), default=0))


def check_many_senders(_fleet: Fleet, graph: Graph) -> Iterator[Diagnostic]:
    """Yield listeners to which more senders come than they take, each at its worst host."""
    for each in graph.derived(arrivals):
        for coming in (each.at_first, each.on_host):
            host, count = max(coming.items(), key=itemgetter(1), default=("", 0))
            if count > each.takes:
                then = coming is each.on_host
                yield TooManySenders(each.link, dotted(each.node), host, count, each.takes, then)
                break


def arrivals(fleet: Fleet, _graph: Graph) -> tuple[Arrivals, ...]:
    """Return the senders to each listener."""
    found: dict[object, Arrivals] = {}
    for link in fleet.links:
        sending = fleet.agents.get(link.sender.agent)
        said = link.values.get("senders")
        takes = said.value if said is not None else LinkSettings.props["senders"].default
        for end in link.targets:
            here = Arrivals(end.node, link.sender.span, takes)
            found.setdefault(listener_of(link, end), here)
        peers = [
            (end, host)
            for end in link.targets
            if (receiving := fleet.agents.get(end.agent)) is not None
            for host in receiving.hosts.hosts
        ]
        for end, host, most, at_first in _coming(
            link, sending.hosts.hosts if sending else (), peers
        ):
            here = found[listener_of(link, end)]
            here.on_host[host] += most
            here.at_first[host] += at_first
    return tuple(found.values())


def _coming(
    link: Link, senders: Sequence[Host], peers: Sequence[tuple[End, Host]]
) -> Iterator[tuple[End, str, int, int]]:
    """Yield the receivers of a link on their hosts: how many senders may come, and do at first."""
    said = link.values.get("within")
    fact = None if said is None else str(said.value)
    near, places = defaultdict(list), defaultdict(list)
    for sender in senders:
        near[fact and fact_of(fact, sender)].append(sender)
    for end, host in peers:
        places[fact and fact_of(fact, host)].append((end, host))
    alone = policy_of(link) == "failover"
    spread = "spread" in link.values and link.values["spread"].value
    for value, group in places.items():
        come = near[value] if fact is None or value is not None else []
        turns = Counter(sender.index % len(group) if spread else 0 for sender in come)
        for turn, (end, host) in enumerate(group):
            yield end, host.name, len(come), turns[turn] if alone else len(come)
