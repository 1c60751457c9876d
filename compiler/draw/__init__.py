"""Pictures of a fleet, in one of FORMATS; the same text for the same fleet."""

from collections.abc import Callable

from flumec.compiler.draw.dot import to_dot
from flumec.compiler.draw.json import to_json
from flumec.compiler.draw.mermaid import to_mermaid
from flumec.compiler.draw.picture import Picture, picture_of
from flumec.compiler.draw.svg import to_svg
from flumec.compiler.graph import Graph
from flumec.compiler.model import Fleet

FORMATS: dict[str, Callable[[Picture], str]] = {
    "svg": to_svg,
    "mermaid": to_mermaid,
    "dot": to_dot,
    "json": to_json,
}


def draw(fleet: Fleet, graph: Graph, form: str) -> str:
    """Return the fleet's picture as text in the form `form`, one of FORMATS."""
    return FORMATS[form](picture_of(fleet, graph))
