"""`test` blocks: what is sent, what is expected, and what breaks in between."""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, ClassVar, Literal

from flumec.compiler import tree
from flumec.compiler.bind.calls import RepeatedArgument, read_call
from flumec.compiler.bind.following import BROKEN
from flumec.compiler.bind.functions import UnknownFunction
from flumec.compiler.bind.kinds import Kind, Slot
from flumec.compiler.bind.kinds_fleet import AGENT, CHANNEL, END, SINK, SOURCE
from flumec.compiler.bind.kinds_plain import header_name
from flumec.compiler.bind.kinds_text import TextKind
from flumec.compiler.bind.proofs import NOT_NEGATIVE, form, title, typed
from flumec.compiler.bind.properties import Field, Filling, Form
from flumec.compiler.bind.property_mistakes import Misplaced, what_stands
from flumec.compiler.bind.scope import Binding, Env
from flumec.compiler.bind.types import kind_of
from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.model import Statement, Trial, Value
from flumec.compiler.source import Span
from flumec.runtime.component import Check, at_least
from flumec.runtime.frozen import frozen
from flumec.runtime.quantity import Duration

_REQUIRED = dataclasses.MISSING


class UnreadablePattern(Diagnostic, code="FL654"):
    r"""A pattern that a test expects cannot be read.

    Patterns are Python's regular expressions, and are looked for anywhere in the text.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source logs : taildir {
        files = ["/var/log/a.log"]
      }

      channel spool : file

      sink out : file_roll {
        directory = "/srv/a"
      }

      logs -> spool
      spool -> out
    }

    test "a line arrives" {
      send(a.logs, body = "user=ann")
      expect(a.out, count = 1, body = r"user=(\w+")
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source logs : taildir {
        files = ["/var/log/a.log"]
      }

      channel spool : file

      sink out : file_roll {
        directory = "/srv/a"
      }

      logs -> spool
      spool -> out
    }

    test "a line arrives" {
      send(a.logs, body = "user=ann")
      expect(a.out, count = 1, body = r"user=(\w+)")
    }
    ```
    """

    slot: str
    reason: str

    @property
    def message(self) -> str:
        return f"the pattern of `{self.slot}` cannot be read: {self.reason}"


@frozen
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


@frozen
class PatternKind(TextKind):
    r"""A text, or a pattern that is to be found in one: `r"user=\w+"`."""

    def make(self, expr: tree.String, env: Env, slot: Slot, via: Binding | None) -> Any:
        """Return the text, or the compiled pattern."""
        text = TextKind.make(self, expr, env, slot, via)
        if expr.form != "raw" or not isinstance(text, str):
            return text
        try:
            return re.compile(text)
        except re.error as error:
            env.findings.report(UnreadablePattern(expr.span, slot=slot.name, reason=error.msg))
            return BROKEN


_PATTERN = PatternKind("pattern", 'a text, or a pattern `r"…"`', str)


@cache
def functions() -> Mapping[str, Form]:
    """Return the functions of a test and their arguments."""
    headers = HeadersKind("headers", "`headers(name = …)`", dict)
    host = typed("host", str)
    down = typed("down", Duration, check=NOT_NEGATIVE)
    count = typed("count", int, check=at_least(1))
    many = at_least(0)
    duration = _first("duration", Duration, NOT_NEGATIVE)
    return {
        "send": _form(
            "send", _first("to", SOURCE), typed("headers", headers, positional=True),
            typed("body", str), count, host, typed("file", str),
        ),
        "expect": _form(
            "expect", _first("at", END), typed("count", int, check=many),
            typed("dropped", int, check=many), typed("duplicates", int, check=many),
            typed("reason", Literal["unrouted", "filtered", "copy", "late"]),
            typed("unique", bool), typed("order", Literal["source"]), typed("body", _PATTERN),
            typed("files", int, check=many), typed("path", _PATTERN),
            typed("within", Duration, check=NOT_NEGATIVE), host,
        ),
        "kill": _form("kill", _first("agent", AGENT), count, host, down),
        "power": _form("power", _first("place", str), down),
        "cut": _form("cut", _first("link", CHANNEL)),
        "heal": _form("heal", _first("link", CHANNEL)),
        "outage": _form("outage", _first("sink", SINK), duration),
        "rotate": _form("rotate", _first("source", SOURCE), host),
        "advance": _form("advance", duration),
    }  # fmt: skip


@cache
def trial_form() -> Form:
    """Return what a test sets, beside its statements."""
    return form("a test", typed("sinks", Literal["collected", "real"]))


def _first(name: str, kind: Any, check: Check[Any] | None = None) -> Field:
    return typed(name, kind, default=_REQUIRED, check=check, positional=True)


def _form(name: str, *fields: Field) -> Form:
    return form(f"`{name}`", *fields, noun="argument")


def bind_trial(node: tree.Test, env: Env) -> Trial:
    """Return a test with its statements."""
    filling, statements = Filling(trial_form()), []
    settings = [one for one in node.block.statements if isinstance(one, tree.Attr)]
    filling.read(tree.Block(tuple(settings), node.block.span), env)
    said = filling.finish(node.title.span, env)
    for statement in node.block.statements:
        if isinstance(statement, tree.Attr):
            continue
        if not isinstance(statement, tree.Call):
            what = what_stands(statement)
            env.findings.report(Misplaced(statement.span, what=what, owner="a test"))
            continue
        known, name = functions(), statement.function.text
        if name not in known:
            span = statement.function.span
            env.findings.report(UnknownFunction(span, name=name, known=tuple(known)))
        else:
            values, whole = _arguments(statement, name, known[name], env)
            if whole:  # what is missing in another proves nothing
                statements.append(Statement(name, values, statement.span))
    real = "sinks" in said and said["sinks"].value == "real"
    return Trial(title(node.title, env), tuple(statements), node.span, real)


def _arguments(
    call: tree.Call, name: str, its_form: Form, env: Env
) -> tuple[dict[str, Value], bool]:
    """Return a statement's arguments, and whether they are whole.

    Those of `expect` that name headers are one mapping.
    """
    plain, by_header = list(call.args), dict[int, tree.Ref]()
    if name == "expect":
        by_header = {
            place: arg.name
            for place, arg in enumerate(plain)
            if arg.name is not None and header_name(arg.name) is not None
        }
        plain = [arg for place, arg in enumerate(plain) if place not in by_header]
    expected = _headers([(name, call.args[place]) for place, name in by_header.items()], env)
    values, whole = read_call(plain, its_form, call.function.span, env)
    if expected:
        values["headers"] = Value(expected, call.span, call.function.span)
    return values, whole and expected is not None


def _headers(args: Sequence[tuple[tree.Ref, tree.Arg]], env: Env) -> dict[str, Any] | None:
    """Return what is expected of headers; None if something of it is wrong, which is reported."""
    found, firsts, whole = dict[str, Any](), dict[str, Span](), True
    for name, arg in args:
        header = header_name(name) or ""
        if header in firsts:
            env.findings.report(
                RepeatedArgument(name.span, name=f"header.{header}", first=firsts[header])
            )
            whole = False
            continue
        firsts[header] = name.span
        found[header] = _PATTERN.read(arg.value, env, Slot(f"header.{header}"))
        whole = whole and found[header] is not BROKEN
    return found if whole else None
