"""How long it takes to catch up after an outage: what waited, through the narrowest place.

What waits has to go through networks, disks and stores beside what goes on coming. Each place takes
`waiting / (speed - coming)`, and since all of them work at once, the whole takes as long as the
slowest. It begins when the outage ends: what was killed is back, what was lost is not.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import inf

from flumec.compiler.graph import Node
from flumec.compiler.proofs import figures
from flumec.compiler.proofs.awaited import Ends
from flumec.compiler.proofs.backlog import Backlog
from flumec.compiler.proofs.capacity import Capacity
from flumec.compiler.proofs.load import Load, flowing
from flumec.compiler.proofs.peers import Machine
from flumec.compiler.proofs.scenes import Scene
from flumec.compiler.proofs.taking import Store
from flumec.compiler.proofs.traffic import Use, arrives, traffic
from flumec.compiler.proofs.words import dotted
from flumec.runtime.quantity import Rate


@dataclass(frozen=True, slots=True)
class Narrow:
    """A network, disk or store, and how long it takes to do what was not done in an outage."""

    who: str
    verb: str
    fact: str
    speed: Rate
    waiting: float
    coming: float

    @property
    def time(self) -> float:
        """Return the seconds; infinite where as much comes as it can do."""
        spare = self.speed - self.coming
        return self.waiting / spare if spare > 0 else inf

    @property
    def text(self) -> str:
        """Return the calculation, as a sentence."""
        waiting, coming = figures.amount(self.waiting), figures.rate(self.coming)
        return (
            f"{self.who} has to {self.verb} {waiting} that waited, and {coming} that come, "
            f"at {figures.rate(self.speed)}"
        )


@dataclass(slots=True)
class Recovery:
    """After one outage: the narrowest place of each host, and those of which nothing is known."""

    narrow: dict[str | Store, Narrow] = field(default_factory=dict)
    """By the names of hosts, and by stores."""
    untold: dict[str, str] = field(default_factory=dict)
    """Hosts that what waited goes through, and that do not say how fast their `nic` is, or where
    nothing is sent, their `disk_rate`.
    """

    def slowest(self, places: Iterable[str | Store]) -> Narrow | None:
        """Return the slowest place of some hosts and stores."""
        found = (self.narrow[place] for place in places if place in self.narrow)
        return max(found, key=lambda one: one.time, default=None)


class Recoveries:
    """The recoveries of a fleet, each made once."""

    def __init__(self, capacity: Capacity) -> None:
        self.capacity = capacity
        self._coming: dict[tuple[frozenset[str], frozenset[Machine]], Mapping[str, Use]] = {}
        self._taken: dict[tuple[Store, frozenset[Machine]], float] = {}
        self._known: dict[tuple[tuple[Ends, ...], Scene, float], Recovery] = {}

    @cached_property
    def _position(self) -> Mapping[Node, int]:
        """Where each component comes in the order of the flow."""
        return {node: number for number, node in enumerate(self.capacity.load.order)}

    def after(self, awaiting: tuple[Ends, ...], scene: Scene, length: float) -> Recovery:
        """Return what it takes to catch up with what waited in a scene."""
        unread = self.capacity.unread(scene)
        scene = scene if unread else self.capacity.without_idle(scene)
        key = awaiting, scene, length
        if key not in self._known:
            waits = Backlog(self.capacity, length)
            waits.add_unread(unread)
            out = (frozenset({sink}) for sink in sorted(scene.out))
            for ends in dict.fromkeys((*awaiting, *out)) if self.capacity.fills(scene) else ():
                waits.add(self.capacity.filling(ends, scene))
            waiting, uses = self._passing(waits, scene.gone)
            found = self._known[key] = self._recovery(uses, scene.gone)
            found.narrow |= self._stores(waiting, scene.gone)
        return self._known[key]

    def _passing(self, waits: Backlog, gone: Collection[Machine]) -> tuple[Load, Mapping[str, Use]]:
        """Return the bytes of what waits that come to each component, and that each host has to
        receive, send and write.
        """
        capacity = self.capacity
        entering = {node: dict(at) for node, at in waits.held.items()}
        lanes = [lane for lane in waits.lanes.values() if lane.to.machine not in gone]
        for _, _, one, amount in lanes:
            at = entering.setdefault(one.end, {})
            at[one.host.name] = at.get(one.host.name, 0.0) + amount
        reached = self._position.keys() & capacity.graph.reachable(tuple(entering))
        load = flowing(
            capacity.graph,
            capacity.peers,
            tuple(sorted(reached, key=self._position.__getitem__)),
            entering=entering,
            dead=gone,
        )
        uses = traffic(capacity.fleet, capacity.graph, capacity.peers, load, gone)
        for sender, host, one, amount in lanes:
            uses.setdefault(host, Use()).sent[dotted(sender)] += amount
            arrives(capacity.fleet, sender, one, amount, uses.setdefault(one.host.name, Use()))
        return load, uses

    def _recovery(self, passing: Mapping[str, Use], gone: frozenset[Machine]) -> Recovery:
        found, coming = Recovery(), self._rates(frozenset(passing), gone)
        for name, use in passing.items():
            host, places, lacking = self.capacity.measured.get(name), [], set()
            further = coming.get(name, Use()).parts
            for (verb, fact, waiting), (_, _, comes) in zip(use.parts, further, strict=True):
                speed = None if host is None else host.facts.get(fact)
                if not (amount := sum(waiting.values())):
                    continue
                if host is None or speed is None:
                    lacking.add(fact)
                else:
                    come = sum(comes.values())
                    places.append(Narrow(name, verb, fact, speed, amount, come))
            if places:
                found.narrow[name] = max(places, key=lambda one: one.time)
            known = places or name in self.capacity.stores.on_hosts
            if "nic" in lacking or (lacking and not known):
                found.untold[name] = "nic" if "nic" in lacking else "disk_rate"
        return found

    def _stores(self, waiting: Load, gone: frozenset[Machine]) -> dict[str | Store, Narrow]:
        """Return how narrow each store is that what waits comes to."""
        found: dict[str | Store, Narrow] = {}
        stores = self.capacity.stores
        reached = (store for node in waiting.into for store in stores.of_sink.get(node, ()))
        for store in dict.fromkeys(reached):
            if waits := store.total(waiting, stores.parts):
                comes = self._takes(store, gone)
                found[store] = Narrow(store.text, "take", "takes", store.takes, waits, comes)
        return found

    def _takes(self, store: Store, gone: frozenset[Machine]) -> float:
        """Return what goes on coming to a store, where some never come back."""
        if (store, gone) not in self._taken:
            load = self._load(store.hosts, gone)
            self._taken[store, gone] = store.total(load, self.capacity.stores.parts)
        return self._taken[store, gone]

    def _rates(self, hosts: frozenset[str], gone: frozenset[Machine]) -> Mapping[str, Use]:
        """Return what goes on coming to some hosts, where some never come back."""
        one, key = self.capacity, (hosts if gone else frozenset(), gone)
        if key not in self._coming:
            agents = {name for host in hosts for name, _ in one.machines.on(host)}
            parts = ((name, part) for name in agents for part in one.fleet.agents[name].components)
            load = self._load(parts, gone)
            self._coming[key] = traffic(one.fleet, one.graph, one.peers, load, gone)
        return self._coming[key]

    def _load(self, ends: Iterable[Node], gone: frozenset[Machine]) -> Load:
        """Return what goes on coming to some components: where none is gone, as to all others."""
        if not gone:
            return self.capacity.load
        return self.capacity.load_by(self.capacity.graph.leading_to(*ends), gone)
