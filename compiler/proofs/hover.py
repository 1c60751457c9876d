"""What is claimed of a component, as text to show where somebody points at it."""

from collections.abc import Mapping

from flumec.compiler.graph import Graph, Node
from flumec.compiler.proofs.claims import claims
from flumec.compiler.proofs.words import DELIVERY, dotted, order_words, weakest_words

SHOWN = 6
"""Lines about one component; a collector may have thousands of sources."""


def hover(graph: Graph) -> Mapping[Node, str]:
    """Return a text for each source and sink: how often events arrive, from and to where."""
    found: dict[Node, list[str]] = {}
    for claim in claims(graph):
        said = f"{DELIVERY[claim.delivery]}, order {order_words(claim.order)}"
        line = f"{said}\n  weakest: {weakest_words(claim)}" if claim.weakest else said
        found.setdefault(claim.source, []).append(f"to {dotted(claim.sink)}: {line}")
        found.setdefault(claim.sink, []).append(f"from {dotted(claim.source)}: {line}")
    return {node: _bounded(lines) for node, lines in found.items()}


def _bounded(lines: list[str]) -> str:
    more = len(lines) - SHOWN
    return "\n".join(lines[:SHOWN] + ([f"and {more:,} more"] if more > 0 else []))
