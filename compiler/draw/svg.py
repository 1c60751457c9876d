"""A picture as SVG, with nothing but text and paths in it."""

from collections.abc import Iterator
from xml.sax.saxutils import escape

from flumec.compiler.draw.labels import Label, ends, labels
from flumec.compiler.draw.layout import Layout, Rectangle, lay_out
from flumec.compiler.draw.picture import Box, Edge, Node, Picture

STYLE = """
  text { font: 12px ui-sans-serif, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2933 }
  .ground { fill: #ffffff }
  .box { fill: #f5f7fa; stroke: #9aa5b1 }
  .title { font-size: 14px; font-weight: 600 }
  .small { font-size: 10px; fill: #52606d }
  .label { font-size: 10px; fill: #52606d; text-anchor: middle; paint-order: stroke;
           stroke: #ffffff; stroke-width: 4px; stroke-linejoin: round }
  .start { text-anchor: start }
  .end { text-anchor: end }
  .name { text-anchor: middle; font-weight: 600 }
  .detail { text-anchor: middle; font-size: 10px; fill: #52606d }
  .source { fill: #d9f2e6; stroke: #2f855a }
  .channel { fill: #dbeafe; stroke: #2b6cb0 }
  .sink { fill: #fdebd0; stroke: #b7791f }
  .chain, .optional, .link { fill: none; stroke: #52606d; stroke-width: 1.5; marker-end: url(#tip) }
  .optional { stroke-dasharray: 5 4 }
  .link { stroke: #2b6cb0; stroke-width: 3; marker-end: url(#link-tip) }
"""
TIPS = """
  <marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8"
    orient="auto">
    <path d="M0,0 L8,4 L0,8 z" fill="#52606d"/>
  </marker>
  <marker id="link-tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="5" markerHeight="5"
    orient="auto">
    <path d="M0,0 L8,4 L0,8 z" fill="#2b6cb0"/>
  </marker>
"""


def to_svg(picture: Picture) -> str:
    """Return the picture as an SVG document."""
    layout = lay_out(picture)
    size = f'width="{layout.width:.0f}" height="{layout.height:.0f}"'
    view = f'viewBox="0 0 {layout.width:.0f} {layout.height:.0f}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {view} role="img">',
        f"<style>{STYLE}</style>",
        f"<defs>{TIPS}</defs>",
        '<rect class="ground" width="100%" height="100%"/>',
    ]
    for box in picture.boxes:
        lines += draw_frame(box, layout)
    # Edges run behind the components, whose names they must not strike out.
    lines += [path for edge in picture.edges for path in draw_edge(edge, layout)]
    for box in picture.boxes:
        for node in box.nodes:
            lines += draw_node(node, layout.nodes[node.id])
    lines += [draw_label(label) for label in labels(picture, layout)]
    return "\n".join([*lines, "</svg>"]) + "\n"


def draw_frame(box: Box, layout: Layout) -> Iterator[str]:
    """Yield an agent's box, without its nodes."""
    place = layout.boxes[box.id]
    yield f'<rect class="box" rx="10" {attributes(place)}/>'
    yield text("title", place.x + 18, place.y + 22, box.title)
    yield text("small", place.x + 18, place.y + 37, box.subtitle)


def draw_node(node: Node, place: Rectangle) -> Iterator[str]:
    """Yield a component, its corners by its kind: where events enter, wait, leave."""
    radius = {"source": 8, "channel": 22, "sink": 2}[node.kind]
    middle = place.x + place.width / 2
    yield "<g>"
    if node.claimed:
        yield f"<title>{escape(node.claimed)}</title>"
    yield f'<rect class="{node.kind}" rx="{radius}" {attributes(place)}/>'
    yield text("name", middle, place.y + 19, node.name)
    yield text("detail", middle, place.y + 34, node.detail)
    yield "</g>"


def draw_edge(edge: Edge, layout: Layout) -> Iterator[str]:
    """Yield an edge as a curve that leaves and arrives horizontally."""
    x1, y1, x2, y2 = ends(edge, layout)
    bend = max(30.0, abs(x2 - x1) / 2)
    curve = (
        f"M{x1:.1f},{y1:.1f} C{x1 + bend:.1f},{y1:.1f} {x2 - bend:.1f},{y2:.1f} {x2:.1f},{y2:.1f}"
    )
    yield f'<path class="{edge.kind}" d="{curve}"/>'


def draw_label(label: Label) -> str:
    """Return an edge's label."""
    style = "label" if label.anchor == "middle" else f"label {label.anchor}"
    return text(style, label.x, label.y, label.text)


def attributes(place: Rectangle) -> str:
    """Return a rectangle's attributes."""
    return (
        f'x="{place.x:.1f}" y="{place.y:.1f}" width="{place.width:.1f}" height="{place.height:.1f}"'
    )


def text(style: str, x: float, y: float, words: str) -> str:
    """Return a line of text."""
    return f'<text class="{style}" x="{x:.1f}" y="{y:.1f}">{escape(words)}</text>'
