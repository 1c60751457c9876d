"""What comes to components in a scene, where cut links let nothing pass and straits only a part:
bytes that wait before them do not come to what is behind, and count once.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from math import inf
from typing import NamedTuple

from flumec.compiler.choice import has_lanes, policy_of
from flumec.compiler.graph import Graph, Node
from flumec.compiler.model import Link
from flumec.compiler.proofs.load import Load, once
from flumec.compiler.proofs.passing import OPEN, Passing
from flumec.compiler.proofs.peers import Peers, Receiver, share
from flumec.compiler.proofs.scenes import Scene

_LEAST = 1e-9
"""A smaller part of what comes is an error of the calculation, and waits nowhere."""

_NONE: Mapping[str, float] = {}


class Coming(NamedTuple):
    """Bytes a second that come to a component on a host."""

    full: float
    """What would come if nothing waited before: straits are said as parts of it."""
    comes: float

    def part(self, share: float) -> "Coming":
        """Return a part of it."""
        return Coming(self.full * share, self.comes * share)

    def past(self, ratio: float) -> float:
        """Return what passes where so many times `full` would."""
        return self.comes if ratio == inf else min(self.comes, self.full * ratio)

    def left(self, ratio: float) -> float:
        """Return what does not pass there, and waits."""
        left = self.comes - self.past(ratio)
        return left if left > self.full * _LEAST else 0.0


class Arrivals:
    """What comes to the components of a load, each asked behind what leads to it."""

    def __init__(
        self, graph: Graph, peers: Peers, load: Load, passing: Passing, scene: Scene
    ) -> None:
        self._graph, self._peers, self._load = graph, peers, load
        self._passing, self._dead, self._cut = passing, scene.dead, scene.cut
        self._less: dict[Node, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        for node in load.order if passing.received or passing.sent or scene.cut else ():
            self._pass_on(node)

    def at(self, node: Node, host: str) -> Coming:
        """Return what comes to a component on a host."""
        full = self._load.into.get(node, _NONE).get(host, 0.0)
        return Coming(full, max(0.0, full - self._less.get(node, _NONE).get(host, 0.0)))

    def _pass_on(self, node: Node) -> None:
        """Add to what is behind a component what does not come there: it waits here, or before."""
        if node in self._less:
            for edge in once(self._graph.outgoing.get(node, ())):
                if edge.kind == "chain":
                    for host, missing in self._less[node].items():
                        self._less[edge.end][host] += missing
        link, into = self._peers.link_from(node), self._load.into.get(node)
        if link is not None and into:
            shared = policy_of(link) == "balance"
            kept = self._kept_of_shared(node, link) if shared else self._kept(node, link)
            for one, missing in kept:
                self._less[one.end][one.host.name] += missing

    def _kept(self, node: Node, link: Link) -> Iterator[tuple[Receiver, float]]:
        """Yield what does not come through a link, by those to whom it would."""
        kind, hosts = policy_of(link), self._peers.hosts(node[0])
        for name in self._load.into[node]:
            coming, near = self.at(node, name), self._peers.near(link, hosts[name])
            if has_lanes(link):
                parts = [(one, coming.part(share(one, near, kind))) for one in near]
            else:
                first = self._peers.preferred(link, hosts[name], self._dead)
                parts = [] if first is None else [(first, coming)]
            for one, part in parts:
                if one.machine not in self._dead:
                    ratio = 0.0 if node in self._cut else self._passing.to(one, name).ratio
                    yield one, part.full - part.past(ratio)

    def _kept_of_shared(self, node: Node, link: Link) -> Iterator[tuple[Receiver, float]]:
        """Yield the same where work is shared: what one does not take another one gets, and where
        all of them are too slow, each takes what it can.
        """
        hosts, passing = self._peers.hosts(node[0]), self._passing
        alive: dict[int, list[Receiver]] = {}
        takes: dict[int, float] = {}
        full: dict[int, float] = defaultdict(float)
        passes: dict[int, float] = defaultdict(float)
        for name in self._load.into[node]:
            near = self._peers.near(link, hosts[name])
            if (key := id(near)) not in alive:
                alive[key] = [one for one in near if one.machine not in self._dead]
                takes[key] = 0.0 if node in self._cut else passing.together(alive[key])
            coming = self.at(node, name)
            full[key] += coming.full
            passes[key] += coming.past(min(takes[key], passing.sent.get(name, OPEN).ratio))
        for key, among in alive.items():
            for one in among:
                own = passing.received.get(one.host.name, OPEN).ratio
                more = own / takes[key] if 0 < takes[key] < 1 else 1.0
                yield one, share(one, among, "balance") * (full[key] - passes[key] * more)
