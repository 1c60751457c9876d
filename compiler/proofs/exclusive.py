"""Whether one event may leave its source by two ways, or surely takes one of them."""

from flumec.compiler.graph import Edge
from flumec.compiler.model import Route
from flumec.compiler.proofs.answers import Knowledge, Questions


def may_copy(one: Edge, two: Edge) -> bool:
    """Return whether an event may leave by both of two edges of one source."""
    if one.chain is None or two.chain is None:
        return True
    if one.chain is two.chain:
        return one.arm is two.arm
    questions = Questions.of((one.chain, two.chain))
    mine, other = (_told(questions, edge) for edge in (one, two))
    if mine is None or other is None:
        return False
    return not any(mine[subject].excludes(other[subject]) for subject in mine.keys() & other.keys())


def _told(questions: Questions, edge: Edge) -> Knowledge | None:
    """Return what is known of events that leave by an edge. None: no event does."""
    chain, arm = edge.chain, edge.arm
    known = questions.behind({}, chain.steps if chain is not None else (), None)
    if known is None or arm is None or chain is None or not isinstance(chain.end, Route):
        return known
    return questions.taken(known, chain.end, arm)
