"""What the events of a check wait for in a fault: where a source stalls if nothing comes on.

A source waits for all that it puts into. So what is taken beside the way of a check counts as what
is taken on it.
"""

from collections.abc import Iterable, Iterator, Sequence
from math import inf

from flumec.compiler.choice import policy_of
from flumec.compiler.graph import Node
from flumec.compiler.model import Fault, Proof
from flumec.compiler.proofs.capacity import Capacity
from flumec.compiler.proofs.scenes import agents_of, end_of, length_of

Ends = frozenset[Node]
"""Sinks, links by their sending channels, and what links lead to, that are asked about at once."""


def awaited(
    capacity: Capacity, proof: Proof, fault: Fault, faults: Sequence[Fault]
) -> tuple[Ends, ...]:
    """Return what is waited for in a fault, and in those of its list that say no time of their own.

    What shorter ones wait for is asked with it, since that may still wait when they are over. Each
    is asked by itself, which thousands of checks do alike; but all that lasts as long at once
    where some who share work take what others do not. Nothing is returned where no event of the
    check comes to any of that.
    """
    known, own = {id(each): _of_fault(capacity, proof, each) for each in faults}, length_of(fault)
    untimed = [known[id(each)] for each in faults if each is not fault and length_of(each) is None]
    found = dict.fromkeys((known[id(fault)], *untimed))
    awaiting = tuple(ends for ends in found if ends and not any(ends < other for other in found))
    if any((length_of(each) or inf) < (own or 0.0) for each in faults):
        every = frozenset().union(*known.values())
        return (every,) if awaiting else ()
    if not _is_shared(capacity, ways_to(capacity, proof.values["from"].value.node, awaiting)):
        return awaiting
    lasting = (known[id(each)] for each in faults if (length_of(each) or inf) >= (own or inf))
    return (frozenset().union(*lasting, *awaiting),)


def _is_shared(capacity: Capacity, ways: Iterable[Node]) -> bool:
    """Whether events go to several components by turns on some ways."""
    links = (capacity.peers.link_from(node) for node in ways)
    return any(len(one.targets) > 1 and policy_of(one) == "balance" for one in links if one)


def ways_to(capacity: Capacity, source: Node, awaiting: Sequence[Ends]) -> frozenset[Node]:
    """Return all that events of a source come through before what is waited for."""
    ends = {end for each in awaiting for end in each}
    return frozenset().union(*(capacity.graph.between(source, end) for end in ends))


def _of_fault(capacity: Capacity, proof: Proof, fault: Fault) -> Ends:
    """Return the ends of one fault that events of the check come to."""
    source, end = proof.values["from"].value.node, end_of(proof, fault)
    ends = set() if end is None else {end}
    if fault.kind not in ("outage", "cut"):
        ways = capacity.graph.between(source, end) if end is not None else frozenset()
        ends |= {node for node in _entrances(capacity, source, fault) if node not in ways}
    return frozenset(one for one in ends if capacity.graph.between(source, one))


def _entrances(capacity: Capacity, source: Node, fault: Fault) -> Iterator[Node]:
    """Yield where links that events of a source come through lead to agents that a fault takes."""
    taken = agents_of(capacity.machines, fault)
    for node in capacity.graph.reachable([source]) if taken & capacity.fed else ():
        link = capacity.peers.link_from(node)
        for target in link.targets if link is not None else ():
            if target.agent in taken:
                yield target.node
