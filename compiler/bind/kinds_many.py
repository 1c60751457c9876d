"""Values made of others: lists, alternatives, calls, and the value of anything."""

from dataclasses import field, replace
from typing import Any, ClassVar

from flumec.compiler import tree
from flumec.compiler.bind.following import BROKEN
from flumec.compiler.bind.functions import FUNCTIONS, UnknownFunction
from flumec.compiler.bind.kinds import Kind, Slot, holds
from flumec.compiler.bind.kinds_plain import QuantityKind, RefKind
from flumec.compiler.bind.kinds_text import text_parts
from flumec.compiler.bind.mistakes import (
    QUANTITIES,
    EnvOutsideDefault,
    OutOfRange,
    UnknownValue,
    WrongType,
    kind_of_node,
)
from flumec.compiler.bind.scope import Binding, Env
from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.model import PerHost
from flumec.compiler.source import Span
from flumec.compiler.values import varies
from flumec.runtime.component import Secret
from flumec.runtime.frozen import frozen
from flumec.runtime.quantity import QuantityError


@frozen
class ListKind(Kind):
    """`[a, b]`, a tuple of values of one kind."""

    item: Kind = field(kw_only=True)
    nodes: ClassVar[tuple[type, ...]] = (tree.List,)

    def make(self, expr: tree.List, env: Env, slot: Slot, via: Binding | None) -> Any:  # noqa: ARG002 the protocol
        """Return the items."""
        inner = slot.inner()
        items = tuple(self.item.read(item, env, inner) for item in expr.items)
        if any(item is BROKEN for item in items):
            return BROKEN
        if slot.check is None or varies(items) or holds(slot.check, items):
            return items
        # Of a list that will not do, the items that are wrong by themselves are shown.
        pairs = zip(items, expr.items, strict=True)
        wrong = [(value, node.span) for value, node in pairs if not holds(slot.check, (value,))]
        for value, span in wrong:
            env.findings.report(OutOfRange(span, slot.name, slot.check.sentence, str(value), ""))
        return BROKEN if wrong else items

    def refuse_call(self, call: tree.Call, env: Env, slot: Slot) -> Any:
        """Report a call alone, which may be what an item is."""
        if isinstance(call, self.item.nodes):
            return self.refuse(call, env, slot)
        return Kind.refuse_call(self, call, env, slot)

    def refuse(self, expr: tree.Expr, env: Env, slot: Slot) -> Any:
        """Report a value alone, offering the brackets where it would do as an item."""
        text = expr.span.source.text[expr.span.start : expr.span.end]
        help_ = None
        if isinstance(expr, self.item.nodes) and "\n" not in text:
            help_ = f"write a list of one: [{text}]"
        found = kind_of_node(expr)
        env.findings.report(
            WrongType(expr.span, slot=slot.name, expected=self.expected, found=found, help=help_)
        )
        return BROKEN


@frozen
class UnionKind(Kind):
    """Values of several kinds: the first that takes the expression reads it."""

    members: tuple[Kind, ...] = field(kw_only=True)

    def read(self, expr: tree.Expr, env: Env, slot: Slot) -> Any:
        """Return the value; a name that is none of the words is a component's, if one may be."""
        names = [member for member in self.members if isinstance(member, RefKind)]
        if names and isinstance(expr, tree.Ref) and expr.text not in self.words:
            return names[0].read(expr, env, slot)
        return Kind.read(self, expr, env, slot)

    def read_ground(self, expr: tree.Expr, env: Env, slot: Slot, via: Binding | None) -> Any:
        """Return the value as the member reads it that takes such expressions."""
        fitting = [m for m in self.members if isinstance(expr, m.nodes)]
        if isinstance(expr, tree.Call):
            fitting = [m for m in fitting if not m.functions or expr.function.text in m.functions]
        if isinstance(expr, tree.String) and (quoted := self._quoted(expr)) is not None:
            return quoted.refuse(expr, env, slot)
        if fitting:
            return fitting[0].read_ground(expr, env, slot, via)
        return Kind.read_ground(self, expr, env, slot, via)

    def _quoted(self, text: tree.String) -> QuantityKind | None:
        """Return the quantity that a text would be without its quotes, where no text may stand."""
        if any(tree.String in member.nodes and not member.words for member in self.members):
            return None
        for member in self.members:
            if isinstance(member, QuantityKind) and _is(member.python, text.raw):
                return replace(member, expected=self.expected)
        return None

    def may_be_flawed(self, value: PerHost) -> bool:
        """Whether a member takes texts, and not each of them."""
        takers = [member for member in self.members if "string" in member.accepts]
        return bool(takers) and all(member.may_be_flawed(value) for member in takers)

    def flaw(self, text: str, span: Span, slot: Slot, host: str = "") -> Diagnostic | None:
        """Return what is wrong with a text that no member takes."""
        if text in self.words:
            return None
        if self.words:
            return UnknownValue(span, slot.name, text, self.expected, self.words, host)
        takers = (member for member in self.members if "string" in member.accepts)
        flaws = [member.flaw(text, span, slot, host) for member in takers]
        return flaws[0] if flaws and all(flaws) else None


