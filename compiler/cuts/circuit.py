"""How events go on from a component on hosts that are alike, and what goes along with it.

An event is copied, or sent to whichever works: then one way is enough. Which arm of a route it
takes, and which host a `hash` gives it to, is not the fleet's to choose: then each way must work.
"""

from collections.abc import Collection, Iterable
from typing import Literal, NamedTuple

from flumec.compiler.choice import policy_of
from flumec.compiler.cuts.alike import Alike, Alikes
from flumec.compiler.cuts.element import Element
from flumec.compiler.facts import fact_of
from flumec.compiler.graph import Edge, Graph, Node
from flumec.compiler.lying import journal_of
from flumec.compiler.model import Fleet, Link
from flumec.compiler.proofs.homes import homes
from flumec.compiler.proofs.peers import Peers
from flumec.compiler.proofs.survival import folder_of
from flumec.compiler.proofs.words import dotted
from flumec.compiler.values import resolve
from flumec.runtime.component import Channel, Source


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
        self.peers, self.alikes = Peers(fleet), Alikes(fleet)
        self._sent: dict[object, Copy] = {}
        self._labels: dict[Place, tuple[Element, ...]] = {}

    def step(self, place: Place, leading: Collection[Node]) -> Step:
        """Return how events go on from a place by components of `leading`."""
        if (link := self.peers.link_from(place.node)) is not None:
            copy = self._receivers(link, place.alike, leading)
            to: Literal["any", "each"] = "each" if policy_of(link) == "hash" else "any"
            return Step((copy,) if copy else (), to, dotted(place.node))
        edges = [
            edge
            for edge in self.graph.outgoing.get(place.node, ())
            if edge.kind == "chain" and edge.end in leading
        ]
        return Step(tuple(_copies(edges, place.alike)))

    def _receivers(self, link: Link, alike: Alike, leading: Collection[Node]) -> Copy:
        ends = tuple(end.node for end in link.targets)
        ends = tuple(end for end in ends if end in leading)
        within, by_hash = link.values.get("within"), policy_of(link) == "hash"
        path = "" if within is None else str(within.value)
        key = ends, by_hash, path, fact_of(path, alike.first) if path else None
        if key not in self._sent:
            near = self.peers.near(link, alike.first)
            places = dict.fromkeys(
                Place(one.end, self.alikes.holding(one.end[0], one.host.name))
                for one in near
                if one.end in ends
            )
            one_each = tuple((place,) for place in places)
            self._sent[key] = one_each if by_hash or not places else (tuple(places),)
        return self._sent[key]

    def labels(self, place: Place) -> tuple[Element, ...]:
        """Return what goes with a component: its host, its site, the disk that it needs."""
        if place not in self._labels:
            host, count = place.alike.first, len(place.alike.hosts)
            found = [Element("host", host.name, count)]
            if "site" in host.facts:
                found.append(Element("site", str(host.facts["site"])))
            where = self.disk(place)
            if where is not None:
                found.append(Element("disk", f"{host.name}:{where}".rstrip(":"), count))
            self._labels[place] = tuple(found)
        return self._labels[place]

    def disk(self, place: Place) -> str | None:
        """Return the folder that a component needs; empty: its agent's state; None: none."""
        agent, host = self.fleet.agents[place.node[0]], place.alike.first
        component = agent.components[place.node[1]]
        declaration = component.declaration
        journal = None
        if component.kind == "sink":
            return folder_of(component, host)
        if declaration is not None and issubclass(declaration, Channel) and declaration.on_disk:
            journal = journal_of(agent, component.name)
        if declaration is not None and issubclass(declaration, Source) and declaration.replayable:
            journal = homes(agent)[1].get(component.name)
        declared = agent.journals.get(journal or "")
        directory = None if declared is None else declared.values.get("directory")
        if directory is not None:
            return str(resolve(directory.value, host, host.address))
        return None if journal is None else ""


def _copies(edges: Iterable[Edge], alike: Alike) -> Iterable[Copy]:
    """Yield the copies that the chains of one component make, each arm by arm."""
    chains: dict[int, dict[int, list[Edge]]] = {}
    for edge in edges:
        chains.setdefault(id(edge.chain), {}).setdefault(id(edge.arm), []).append(edge)
    for arms in chains.values():
        yield tuple(_targets(arm, alike) for arm in arms.values())


def _targets(arm: list[Edge], alike: Alike) -> tuple[Place, ...]:
    """Return where one arm puts copies; into an optional channel only perhaps."""
    sure = [edge for edge in arm if not edge.optional] or arm
    return tuple(Place(edge.end, alike) for edge in sure)
