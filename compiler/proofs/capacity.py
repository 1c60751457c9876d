"""What the checks of a fleet say of rates, made into answers: how long it lasts, and what then."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property
from math import inf

from flumec.compiler.choice import has_lanes
from flumec.compiler.graph import Graph, Node
from flumec.compiler.model import Fleet, Host
from flumec.compiler.proofs.fill import Spot
from flumec.compiler.proofs.filling import Filling
from flumec.compiler.proofs.held import Held, Tier
from flumec.compiler.proofs.levels import Levels
from flumec.compiler.proofs.load import Declared, Load, declared_rates, load_of
from flumec.compiler.proofs.peers import Machine, Peers, Receiver
from flumec.compiler.proofs.room import Rooms
from flumec.compiler.proofs.scenes import Machines, Scene
from flumec.compiler.proofs.settling import Settling
from flumec.compiler.proofs.takeover import Takeovers
from flumec.compiler.proofs.taking import Stores
from flumec.compiler.proofs.traffic import Use, traffic


class Capacity:
    """One fleet's loads and fillings, each made once."""

    def __init__(self, fleet: Fleet, graph: Graph) -> None:
        self.fleet, self.graph = fleet, graph
        self.rates: Mapping[Node, Declared] = declared_rates(fleet)
        self.peers, self.rooms = Peers(fleet), Rooms(fleet)
        self._fillings: dict[tuple[frozenset[Node], Scene], Filling] = {}
        self._upstream: dict[frozenset[Node], set[Node]] = {}
        self._fans: dict[tuple[int, Spot], tuple[int, int]] = {}

    def with_rate(self, source: Node, rate: Declared) -> "Capacity":
        """Return the same where a source has a rate; what follows from no rate is shared."""
        of_rates = ("load", "_rated", "traffic", "takeovers")
        shared = {"machines": self.machines, "_heard": self._heard}
        kept = {name: held for name, held in vars(self).items() if name not in of_rates}
        made = copy(self)
        made.__dict__ = {**kept, **shared, "_fillings": {}, "_fans": {}}
        made.rates = {**self.rates, source: rate}
        return made

    @cached_property
    def machines(self) -> Machines:
        """Where agents are."""
        return Machines(self.fleet)

    @cached_property
    def stores(self) -> Stores:
        """The stores of which the file says what they take."""
        return Stores(self.fleet, self.graph)

    @cached_property
    def measured(self) -> dict[str, Host]:
        """The hosts of which the file says how fast their network or disk is."""
        fleet = self.fleet
        return {
            host.name: host
            for hosts in [*fleet.host_sets.values(), *(a.hosts for a in fleet.agents.values())]
            for host in hosts.hosts
            if "nic" in host.facts or "disk_rate" in host.facts
        }

    @cached_property
    def load(self) -> Load:
        """What comes to every component at the highest rates."""
        rates = {node: said.most for node, said in self.rates.items()}
        return load_of(self.fleet, self.graph, self.peers, rates)

    @cached_property
    def traffic(self) -> dict[str, Use]:
        """What every host has to do at the highest rates."""
        return traffic(self.fleet, self.graph, self.peers, self.load)

    @cached_property
    def takeovers(self) -> Takeovers:
        """How fast those are who take over."""
        return Takeovers(self)

    def load_by(self, ways: Collection[Node], dead: frozenset[Machine]) -> Load:
        """Return what comes to components, where nothing else is looked at: all that leads to one
        of them has to be among them.
        """
        rates = {node: self.rates[node].most for node in ways if node in self.rates}
        return load_of(self.fleet, self.graph, self.peers, rates, dead=dead, ways=ways)

    def filling(self, ends: frozenset[Node], scene: Scene) -> Filling:
        """Return when channels are full that lead to one of some ends, in a scene.

        What comes to them comes through what leads there; nothing else is looked at.
        """
        key = ends, scene
        if key not in self._fillings:
            self._fillings[key] = self._filled(ends, scene)
        return self._fillings[key]

    def _filled(self, ends: frozenset[Node], scene: Scene) -> Filling:
        lay = Levels() if scene.earlier is None else self._lay(ends, scene, scene.earlier)
        if scene.earlier is not None and lay.nothing:
            return self.filling(ends, replace(scene, earlier=None, since=0.0))
        if ends not in self._upstream:
            self._upstream[ends] = self.graph.leading_to(*ends)
        load, passing = self.load_by(self._upstream[ends], scene.dead), self.takeovers.of(scene)
        given = self.fleet, self.graph, self.peers, self.rooms, load, scene, passing
        lies = lay if lay.nothing else Settling(*given, lay=lay).settled()
        return Filling(*given, lies=lies)

    def _lay(self, ends: frozenset[Node], scene: Scene, earlier: Scene) -> Levels:
        """Return what waits when a scene begins, before sources too that come back with it."""
        lay = self.filling(ends, earlier).levels(scene.since)
        for node, host in self.unread(earlier) - self.unread(scene):
            lay.add(node, host, self.rates[node].most * scene.since)
        return lay

    def held(self, source: Node, ends: frozenset[Node], scene: Scene) -> Held | None:
        """Return when a source first waits for an end, or loses what comes; None: never."""
        if not self.fills(scene):
            return None
        filling = self.filling(ends, self.without_idle(scene))
        found = [*self._waits(filling, source), *self._leaks(filling, source)]
        first = min(found, key=lambda one: one.after, default=None)
        if first is None or scene.earlier is None:
            return first
        before = self.held(source, ends, scene.earlier)
        return before if before is not None and before.after < scene.since else first

    def stopped(self, source: Node, ends: frozenset[Node], scene: Scene) -> Held | None:
        """Return when a source first waits for an end, whatever is lost before; None: never."""
        if not self.fills(scene):
            return None
        filling = self.filling(ends, self.without_idle(scene))
        return next(self._waits(filling, source), None)

    def without_idle(self, scene: Scene) -> Scene:
        """Return a scene without the dead that only send less: nothing is full later by them, so
        that the scenes of many checks are one.
        """
        heard = self._heard
        dead = frozenset(one for one in scene.dead if one[0] in heard)
        earlier = None if scene.earlier is None else self.without_idle(scene.earlier)
        return replace(scene, dead=dead, earlier=earlier)

    def fills(self, scene: Scene) -> bool:
        """Return whether any channel fills in a scene: something is out, cut, or dead that others
        send to.
        """
        heard = any(name in self._heard for name, _ in scene.dead)
        return bool(scene.out or scene.cut or heard)

    def unread(self, scene: Scene) -> frozenset[Spot]:
        """Return the sources to which something comes in a scene while their agents are down, and
        waits for them: lines in files, and what clients have no other host for.
        """
        down: dict[str, set[str]] = defaultdict(set)
        for name, host in scene.dead - scene.gone - scene.dark:
            down[name].add(host)
        return frozenset(
            (node, host)
            for name, hosts in down.items()
            for node in self._rated.get(name, ())
            if self._waits_for(node, scene)
            for host in hosts
        )

    def _waits_for(self, node: Node, scene: Scene) -> bool:
        """Whether what comes to a source waits for its host, and for no other one."""
        agent = self.fleet.agents[node[0]]
        declared = agent.components[node[1]].declaration
        if getattr(declared, "refuses", False):
            return all((agent.name, host.name) in scene.dead for host in agent.hosts.hosts)
        return bool(getattr(declared, "reads", ()))

    @cached_property
    def _rated(self) -> dict[str, list[Node]]:
        """The sources of each agent of which a check says how much comes."""
        found: dict[str, list[Node]] = defaultdict(list)
        for node in self.rates:
            found[node[0]].append(node)
        return found

    @cached_property
    def _heard(self) -> set[str]:
        """The agents whose work others take over: they receive from links, or from clients."""
        found = set(self.fed)
        for agent in self.fleet.agents.values():
            for component in agent.components.values():
                if getattr(component.declaration, "refuses", False):
                    found.add(agent.name)
        return found

    @cached_property
    def fed(self) -> set[str]:
        """The agents that others send to."""
        return {end.agent for link in self.fleet.links for end in link.targets}

    def _waits(self, filling: Filling, source: Node) -> Iterator[Held]:
        """Yield when a source waits, on the host where that is first."""
        stops = [(filling.stop(source, host), host) for host in filling.load.into.get(source, ())]
        (after, spot), _ = min(stops, key=lambda one: one[0][0], default=((inf, None), ""))
        if spot is not None:
            yield self._held(filling, spot, after)

    def _leaks(self, filling: Filling, source: Node) -> Iterator[Held]:
        """Yield when channels on the way of a source lose what they have no room for."""
        reached = self.graph.reachable([source]) if filling.leaking else set()
        for node in sorted(reached & filling.leaking):
            left_out = any(e.optional and e.start in reached for e in self.graph.writers(node))
            for host, fill in filling.fills[node].items():
                if left_out or not fill.blocks:
                    leak = "it is left out" if fill.blocks else "the oldest events are dropped"
                    yield self._held(filling, (node, host), fill.full, leak)

    def _held(self, filling: Filling, spot: Spot, after: float, leak: str = "") -> Held:
        tiers = self._tiers(filling, spot)
        return Held(spot[1], after, tiers, leak, self._lost(filling.scene, tiers[0].spot))

    def _lost(self, scene: Scene, spot: Spot) -> tuple[Machine, ...]:
        """Return the peers that a channel waits for although they never come back, and no bundle
        leaves them out in time.
        """
        link = self.peers.link_from(spot[0])
        if link is None or not scene.waited_for:
            return ()
        near = [one.machine for one in self.peers.near(link, self.host(spot))]
        lost = tuple(machine for machine in near if machine in scene.waited_for)
        each_waits = has_lanes(link)
        return lost if each_waits or len(lost) == len(near) else ()

    def _tiers(self, filling: Filling, spot: Spot) -> tuple[Tier, ...]:
        """Return the channels that are full once one is, the one before what is out first."""
        tiers: list[Tier] = []
        at: Spot | None = spot
        while at is not None:
            fill = filling.fills[at[0]][at[1]]
            tiers.insert(0, Tier(at, fill, *self._fan(filling.load, at)))
            at = fill.next
        return tuple(tiers)

    def _fan(self, load: Load, spot: Spot) -> tuple[int, int]:
        """Return how many hosts send to a channel and its like, and how many of those there are."""
        key = id(load), spot
        if key not in self._fans:
            senders, receivers = 0, {(spot[0][0], spot[1])}
            for count, near in self._sending_to(load, spot):
                senders += count
                receivers |= {one.machine for one in near if one.host.name in load.into[one.end]}
            self._fans[key] = senders, len(receivers)
        return self._fans[key]

    def _sending_to(self, load: Load, spot: Spot) -> Iterator[tuple[int, Sequence[Receiver]]]:
        """Yield how many hosts have a channel among the receivers of a link, and those."""
        for node in self._doors(spot[0]):
            for edge in self.graph.writers(node):
                link = self.peers.link_from(edge.start) if edge.kind == "link" else None
                if link is None:
                    continue
                hosts = self.peers.hosts(edge.start[0])
                there = [hosts[name] for name in load.into.get(edge.start, ())]
                for near, count in self.peers.places(link, there):
                    if any(one.machine == (spot[0][0], spot[1]) for one in near):
                        yield count, near

    def _doors(self, node: Node) -> Iterator[Node]:
        """Yield where what comes to a channel enters its agent by a link: itself, or its source."""
        yield node
        for edge in self.graph.writers(node):
            if edge.kind == "chain":
                yield edge.start

    def host(self, spot: Spot) -> Host:
        """Return a spot's host."""
        return self.peers.hosts(spot[0][0])[spot[1]]