def _is(python: Any, text: str) -> bool:
    try:
        python(text)
    except QuantityError:
        return False
    return True


@frozen
class AnyKind(Kind):
    """The value of a let, or of a plug-in's property, as it stands: what it is for is not known."""

    nodes: ClassVar[tuple[type, ...]] = (
        tree.String, tree.Number, tree.Quantity, tree.Bool, tree.List, tree.Call, tree.Ref,
    )  # fmt: skip

    def ground(self, ref: tree.Ref, env: Env, slot: Slot) -> Any:  # noqa: ARG002 the protocol
        """A word may be an enumeration's: it stands for itself."""
        from flumec.compiler.bind.following import Ground, follow

        found = follow(ref, env)
        return (
            None if found == "broken" else Ground(ref, env, None) if found == "unknown" else found
        )

    def read_ground(self, expr: tree.Expr, env: Env, slot: Slot, via: Binding | None) -> Any:
        """Return what the expression is, reporting only what is wrong wherever it stands."""
        match expr:
            case tree.Ref():
                return expr.text
            case tree.String():
                parts = text_parts(expr, env)
                if parts is None:
                    return BROKEN
                whole = all(isinstance(part, str) for part in parts)
                return "".join(map(str, parts)) if whole else PerHost(parts, str)
            case tree.Quantity():
                return self._quantity(expr, env, slot, via)
            case tree.Number():
                number = float(expr.text.replace("_", ""))
                return int(number) if number.is_integer() else number
            case tree.Bool():
                return expr.value
            case tree.List():
                items = tuple(self.read(item, env, slot) for item in expr.items)
                return BROKEN if any(item is BROKEN for item in items) else items
            case tree.Call():
                return self._call(expr, env)

    def _quantity(self, expr: tree.Quantity, env: Env, slot: Slot, via: Binding | None) -> Any:
        for python in QUANTITIES:
            if _is(python, expr.text):
                return python(expr.text)
        name = "duration" if expr.text[-1:] in "smhd" else "size"
        python = QUANTITIES[1] if name == "duration" else QUANTITIES[0]
        if "/" in expr.text:
            name, python = "rate", QUANTITIES[2]
        return QuantityKind(name, f"a {name}", python).make(expr, env, slot, via)

    def _call(self, expr: tree.Call, env: Env) -> Any:
        name = expr.function.text
        if name == "env":
            env.findings.report(EnvOutsideDefault(expr.span))
        elif name not in FUNCTIONS:
            env.findings.report(UnknownFunction(expr.function.span, name=name, known=FUNCTIONS))
        elif name == "secret":
            argument = expr.args[0].value if expr.args else None
            return Secret(argument.raw) if isinstance(argument, tree.String) else BROKEN
        else:
            return name
        return BROKEN


@frozen
class SectionKind(Kind):
    """A block, `roll { … }`; `python` declares its properties."""

    def read(self, expr: tree.Expr, env: Env, slot: Slot) -> Any:
        """Report that a value stands where a block belongs."""
        help_ = f"write a block: `{slot.name} {{ … }}`"
        env.findings.report(
            WrongType(
                expr.span,
                slot=slot.name,
                expected=self.expected,
                found=kind_of_node(expr),
                help=help_,
            )
        )
        return BROKEN
