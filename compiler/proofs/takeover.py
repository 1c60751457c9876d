"""How fast those are who take over in a scene, for what then comes to them.

What is too slow at all times is told by rules of its own (FL622, FL626); here it counts as fast
enough, so that it is told once.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from flumec.compiler.graph import Node
from flumec.compiler.model import Link
from flumec.compiler.proofs import figures
from flumec.compiler.proofs.load import Load
from flumec.compiler.proofs.passing import NOTHING, OPEN, Passing, Strait
from flumec.compiler.proofs.scenes import Scene
from flumec.compiler.proofs.taking import Store
from flumec.compiler.proofs.traffic import Use, traffic
from flumec.compiler.proofs.words import dotted

if TYPE_CHECKING:
    from flumec.compiler.proofs.capacity import Capacity


class Takeovers:
    """What passes in each scene of a fleet, each found once."""

    def __init__(self, capacity: "Capacity") -> None:
        self._capacity = capacity
        self._made: dict[object, Passing] = {}

    def of(self, scene: Scene) -> Passing:
        """Return what passes in a scene."""
        capacity = self._capacity
        if not capacity.measured and not capacity.stores.all:
            return NOTHING
        key = scene.dead, scene.out
        if key not in self._made:
            self._made[key] = self._passing(scene)
        return self._made[key]

    def _passing(self, scene: Scene) -> Passing:
        capacity = self._capacity
        burdened = capacity.graph.reachable(tuple(self._taking_over(scene)))
        agents = {name for name, _ in burdened}
        hosts = {
            host.name
            for name in agents
            for host in capacity.fleet.agents[name].hosts.hosts
            if host.name in capacity.measured and (name, host.name) not in scene.dead
        }
        stores = {store for node in burdened for store in capacity.stores.of_sink.get(node, ())}
        if not hosts and not stores:
            return NOTHING
        along = {name for host in hosts for name, _ in capacity.machines.on(host)}
        ends = {(name, part) for name in along for part in capacity.fleet.agents[name].components}
        ends |= {node for store in stores for node in store.hosts}
        load = capacity.load_by(capacity.graph.leading_to(*ends), scene.dead)
        parts = capacity.stores.parts_without(scene.out)
        written = self._stores(stores, load, parts)
        return Passing(*self._networks(scene, hosts, load), written, parts)

    def _stores(
        self, stores: Iterable[Store], load: Load, parts: Mapping[Node, float]
    ) -> dict[tuple[Node, str], Strait]:
        """Return what stores take of what comes to them, by the sinks that write there."""
        found: dict[tuple[Node, str], Strait] = {}
        usually = self._capacity.stores.parts
        for store in stores:
            comes = store.total(load, parts)
            if comes and store.total(self._capacity.load, usually) <= store.takes:
                text = _said(store.text, "take", comes, "it takes", store.takes)
                strait = Strait(store.takes / comes, text)
                for node, hosts in store.hosts.items():
                    found |= dict.fromkeys(((node, host) for host in hosts), strait)
        return found

    def _taking_over(self, scene: Scene) -> Iterator[Node]:
        """Yield what gets more where something is not there."""
        fleet, dead = self._capacity.fleet, {name for name, _ in scene.dead}
        for name in dead:
            for link in self._into.get(name, ()):
                yield from (end.node for end in link.targets)
            for component in fleet.agents[name].components.values():
                if getattr(component.declaration, "refuses", False):
                    yield name, component.name
        groups = self._capacity.stores.groups if scene.out else {}
        for node in scene.out & groups.keys():
            yield from groups[node][1]

    def _networks(
        self, scene: Scene, hosts: Iterable[str], load: Load
    ) -> tuple[dict[str, Strait], dict[str, Strait]]:
        """Return what networks and disks of hosts pass: of what is sent to them, and send on."""
        capacity = self._capacity
        received: dict[str, Strait] = {}
        sent: dict[str, Strait] = {}
        uses = traffic(capacity.fleet, capacity.graph, capacity.peers, load, scene.dead)
        out = [dotted(node) for node in scene.out if node not in capacity.stores.groups]
        for host in hosts:
            facts, now = capacity.measured[host].facts, uses.get(host, Use())
            for sink in out:
                now.sent.pop(sink, None)
            usual = capacity.traffic.get(host, Use())
            both = zip(now.parts, usual.parts, strict=True)
            for (verb, fact, each), (_, _, usually) in both:
                comes, speed = sum(each.values()), facts.get(fact)
                if speed is None or not comes or sum(usually.values()) > speed:
                    continue
                strait = Strait(speed / comes, _said(host, verb, comes, f"its {fact} is", speed))
                side = sent if verb == "send" else received
                side[host] = min(strait, side.get(host, OPEN), key=lambda one: one.ratio)
        return received, sent

    @cached_property
    def _into(self) -> dict[str, list[Link]]:
        """The links into each agent."""
        found: dict[str, list[Link]] = {}
        for link in self._capacity.fleet.links:
            for name in {end.agent for end in link.targets}:
                found.setdefault(name, []).append(link)
        return found


def _said(who: str, verb: str, comes: float, fact: str, speed: float) -> str:
    return f"{who} has to {verb} {figures.rate(comes)}, and {fact} {figures.rate(speed)}"
