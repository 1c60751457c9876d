"""The places that events of a source come by on their way to one sink, each after what follows."""

from collections.abc import Callable, Iterator, Sequence

from flumec.compiler.cuts.circuit import Circuit, Place, Step
from flumec.compiler.cuts.element import Element
from flumec.compiler.graph import Node
from flumec.runtime.frozen import frozen


@frozen
class Course:
    """All ways from `root` to `sink`; what leads elsewhere is not there.

    What goes along with the host `own` does not count: without it there are no events.
    """

    circuit: Circuit
    sink: Node
    root: Step
    own: str
    order: Sequence[tuple[Place, Step]]
    """Every place but the root, each after all that it leads to."""

    def labels(self, place: Place) -> tuple[Element, ...]:
        """Return what goes with a place and is not the source's own."""
        return () if self.is_own(place) else self.circuit.labels(place)

    def is_own(self, place: Place) -> bool:
        """Return whether a place is on the source's own host."""
        return place.alike.first.name == self.own


def course(
    circuit: Circuit, sink: Node, root: Step, own: str, steps: Callable[[Place], Step]
) -> Course:
    """Follow a root's step to the sink."""
    alive: dict[Place, Step] = {}
    seen: set[Place] = set()
    waiting = list(_places(root))
    while waiting:
        place = waiting[-1]
        step = steps(place)
        if place not in seen:
            seen.add(place)
            waiting += [each for each in _places(step) if each not in seen]
            continue
        waiting.pop()
        if place not in alive and (place.node == sink or (left := step.to_those(alive)).copies):
            alive[place] = Step() if place.node == sink else left
    return Course(circuit, sink, root.to_those(alive), own, tuple(alive.items()))


def _places(step: Step) -> Iterator[Place]:
    return (place for copy in step.copies for arm in copy for place in arm)
