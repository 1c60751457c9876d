"""Copies that a link makes on purpose stay apart: each receiver has a store of its own."""

from collections.abc import Iterator

from flumec.compiler.choice import policy_of
from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Graph
from flumec.compiler.headers.making import told_behind
from flumec.compiler.headers.uses import named_in_path
from flumec.compiler.model import Agent, Component, End, Fleet, Link, Value
from flumec.compiler.proofs.fanning import most_peers
from flumec.compiler.source import Span
from flumec.compiler.values import varies


class CopiesInOneStore(Diagnostic, code="FL361", severity="warning"):
    """A link copies each event to several hosts, and their sinks write into one store.

    With `policy = all` every receiver has every event. Where each writes to a disk of its own, that
    is one copy for each; in a store that is shared, such as HDFS, all of them lie beside each other
    and whoever reads the folder reads each event several times.

    With `failover` or `balance` each event is written once, by one of them. A folder for each host,
    `${host.name}` in the path, keeps the copies apart, as does a header in it that each receiver
    sets to its own name. `within` counts: where each sender has one peer there is one copy.

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
        return (Place(self.store, "all hosts write here"),)


def check_shared_stores(fleet: Fleet, graph: Graph) -> Iterator[Diagnostic]:
    """Yield links that copy to several hosts whose sinks write into one store."""
    for link in fleet.links:
        if policy_of(link) == "all":
            yield from _check(fleet, graph, link, link.values["policy"])


def _check(fleet: Fleet, graph: Graph, link: Link, policy: Value) -> Iterator[Diagnostic]:
    for end in link.targets:
        agent, copies = fleet.agents[end.agent], most_peers(fleet, link, end)
        within = graph.reachable([end.node]) if copies > 1 else ()
        for component in agent.components.values():
            node, store = (agent.name, component.name), _shared(agent, component)
            if store is None or node not in within or _parts(graph, agent, end, component):
                continue
            yield CopiesInOneStore(policy.span, ".".join(node), copies, store.span)


def _parts(graph: Graph, agent: Agent, end: End, sink: Component) -> bool:
    """Whether a sink's path has a header that each host sets to a value of its own before."""
    named = {header for header, _ in named_in_path(agent, sink)}
    ways = graph.between(end.node, (agent.name, sink.name)) if named else ()
    chains = [
        (*edge.chain.steps, *(edge.arm.steps if edge.arm is not None else ()))
        for edge in graph.outgoing.get(end.node, ())
        if edge.chain is not None and edge.end in ways
    ]
    return bool(chains) and all(named & told_behind(steps) for steps in chains)


def _shared(agent: Agent, sink: Component) -> Value | None:
    """Return where a sink writes what is not on its host, and the same on all of them."""
    declared = sink.declaration
    for name in declared.writes if declared is not None and sink.kind == "sink" else ():
        held = sink.values.get(name)
        if held is not None and agent.hosts.hosts and not varies(held.value):
            try:
                folder = declared.folder(name, held.value) if declared is not None else ""
            except ValueError:  # which was reported
                continue
            if folder is None:
                return held
    return None
