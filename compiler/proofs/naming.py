"""Whether the key of a sink's `dedup` is on a source's events, and names one of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from flumec.compiler.deduplicated import DEDUP, key_headers
from flumec.compiler.model import Component
from flumec.compiler.proofs.ahead import Ahead, Worst
from flumec.compiler.proofs.claim import Copies, Effect, Failure, Harm, Order, Origin
from flumec.runtime.component import Source


@dataclass(frozen=True, slots=True)
class Named:
    """What a sink's `dedup` adds to a claim about the events of a source."""

    worst: Worst
    assuming: tuple[str, ...] = ()


def named(
    ahead: Ahead, sink: Component, source: type[Source], values: dict[str, Any] | None,
    alike: Collection[Origin] = (),
) -> Named:  # fmt: skip
    """Return what a key does to the events of a source; `alike` is where others are from that have
    the same.

    Events without the key are all written. Those that share one key are taken for copies.
    """
    if ahead.key is None:
        return Named(ahead.worst, ahead.assuming)
    key, worst = ahead.key, ahead.worst
    came = _came(source, values)
    if came.possible is not None:
        at_first = key.at_first(came.given, came.possible)
        if at_first is None:
            unknown = ahead.unknown()
            return Named(unknown.worst, unknown.assuming)
        key = at_first
    chance = ahead.key.chance
    doubted = chance.absent - came.given - (came.required - chance.empty)
    if came.possible is not None and not doubted <= came.possible:
        worst = {**worst, **ahead.doubted}
    if not key.names_one or alike:
        return Named({(Failure.ALWAYS, Harm.LOSES): _shared(ahead, sink), **worst})
    sent = doubted if came.possible is None else doubted & came.possible
    each = [
        f"{_are(sorted(names))} {what} event that enters"
        for names, what in ((sent - came.required, "on each"), (sent & chance.empty, "empty on no"))
        if names
    ]
    headers = key_headers(sink.values[DEDUP])
    if headers and not ahead.key.touched and ahead.key.needed <= came.required:
        each.append(f"no two events have the same {_shown(headers)}")
    elif headers:
        each.append(f"{_are(headers)} on each event, and no two events have the same")
    in_time = (ahead.in_time,) if ahead.in_time else ()
    return Named(worst, (*each, *ahead.assuming, *in_time))


class _Came(NamedTuple):
    """The headers that a source's events have when they enter."""

    given: frozenset[str]
    """From the source itself, on each."""
    required: frozenset[str]
    """From clients, on each."""
    possible: frozenset[str] | None
    """All that clients may send; None: any."""


def _came(source: type[Source], values: dict[str, Any] | None) -> _Came:
    if values is None:
        return _Came(frozenset(), frozenset(), None)
    brought = source.brings(values)
    return _Came(
        frozenset(str(values[name]) for name in source.sets if values[name]),
        frozenset(map(str, source.requires(values))),
        None if brought is None else frozenset(map(str, brought)),
    )


def _shown(headers: Sequence[str]) -> str:
    return " and ".join(f"`header.{name}`" for name in headers)


def _are(headers: Sequence[str]) -> str:
    return f"{_shown(headers)} {'are' if len(headers) > 1 else 'is'}"


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
