"""What a property's type takes: the kinds of values, and how each reads an expression."""

from dataclasses import field
from typing import Any, ClassVar

from flumec.compiler import tree
from flumec.compiler.bind.facts import read_fact
from flumec.compiler.bind.following import BROKEN, Ground, follow, unknown_name
from flumec.compiler.bind.functions import FUNCTIONS, UnknownFunction
from flumec.compiler.bind.mistakes import (
    EnvOutsideDefault,
    OutOfRange,
    SecretRendered,
    UnknownValue,
    WrongType,
    kind_of_node,
)
from flumec.compiler.bind.scope import Binding, Env, hosts_unknown
from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.model import PerHost
from flumec.compiler.source import Span
from flumec.compiler.values import resolve, text_on, varies
from flumec.runtime.component import Check
from flumec.runtime.frozen import frozen


@frozen
class Slot:
    """What a value is for: the property, param or argument that gets it."""

    name: str
    check: Check[Any] | None = None

    def inner(self) -> "Slot":
        """Return the slot of one item of a list: the check is the whole list's."""
        return Slot(self.name) if self.check else self


@frozen
class Kind:
    """How values of one type are read: a subclass says which nodes it takes, and what it makes of
    them.
    """

    name: str
    """The language's word for the type."""
    expected: str
    """As in "must be …"."""
    python: Any
    """The type of the values."""
    accepts: frozenset[str] = frozenset()
    """The types a name's value may have been declared with."""
    words: tuple[str, ...] = ()
    """Bare words that are values."""
    functions: tuple[str, ...] = ()
    """Calls that are values."""
    nodes: ClassVar[tuple[type, ...]] = ()

    def read(self, expr: tree.Expr, env: Env, slot: Slot) -> Any:
        """Return the value of an expression, checked; BROKEN if a mistake in it was reported."""
        via: Binding | None = None
        if type(expr) is tree.Ref:
            if expr.text in self.words and expr.key is None:
                return self.checked(expr.text, expr.span, env, slot)
            ground = self.ground(expr, env, slot)
            if ground is None:
                return BROKEN
            expr, env, via = ground
        value = self.read_ground(expr, env, slot, via)
        return value if value is BROKEN else self.checked(value, expr.span, env, slot)

    def ground(self, ref: tree.Ref, env: Env, slot: Slot) -> Ground | None:
        """Follow a name; None if a mistake was reported."""
        found = follow(ref, env)
        if found == "broken":
            return None
        if found == "unknown":
            self.report_unknown(ref, env, slot)
            return None
        if found.via and found.via.type and found.via.type.name not in self.accepts:
            if found.via.type.name == "secret":
                env.findings.report(SecretRendered(ref.span, slot=slot.name))
            else:
                text = f"`{ref.text}` is a {found.via.type.name}"
                env.findings.report(
                    WrongType(
                        ref.span,
                        slot=slot.name,
                        expected=self.expected,
                        found=text,
                        declared=found.via.span,
                    )
                )
            return None
        if is_secret(found.expr) and "secret" not in self.accepts:
            env.findings.report(SecretRendered(ref.span, slot=slot.name))
            return None
        return found

    def report_unknown(self, ref: tree.Ref, env: Env, slot: Slot) -> None:
        """Report a word that is neither a name nor a value of this kind."""
        if self.words and len(ref.names) == 1:
            known = (*self.words, *env.scope.names())
            env.findings.report(
                UnknownValue(
                    ref.span, slot=slot.name, word=ref.text, expected=self.expected, known=known
                )
            )
        else:
            env.findings.report(unknown_name(ref, env))

    def read_ground(self, expr: tree.Expr, env: Env, slot: Slot, via: Binding | None) -> Any:
        """Return the value of an expression that is no name for another."""
        if type(expr) is tree.Ref:
            if expr.text in self.words:
                return expr.text
            if expr.names[0].text == "host" and expr.key is None:
                return read_fact(expr, env, self, slot.name)
            if expr.names[0].text != "header" or tree.Ref not in self.nodes:
                self.report_ref(expr, env, slot)
                return BROKEN
        if isinstance(expr, self.nodes):
            return self.make(expr, env, slot, via)
        if type(expr) is tree.Call:
            return self.refuse_call(expr, env, slot)
        return self.refuse(expr, env, slot)

    def report_ref(self, ref: tree.Ref, env: Env, slot: Slot) -> None:
        """Report a word that a let stands for, or a header, where neither fits."""
        if ref.names[0].text == "header":
            self.refuse(ref, env, slot)
        else:
            self.report_unknown(ref, env, slot)

    def refuse(self, expr: tree.Expr, env: Env, slot: Slot) -> Any:
        """Report an expression of another type."""
        diagnostic = WrongType(
            expr.span, slot=slot.name, expected=self.expected, found=kind_of_node(expr)
        )
        env.findings.report(diagnostic)
        return BROKEN

    def refuse_call(self, call: tree.Call, env: Env, slot: Slot) -> Any:
        """Report a call where this kind takes none, or another."""
        name = call.function.text
        if name == "secret":
            env.findings.report(SecretRendered(call.span, slot=slot.name))
        elif name == "env":
            env.findings.report(EnvOutsideDefault(call.span))
        elif name not in FUNCTIONS:
            known = self.functions or FUNCTIONS
            env.findings.report(UnknownFunction(call.function.span, name=name, known=known))
        else:
            return self.refuse(call, env, slot)
        return BROKEN

    def make(self, expr: Any, env: Env, slot: Slot, via: Binding | None) -> Any:
        """Return the value of one of `nodes`; BROKEN if a mistake was reported."""
        raise NotImplementedError

    def may_be_flawed(self, value: PerHost) -> bool:  # noqa: ARG002 for subclasses
        """Whether hosts may fill in a text that this kind would not take from a file."""
        return False

    def flaw(self, text: str, span: Span, slot: Slot, host: str = "") -> Diagnostic | None:  # noqa: ARG002 for subclasses
        """Return what is wrong with a text that is to be of this kind, as `host` fills it in."""
        return None

    def checked(self, value: Any, span: Span, env: Env, slot: Slot) -> Any:
        """Hold a value to its property's check, on every host where hosts differ."""
        if not varies(value):
            well = slot.check is None or value is None or self._holds(value, slot, span, env)
            return value if well else BROKEN
        flawed = isinstance(value, PerHost) and self.may_be_flawed(value)
        if env.hosts is None or hosts_unknown(env.hosts) or not (flawed or slot.check):
            return value
        for host in env.hosts.hosts:
            try:
                text = text_on(value, host, host.address) if flawed else ""
                if flawed and (flaw := self.flaw(text, span, slot, host.name)) is not None:
                    env.findings.report(flaw)
                    return BROKEN
                on_host = resolve(value, host, host.address)
            except (KeyError, ValueError, TypeError):  # a variable with a mistake that was reported
                continue
            if slot.check is not None and not self._holds(on_host, slot, span, env, host.name):
                return BROKEN
        return value

    def _holds(self, value: Any, slot: Slot, span: Span, env: Env, host: str = "") -> bool:
        assert slot.check is not None
        well = holds(slot.check, value)
        if not well:
            sentence = slot.check.sentence
            shown = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
            env.findings.report(
                OutOfRange(span, slot=slot.name, sentence=sentence, value=shown, host=host)
            )
        return well


def holds(check: Check[Any], value: Any) -> bool:
    """Whether a value passes a check; one that the check cannot even compare does not."""
    try:
        return check.holds(value)
    except (TypeError, ValueError, AttributeError, OverflowError):
        return False


def is_secret(expr: tree.Expr) -> bool:
    """Whether an expression is `secret(…)`."""
    return isinstance(expr, tree.Call) and expr.function.text == "secret"


@frozen
class NoKind(Kind):
    """The kind of a param whose type is unknown: it takes anything and gives nothing."""

    name: str = "unknown"
    expected: str = ""
    python: Any = None
    accepts: frozenset[str] = field(default_factory=frozenset)

    def read(self, expr: tree.Expr, env: Env, slot: Slot) -> Any:  # noqa: ARG002 its type was reported
        """Say nothing."""
        return BROKEN
