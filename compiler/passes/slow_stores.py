"""Whether the stores of sinks take what checks say will come."""

from collections.abc import Iterator, Mapping

from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Graph
from flumec.compiler.model import Fleet
from flumec.compiler.proofs import figures
from flumec.compiler.proofs.capacity import Capacity
from flumec.compiler.proofs.load import Declared
from flumec.compiler.proofs.taking import Store
from flumec.compiler.proofs.words import dotted
from flumec.compiler.source import Span

_SHOWN = 6
"""How many sinks are listed, those first to which most comes."""


class StoreTooSlow(Diagnostic, code="FL626"):
    """More comes to a store than it takes, as its sink says.

    The declared rates of all sources whose events come to the store are added up, each at its
    `peak` where a check says one. The channel before the sink fills, whatever its size, and so do
    those that lead there; a larger channel only puts that off.

    A store in the network is one for all hosts and sinks that write to it. A folder of a host is
    that host's own. Of a group `failover(a, b)` the first gets all; those of `balance(a, b)`
    together take what each of them takes.

    ## Example

    ```flow
    hosts web = "web-{01..20}"

    hosts core = ["core-1"]

    agent a on web {
      source numbers : seq

      channel spool : file

      numbers -> spool
    }

    agent b on core {
      channel inbox : file

      sink store : hdfs {
        path = "hdfs://nn.example.com/logs/%Y/%m/%d"
        takes = 60MB/s
      }

      inbox -> store
    }

    a.spool => b.inbox {
      port = 4141
      tls = mutual
    }

    check "numbers arrive" {
      from = a.numbers
      to = b.store
      rate = 10MB/s
    }
    ```

    ## Instead

    ```flow
    hosts web = "web-{01..20}"

    hosts core = ["core-1"]

    agent a on web {
      source numbers : seq

      channel spool : file

      numbers -> spool
    }

    agent b on core {
      channel inbox : file

      sink store : hdfs {
        path = "hdfs://nn.example.com/logs/%Y/%m/%d"
        takes = 300MB/s
      }

      inbox -> store
    }

    a.spool => b.inbox {
      port = 4141
      tls = mutual
    }

    check "numbers arrive" {
      from = a.numbers
      to = b.store
      rate = 10MB/s
    }
    ```
    """

    store: Store
    comes: Mapping[str, float]
    """Bytes a second, by the sinks that they come to."""
    sources: Mapping[str, tuple[float, int]]
    """How much enters on each host, and on how many, by sources."""
    peak: bool
    """Whether some of it is a `peak`, and not what comes usually."""

    @property
    def message(self) -> str:
        comes = figures.rate(sum(self.comes.values()))
        where = f" on `{self.store.host}`" if self.store.host else ""
        return f"{comes} come to `{self.store.name}`{where}, which takes {self.store.takes}"

    @property
    def notes(self) -> tuple[str, ...]:
        ordered = sorted(self.comes.items(), key=lambda item: -item[1])
        sinks = [f"{name}: {figures.rate(rate)}" for name, rate in ordered if rate][:_SHOWN]
        sources = [
            f"{name}: {figures.rate(rate)}" + (f" on each of {count} hosts" if count > 1 else "")
            for name, (rate, count) in self.sources.items()
        ]
        several = sinks if len(self.comes) > 1 else []
        return (*several, *sources[:_SHOWN], *([figures.AT_PEAK] if self.peak else ()))

    @property
    def places(self) -> tuple[Place, ...]:
        return (Place(self.store.span, "what it takes"),)

    @property
    def hint(self) -> str:
        needed = figures.needed_rate(sum(self.comes.values()))
        return f"a store that takes {needed} or more, another one beside it, or less that comes"


def check_slow_stores(fleet: Fleet, graph: Graph) -> Iterator[Diagnostic]:
    """Yield stores that more comes to than they take; of a sink's folders on its hosts the one
    that most comes to.
    """
    capacity = graph.derived(Capacity)
    stores = capacity.stores
    if not stores.all or not capacity.rates:
        return
    worst: dict[Span, StoreTooSlow] = {}
    for store in stores.all:
        comes = store.comes(capacity.load, stores.parts)
        total, known = sum(comes.values()), worst.get(store.span)
        if total > store.takes and (known is None or total > sum(known.comes.values())):
            sources = _sources(capacity, store)
            blamed = max(sources.values(), key=lambda said: said.most)
            entering = {
                dotted(node): (said.most, len(fleet.agents[node[0]].hosts.hosts))
                for node, said in sources.items()
            }
            peak = any(said.most > said.usual for said in sources.values())
            worst[store.span] = StoreTooSlow(blamed.span, store, comes, entering, peak)
    yield from worst.values()


def _sources(capacity: Capacity, store: Store) -> dict[tuple[str, str], Declared]:
    """Return the sources whose events come to a store, those first that bring most."""
    nodes = set().union(*(capacity.graph.leading_to(sink) for sink in store.hosts))
    found = [(node, said) for node, said in capacity.rates.items() if node in nodes]
    hosts = {node: len(capacity.fleet.agents[node[0]].hosts.hosts) for node, _ in found}
    return dict(sorted(found, key=lambda each: -each[1].most * hosts[each[0]]))
