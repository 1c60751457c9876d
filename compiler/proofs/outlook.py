"""What comes of each outage that a check survives: until when channels last, when all is caught up.

Of all ways in which the faults of a check may take hosts, the worst for each of the two.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from flumec.compiler.graph import Graph, Node
from flumec.compiler.model import Fault, Fleet, Proof
from flumec.compiler.proofs.awaited import awaited, ways_to
from flumec.compiler.proofs.capacity import Capacity
from flumec.compiler.proofs.held import Held
from flumec.compiler.proofs.recovery import Narrow, Recoveries
from flumec.compiler.proofs.scenes import end_of, faults_of, scenes, timed
from flumec.runtime.quantity import Duration


@dataclass(frozen=True, slots=True)
class Outlook:
    """One outage of a check, or another fault that lasts."""

    proof: Proof
    fault: Fault
    length: Duration
    end: Node
    """What the fault is about: the sink, the link, or where the check ends."""
    held: Held | None
    """When the source waits first, or something is lost; None: never."""
    narrow: Narrow | None
    """The narrowest place afterwards; None: nothing waits, or nothing says how fast it is."""
    untold: tuple[str, str] | None
    """A host that what waited goes through, and the fact that would say how fast."""
    gone: bool
    """Whether hosts never come back."""
    unread: bool
    """Whether what comes to the source waits there, since its agent is down."""


def outlooks(fleet: Fleet, graph: Graph, proofs: Iterable[Proof]) -> Iterator[Outlook]:
    """Yield the outlook of each outage of some checks; nothing of a fleet with broken wiring."""
    if fleet.unsure or any(edge.kind == "misplaced" for edge in graph.edges):
        return
    capacity = graph.derived(Capacity)
    recoveries = Recoveries(capacity)
    for proof in proofs:
        rate = proof.values.get("rate")
        if rate is None or not rate.value.of_bytes or not {"from", "to"} <= proof.values.keys():
            continue
        for fault, length in timed(faults_of(proof)):
            if (found := _outlook(recoveries, proof, fault, length)) is not None:
                yield found


def _outlook(
    recoveries: Recoveries, proof: Proof, fault: Fault, length: Duration
) -> Outlook | None:
    capacity, source = recoveries.capacity, proof.values["from"].value.node
    end, to = end_of(proof, fault), proof.values["to"].value.node
    faults = faults_of(proof)
    awaiting = awaited(capacity, proof, fault, faults)
    ways = ways_to(capacity, source, awaiting)
    if end is None or not ways or not capacity.load.whole:
        return None
    ways |= capacity.graph.between(source, to)
    agents = (capacity.fleet.agents[name] for name in {node[0] for node in ways})
    hosts = dict.fromkeys(host.name for agent in agents for host in agent.hosts.hosts)
    stores = [store for node in ways for store in capacity.stores.of_sink.get(node, ())]
    held, narrow, gone, unread = [], [], False, False
    untold: tuple[str, str] | None = None
    for scene in scenes(capacity.machines, faults, length):
        held += [capacity.held(source, ends, scene) for ends in awaiting]
        found = recoveries.after(awaiting, scene, length)
        narrow.append(found.slowest([*hosts, *stores]))
        lacking = ((host, found.untold[host]) for host in hosts if host in found.untold)
        untold = untold or next(lacking, None)
        gone = gone or bool(scene.gone)
        unread = unread or any(node == source for node, _ in capacity.unread(scene))
    return Outlook(
        proof,
        fault,
        length,
        end,
        min((h for h in held if h is not None), key=lambda h: h.after, default=None),
        max((n for n in narrow if n is not None), key=lambda n: n.time, default=None),
        untold,
        gone,
        unread,
    )
