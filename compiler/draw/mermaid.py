"""A picture as Mermaid text, which GitHub and many wikis draw."""

from flumec.compiler.draw.picture import Node, Picture

SHAPES = {"source": ("([", "])"), "channel": ("[(", ")]"), "sink": ("[[", "]]")}


def to_mermaid(picture: Picture) -> str:
    """Return a Mermaid flow chart."""
    ids = {node.id: f"n{i}" for i, node in enumerate(n for box in picture.boxes for n in box.nodes)}
    lines = ["flowchart LR"]
    for number, box in enumerate(picture.boxes):
        lines.append(f'  subgraph a{number}["{quoted(box.title)}<br/>{quoted(box.subtitle)}"]')
        lines += [f"    {ids[node.id]}{shaped(node)}" for node in box.nodes]
        lines.append("  end")
    for edge in picture.edges:
        arrow = {"chain": "-->", "optional": "-.->", "link": "==>"}[edge.kind]
        label = f'|"{quoted(edge.label)}"|' if edge.label else ""
        lines.append(f"  {ids[edge.start]} {arrow}{label} {ids[edge.end]}")
    return "\n".join(lines) + "\n"


def shaped(node: Node) -> str:
    """Return a node's text in the brackets of its kind."""
    left, right = SHAPES[node.kind]
    return f'{left}"{quoted(node.name)}<br/>{quoted(node.detail)}"{right}'


def quoted(text: str) -> str:
    """Return text that Mermaid takes as it is, by its own entities."""
    return "".join(c if c.isalnum() or c in " .:_-×·,()=/" else f"#{ord(c)};" for c in text)
