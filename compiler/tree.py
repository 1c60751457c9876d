"""The syntax tree: frozen dataclasses, about one for each rule of the grammar. No meaning yet."""

from dataclasses import dataclass
from typing import Literal

from flumec.compiler.source import Source, Span


@dataclass(frozen=True, slots=True)
class Name:
    """An identifier."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class String:
    """A text: what stands between the quotes, with escapes and `${…}` not yet read."""

    raw: str
    form: Literal["plain", "raw", "long"]
    span: Span


@dataclass(frozen=True, slots=True)
class Number:
    """A number without a unit, as written."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with a unit, as written; the unit may be unknown."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Bool:
    """`true` or `false`."""

    value: bool
    span: Span


@dataclass(frozen=True, slots=True)
class List:
    """`[a, b]`."""

    items: "tuple[Expr, ...]"
    span: Span


@dataclass(frozen=True, slots=True)
class Ref:
    """A dotted name, perhaps with a subscript: `collector.spool`, `header["X-Request-Id"]`."""

    names: tuple[Name, ...]
    key: String | None
    span: Span

    @property
    def text(self) -> str:
        """The dotted name, without the subscript."""
        return ".".join(name.text for name in self.names)


@dataclass(frozen=True, slots=True)
class Arg:
    """An argument of a call, `name = value` or a value alone."""

    name: Ref | None
    value: "Expr"
    span: Span


@dataclass(frozen=True, slots=True)
class Call:
    """`function(arguments)`."""

    function: Ref
    args: tuple[Arg, ...]
    span: Span


Expr = String | Number | Quantity | Bool | List | Ref | Call


@dataclass(frozen=True, slots=True)
class Attr:
    """`key = value`."""

    key: Ref | String
    value: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Formal:
    """`name : type` with an optional default: a template's parameter, or a typed host variable."""

    name: Name
    type: Ref | Call
    default: Expr | None
    span: Span


@dataclass(frozen=True, slots=True)
class Block:
    """`{ … }`."""

    statements: "tuple[Statement, ...]"
    span: Span


@dataclass(frozen=True, slots=True)
class Component:
    """`source|channel|sink NAME : TYPE [= template(…)] [{ … }]`."""

    kind: Literal["source", "channel", "sink"]
    name: Name
    type: Ref
    template: Call | None
    block: Block | None
    span: Span
    doc: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """An end of a chain: a channel, sink, `drop` or group; `?` makes a channel optional."""

    node: Ref | Call
    optional: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Arm:
    """One line of a route; `values` is None for `else`."""

    values: tuple[String, ...] | None
    calls: tuple[Call, ...]
    targets: tuple[Target, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Route:
    """`route header.x { … }`."""

    header: Ref
    arms: tuple[Arm, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Chain:
    """`a -> f() -> b, c`: the first node, the steps between, and where it ends."""

    nodes: tuple[Ref | Call, ...]
    end: tuple[Target, ...] | Route
    span: Span
    doc: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A named block inside a block: `roll { … }`, `journal fast { … }`, `vars { … }`."""

    name: Name
    label: Name | None
    block: Block
    span: Span


Statement = Attr | Component | Chain | Call | Section | Formal


@dataclass(frozen=True, slots=True)
class Language:
    """`language 1`."""

    version: Number
    span: Span


@dataclass(frozen=True, slots=True)
class Import:
    """`import "x.flow" as x { stage = "dev" }`."""

    path: String
    name: Name
    block: Block | None
    span: Span
    doc: str = ""


@dataclass(frozen=True, slots=True)
class Param:
    """`param lake : url = "…"`."""

    name: Name
    type: Ref | Call
    default: Expr | None
    span: Span
    doc: str = ""


@dataclass(frozen=True, slots=True)
class Let:
    """`let name = value`."""

    name: Name
    value: Expr
    span: Span
    doc: str = ""


@dataclass(frozen=True, slots=True)
class Hosts:
    """`hosts web = … { facts }`."""

    name: Name
    value: Expr
    block: Block | None
    span: Span
    doc: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """`template spool(room : size) { … }`."""

    name: Name
    formals: tuple[Formal, ...]
    block: Block
    span: Span
    doc: str = ""


@dataclass(frozen=True, slots=True)
class Agent:
    """`agent tailer on web { … }`, or `agent tailer on web = template(…)`."""

    name: Name
    on: Expr
    template: Call | None
    block: Block | None
    span: Span
    doc: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """`tailer.spool => collector.spool, … via arrow { … }`."""

    sender: Ref
    targets: tuple[Ref, ...]
    via: Name | None
    block: Block | None
    span: Span
    doc: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """`check "…" { … }`."""

    title: String
    block: Block
    span: Span
    doc: str = ""


@dataclass(frozen=True, slots=True)
class Test:
    """`test "…" { … }`."""

    title: String
    block: Block
    span: Span
    doc: str = ""


Item = Language | Import | Param | Let | Hosts | Template | Agent | Link | Check | Test


@dataclass(frozen=True, slots=True)
class File:
    """A parsed file: what could be read of it, in the file's order."""

    source: Source
    items: tuple[Item, ...]
