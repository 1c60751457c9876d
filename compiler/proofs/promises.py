"""What is claimed of the events that come by each agent, for those who look after its hosts."""

from functools import cache

from flumec.compiler.graph import Graph
from flumec.compiler.plan import Promise, Promised
from flumec.compiler.proofs.claim import Claim
from flumec.compiler.proofs.claims import claims
from flumec.compiler.proofs.rows import Row, rows
from flumec.compiler.proofs.words import DELIVERY, reasoning


def promises(graph: Graph) -> Promised:
    """Return what is claimed, by the agents that events come by: from the source's to the sink's.

    Claims that differ in their sources' agents alone are one.
    """
    found: dict[str, list[Claim]] = {}
    leading = cache(graph.leading_to)
    whole = claims(graph)
    for claim in whole:
        for agent in _agents(graph, claim, leading(claim.sink)):
            found.setdefault(agent, []).append(claim)
    by_agent = {agent: tuple(map(_promise, rows(come))) for agent, come in found.items()}
    return Promised(by_agent, tuple(map(_promise, rows(whole))))


def _agents(graph: Graph, claim: Claim, leading: set[tuple[str, str]]) -> list[str]:
    """Return the agents that the events of a claim come by, in the order of the flow."""
    seen, waiting = {claim.source}, [claim.source]
    for node in waiting:  # which grows
        for edge in graph.outgoing.get(node, ()):
            if edge.end in leading and edge.end not in seen:
                seen.add(edge.end)
                waiting.append(edge.end)
    return list(dict.fromkeys([*(node[0] for node in waiting), claim.sink[0]]))


def _promise(row: Row) -> Promise:
    claim = row.claim
    only = f" ({claim.only})" if claim.only else ""
    ends = row.sources, f"{row.sinks}{only}"
    return Promise(*ends, DELIVERY[claim.delivery], tuple(reasoning(claim)))
