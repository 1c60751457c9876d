"""Where everything of a picture lies: layers of boxes, columns of nodes, few crossings."""

from collections.abc import Iterable, Mapping, Sequence

from flumec.compiler.draw.picture import Box, Edge, Node, Picture
from flumec.runtime.frozen import frozen

CHARACTER = 7.0
"""Width of a character at the picture's font size, in pixels; enough for most letters."""
SMALL = 5.6
"""The same for labels."""
NODE_HEIGHT, NODE_GAP, COLUMN_GAP = 44.0, 16.0, 48.0
BOX_PADDING, BOX_HEADER, BOX_GAP = 18.0, 46.0, 28.0
MARGIN, LAYER_GAP, WIDEST_FAN = 20.0, 60.0, 220.0
SWEEPS = 4
COLUMNS = ("source", "channel", "sink")


@frozen
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


@frozen
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
    layers = [[by_id[name] for name in layer] for layer in ordered(picture)]
    heights = [sum(inner[b.id][1].height + BOX_GAP for b in layer) - BOX_GAP for layer in layers]
    whole = max(heights, default=0.0)
    boxes: dict[str, Rectangle] = {}
    nodes: dict[str, Rectangle] = {}
    x = MARGIN
    gap = 0.0
    for number, (layer, height) in enumerate(zip(layers, heights, strict=True)):
        y = MARGIN + (whole - height) / 2
        for box in layer:
            places, size = inner[box.id]
            boxes[box.id] = Rectangle(x, y, size.width, size.height)
            for name, place in places.items():
                nodes[name] = Rectangle(x + place.x, y + place.y, place.width, place.height)
            y += size.height + BOX_GAP
        links = leaving((node.id for box in layer for node in box.nodes), picture.edges)
        gap = label_gap(LAYER_GAP, (edge for edge in links if edge.kind == "link"))
        if number + 1 < len(heights):  # a tall layer beside a short one needs room to fan in
            gap = max(gap, min(WIDEST_FAN, abs(height - heights[number + 1]) / 8))
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
    places, x, gap = {}, BOX_PADDING, 0.0
    for column in columns:
        width = max(node_width(node) for node in column)
        spare = (tallest - len(column)) * (NODE_HEIGHT + NODE_GAP) / 2
        for index, node in enumerate(column):
            y = BOX_HEADER + spare + index * (NODE_HEIGHT + NODE_GAP)
            places[node.id] = Rectangle(x, y, width, NODE_HEIGHT)
        gap = label_gap(COLUMN_GAP, leaving((node.id for node in column), local))
        x += width + gap
    title = CHARACTER * max(len(box.title), len(box.subtitle)) + 2 * BOX_PADDING
    return places, Rectangle(0, 0, max(x - gap + BOX_PADDING if columns else 0, title), height)


def leaving(nodes: Iterable[str], edges: Sequence[Edge]) -> list[Edge]:
    """Return the edges that leave some nodes."""
    starts = set(nodes)
    return [edge for edge in edges if edge.start in starts]


def label_gap(least: float, edges: Iterable[Edge]) -> float:
    """Return how wide a gap is that these edges cross with their labels."""
    return least + SMALL * max((len(edge.label) for edge in edges), default=0)


def node_width(node: Node) -> float:
    """Return the width that a node's two lines need."""
    return max(80.0, CHARACTER * max(len(node.name), len(node.detail)) + 24)


def barycentre(node: str, edges: Sequence[Edge], order: Mapping[str, float]) -> float:
    """Return the mean place of what leads to a node; a large number keeps the unconnected below."""
    places = [order[edge.start] for edge in edges if edge.end == node and edge.start in order]
    return sum(places) / len(places) if places else 1e9 if order else 0.0


def ordered(picture: Picture) -> list[list[str]]:
    """Return the layers, each sorted by where its neighbours are, back and forth, so that few
    links cross; what nothing tells apart stays in the file's order.
    """
    home = {node.id: box.id for box in picture.boxes for node in box.nodes}
    before: dict[str, list[str]] = {}
    after: dict[str, list[str]] = {}
    for edge in picture.edges:
        if edge.kind == "link":
            before.setdefault(home[edge.end], []).append(home[edge.start])
            after.setdefault(home[edge.start], []).append(home[edge.end])
    layers = [list(layer) for layer in picture.layers]
    place: dict[str, float] = {}
    for _ in range(SWEEPS):
        for layer in layers:
            _sort(layer, before, place)
        for layer in reversed(layers):
            _sort(layer, after, place)
    return layers


def _sort(
    layer: list[str], neighbours: Mapping[str, Sequence[str]], place: dict[str, float]
) -> None:
    """Sort a layer by the mean place of each box's neighbours, and note the places that it gives.

    A box without neighbours stays where it is; where that is not known yet, it goes below.
    """
    means = {}
    for name in layer:
        known = [place[other] for other in neighbours.get(name, ()) if other in place]
        means[name] = sum(known) / len(known) if known else place.get(name, 1.0)
    layer.sort(key=means.__getitem__)
    place.update({name: (index + 0.5) / len(layer) for index, name in enumerate(layer)})
