"""Copies that a link makes on purpose stay apart: each receiver has a store of its own."""

from collections.abc import Hashable, Iterator, Sequence
from typing import NamedTuple

from flumec.compiler.choice import policy_of
from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Graph, Node
from flumec.compiler.headers.making import told_behind
from flumec.compiler.headers.uses import named_in_path
from flumec.compiler.model import Component, End, Fleet, Host, Link, Step, Value
from flumec.compiler.proofs.fanning import most_alike, most_peers
from flumec.compiler.source import Span
from flumec.compiler.values import resolve


class CopiesInOneStore(Diagnostic, code="FL361", severity="warning"):
    """A link copies each event to several hosts, and their sinks write into one store.

    With `policy = all` every receiver has every event. Where each writes to a disk of its own, that
    is one copy for each; in a store that is shared, such as HDFS, all of them lie beside each other
    and whoever reads the folder reads each event several times.

    With `failover` or `balance` each event is written once, by one of them. A folder for each host,
    `${host.name}` in the path, keeps the copies apart, as does a header in it that each receiver
    sets to its own name; what several hosts have in common, such as `${host.site}`, does not.
    `within` counts: where each sender has one peer there is one copy.

    ## Example

    ```flow
    hosts web = ["web-1"]

    hosts core = ["core-1", "core-2"]

    agent tailer on web {
      source access : taildir {
        files = ["/var/log/access.log"]
      }

      channel spool : file

      access -> spool
    }

    agent collector on core {
      channel inbox : file

      sink store : hdfs {
        path = "hdfs://nn.example.com/logs/%Y-%m-%d"
      }

      inbox -> store
    }

    tailer.spool => collector.inbox {
      port = 4141
      policy = all
      tls = mutual
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    hosts core = ["core-1", "core-2"]

    agent tailer on web {
      source access : taildir {
        files = ["/var/log/access.log"]
      }

      channel spool : file

      access -> spool
    }

    agent collector on core {
      channel inbox : file

      sink store : hdfs {
        path = "hdfs://nn.example.com/logs/%Y-%m-%d"
      }

      inbox -> store
    }

    tailer.spool => collector.inbox {
      port = 4141
      policy = failover
      in_doubt = wait
      tls = mutual
    }
    ```
    """

    sink: str
    hosts: int
    store: Span

    @property
    def message(self) -> str:
        return f"`{self.sink}` writes each event {self.hosts} times into one store"

    @property
    def label(self) -> str:
        return f"a copy to each of {self.hosts} hosts"

    @property
    def hint(self) -> str:
        return "`policy = failover` or `balance`, or a folder for each host: `${host.name}`"

    @property
    def places(self) -> tuple[Place, ...]:
        return (Place(self.store, "they write here"),)


def check_shared_stores(fleet: Fleet, graph: Graph) -> Iterator[Diagnostic]:
    """Yield links that copy to several hosts whose sinks write into one store."""
    for link in fleet.links:
        if policy_of(link) == "all":
            yield from _check(fleet, graph, link, link.values["policy"])


def _check(fleet: Fleet, graph: Graph, link: Link, policy: Value) -> Iterator[Diagnostic]:
    for end in link.targets:
        agent = fleet.agents[end.agent]
        within = graph.reachable([end.node]) if most_peers(fleet, link, end) > 1 else ()
        for component in agent.components.values():
            node = agent.name, component.name
            if node not in within or component.kind != "sink":
                continue
            chains = _chains(graph, end, node)
            for name, store in _written(component):
                copies = _copies(fleet, link, end, Writing(component, name, store), chains)
                if copies > 1:
                    yield CopiesInOneStore(policy.span, ".".join(node), copies, store.span)
                    break


class Writing(NamedTuple):
    """A sink, and the property that says where it writes."""

    sink: Component
    name: str
    store: Value

    def on(self, host: Host) -> str | None:
        """Return where it writes on a host; None where that is on the host itself."""
        declared = self.sink.declaration
        try:
            said = resolve(self.store.value, host, host.address)
            folder = declared.folder(self.name, said) if declared is not None else ""
        except (KeyError, TypeError, ValueError):  # which was reported
            return None
        return str(said) if folder is None else None


def _written(sink: Component) -> Iterator[tuple[str, Value]]:
    """Yield the properties of a sink that say where it writes."""
    for name in sink.declaration.writes if sink.declaration is not None else ():
        if (held := sink.values.get(name)) is not None:
            yield name, held


def _copies(
    fleet: Fleet, link: Link, end: End, writing: Writing, chains: Sequence[Sequence[Step]]
) -> int:
    """Return how many copies of an event a sink writes into one folder, at most: on hosts where
    its path is the same, and each header in it that the receiver sets.
    """
    agent = fleet.agents[end.agent]
    named = {header for header, _ in named_in_path(agent, writing.sink)}

    def copies(steps: Sequence[Step]) -> int:
        def folder(host: Host) -> Hashable:
            where = writing.on(host)
            told = told_behind(steps, host) if named else {}
            return where and (where, *(told.get(header) for header in sorted(named)))

        return most_alike(fleet, link, end, folder)

    return max(map(copies, chains or [()]))


def _chains(graph: Graph, end: End, sink: Node) -> list[tuple[Step, ...]]:
    """Return the steps of the chains by which events come from a receiver to a sink."""
    ways = graph.between(end.node, sink)
    return [
        (*edge.chain.steps, *(edge.arm.steps if edge.arm is not None else ()))
        for edge in graph.outgoing.get(end.node, ())
        if edge.chain is not None and edge.end in ways
    ]
