"""Copies that a link makes on purpose stay apart: each receiver has a store of its own."""

from collections.abc import Iterator

from flumec.compiler.choice import policy_of
from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Graph
from flumec.compiler.model import Agent, Component, Fleet, Link, Value
from flumec.compiler.source import Span
from flumec.compiler.values import varies


class CopiesInOneStore(Diagnostic, code="FL361", severity="warning"):
    """A link copies each event to several hosts, and their sinks write into one store.

    With `policy = all` every receiver has every event. Where each writes to a disk of its own, that
    is one copy for each; in a store that is shared, such as HDFS, all of them lie beside each other
    and whoever reads the folder reads each event several times.

    With `failover` or `balance` each event is written once, by one of them. A folder for each host,
    `${host.name}` in the path, keeps the copies apart.

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
        agent = fleet.agents[end.agent]
        hosts = len(agent.hosts.hosts)
        within = graph.reachable([end.node]) if hosts > 1 else ()
        for component in agent.components.values():
            store = _shared(agent, component)
            if store is not None and (agent.name, component.name) in within:
                yield CopiesInOneStore(
                    policy.span, f"{agent.name}.{component.name}", hosts, store.span
                )


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
