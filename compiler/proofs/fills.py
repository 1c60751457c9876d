"""What is known of how the channels of a fleet are filled in a scene, while it is found out."""

from dataclasses import dataclass, field
from math import inf

from flumec.compiler.graph import Node
from flumec.compiler.proofs.fill import Fill, Spot
from flumec.compiler.proofs.peers import Receiver
from flumec.compiler.proofs.stage import Stage


@dataclass(slots=True)
class Fills(Stage):
    """Channels that are full at some time, and sources that wait; those that never do are not."""

    fills: dict[Node, dict[str, Fill]] = field(default_factory=dict)
    asked: set[Node] = field(default_factory=set)
    """The components of which it is known."""
    stops: dict[Node, dict[str, tuple[float, Spot]]] = field(default_factory=dict)
    """When a source takes nothing more, and the channel that it waits for."""

    def stop(self, node: Node, host: str) -> tuple[float, Spot | None]:
        """Return from when on a source waits, and the channel that it waits for."""
        return self.stops.get(node, {}).get(host, (inf, None))

    def takes(self, one: Receiver) -> tuple[float, Spot | None]:
        """Return until when a receiver takes what is sent to it, and what it waits for then."""
        if one.machine in self.scene.dead:
            return self.scene.since, None
        fill = self.fills.get(one.end, {}).get(one.host.name)
        if fill is not None:
            return (fill.full, (one.end, one.host.name)) if fill.blocks else (inf, None)
        return self.stop(one.end, one.host.name)

    def behind(self, one: Receiver) -> Spot | None:
        """Return the channel of a receiver that holds senders back, if it is but one."""
        host, end = one.host.name, one.end
        spots = [
            (edge.end, host)
            for edge in self.graph.outgoing.get(end, ())
            if edge.kind == "chain" and not edge.optional and host in self.fills.get(edge.end, {})
        ]
        if self.kind(end) == "channel":
            spots = [(end, host)] if host in self.fills.get(end, {}) else []
        blocks = len(spots) == 1 and self.fills[spots[0][0]][host].blocks
        return spots[0] if blocks else None

    def put(self, one: Receiver, spot: Spot, fill: Fill) -> None:
        """Say how the channel of a receiver fills."""
        node, host = spot
        self.fills[node][host] = fill
        if node != one.end:
            self.stops[one.end][host] = fill.full, spot
