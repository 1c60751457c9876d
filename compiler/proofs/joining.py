"""Several ways from one component to one sink as one, and what of their order is left."""

from collections.abc import Sequence

from flumec.compiler.choice import hashed_by
from flumec.compiler.model import Route
from flumec.compiler.proofs.ahead import Ahead
from flumec.compiler.proofs.claim import Order
from flumec.compiler.proofs.way import Way
from flumec.compiler.proofs.words import dotted

Found = Sequence[tuple[Way, Ahead]]


class Courses:
    """Numbers for the courses on which events go from components to sinks: events on one course
    pass the same channels, in one order.
    """

    def __init__(self) -> None:
        self._known: dict[frozenset[object], int] = {}

    def of(self, found: Found) -> int:
        """Return the course of events that go on by some ways."""
        onwards = frozenset(_end(way, ahead) for way, ahead in _plain(found))
        return self._known.setdefault(onwards, len(self._known) + 1)


def joined(found: Found) -> Ahead:
    """Return what is true of all ways: the worst of each."""
    (_, whole), *others = found
    order = _order(found) if others else whole.order
    for _, ahead in others:
        whole = whole.joined(ahead, order)
    return whole


def _order(found: Found) -> Order:
    """Return the order over several ways; what is given up is no part of it, where there is else.

    Where one header's value chooses the way, events with one value keep theirs.
    """
    plain = list({_end(way, ahead): (way, ahead) for way, ahead in _plain(found)}.values())
    first, last = plain[0], plain[-1]
    broken = next((ahead.order for _, ahead in plain if ahead.order.keys is None), None)
    if broken is not None or len(plain) == 1:
        return broken or first[1].order
    header = _chosen_by(plain)
    if header is None:
        why = f"two ways lead from `{first[0].start[1]}` to `{dotted(first[1].sink)}`"
        return Order(None, why, last[0].span)
    if any(header in ahead.changed for _, ahead in plain):
        why = f"`header.{header}` is set anew on the way from here"
        return Order(None, why, last[0].span)
    orders = [ahead.order for _, ahead in plain]
    keys = frozenset[str]().union(*(order.keys or () for order in orders))
    why = f"each value of `header.{header}` has a way of its own"
    return Order(keys, orders[0].reason, orders[0].span, orders[0].folders).narrowed(
        header, why, last[0].span
    )


def _plain(found: Found) -> Found:
    return [(way, ahead) for way, ahead in found if way.kind != "letters"] or found


def _end(way: Way, ahead: Ahead) -> object:
    """Return what two ways have in common that the runtime takes for one, in one order: arms
    without steps that lead into the same channels, where nothing parts further on what came by
    them.
    """
    arm = None if way.edge is None else way.edge.arm
    if arm is None or arm.steps:
        return id(way), ahead.course
    targets = tuple((target.name, target.optional) for target in arm.targets)
    return way.end, targets, ahead.course


def _chosen_by(found: Found) -> str | None:
    """Return the header whose value alone says which of the ways an event takes."""
    ways = [way for way, _ in found]
    if all(way.link is not None for way in ways):
        return None if ways[0].link is None else hashed_by(ways[0].link)
    edges = [way.edge for way in ways if way.edge is not None and way.edge.arm is not None]
    arms = {id(edge.arm) for edge in edges}
    one_each = len(arms) == len(edges) == len(ways)
    chain = edges[0].chain if one_each else None
    if chain is None or any(edge.chain is not chain for edge in edges):
        return None
    return str(chain.end.header) if isinstance(chain.end, Route) else None
