"""Texts: strings, paths and urls, with what `${…}` puts into them."""

import re
from typing import Any, ClassVar

from flumec.compiler import tree
from flumec.compiler.bind.facts import find_fact
from flumec.compiler.bind.following import BROKEN, follow, not_set, unknown_name
from flumec.compiler.bind.kinds import Kind, Slot
from flumec.compiler.bind.mistakes import (
    SecretRendered,
    WrongType,
    kind_of_quantity,
)
from flumec.compiler.bind.scope import Binding, Env
from flumec.compiler.bind.text import read_parts
from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.model import HostFact, PerHost
from flumec.compiler.source import Span
from flumec.runtime.component import Url
from flumec.runtime.frozen import frozen

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://.")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

_SAFE = (("name",), ("index",))
"""Facts that can stand in any path."""

Parts = tuple[str | HostFact, ...]


class NoUrl(Diagnostic, code="FL213"):
    """A text that is to be a url has no scheme.

    ## Example

    ```flow
    param lake : url = "nn.example.com/logs"
    ```

    ## Instead

    ```flow
    param lake : url = "hdfs://nn.example.com/logs"

    hosts web = ["web-1"] {
      site = lake
    }
    ```
    """

    slot: str
    text: str
    host: str = ""

    @property
    def message(self) -> str:
        """Say what a url looks like."""
        on = f" on `{self.host}`" if self.host else ""
        return f"`{self.slot}` must be a url, `scheme://…`, not `{self.text}`{on}"


class NoPath(Diagnostic, code="FL218"):
    r"""A text that is to be a path is empty, or has a control character in it.

    ## Example

    ```flow
    param folder : path = "/srv/a\tb"
    ```

    ## Instead

    ```flow
    param folder : path = r"/srv/a\tb"

    hosts web = ["web-1"] {
      site = folder
    }
    ```
    """

    slot: str
    text: str
    host: str = ""

    @property
    def message(self) -> str:
        """Say why it is no path."""
        on = f" on `{self.host}`" if self.host else ""
        if not self.text:
            return f"`{self.slot}` must be a path, not an empty text{on}"
        return f"`{self.slot}` must be a path, without control characters{on}"


@frozen
class TextKind(Kind):
    """A string, path or url."""

    nodes: ClassVar[tuple[type, ...]] = (tree.String,)

    def report_unknown(self, ref: tree.Ref, env: Env, slot: Slot) -> None:  # noqa: ARG002 the protocol
        """Report a word that is no name: quotes may be missing."""
        env.findings.report(unknown_name(ref, env, f'a text stands in quotes: "{ref.text}"'))

    def make(self, expr: tree.String, env: Env, slot: Slot, via: Binding | None) -> Any:  # noqa: ARG002 the protocol
        """Return the text, or PerHost where hosts differ in it."""
        parts = text_parts(expr, env)
        if parts is None:
            return BROKEN
        if len(parts) > 1 or (parts and not isinstance(parts[0], str)):
            return PerHost(parts, self.python)
        return self._from_text(parts[0] if parts else "", expr, env, slot)

    def _from_text(self, text: Any, expr: tree.String, env: Env, slot: Slot) -> Any:
        if (flaw := self.flaw(text, expr.span, slot)) is not None:
            env.findings.report(flaw)
            return BROKEN
        return text if self.python is str else self.python(text)

    def may_be_flawed(self, value: PerHost) -> bool:
        """Whether the part of it that a host fills in decides."""
        if self.python is Url:
            return not (isinstance(value.parts[0], str) and _SCHEME.match(value.parts[0]))
        facts = (part for part in value.parts if isinstance(part, HostFact))
        return self.name == "path" and any(fact.path not in _SAFE for fact in facts)

    def flaw(self, text: str, span: Span, slot: Slot, host: str = "") -> Diagnostic | None:
        """Return why a text is no url or path."""
        if self.python is Url and not _SCHEME.match(text):
            return NoUrl(span, slot=slot.name, text=text, host=host)
        if self.name == "path" and (not text or _CONTROL.search(text)):
            return NoPath(span, slot=slot.name, text=text, host=host)
        return None


def text_parts(node: tree.String, env: Env) -> Parts | None:
    """Return a string with all names filled in but the hosts' own; None if a mistake was
    reported.
    """
    if "$" not in node.raw and "\\" not in node.raw and node.form != "long":
        return (node.raw,)
    read, whole = read_parts(node, env.findings)
    parts: list[str | HostFact] = []
    for part in read:
        filled = (part,) if isinstance(part, str) else _filled(part, env)
        whole = whole and filled is not None
        for piece in filled or ():
            if isinstance(piece, str) and parts and isinstance(parts[-1], str):
                parts[-1] += piece
            elif piece:
                parts.append(piece)
    return tuple(parts) if whole else None


def _filled(ref: tree.Ref, env: Env) -> Parts | None:
    """Return what `${ref}` stands for."""
    found = follow(ref, env)
    if found == "broken":
        return None
    if found == "unknown":
        env.findings.report(not_set(ref, env))
        return None
    expr = found.expr
    match expr:
        case tree.String():
            return text_parts(expr, found.env)
        case tree.Number():
            return (expr.text,)
        case tree.Quantity():
            return None if kind_of_quantity(expr.text).endswith("unit") else (expr.text,)
        case tree.Bool():
            return (str(expr.value).lower(),)
        case tree.Ref() if expr.names[0].text == "host":
            return _fact(ref, expr, env)
        case tree.Ref() if expr.names[0].text != "header":
            return (expr.text,)
    _refuse(ref, expr, env)
    return None


def _fact(ref: tree.Ref, expr: tree.Ref, env: Env) -> Parts | None:
    """Return the fact of a host that `${ref}` stands for, if it has a text."""
    if (found := find_fact(expr, env)) is None:
        return None
    if found.type == "secret":
        env.findings.report(SecretRendered(ref.span, slot="${}"))
    elif found.type == "list":
        said = f"`{ref.text}` is a list"
        wanted = "something with a text"
        env.findings.report(WrongType(ref.span, slot="${…}", expected=wanted, found=said))
    else:
        return (found.fact,)
    return None


def _refuse(ref: tree.Ref, expr: tree.Expr, env: Env) -> None:
    """Report a value that has no text."""
    if isinstance(expr, tree.Call) and expr.function.text == "secret":
        env.findings.report(SecretRendered(ref.span, slot="${}"))
    elif not (isinstance(expr, tree.Call) and expr.function.text == "env"):  # said at its let
        what = {tree.List: "a list", tree.Call: "a call"}.get(type(expr), "a header")
        found = f"`{ref.text}` is {what}"
        wrong = WrongType(ref.span, slot="${…}", expected="something with a text", found=found)
        if isinstance(expr, tree.Ref):
            wrong = WrongType(
                ref.span,
                slot="${…}",
                expected="known while building",
                found=f"`{ref.text}` is an event's",
                help=f"what an event has is written `%{{{ref.names[-1].text}}}`",
            )
        env.findings.report(wrong)
