"""Whether events outlive the agents and hosts that a check says they survive."""

from collections.abc import Iterator, Sequence

from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Graph, Node
from flumec.compiler.model import Fault, Fleet, Proof
from flumec.compiler.proofs.peers import Peers
from flumec.compiler.proofs.room import Rooms
from flumec.compiler.proofs.scenes import Machines, count_of, faults_of
from flumec.compiler.proofs.survival import Losing, Loss, Taking
from flumec.compiler.proofs.taken import taking_of
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
    beside: tuple[str, ...] = ()
    """The faults that it happens together with, where alone it would be survived."""

    @property
    def message(self) -> str:
        return f'"{self.title}" does not hold'

    @property
    def label(self) -> str:
        return f"`{_name(self.loss.node)}` loses events"

    @property
    def notes(self) -> tuple[str, ...]:
        where = f"{_name(self.loss.node)}: {self.loss.reason}{self.most}"
        return (where, *_together_with(self.beside))

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

    What is for a lost host under `all` waits at its sender until a bundle leaves that host out.
    Once the channel there is full, it holds back the other copies too: `replaced` says how soon
    that bundle is installed, and FL628 asks for it.

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
      rate = 200KB/s
      survives = [lose(b, replaced = 1h)]
    }
    ```
    """

    title: str
    count: int
    loss: Loss
    most: str
    place: Span
    remedy: str
    beside: tuple[str, ...] = ()
    """The faults that it happens together with, where alone it would be survived."""

    @property
    def message(self) -> str:
        return f'"{self.title}" does not hold'

    @property
    def label(self) -> str:
        hosts = "a host" if self.count == 1 else f"{self.count} hosts"
        return f"with {hosts} `{_name(self.loss.node)}` loses events"

    @property
    def notes(self) -> tuple[str, ...]:
        where = f"{_name(self.loss.node)}: {self.loss.reason}{self.most}"
        return (where, *_together_with(self.beside))

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
        if not {"from", "to"} <= proof.values.keys():
            continue
        source, sink = proof.values["from"].value.node, proof.values["to"].value.node
        every = ((fault, taking_of(machines, graph, fault)) for fault in faults_of(proof))
        taking = [(fault, t) for fault, t in every if t is not None]

        def lost(*takings: Taking, source: Node = source, sink: Node = sink) -> Loss | None:
            loss = Losing(fleet, graph, peers, sink, takings).of(source)
            return None if loss.node is None else loss

        alone = [(fault, loss) for fault, t in taking if (loss := lost(t)) is not None]
        for fault, loss in alone:
            yield _said(fleet, rooms, proof, fault, loss)
        if not alone and len(taking) > 1 and (loss := lost(*(t for _, t in taking))) is not None:
            yield _together(fleet, rooms, proof, taking, loss)


def _together(
    fleet: Fleet, rooms: Rooms, proof: Proof, taking: Sequence[tuple[Fault, Taking]], loss: Loss
) -> Diagnostic:
    """Return what is lost by faults each of which is survived alone, at one of them."""
    assert loss.node is not None
    agent = fleet.agents[loss.node[0]]
    component = agent.components[loss.node[1]]
    fault = next(each for each, taken in taking if taken.why(agent, component))
    others = (each.span for each, _ in taking if each is not fault)
    beside = tuple(span.source.text[span.start : span.end] for span in others)
    return _said(fleet, rooms, proof, fault, loss, beside=beside)


def _together_with(beside: Sequence[str]) -> Iterator[str]:
    if beside:
        faults = ", ".join(f"`{fault}`" for fault in beside)
        yield f"alone it is survived; it comes together with {faults}"


def _said(
    fleet: Fleet, rooms: Rooms, proof: Proof, fault: Fault, loss: Loss, *,
    beside: tuple[str, ...] = (),
) -> Diagnostic:  # fmt: skip
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
        return LostWithHost(fault.span, title, count, loss, most, place, remedy, beside)
    remedy = f"`channel {component.name} : file` holds it on disk"
    if component.kind == "source":
        synced = getattr(component.declaration, "start", "none") == "acknowledgement"
        remedy = "`sync = commit` of its journal" if synced else "a source that can read again"
    return LostWithAgent(fault.span, title, loss, most, place, remedy, beside)
