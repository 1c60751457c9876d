"""Whether a link would wait for good for a host that a check says may be lost."""

from collections.abc import Iterator
from math import inf

from flumec.compiler.choice import has_lanes, policy_of
from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Graph, Node
from flumec.compiler.model import Fault, Fleet, Link, Proof
from flumec.compiler.proofs import figures
from flumec.compiler.proofs.awaited import awaited, ways_to
from flumec.compiler.proofs.capacity import Capacity
from flumec.compiler.proofs.held import Held
from flumec.compiler.proofs.load import Declared
from flumec.compiler.proofs.scenes import RESTART, faults_of, length_of, scenes, timed
from flumec.compiler.proofs.waiting import untold, wait_of
from flumec.compiler.proofs.words import dotted
from flumec.compiler.source import Span


class WaitsForLostHost(Diagnostic, code="FL628", severity="warning"):
    """A check survives that a host is lost, and a link waits for it for good.

    Nothing is lost at the other hosts, and for a while they get what they should. But the sender
    keeps what is for the lost one until its channel is full; then it takes nothing more, and the
    others get nothing either: those of the same link, and those of any other channel that the same
    source puts into. By `all` and `hash` a link waits for each host, by other policies for the last
    one that is left. A bundle without the host ends that, if it comes in time. `replaced` says how
    soon it does, and is held against the room of all channels, as an outage is.

    ## Example

    ```flow
    hosts web = ["web-1"]

    hosts core = ["core-1", "core-2"]

    agent a on web {
      source access : taildir {
        files = ["/var/log/nginx/access.log"]
      }

      channel spool : file {
        size = 4GiB
      }

      access -> spool
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
      from = a.access
      to = b.store
      rate = 200KB/s
      survives = [lose(b)]
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    hosts core = ["core-1", "core-2"]

    agent a on web {
      source access : taildir {
        files = ["/var/log/nginx/access.log"]
      }

      channel spool : file {
        size = 4GiB
      }

      access -> spool
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
      from = a.access
      to = b.store
      rate = 200KB/s
      survives = [lose(b, replaced = 4h)]
    }
    ```
    """

    waits: str
    """What waits: `policy = all`, or a link by its channel."""
    source: str
    """The source that the check is about."""
    fault: Span
    held: Held
    consequence: str
    """What the source does once everything is full: `taildir pauses`."""
    why_untold: str
    """Why nobody can tell when that is; nothing where it can be told."""

    @property
    def message(self) -> str:
        return (
            f"{self.waits} waits for a lost host for good, and nothing says how soon it is replaced"
        )

    @property
    def label(self) -> str:
        full = f"`{dotted(self.held.tiers[-1].spot[0])}` is full"
        when = "in the end" if self.why_untold else f"after {figures.time(self.held.after)}"
        return f"{full} {when}; then nothing more comes from `{self.source}`"

    @property
    def notes(self) -> tuple[str, ...]:
        if self.why_untold:
            then = f"how soon {self.consequence} then cannot be told: {self.why_untold}"
            return (then,)
        *lines, last = (tier.text for tier in self.held.tiers)
        return (*lines, f"{last}; then {self.consequence}")

    @property
    def places(self) -> tuple[Place, ...]:
        return (Place(self.fault, f"`{self.held.lost[0][1]}` never comes back"),)

    @property
    def hint(self) -> str:
        within = "1h" if self.why_untold else figures.time(self.held.after)
        text = " ".join(self.fault.source.text[self.fault.start : self.fault.end].split())
        said = f"`{text.removesuffix(')').rstrip(' ,')}, replaced = {within})`"
        soon = "in time" if self.why_untold else f"within {within}"
        others = "a `policy` by which others take over: `failover`, `balance`"
        if not self.waits.startswith("`policy"):
            others = "another host that takes over, by `policy = failover`"
        return f"install a bundle without the host {soon}, and say so: {said}; or {others}"


def check_standstill(fleet: Fleet, graph: Graph) -> Iterator[Diagnostic]:
    """Yield links that wait for a host for good; each once, where that is soonest."""
    capacity = graph.derived(Capacity)
    soonest: dict[Span, WaitsForLostHost] = {}
    for proof in fleet.proofs:
        for found in _of_proof(capacity, proof):
            known = soonest.setdefault(found.span, found)
            soonest[found.span] = min(known, found, key=_how_soon)
    yield from soonest.values()


def _how_soon(found: WaitsForLostHost) -> tuple[bool, float]:
    return bool(found.why_untold), found.held.after


def _of_proof(capacity: Capacity, proof: Proof) -> Iterator[WaitsForLostHost]:
    lost = [each for each in faults_of(proof) if each.kind == "lose" and length_of(each) is None]
    if not lost or not {"from", "to"} <= proof.values.keys():
        return
    source = proof.values["from"].value.node
    awaiting = [ends for each in lost for ends in awaited(capacity, proof, each, (each,))]
    ways = ways_to(capacity, source, awaiting)
    reason, _ = untold(capacity, proof, ways) or ("", "")
    if source not in capacity.rates:
        capacity = capacity.with_rate(source, Declared(1.0, 1.0, proof.span))
    for node in sorted(ways):
        link = capacity.peers.link_from(node)
        if link is not None:
            for fault in lost:
                yield from _of_link(capacity, proof, link, fault, reason)


def _of_link(
    capacity: Capacity, proof: Proof, link: Link, fault: Fault, reason: str
) -> Iterator[WaitsForLostHost]:
    """Yield how a link comes to a standstill by one fault, where that is soonest."""
    source, node = proof.values["from"].value.node, link.sender.node
    stops = (
        capacity.stopped(source, frozenset({node}), scene)
        for scene in scenes(capacity.machines, (fault,), RESTART)
    )
    lasting = (one for one in stops if one is not None and one.lost)
    held = min(lasting, key=lambda one: one.after, default=None)
    if held is None:
        return
    waiting = wait_of(capacity, source, held, inf)
    if waiting is None or reason or not _is_outlasted(capacity, proof, node, held):
        component = capacity.fleet.agents[source[0]].components[source[1]]
        consequence = waiting.consequence if waiting else f"{component.type} waits"
        each_waits = has_lanes(link)
        place = link.values["policy"].span if each_waits else link.span
        waits = f"`policy = {policy_of(link)}`" if each_waits else f"`{dotted(node)}`"
        yield WaitsForLostHost(place, waits, dotted(source), fault.span, held, consequence, reason)


def _is_outlasted(capacity: Capacity, proof: Proof, node: Node, held: Held) -> bool:
    """Whether another fault of the list lasts for longer than channels do: that is FL601's."""
    source, faults = proof.values["from"].value.node, faults_of(proof)
    longer = (fault for fault, length in timed(faults) if length > held.after)
    awaiting = (awaited(capacity, proof, fault, faults) for fault in longer)
    return any(node in ways_to(capacity, source, ends) for ends in awaiting)
