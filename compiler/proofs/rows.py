"""The claims of a fleet as rows: pairs about which the same is claimed are one, with their names.

Ten thousand agents of one kind, each written out, are a row and not ten thousand.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from flumec.compiler.graph import Node
from flumec.compiler.model import Fleet
from flumec.compiler.proofs.claim import Claim
from flumec.compiler.proofs.words import dotted

SHOWN = 2
"""How many of a row's sources are named before the others are a number."""


@dataclass(frozen=True, slots=True)
class Row:
    """Claims that differ in their sources' agents alone; the first speaks for all."""

    claims: tuple[Claim, ...]

    @property
    def claim(self) -> Claim:
        """The one that speaks."""
        return self.claims[0]

    @property
    def sources(self) -> str:
        """The sources by name, or some and how many more."""
        return some(dotted(claim.source) for claim in self.claims)

    @property
    def sinks(self) -> str:
        """The sink, or where it is one of each source's agent the same of them."""
        return some(dotted(claim.sink) for claim in self.claims)


def some(names: Iterable[str]) -> str:
    """Return names, or some of them and how many more."""
    named = list(dict.fromkeys(names))
    more = len(named) - SHOWN
    return ", ".join(named) if more <= 1 else f"{', '.join(named[:SHOWN])} and {more:,} more"


def rows(claims: Iterable[Claim]) -> list[Row]:
    """Return the claims as rows, in the order of their first."""
    found: dict[object, list[Claim]] = {}
    for claim in claims:
        found.setdefault(_likeness(claim), []).append(claim)
    return [Row(tuple(like)) for like in found.values()]


def _likeness(claim: Claim) -> object:
    """Return what is equal in claims of one row: all but the name of the source's agent."""

    def place(node: Node) -> str:
        return dotted(node) if node[0] != claim.source[0] else node[1]

    worst = tuple(
        (failure, tuple((place(each.node), each.harm, each.reason) for each in effects))
        for failure, effects in claim.worst.items()
    )
    order = (claim.order.keys, claim.order.folders, claim.order.reason)
    gone = tuple(
        (each.kind, place(each.node), each.to, each.takes_copies) for each in claim.detours
    )
    ends = (claim.source[1], place(claim.sink))
    return (ends, claim.start, worst, order, claim.assuming, gone, claim.only)


def hosts_of(fleet: Fleet, row: Row) -> int:
    """Return on how many hosts the sources of a row are."""
    return len({host.name for agent in _agents(row) for host in fleet.agents[agent].hosts.hosts})


def _agents(row: Row) -> Iterator[str]:
    return (claim.source[0] for claim in row.claims)


def summary(found: Sequence[Row]) -> str:
    """Return how many pairs there are, and how many of each delivery, in a line."""
    counts: dict[str, int] = {}
    for row in found:
        words = row.claim.delivery.replace("_", " ")
        counts[words] = counts.get(words, 0) + len(row.claims)
    pairs = sum(counts.values())
    said = ", ".join(f"{count:,} {words}" for words, count in counts.items())
    return f"{pairs:,} pair{'' if pairs == 1 else 's'} of source and sink: {said or 'none'}"
