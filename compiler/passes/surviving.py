"""Whether events outlive the agents and hosts that a check says they survive."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Graph, Node
from flumec.compiler.model import Fault, Fleet, Proof
from flumec.compiler.proofs.peers import Machine, Peers
from flumec.compiler.proofs.room import Rooms
from flumec.compiler.proofs.scenes import Machines, count_of, faults_of
from flumec.compiler.proofs.survival import Frail, Losing, Loss, when_dark, when_killed, when_lost
from flumec.compiler.source import Span


class LostWithAgent(Diagnostic, code="FL610"):
    """Events end with a process or its power that a check says they survive.

    A killed agent comes back with its disk, and so does one whose site has no power for a while.
    What it held in memory is gone, and without power what it had not synced. Only another copy of
    the event helps, on a way of its own.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel spool : memory

      sink out : hdfs {
        path = "hdfs://nn.example.com/logs/%Y"
      }

      numbers -> spool
      spool -> out
    }

    check "a kill loses nothing" {
      from = a.numbers
      to = a.out
      survives = [kill(a)]
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source numbers : seq

      channel spool : file

      sink out : hdfs {
        path = "hdfs://nn.example.com/logs/%Y"
      }

      numbers -> spool
      spool -> out
    }

    check "a kill loses nothing" {
      from = a.numbers
      to = a.out
      survives = [kill(a)]
    }
    ```
    """

    title: str
    loss: Loss
    most: str
    """How much that may be, where it is known."""
    place: Span
    remedy: str

    @property
    def message(self) -> str:
        return f'"{self.title}" does not hold'

    @property
    def label(self) -> str:
        return f"`{_name(self.loss.node)}` loses events"

    @property
    def notes(self) -> tuple[str, ...]:
        return (f"{_name(self.loss.node)}: {self.loss.reason}{self.most}",)

    @property
    def places(self) -> tuple[Place, ...]:
        return (Place(self.place, "it is lost here"),)

    @property
    def hint(self) -> str:
        return self.remedy


class LostWithHost(Diagnostic, code="FL611"):
    """A host is gone for good, and with it events of which there is no other copy.

    `lose` is not `kill`: neither the host nor its disk comes back. What was acknowledged and not
    yet delivered lies in its journal, and what a file source has not read lies in its files. Only a
    copy elsewhere survives that: `policy = all` to more hosts than are lost, and a `dedup` where
    the copies meet; or clients that post to two machines.

    ## Example

    ```flow
    hosts web = ["web-1"]

    hosts core = ["core-1", "core-2"]

    agent a on web {
      source events : http {
        port = 8080
        tls = server
      }

      channel spool : file

      events -> spool
    }

    agent b on core {
      channel inbox : file

      sink store : hdfs {
        path = "hdfs://nn.example.com/logs/%Y"
      }

      inbox -> store
    }

    a.spool => b.inbox {
      port = 4141
      policy = failover
      tls = mutual
    }

    check "a collector may burn" {
      from = a.events
      to = b.store
      survives = [lose(b)]
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    hosts core = ["core-1", "core-2"]

    agent a on web {
      source events : http {
        port = 8080
        tls = server
      }

      channel spool : file

      events -> spool
    }

    agent b on core {
      channel inbox : file

      sink store : hdfs {
        path = "hdfs://nn.example.com/logs/${host.name}/%Y"
      }

      inbox -> store
    }

    a.spool => b.inbox {
      port = 4141
      policy = all
      tls = mutual
    }

    check "a collector may burn" {
      from = a.events
      to = b.store
      survives = [lose(b)]
    }
    ```
    """

    title: str
    count: int
    loss: Loss
    most: str
    place: Span
    remedy: str

    @property
    def message(self) -> str:
        return f'"{self.title}" does not hold'

    @property
    def label(self) -> str:
        hosts = "a host" if self.count == 1 else f"{self.count} hosts"
        return f"with {hosts} `{_name(self.loss.node)}` loses events"

    @property
    def notes(self) -> tuple[str, ...]:
        return (f"{_name(self.loss.node)}: {self.loss.reason}{self.most}",)

    @property
    def places(self) -> tuple[Place, ...]:
        return (Place(self.place, "it is lost here"),)

    @property
    def hint(self) -> str:
        return self.remedy


def _name(node: Node | None) -> str:
    return ".".join(node or ())


def check_surviving(fleet: Fleet, graph: Graph) -> Iterator[Diagnostic]:
    """Yield what checks say is survived, and loses events."""
    peers, rooms, machines = Peers(fleet), Rooms(fleet), Machines(fleet)
    for proof in fleet.proofs:
        for fault in faults_of(proof) if {"from", "to"} <= proof.values.keys() else ():
            found = _loss(machines, graph, peers, proof, fault)
            if found is not None and found.hosts <= _taken(fault):
                yield _said(fleet, rooms, proof, fault, found)


def _taken(fault: Fault) -> float:
    return 1e9 if fault.kind == "power" else count_of(fault)


def _loss(
    machines: Machines, graph: Graph, peers: Peers, proof: Proof, fault: Fault
) -> Loss | None:
    """Return how events are lost first with what a fault takes; None where it takes no agent."""
    if fault.kind == "power":
        gone: Iterable[Machine] = machines.at(str(fault.values["site"].value))
        frail: Frail = when_dark
    elif fault.kind in ("kill", "lose"):
        agent = machines.fleet.agents[str(fault.values["agent"].value)]
        hosts = [host.name for host in agent.hosts.hosts]
        alone = fault.kind == "kill"  # a host that is lost takes all of its agents along
        gone = (one for h in hosts for one in (((agent.name, h),) if alone else machines.on(h)))
        frail = when_killed if alone else when_lost
    else:
        return None
    taken: dict[str, set[str]] = defaultdict(set)
    for name, host in gone:
        taken[name].add(host)
    sink, source = proof.values["to"].value.node, proof.values["from"].value.node
    return Losing(machines.fleet, graph, peers, sink, taken, frail).of(source)


def _said(fleet: Fleet, rooms: Rooms, proof: Proof, fault: Fault, loss: Loss) -> Diagnostic:
    assert loss.node is not None
    agent = fleet.agents[loss.node[0]]
    component = agent.components[loss.node[1]]
    most = ""
    if component.kind == "channel" and agent.hosts.hosts:
        room = rooms.of(agent.name, component.name, agent.hosts.hosts[0])
        most = "" if room is None else f", up to {room.text_of(on_disk=fault.kind == 'lose')}"
    place, title = component.name_span, proof.title
    if fault.kind == "lose":
        count = count_of(fault)
        remedy = "another host that gets the same events, or a store that is no host of the fleet"
        if component.kind == "channel" and agent.name != proof.values["from"].value.agent:
            hosts = f"{count + 1} hosts or more"
            remedy = f"`policy = all` to {hosts}, and `dedup` where the copies meet"
        return LostWithHost(fault.span, title, count, loss, most, place, remedy)
    remedy = f"`channel {component.name} : file` holds it on disk"
    if component.kind == "source":
        synced = getattr(component.declaration, "start", "none") == "acknowledgement"
        remedy = "`sync = commit` of its journal" if synced else "a source that can read again"
    return LostWithAgent(fault.span, title, loss, most, place, remedy)
