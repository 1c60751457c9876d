"""Whether the key of a sink's `dedup` is on a source's events, and names one of them."""

from dataclasses import dataclass
from typing import Any

from flumec.compiler.deduplicated import DEDUP, key_headers
from flumec.compiler.model import Component
from flumec.compiler.proofs.ahead import Ahead, Worst
from flumec.compiler.proofs.claim import Copies, Effect, Failure, Harm, Order
from flumec.runtime.component import Source


@dataclass(frozen=True, slots=True)
class Named:
    """What a sink's `dedup` adds to a claim about the events of a source."""

    worst: Worst
    assuming: tuple[str, ...] = ()


def named(
    ahead: Ahead, sink: Component, source: type[Source], values: dict[str, Any] | None
) -> Named:
    """Return what a key does to the events of a source.

    Events without the key are all written. Those that share one key are taken for copies.
    """
    if ahead.key is None:
        return Named(ahead.worst, ahead.assuming)
    key = ahead.key
    brought = None if values is None else source.brings(values)
    if values is not None and brought is not None:
        given = {str(values[name]) for name in source.sets if values[name]}
        at_first = key.at_first(frozenset(given), frozenset(map(str, brought)))
        if at_first is None:
            return Named({**ahead.known, **ahead.worst}, ahead.assuming)
        key = at_first
    if not key.names_one:
        return Named({(Failure.ALWAYS, Harm.LOSES): _shared(ahead, sink), **ahead.worst})
    headers = [f"`header.{name}`" for name in key_headers(sink.values[DEDUP])]
    required = frozenset() if values is None else frozenset(source.requires(values))
    if headers and not ahead.key.touched and ahead.key.needed <= required:
        each = f"no two events have the same {' and '.join(headers)}"
    else:
        one = f"{' and '.join(headers)} {'are' if len(headers) > 1 else 'is'} on each event"
        each = f"{one}, and no two events have the same"
    return Named(ahead.worst, (*([each] if headers else []), *ahead.assuming))


def is_given(source: type[Source]) -> bool:
    """Return whether clients give a source its events, and may give another source the same."""
    return source.start != "line"


def first_of(ahead: Ahead, sink: Component, source: type[Source]) -> Order:
    """Return the order of a source's events where `dedup` may know one that came by another source.

    Whichever comes first is written, so that the order is that of neither.
    """
    known = ahead.key is not None and ahead.key.knows(Copies(tag=False, apart=True))
    if not known or not is_given(source) or ahead.order.keys is None:
        return ahead.order
    why = "an event that came by another source, or host, too is written when the first copy comes"
    cure = "`order = none`, or one source on one host: several have no order in common"
    return Order(None, why, sink.values[DEDUP].key, cure=cure)


def _shared(ahead: Ahead, sink: Component) -> Effect:
    dedup = sink.values[DEDUP]
    inner = dedup.value.values.get("key")
    return Effect(
        Failure.ALWAYS,
        Harm.LOSES,
        ahead.sink,
        dedup.key if inner is None else inner.span,
        "events that are different have one key, and count as copies",
        "a key of what clients send, or a `fingerprint` of it",
    )
