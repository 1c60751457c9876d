"""One scene of a fleet, as far as its channels are asked how they are filled in it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from flumec.compiler.graph import Graph, Node
from flumec.compiler.model import Fleet, Group, Host
from flumec.compiler.proofs.coming import Arrivals
from flumec.compiler.proofs.holding import held_back
from flumec.compiler.proofs.load import Load
from flumec.compiler.proofs.passing import Passing
from flumec.compiler.proofs.peers import Peers, Receiver
from flumec.compiler.proofs.room import Room, Rooms
from flumec.compiler.proofs.scenes import Scene
from flumec.runtime.sinks.filing import CROWDED

_COUNTS = 0.02
"""Which part of a channel has to be held back until a roll so that it counts."""


@dataclass(slots=True)
class Stage:
    """What is there, what is not, and what comes where."""

    fleet: Fleet
    graph: Graph
    peers: Peers
    rooms: Rooms
    load: Load
    scene: Scene
    passing: Passing
    arrivals: Arrivals = field(init=False)
    """What comes to its channels, but for what waits before."""
    _alive: dict[int, list[Receiver]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """See what comes where."""
        given = self.graph, self.peers, self.load, self.passing
        self.arrivals = Arrivals(*given, self.scene)

    def kind(self, node: Node) -> str:
        """Return whether a component is a source, a channel or a sink."""
        return self.fleet.agents[node[0]].components[node[1]].kind

    def alive(self, near: Sequence[Receiver]) -> Sequence[Receiver]:
        """Return those of a list of receivers that are not dead; each is made once."""
        if id(near) not in self._alive:
            self._alive[id(near)] = [one for one in near if one.machine not in self.scene.dead]
        return self._alive[id(near)]

    def sinks(self, node: Node) -> tuple[str, list[Node]]:
        """Return the sinks that a channel leads to, and how it chooses if they are a group."""
        edges = [edge for edge in self.graph.outgoing.get(node, ()) if edge.kind == "chain"]
        for edge in edges:
            if edge.chain is not None and isinstance(group := edge.chain.end, Group):
                ends = [e.end for e in edges if e.chain is not None and e.chain.end is group]
                return group.kind, ends
        return "", [edge.end for edge in edges[:1]]

    def working(self, sinks: list[Node]) -> list[Node]:
        """Return the sinks that are not out."""
        return [sink for sink in sinks if sink not in self.scene.out]

    def held_back(self, node: Node, host: Host, room: Room) -> tuple[float, float]:
        """Return what its sinks hold back in a channel until they roll their files, and what they
        would, had it room for that.
        """
        edges, rate = self.graph.outgoing.get(node, ()), self.arrivals.at(node, host.name).comes
        back = max((held_back(self.fleet, self.graph, e.end, host, rate) for e in edges), default=0)
        held = min(back, CROWDED * room.bytes)
        return (held, back) if held >= _COUNTS * room.bytes else (0.0, 0.0)
