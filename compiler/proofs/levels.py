"""What lies in channels, and what waits before sources, at a time."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

from flumec.compiler.graph import Node
from flumec.compiler.proofs.peers import Receiver

Lanes = dict[tuple[Node, str], float]
"""What a channel on a host holds for each receiver alone, by its component and its host."""


@dataclass(slots=True)
class Levels:
    """Bytes of events by components and hosts, where links give each receiver its own by those."""

    spots: dict[Node, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    lanes: dict[Node, dict[str, Lanes]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, node: Node, host: str, amount: float) -> None:
        """Add to what lies somewhere."""
        at = self.spots[node]
        at[host] = at.get(host, 0.0) + amount

    def at(self, node: Node, host: str) -> float:
        """Return what lies somewhere."""
        at = self.spots.get(node)
        return 0.0 if at is None else at.get(host, 0.0)

    def set_for(self, node: Node, host: str, one: Receiver, amount: float) -> None:
        """Say what lies somewhere for one receiver."""
        self.lanes[node].setdefault(host, {})[one.end, one.host.name] = amount

    def at_for(self, node: Node, host: str, one: Receiver) -> float:
        """Return what lies somewhere for one receiver."""
        lanes = self.lanes.get(node)
        return 0.0 if lanes is None else lanes.get(host, {}).get((one.end, one.host.name), 0.0)

    def hosts(self, node: Node) -> Iterator[str]:
        """Yield the hosts on which something lies in a component; some of them twice."""
        yield from self.spots.get(node, ())
        yield from self.lanes.get(node, ())

    @property
    def nothing(self) -> bool:
        """Whether nothing lies anywhere."""
        spots = (one.values() for one in self.spots.values())
        lanes = (one.values() for hosts in self.lanes.values() for one in hosts.values())
        return not any(chain.from_iterable(chain(spots, lanes)))
