"""Where everything of a picture lies: layers of boxes, columns of nodes, few crossings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flumec.compiler.draw.picture import Box, Edge, Node, Picture

CHARACTER = 7.0
"""Width of a character at the picture's font size, in pixels; enough for most letters."""
SMALL = 5.6
"""The same for labels."""
NODE_HEIGHT, NODE_GAP, COLUMN_GAP = 44.0, 16.0, 48.0
BOX_PADDING, BOX_HEADER, BOX_GAP = 18.0, 46.0, 28.0
MARGIN = 20.0
COLUMNS = ("source", "channel", "sink")


@dataclass(frozen=True, slots=True)
class Rectangle:
    """Left, top, width, height in pixels."""

    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        """The vertical middle."""
        return self.y + self.height / 2


@dataclass(frozen=True, slots=True)
class Layout:
    """The place of each box and node by its id, and the size of the whole."""

    boxes: Mapping[str, Rectangle]
    nodes: Mapping[str, Rectangle]
    width: float
    height: float


def lay_out(picture: Picture) -> Layout:
    """Give every box and node its place."""
    by_id = {box.id: box for box in picture.boxes}
    inner = {box.id: inside(box, picture.edges) for box in picture.boxes}
    gap = 60.0 + SMALL * max((len(e.label) for e in picture.edges if e.kind == "link"), default=0)
    layers = [[by_id[name] for name in layer] for layer in ordered(picture)]
    heights = [sum(inner[b.id][1].height + BOX_GAP for b in layer) - BOX_GAP for layer in layers]
    whole = max(heights, default=0.0)
    boxes: dict[str, Rectangle] = {}
    nodes: dict[str, Rectangle] = {}
    x = MARGIN
    for layer, height in zip(layers, heights, strict=True):
        y = MARGIN + (whole - height) / 2
        for box in layer:
            places, size = inner[box.id]
            boxes[box.id] = Rectangle(x, y, size.width, size.height)
            for name, place in places.items():
                nodes[name] = Rectangle(x + place.x, y + place.y, place.width, place.height)
            y += size.height + BOX_GAP
        x += max(inner[box.id][1].width for box in layer) + gap
    return Layout(boxes, nodes, max(x - gap, MARGIN) + MARGIN, whole + 2 * MARGIN)


def inside(box: Box, edges: Sequence[Edge]) -> tuple[dict[str, Rectangle], Rectangle]:
    """Return the places of a box's nodes within it, and its size."""
    own = {node.id for node in box.nodes}
    local = [edge for edge in edges if edge.start in own and edge.end in own]
    columns = [column for kind in COLUMNS if (column := [n for n in box.nodes if n.kind == kind])]
    order: dict[str, float] = {}
    for column in columns:
        column.sort(key=lambda node: barycentre(node.id, local, order))
        order.update({node.id: float(index) for index, node in enumerate(column)})
    tallest = max((len(column) for column in columns), default=1)
    height = BOX_HEADER + tallest * (NODE_HEIGHT + NODE_GAP) - NODE_GAP + BOX_PADDING
    gap = COLUMN_GAP + SMALL * max((len(edge.label) for edge in local), default=0)
    places, x = {}, BOX_PADDING
    for column in columns:
        width = max(node_width(node) for node in column)
        spare = (tallest - len(column)) * (NODE_HEIGHT + NODE_GAP) / 2
        for index, node in enumerate(column):
            y = BOX_HEADER + spare + index * (NODE_HEIGHT + NODE_GAP)
            places[node.id] = Rectangle(x, y, width, NODE_HEIGHT)
        x += width + gap
    title = CHARACTER * max(len(box.title), len(box.subtitle)) + 2 * BOX_PADDING
    return places, Rectangle(0, 0, max(x - gap + BOX_PADDING if columns else 0, title), height)


def node_width(node: Node) -> float:
    """Return the width that a node's two lines need."""
    return max(80.0, CHARACTER * max(len(node.name), len(node.detail)) + 24)


def barycentre(node: str, edges: Sequence[Edge], order: Mapping[str, float]) -> float:
    """Return the mean place of what leads to a node; a large number keeps the unconnected below."""
    places = [order[edge.start] for edge in edges if edge.end == node and edge.start in order]
    return sum(places) / len(places) if places else 1e9 if order else 0.0


def ordered(picture: Picture) -> list[list[str]]:
    """Return the layers, each sorted by the mean place of its neighbours in the one before."""
    home = {node.id: box.id for box in picture.boxes for node in box.nodes}
    leading: dict[str, list[str]] = {}
    for edge in picture.edges:
        if edge.kind == "link":
            leading.setdefault(home[edge.end], []).append(home[edge.start])
    place: dict[str, float] = {}
    layers = []
    for layer in picture.layers:
        means = {
            name: sum(known) / len(known)
            if (known := [place[n] for n in leading.get(name, ()) if n in place])
            else 1e9
            for name in layer
        }
        row = sorted(layer, key=means.__getitem__)
        place.update({name: (index + 0.5) / len(row) for index, name in enumerate(row)})
        layers.append(row)
    return layers
