"""How events go on from a component on hosts that are alike, and what goes along with it.

An event is copied, or sent to whichever works: then one way is enough. Which arm of a route it
takes, and which host a `hash` gives it to, is not the fleet's to choose: then each way must work.
"""

from collections.abc import Collection, Sequence
from typing import Literal, NamedTuple

from flumec.compiler.choice import policy_of
from flumec.compiler.cuts.alike import Alike, Alikes
from flumec.compiler.cuts.disks import Disks
from flumec.compiler.cuts.element import Element, Kind
from flumec.compiler.facts import fact_of
from flumec.compiler.graph import Graph, Node
from flumec.compiler.model import Fleet, Link
from flumec.compiler.proofs.arriving import Arriving, Ends
from flumec.compiler.proofs.peers import Peers, Receiver
from flumec.compiler.proofs.uneven import Uneven
from flumec.compiler.proofs.words import dotted


class Place(NamedTuple):
    """A component on hosts that are alike."""

    node: Node
    alike: Alike


Copy = tuple[tuple[Place, ...], ...]
"""Arms that must all work, each by any of its places."""


class Step(NamedTuple):
    """Where events go on to: one of `copies` is enough."""

    copies: tuple[Copy, ...] = ()
    to: Literal["itself", "any", "each"] = "itself"
    """Of a place's hosts: the one that events are on already, whichever works, or each its part."""
    link: str = ""
    """The channel that it is sent from to other hosts."""

    def to_those(self, alive: Collection[Place]) -> "Step":
        """Return what is left of it where only some places lead anywhere."""
        if all(place in alive for copy in self.copies for arm in copy for place in arm):
            return self
        kept = (
            tuple(arm for each in copy if (arm := tuple(one for one in each if one in alive)))
            for copy in self.copies
        )
        return self._replace(copies=tuple(copy for copy in kept if copy))


class Circuit:
    """The whole fleet; what is the same of many senders is made once."""

    def __init__(self, fleet: Fleet, graph: Graph) -> None:
        self.fleet, self.graph = fleet, graph
        self.peers, self.disks = Peers(fleet), Disks(fleet, graph)
        self.alikes = Alikes(fleet, self.disks)
        self._uneven = graph.derived(Uneven)
        self._sent: dict[object, Copy] = {}
        self._labels: dict[Place, tuple[Element, ...]] = {}
        self._needs: dict[tuple[Place, Kind], Sequence[tuple[Element, ...]]] = {}

    def step(self, place: Place, arriving: Arriving) -> Step:
        """Return how events go on from a place to a sink."""
        if (link := self.peers.link_from(place.node)) is not None:
            apart = self._are_apart(link, arriving)
            copy = self._receivers(link, place.alike, arriving, apart=apart)
            return Step((copy,) if copy else (), "each" if apart else "any", dotted(place.node))

        def places(ends: Ends) -> tuple[Place, ...]:
            return tuple(Place(edge.end, place.alike) for edge in ends)

        copies = arriving.copies(place.node)
        return Step(tuple(tuple(map(places, arms)) for arms in copies))

    def _are_apart(self, link: Link, arriving: Arriving) -> bool:
        """Return whether what one receiver gets on to the sink is not what another one does."""
        if policy_of(link) != "all":
            return policy_of(link) == "hash"
        return self._uneven.behind((end.node for end in link.targets), arriving.sink)

    def _receivers(self, link: Link, alike: Alike, arriving: Arriving, *, apart: bool) -> Copy:
        near, within = self.peers.near(link, alike.first), link.values.get("within")
        here = {one.end for one in near} & arriving.leading
        ends = [end.node for end in link.targets if end.node in here]
        groups = arriving.together(ends) if policy_of(link) == "all" else [ends]
        path = "" if within is None else str(within.value)
        fact = fact_of(path, alike.first) if path else None
        key = tuple(map(tuple, groups)), apart, path, fact
        if key not in self._sent:
            arms = (self._places(near, group) for group in groups)
            found = tuple(arm for arm in arms if arm)
            self._sent[key] = tuple((place,) for arm in found for place in arm) if apart else found
        return self._sent[key]

    def _places(self, near: Sequence[Receiver], ends: Collection[Node]) -> tuple[Place, ...]:
        holding = self.alikes.holding
        there = (Place(o.end, holding(o.end[0], o.host.name)) for o in near if o.end in ends)
        return tuple(dict.fromkeys(there))

    def labels(self, place: Place) -> tuple[Element, ...]:
        """Return what goes with a component: its host, its site, the disks that it needs."""
        if place not in self._labels:
            host, count = place.alike.first, len(place.alike.hosts)
            found = [Element("host", host.name, count)]
            if "site" in host.facts:
                found.append(Element("site", str(host.facts["site"])))
            folders = self.disks.needed(place.node, host)
            found += (Element.disk(host.name, folder, count) for folder in folders)
            self._labels[place] = tuple(found)
        return self._labels[place]

    def needs(self, place: Place, kind: Kind) -> Sequence[tuple[Element, ...]]:
        """Return what a component needs of a kind, each as it is on the place's hosts, in order."""
        key = place, kind
        if key not in self._needs:
            labels = (label for label in self.labels(place) if label.kind == kind)
            self._needs[key] = [self.each_of(place, label) for label in labels]
        return self._needs[key]

    def each_of(self, place: Place, label: Element) -> tuple[Element, ...]:
        """Return what a label stands for on each of a place's hosts: folders may go by the host."""
        if label.kind not in ("host", "disk") or label.of == 1:
            return (label,)
        hosts, node = place.alike.hosts, place.node
        if label.kind == "host":
            return tuple(Element("host", host.name) for host in hosts)
        number = self.disks.needed(node, hosts[0]).index(label.folder)
        folders = (self.disks.needed(node, host)[number] for host in hosts)
        return tuple(
            Element.disk(host.name, folder) for host, folder in zip(hosts, folders, strict=True)
        )
