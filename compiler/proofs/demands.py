"""What the `check` blocks of a fleet demand, each with the claim that it is about."""

from dataclasses import dataclass

from flumec.compiler.graph import Graph, Node
from flumec.compiler.model import Fleet, Proof
from flumec.compiler.proofs.claim import Claim
from flumec.compiler.proofs.words import dotted
from flumec.compiler.source import Span


@dataclass(frozen=True, slots=True)
class Demand:
    """A check whose ends are known."""

    proof: Proof
    source: Node
    sink: Node
    to: Span
    """Where the check names its sink."""
    claim: Claim | None
    """None: the source's events do not come there."""
    near: tuple[str, ...] = ()
    """The sinks that they do come to."""


def demands(fleet: Fleet, graph: Graph) -> tuple[Demand, ...]:
    """Return every check whose ends are known, with its claim; made once for several passes.

    None where the wiring has a mistake, which was reported: then nothing is known of any way.
    """
    astray = (edge for edge in graph.edges if edge.kind == "misplaced")
    if not fleet.proofs or fleet.unsure or any(astray):
        return ()
    return graph.derived(_demands)


def _demands(fleet: Fleet, graph: Graph) -> tuple[Demand, ...]:
    from flumec.compiler.proofs.claims import claims

    found = claims(graph)
    if not found:
        return ()
    by_ends = {(claim.source, claim.sink): claim for claim in found}
    made = []
    for proof in fleet.proofs:
        start, end = proof.values.get("from"), proof.values.get("to")
        if start is None or end is None:
            continue
        source, sink = start.value.node, end.value.node
        claim = by_ends.get((source, sink))
        near = () if claim else tuple(dotted(s) for at, s in by_ends if at == source)
        made.append(Demand(proof, source, sink, end.span, claim, near))
    return tuple(made)
