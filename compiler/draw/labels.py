"""Where the labels of edges stand: where the edges lie apart, so that no two are in one place."""

from collections import Counter
from collections.abc import Iterator
from typing import Literal

from flumec.compiler.draw.layout import BOX_PADDING, Layout
from flumec.compiler.draw.picture import Edge, Picture
from flumec.runtime.frozen import frozen

ABOVE, BELOW = 5.0, 13.0
TIP = 12.0
"""The length of an arrow's head."""


@frozen
class Label:
    """A label, and the point that it begins at, stands over, or ends at."""

    text: str
    x: float
    y: float
    anchor: Literal["start", "middle", "end"]


def labels(picture: Picture, layout: Layout) -> Iterator[Label]:
    """Yield the label of each edge that has one.

    Edges that part stand apart at their ends, edges that meet at their starts.
    """
    departing = Counter(edge.start for edge in picture.edges)
    arriving = Counter(edge.end for edge in picture.edges)
    for edge in picture.edges:
        if not edge.label:
            continue
        x1, y1, x2, y2 = ends(edge, layout)
        inside = BOX_PADDING if edge.kind == "link" else 0.0  # a box's frame is no place for it
        if x2 <= x1 or (departing[edge.start] == 1 and arriving[edge.end] == 1):
            yield Label(edge.label, (x1 + x2) / 2, (y1 + y2) / 2 - ABOVE, "middle")
        elif departing[edge.start] == 1:
            yield Label(edge.label, x1 + inside + ABOVE, y1 + _beside(y1 - y2), "start")
        elif arriving[edge.end] == 1:
            yield Label(edge.label, x2 - inside - TIP, y2 + _beside(y2 - y1), "end")
        else:
            x, y = a_third_on(x1, y1, x2, y2)
            yield Label(edge.label, x, y - ABOVE, "middle")


def ends(edge: Edge, layout: Layout) -> tuple[float, float, float, float]:
    """Return where an edge starts (right of its start) and ends (left of its end)."""
    start, end = layout.nodes[edge.start], layout.nodes[edge.end]
    return start.x + start.width, start.middle, end.x, end.middle


def _beside(rise: float) -> float:
    """Return how far from a line's end its label stands: on the side that the line leaves free."""
    return BELOW if rise > 0 else -ABOVE


def a_third_on(x1: float, y1: float, x2: float, y2: float) -> tuple[float, float]:
    """Return a curve's point at a third of its way: edges that share an end are apart there."""
    return (17 * x1 + 10 * x2) / 27, (20 * y1 + 7 * y2) / 27
