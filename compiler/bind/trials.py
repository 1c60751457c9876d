"""`test` blocks: what is sent, what is expected, and what breaks in between."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from flumec.compiler import tree
from flumec.compiler.bind.calls import RepeatedArgument, read_call
from flumec.compiler.bind.following import BROKEN
from flumec.compiler.bind.functions import UnknownFunction
from flumec.compiler.bind.kinds import Kind, Slot
from flumec.compiler.bind.kinds_fleet import AGENT, CHANNEL, END, SINK, SOURCE
from flumec.compiler.bind.kinds_plain import header_name
from flumec.compiler.bind.proofs import form, title, typed
from flumec.compiler.bind.properties import Form
from flumec.compiler.bind.property_mistakes import Misplaced, what_stands
from flumec.compiler.bind.scope import Binding, Env
from flumec.compiler.bind.types import kind_of
from flumec.compiler.model import Trial, Value
from flumec.runtime.component import at_least
from flumec.runtime.quantity import Duration

_REQUIRED = dataclasses.MISSING


@dataclass(frozen=True, slots=True)
class HeadersKind(Kind):
    """`headers(kind = "audit")`: the headers of an event."""

    nodes: ClassVar[tuple[type, ...]] = (tree.Call,)

    def make(self, expr: tree.Call, env: Env, slot: Slot, via: Binding | None) -> Any:  # noqa: ARG002 the protocol
        """Return the headers by name."""
        if expr.function.text != "headers":
            return self.refuse(expr, env, slot)
        found: dict[str, Any] = {}
        for arg in expr.args:
            name = _header(arg)
            if name is None:
                return self.refuse(arg.value, env, slot)
            value = kind_of(str).read(arg.value, env, Slot(name))
            if value is BROKEN:
                return BROKEN
            if name in found:
                first = next(one.span for one in expr.args if _header(one) == name)
                env.findings.report(RepeatedArgument(arg.span, name=name, first=first))
                return BROKEN
            found[name] = value
        return found


def _header(arg: tree.Arg) -> str | None:
    """Return the header that an argument of `headers` is for: `kind = …`, `header["X-Id"] = …`."""
    if arg.name is None:
        return None
    return arg.name.text if len(arg.name.names) == 1 and not arg.name.key else header_name(arg.name)


@cache
def functions() -> Mapping[str, Form]:
    """Return the functions of a test and their arguments."""
    headers = HeadersKind("headers", "`headers(name = …)`", dict)
    to = typed("to", SOURCE, default=_REQUIRED, positional=True)
    agent = typed("agent", AGENT, default=_REQUIRED, positional=True)
    link = typed("link", CHANNEL, default=_REQUIRED, positional=True)
    sink = typed("sink", SINK, default=_REQUIRED, positional=True)
    duration = typed("duration", Duration, default=_REQUIRED, positional=True)
    count = typed("count", int, check=at_least(1))
    return {
        "send": form(
            "`send`", to, typed("headers", headers, positional=True), typed("body", str), count,
            noun="argument",
        ),
        "expect": form(
            "`expect`",
            typed("at", END, default=_REQUIRED, positional=True),
            typed("count", int, check=at_least(0)),
            typed("dropped", int, check=at_least(0)),
            typed("body", str),
            noun="argument",
        ),
        "kill": form("`kill`", agent, count, noun="argument"),
        "cut": form("`cut`", link, noun="argument"),
        "outage": form("`outage`", sink, duration, noun="argument"),
        "advance": form("`advance`", duration, noun="argument"),
    }  # fmt: skip


def bind_trial(node: tree.Test, env: Env) -> Trial:
    """Return a test with its statements."""
    statements = []
    for statement in node.block.statements:
        if not isinstance(statement, tree.Call):
            what = what_stands(statement)
            env.findings.report(Misplaced(statement.span, what=what, owner="a test"))
            continue
        known, name = functions(), statement.function.text
        if name not in known:
            span = statement.function.span
            env.findings.report(UnknownFunction(span, name=name, known=tuple(known)))
        else:
            statements.append((name, _arguments(statement, name, known[name], env)))
    return Trial(title(node.title, env), tuple(statements), node.span)


def _arguments(call: tree.Call, name: str, its_form: Form, env: Env) -> dict[str, Value]:
    """Return a statement's arguments; those of `expect` that name headers are one mapping."""
    plain, expected = list(call.args), dict[str, Any]()
    if name == "expect":
        by_header = [arg for arg in call.args if arg.name and header_name(arg.name) is not None]
        plain = [arg for arg in call.args if arg not in by_header]
        for arg in by_header:
            header = _header(arg) or ""
            value = kind_of(str).read(arg.value, env, Slot(f"header.{header}"))
            if value is not BROKEN:
                expected[header] = value
    values, _ = read_call(plain, its_form, call.function.span, env)
    if expected:
        values["headers"] = Value(expected, call.span, call.function.span)
    return values
