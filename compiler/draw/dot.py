"""A picture as a Graphviz file."""

from flumec.compiler.draw.picture import Picture

SHAPES = {"source": "cds", "channel": "cylinder", "sink": "box3d"}


def to_dot(picture: Picture) -> str:
    """Return a digraph with a cluster for each agent."""
    lines = [
        "digraph fleet {",
        "  rankdir=LR;",
        '  node [fontname="sans-serif", fontsize=11];',
        '  edge [fontname="sans-serif", fontsize=9];',
    ]
    for number, box in enumerate(picture.boxes):
        lines.append(f"  subgraph cluster_{number} {{")
        lines.append(f"    label={quoted(box.title, box.subtitle)};")
        lines += [
            f"    {quoted(n.id)} [shape={SHAPES[n.kind]}, label={quoted(n.name, n.detail)}];"
            for n in box.nodes
        ]
        lines.append("  }")
    for edge in picture.edges:
        style = {"chain": "solid", "optional": "dashed", "link": "bold"}[edge.kind]
        ends = f"{quoted(edge.start)} -> {quoted(edge.end)}"
        lines.append(f"  {ends} [style={style}, label={quoted(edge.label)}];")
    return "\n".join([*lines, "}"]) + "\n"


def quoted(*lines: str) -> str:
    """Return lines as one quoted string."""
    return '"' + "\\n".join(line.replace("\\", "\\\\").replace('"', '\\"') for line in lines) + '"'
