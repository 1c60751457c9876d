"""What the faults of a check take: agents, hosts of them, and how many at once."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from flumec.compiler.graph import Graph
from flumec.compiler.lying import LyingByAgent
from flumec.compiler.model import Fault
from flumec.compiler.proofs.peers import Machine
from flumec.compiler.proofs.scenes import Machines, count_of
from flumec.compiler.proofs.survival import Taking, when_dark, when_killed, when_lost


def taking_of(machines: Machines, graph: Graph, fault: Fault) -> Taking | None:
    """Return what a fault may take; None where it takes no agent."""
    if fault.kind == "power":
        site = machines.at(str(fault.values["site"].value))
        return Taking(_by_agent(site), when_dark(graph.derived(LyingByAgent)))
    if fault.kind not in ("kill", "lose"):
        return None
    agent = machines.fleet.agents[str(fault.values["agent"].value)]
    hosts = [host.name for host in agent.hosts.hosts]
    if fault.kind == "kill":
        return Taking({agent.name: hosts}, when_killed, count_of(fault))
    along = (one for host in hosts for one in machines.on(host))
    return Taking(_by_agent(along), when_lost, count_of(fault))


def _by_agent(gone: Iterable[Machine]) -> Mapping[str, Collection[str]]:
    taken: dict[str, set[str]] = defaultdict(set)
    for name, host in gone:
        taken[name].add(host)
    return dict(taken)
