"""A claim in words: what it is, through what, assuming what, and where it is weakest."""

from collections.abc import Iterator, Sequence

from flumec.compiler.graph import Node
from flumec.compiler.proofs.claim import TOLD_APART, Claim, Delivery, Effect, Failure, Harm, Order
from flumec.runtime.component import Start

DELIVERY: dict[Delivery, str] = {
    "best_effort": "best effort",
    "at_least_once": "at least once",
    "exactly_once": "exactly once",
}
START: dict[Start, str] = {
    "line": "each complete line",
    "acknowledgement": "the acknowledgement",
    "none": "nowhere",
}
HARM = {Harm.LOSES: "loses", Harm.REPEATS: "repeats"}


def dotted(node: Node) -> str:
    """Return a component as a file names it."""
    return ".".join(node)


def harms(claim: Claim, *, apart: bool = False) -> Iterator[tuple[Effect, Sequence[Failure]]]:
    """Yield each harm once, the worst first, with all failures that do it; what a `delivery` is
    about, or with `apart` what it is not.
    """
    found: dict[tuple[Node, Harm, str], list[Effect]] = {}
    for failure, effects in claim.worst.items():
        for effect in effects if (failure in TOLD_APART) is apart else ():
            found.setdefault((effect.node, effect.harm, effect.reason), []).append(effect)
    worst = sorted(found.values(), key=lambda like: like[0].badness, reverse=True)
    yield from ((like[0], [effect.failure for effect in like]) for like in worst)


def harm_words(effect: Effect, failures: Sequence[Failure]) -> str:
    """Return a harm as a line.

    `killed, power cut: loses at web.live, what it holds ends with the process`.
    """
    return f"{failure_words(failures)}: {HARM[effect.harm]} at {effect.where}, {effect.reason}"


def failure_words(failures: Sequence[Failure]) -> str:
    """Return failures as they are called."""
    named = [failure.value for failure in failures if failure is not Failure.ALWAYS]
    return ", ".join([*(["without a failure"] if len(named) < len(failures) else []), *named])


def order_words(order: Order) -> str:
    """Return among which events order holds.

    >>> order_words(Order(frozenset({"user"}))), order_words(Order(None))
    ('per header.user', 'none')
    """
    if order.keys is None:
        return "none"
    keys = " and ".join(f"header.{key}" for key in sorted(order.keys)) or "source"
    return f"per {keys}{' in each folder' if order.folders is not None else ''}"


def weakest_words(claim: Claim) -> str:
    """Return the weakest place and why, in a line."""
    weakest = claim.weakest
    return (
        ""
        if weakest is None
        else (f"{weakest.where}, {failure_words([weakest.failure])}: {weakest.reason}")
    )


def reasoning(claim: Claim) -> Iterator[tuple[str, str]]:
    """Yield the parts of a claim: what each is about, and a line of it."""
    yield "from", START[claim.start]
    yield "through", ", ".join(failure.value for failure in claim.through)
    for apart in (False, True):
        for effect, failures in harms(claim, apart=apart):
            yield "not through", harm_words(effect, failures)
    for sentence in claim.assuming:
        yield "assuming", sentence
    why = f": {claim.order.reason}" if claim.order.reason else ""
    yield "order", f"{order_words(claim.order)}{why}"
    for detour in claim.detours:
        where = (
            "nowhere, and is counted" if detour.to is None else f"to {detour.node[0]}.{detour.to}"
        )
        each = ", each copy of it" if detour.to is not None and detour.takes_copies else ""
        yield "else", f"what is {_GONE[detour.kind]} goes {where}{each}"
    if claim.weakest is not None:
        yield "weakest", weakest_words(claim)


_GONE = {
    "dropped": "dropped by a route",
    "filtered": "filtered out",
    "dead letter": "a dead letter",
    "given up": "given up or a dead letter",
    "late": "late",
}
