"""Numbers, quantities, bools, enumerations, headers, secrets, and names of other components."""

import re
from functools import lru_cache
from typing import Any, ClassVar

from flumec.compiler import tree
from flumec.compiler.bind.facts import find_fact
from flumec.compiler.bind.following import BROKEN, Ground, follow, unknown_name
from flumec.compiler.bind.kinds import Kind, Slot
from flumec.compiler.bind.kinds_text import text_parts
from flumec.compiler.bind.mistakes import (
    QUANTITIES,
    OutOfRange,
    QuotedWord,
    UnknownValue,
    WrongType,
    kind_of_node,
    kind_of_quantity,
)
from flumec.compiler.bind.plain_mistakes import BadSecretName, UnknownReference, UnknownUnit
from flumec.compiler.bind.scope import Binding, Env
from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.model import PerHost
from flumec.compiler.source import Span
from flumec.runtime.component import Header, Port, Secret
from flumec.runtime.frozen import frozen
from flumec.runtime.quantity import Duration, QuantityError, Size

_CREDENTIAL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}")
_BOOLS = {"yes": "true", "on": "true", "no": "false", "off": "false"}
_KINDS_OF_REF = {
    "channel": "a channel",
    "source": "a source",
    "sink": "a sink",
    "journal": "a journal",
}


_MOST_WHOLE = 9_000_000_000_000_000_000
_MOST = {Size: Size("8_388_607TiB"), Duration: Duration("36_500d")}
"""What the journal, the clock and the file systems can still count: a slip, where it is more."""


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:30]}…"


@lru_cache(maxsize=65_536)
def _quantity(python: Any, text: str) -> Any:
    return python(text)


@frozen
class QuantityKind(Kind):
    """A size, duration, rate or percentage."""

    nodes: ClassVar[tuple[type, ...]] = (tree.Quantity,)

    def make(self, expr: tree.Quantity, env: Env, slot: Slot, via: Binding | None) -> Any:  # noqa: ARG002 the protocol
        """Return the quantity."""
        try:
            value = _quantity(self.python, expr.text)
        except QuantityError as error:
            if kind_of_quantity(expr.text).endswith("unit"):
                env.findings.report(UnknownUnit(expr.span, error=_clearest(expr.text, error)))
                return BROKEN
            return self.refuse(expr, env, slot)
        most = _MOST.get(self.python)
        if most is not None and value > most:
            text = _short(expr.text)
            env.findings.report(OutOfRange(expr.span, slot.name, f"at most {most}", text, ""))
            return BROKEN
        return value

    def refuse(self, expr: tree.Expr, env: Env, slot: Slot) -> Any:
        """Report a value of another type; a number alone lacks its unit."""
        if isinstance(expr, tree.Number):
            error = f"`{expr.text}` has no unit: `{slot.name}` must be {self.expected}"
            env.findings.report(UnknownUnit(expr.span, error=error))
        elif isinstance(expr, tree.String) and _parses(self.python, expr.raw):
            found, unquoted = kind_of_node(expr), f"write it without quotes: {expr.raw}"
            env.findings.report(
                WrongType(
                    expr.span, slot=slot.name, expected=self.expected, found=found, help=unquoted
                )
            )
        else:
            return Kind.refuse(self, expr, env, slot)
        return BROKEN


def _parses(python: Any, text: str) -> bool:
    try:
        python(text)
    except QuantityError:
        return False
    return True


def _clearest(text: str, error: QuantityError) -> str:
    """Return the error that offers the fewest units: `5ss` meant a duration even where a size is
    wanted.
    """
    errors = [str(error)]
    for quantity in QUANTITIES:
        try:
            quantity(text)
        except QuantityError as other:
            errors.append(str(other))
    near = [said for said in errors if said.startswith("unknown unit") and "," not in said]
    return near[0] if near and "," in errors[0] else errors[0]


@frozen
class NumberKind(Kind):
    """A number without a unit; whole where `python` is an int."""

    nodes: ClassVar[tuple[type, ...]] = (tree.Number,)

    def make(self, expr: tree.Number, env: Env, slot: Slot, via: Binding | None) -> Any:  # noqa: ARG002 the protocol
        """Return the number."""
        if (flaw := self.flaw(expr.text, expr.span, slot)) is not None:
            env.findings.report(flaw)
            return BROKEN
        text = expr.text.replace("_", "")
        number = float(text)
        if self.python is float:
            return int(number) if number.is_integer() else number
        # Python reads no whole number of more than 4,300 digits, not even one of zeros.
        digits = text.lstrip("-").lstrip("0")
        whole = int(digits) if digits.isdecimal() else int(abs(number))
        return self.python(-whole if number < 0 else whole)

    def may_be_flawed(self, value: PerHost) -> bool:  # noqa: ARG002 the protocol
        """A host's number may not be whole, or no port."""
        return True

    def flaw(self, text: str, span: Span, slot: Slot, host: str = "") -> Diagnostic | None:
        """Return why a text is no such number."""
        number = float(text.replace("_", ""))
        if self.python is Port and slot.check is None and not 0 < number < 65_536:
            return OutOfRange(span, slot.name, "between 1 and 65535", text, host)
        if abs(number) > _MOST_WHOLE:
            return OutOfRange(span, slot.name, f"at most {_MOST_WHOLE:_}", _short(text), host)
        if self.python is not float and not number.is_integer():
            found = f"`{text}` is not whole" + (f" on `{host}`" if host else "")
            return WrongType(span, slot=slot.name, expected=self.expected, found=found)
        return None


