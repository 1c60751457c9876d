"""Events never come back to where they were."""

from collections.abc import Iterator

from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.graph import Edge, Graph
from flumec.compiler.model import Fleet

_ARROWS = {"chain": "->", "link": "=>"}


class Cycle(Diagnostic, code="FL310"):
    """Links lead in a circle.

    Events would go round for ever; and when all channels of the circle are full, each waits for
    the next.

    ## Example

    ```flow
    hosts left = ["left-1"]

    hosts right = ["right-1"]

    agent a on left {
      channel out : file
    }

    agent b on right {
      channel back : file
    }

    a.out => b.back {
      port = 4141
      tls = mutual
    }

    b.back => a.out {
      port = 4142
      tls = mutual
    }
    ```

    ## Instead

    ```flow
    hosts left = ["left-1"]

    hosts right = ["right-1"]

    agent a on left {
      source numbers : seq

      channel out : file

      numbers -> out
    }

    agent b on right {
      channel back : file

      sink store : null

      back -> store
    }

    a.out => b.back {
      port = 4141
      tls = mutual
    }
    ```
    """

    edges: tuple[Edge, ...]

    @property
    def message(self) -> str:
        steps = (f"{'.'.join(e.start)} {_ARROWS[e.kind]} " for e in self.edges)
        return f"events go in a circle: {''.join(steps)}{'.'.join(self.edges[0].start)}"

    @property
    def hint(self) -> str:
        return "take one of these edges away"

    @property
    def places(self) -> tuple[Place, ...]:
        return tuple(
            Place(e.span, f"from `{'.'.join(e.start)}` to `{'.'.join(e.end)}`")
            for e in self.edges[1:]
        )


def check_cycles(_fleet: Fleet, graph: Graph) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each circle."""
    for edges in graph.cycles():
        yield Cycle(edges[0].span, tuple(edges))
