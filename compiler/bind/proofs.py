"""`check` blocks: what must hold for a path, typed; whether it holds is not asked here."""

import dataclasses
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any, ClassVar, Literal

from flumec.compiler import tree
from flumec.compiler.bind.calls import read_call
from flumec.compiler.bind.following import BROKEN
from flumec.compiler.bind.functions import UnknownFunction
from flumec.compiler.bind.kinds import Kind, Slot
from flumec.compiler.bind.kinds_fleet import AGENT, CHANNEL, SINK, SOURCE
from flumec.compiler.bind.kinds_text import text_parts
from flumec.compiler.bind.properties import Field, Filling, Form
from flumec.compiler.bind.property_mistakes import ContradictoryProperties
from flumec.compiler.bind.scope import Binding, Env
from flumec.compiler.bind.types import kind_of, list_of
from flumec.compiler.model import Fault, Proof, Value
from flumec.runtime.component import Check, Header, Property, at_least
from flumec.runtime.frozen import frozen
from flumec.runtime.quantity import Duration, Rate

NOT_NEGATIVE = at_least(Duration("0s"))
"""What a length of time is, said of what happens."""

_REQUIRED = dataclasses.MISSING


def typed(
    name: str,
    kind: Any,
    *,
    default: Any = None,
    check: Check[Any] | None = None,
    positional: bool = False,
) -> Field:
    """Return a field that no class declares, because its name is a word of Python's, or its type
    ours.
    """
    declared = Property(name, kind, "", default, check, positional)
    return Field(declared, kind_of(kind), Slot(name, check))


def form(owner: str, *fields: Field, noun: str = "property") -> Form:
    """Return the form of such fields."""
    return Form(owner, {one.property.name: one for one in fields}, None, noun)


@cache
def faults() -> Mapping[str, Form]:
    """Return what a check may survive: each fault and its arguments."""
    count = typed("count", int, check=at_least(1))
    agent = typed("agent", AGENT, default=_REQUIRED, positional=True)
    sink = typed("sink", SINK, default=_REQUIRED, positional=True)
    duration = typed("duration", Duration, default=_REQUIRED, check=NOT_NEGATIVE, positional=True)
    lasting = typed("duration", Duration, check=NOT_NEGATIVE, positional=True)
    down = typed("down", Duration, check=NOT_NEGATIVE)
    replaced = typed("replaced", Duration, check=NOT_NEGATIVE)
    link = typed("link", CHANNEL, default=_REQUIRED, positional=True)
    site = typed("site", str, default=_REQUIRED, positional=True)
    return {
        "kill": form("`kill`", agent, count, down, noun="argument"),
        "lose": form("`lose`", agent, count, replaced, noun="argument"),
        "outage": form("`outage`", sink, duration, noun="argument"),
        "cut": form("`cut`", link, lasting, noun="argument"),
        "power": form("`power`", site, down, noun="argument"),
    }


@frozen
class FaultKind(Kind):
    """`kill(collector, count = 1)`."""

    nodes: ClassVar[tuple[type, ...]] = (tree.Call,)

    def make(self, expr: tree.Call, env: Env, slot: Slot, via: Binding | None) -> Any:  # noqa: ARG002 the protocol
        """Return the fault."""
        name = expr.function.text
        known = faults()
        if name not in known:
            env.findings.report(UnknownFunction(expr.function.span, name=name, known=tuple(known)))
            return BROKEN
        values, whole = read_call(expr.args, known[name], expr.function.span, env)
        return Fault(name, values, expr.span) if whole else BROKEN


FAULT = FaultKind("fault", "a fault such as `kill(agent)`", Fault)


@cache
def proof_form() -> Form:
    """Return what a check's block takes."""
    return form(
        "a check",
        typed("from", SOURCE, default=_REQUIRED),
        typed("to", SINK, default=_REQUIRED),
        typed("delivery", Literal["best_effort", "at_least_once", "exactly_once"]),
        typed("order", Literal["source", "key", "none"]),
        typed("key", Header | Literal["tag"] | tuple[Header, ...]),
        typed("rate", Rate),
        typed("peak", Rate | float, check=at_least(1)),
        typed("survives", list_of(FAULT)),
        typed("catches_up", Duration, check=at_least(Duration("1s"))),
    )


def bind_proof(node: tree.Check, env: Env) -> Proof:
    """Return a check with its properties."""
    filling = Filling(proof_form())
    filling.read(node.block, env)
    values = filling.finish(node.title.span, env)
    peak, rate = values.get("peak"), values.get("rate")
    mistaken = rate is None and "rate" in filling.given
    if peak is not None and not mistaken and (why := _why_no_peak(peak.value, rate)):
        others = () if rate is None else (rate.key,)
        env.findings.report(ContradictoryProperties(peak.span, sentence=why, others=others))
    return Proof(title(node.title, env), values, node.span)


def _why_no_peak(peak: Rate | float, rate: Value | None) -> str:
    """Return why a check's `peak` counts for nothing beside its `rate`; "" if it counts."""
    if rate is None:
        return "`peak` counts for nothing without `rate`: it is the rate of the worst hours"
    if not isinstance(peak, Rate):
        return ""
    if peak.of_bytes != rate.value.of_bytes:
        of = [f"of {'bytes' if one.of_bytes else 'events'}" for one in (peak, rate.value)]
        return f"`peak = {peak}` is {of[0]}, and `rate = {rate.value}` {of[1]}"
    if peak < rate.value:
        return f"`peak = {peak}` is less than `rate = {rate.value}`: it is that of the worst hours"
    return ""


def title(node: tree.String, env: Env) -> str:
    """Return the title of a check or test."""
    parts = text_parts(node, replace(env, hosts=None))
    return "".join(part for part in parts or () if isinstance(part, str))
