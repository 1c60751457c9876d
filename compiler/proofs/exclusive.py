"""Whether one event may leave its source by two ways, or surely takes one of them."""

from collections.abc import Mapping

from flumec.compiler.graph import Edge
from flumec.compiler.model import Arm, Chain, Route, Step


def may_copy(one: Edge, two: Edge) -> bool:
    """Return whether an event may leave by both of two edges of one source."""
    if one.chain is None or two.chain is None:
        return True
    if one.chain is two.chain:
        return one.arm is two.arm
    return not (_filtered_apart(one.chain, two.chain) or _routed_apart(one, two))


def _filtered_apart(one: Chain, two: Chain) -> bool:
    """Return whether two chains begin with one pattern, which one of them leaves out."""
    first = [chain.steps[0] for chain in (one, two) if chain.steps]
    if len(first) < 2 or not all(step.declaration and step.declaration.drops for step in first):
        return False
    mine, other = map(_said, first)
    return (
        first[0].type == first[1].type
        and mine.get("exclude", False) != other.get("exclude", False)
        and mine.get("pattern") == other.get("pattern")
    )


def _said(step: Step) -> Mapping[str, object]:
    return {name: value.value for name, value in step.values.items()}


def _routed_apart(one: Edge, two: Edge) -> bool:
    """Return whether two chains without steps are routed by one header, to other values."""
    mine, other = one.chain, two.chain
    if mine is None or other is None or mine.steps or other.steps:
        return False
    if not isinstance(mine.end, Route) or not isinstance(other.end, Route):
        return False
    if mine.end.header != other.end.header or one.arm is None or two.arm is None:
        return False
    if one.arm.values is None or two.arm.values is None:
        return _elsewhere(mine.end, one.arm, other.end, two.arm)
    return set(one.arm.values).isdisjoint(two.arm.values)


def _elsewhere(mine: Route, one: Arm, other: Route, two: Arm) -> bool:
    """Return whether the values of the arm that is no `else` are named by the other's route."""
    if one.values is not None:
        mine, one, other, two = other, two, mine, one
    if two.values is None:
        return False
    named = {value for arm in mine.arms for value in arm.values or ()}
    return set(two.values) <= named