@frozen
class BoolKind(Kind):
    """`true` or `false`."""

    nodes: ClassVar[tuple[type, ...]] = (tree.Bool,)

    def report_unknown(self, ref: tree.Ref, env: Env, slot: Slot) -> None:  # noqa: ARG002 the protocol
        """Report a word that is no name: it may be what other languages call true or false."""
        meant = _BOOLS.get(ref.text.lower())
        help_ = f"did you mean `{meant}`?" if meant else None
        env.findings.report(unknown_name(ref, env, help_))

    def make(self, expr: tree.Bool, env: Env, slot: Slot, via: Binding | None) -> Any:  # noqa: ARG002 the protocol
        """Return the bool."""
        return expr.value


@frozen
class WordKind(Kind):
    """An enumeration: one of a few bare words; a text where a param or let brings it."""

    nodes: ClassVar[tuple[type, ...]] = (tree.String,)

    def make(self, expr: tree.String, env: Env, slot: Slot, via: Binding | None) -> Any:
        """Return the word that a text brings."""
        parts = text_parts(expr, env)
        if parts is None:
            return BROKEN
        word = "".join(part for part in parts if isinstance(part, str))
        if word not in self.words or len(parts) != 1:
            env.findings.report(
                UnknownValue(
                    expr.span, slot=slot.name, word=word, expected=self.expected, known=self.words
                )
            )
        elif via is None:
            env.findings.report(QuotedWord(expr.span, slot=slot.name, word=word))
        else:
            return word
        return BROKEN

    def may_be_flawed(self, value: PerHost) -> bool:  # noqa: ARG002 the protocol
        """Whatever a host says may be no word."""
        return True

    def flaw(self, text: str, span: Span, slot: Slot, host: str = "") -> Diagnostic | None:
        """Return that a text is none of the words."""
        if text in self.words:
            return None
        return UnknownValue(span, slot.name, text, self.expected, self.words, host)


@frozen
class HeaderKind(Kind):
    """`header.user`, `header["X-Request-Id"]`."""

    nodes: ClassVar[tuple[type, ...]] = (tree.Ref,)

    def report_unknown(self, ref: tree.Ref, env: Env, slot: Slot) -> None:  # noqa: ARG002 the protocol
        """Report a word that is no name: a header may have been meant."""
        help_ = f"did you mean the header `header.{ref.text}`?"
        env.findings.report(unknown_name(ref, env, help_))

    def make(self, expr: tree.Ref, env: Env, slot: Slot, via: Binding | None) -> Any:  # noqa: ARG002 the protocol
        """Return the header's name."""
        name = header_name(expr)
        return self.refuse(expr, env, slot) if name is None else Header(name)


def header_name(ref: tree.Ref) -> str | None:
    """Return the name in `header.name` or `header["name"]`; None for any other reference."""
    if ref.names[0].text != "header" or len(ref.names) + (ref.key is not None) != 2:
        return None
    name = ref.names[1].text if ref.key is None else ref.key.raw
    return name or None


@frozen
class FactKind(Kind):
    """The name of a fact, `host.site`, whose value every host has for itself."""

    nodes: ClassVar[tuple[type, ...]] = (tree.Ref,)

    def read_ground(self, expr: tree.Expr, env: Env, slot: Slot, via: Binding | None) -> Any:
        """Return the fact's name, if every host has it."""
        if isinstance(expr, tree.Ref) and expr.names[0].text == "host" and expr.key is None:
            found = find_fact(expr, env)
            return BROKEN if found is None else self.python(".".join(found[0].path))
        return Kind.read_ground(self, expr, env, slot, via)


@frozen
class SecretKind(Kind):
    """`secret("name")`."""

    nodes: ClassVar[tuple[type, ...]] = (tree.Call,)

    def make(self, expr: tree.Call, env: Env, slot: Slot, via: Binding | None) -> Any:  # noqa: ARG002 the protocol
        """Return the secret, of which only the name is known."""
        if expr.function.text != "secret":
            return self.refuse(expr, env, slot)
        if len(expr.args) != 1 or not isinstance(expr.args[0].value, tree.String):
            return self.refuse(expr, env, slot)
        argument = expr.args[0].value
        if not _CREDENTIAL.fullmatch(argument.raw):
            env.findings.report(BadSecretName(argument.span, name=argument.raw))
            return BROKEN
        return Secret(argument.raw)


@frozen
class RefKind(Kind):
    """The name of another component of the agent; `kinds` says of which kind."""

    kinds: tuple[str, ...] = ()

    def read(self, expr: tree.Expr, env: Env, slot: Slot) -> Any:
        """Return the name."""
        if not isinstance(expr, tree.Ref) or expr.key is not None or len(expr.names) != 1:
            return self.refuse(expr, env, slot)
        name = expr.text
        if name not in env.components and name not in env.journals:
            found = follow(expr, env)
            if found == "broken":
                return BROKEN
            if isinstance(found, Ground) and isinstance(found.expr, tree.Ref):
                name = found.expr.text
        kind = "journal" if "journal" in self.kinds and name in env.journals else ""
        kind = kind or env.components.get(name, "")
        if kind and (not self.kinds or kind in self.kinds):
            return self.python(name)
        wanted = " or ".join(_KINDS_OF_REF[kind] for kind in self.kinds) or "a component"
        fitting = (n for n, k in env.components.items() if not self.kinds or k in self.kinds)
        known = tuple(env.journals) if "journal" in self.kinds else tuple(fitting)
        env.findings.report(
            UnknownReference(
                expr.span, slot=slot.name, name=name, wanted=wanted, known=known, kind=kind
            )
        )
        return BROKEN
