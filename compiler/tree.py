"""The syntax tree: frozen dataclasses, about one for each rule of the grammar. No meaning yet."""

from typing import Literal

from flumec.compiler.source import Source, Span
from flumec.runtime.frozen import frozen


@frozen
class Name:
    """An identifier."""

    text: str
    span: Span


@frozen
class String:
    """A text: what stands between the quotes, with escapes and `${…}` not yet read."""

    raw: str
    form: Literal["plain", "raw", "long"]
    span: Span


@frozen
class Number:
    """A number without a unit, as written."""

    text: str
    span: Span


@frozen
class Quantity:
    """A number with a unit, as written; the unit may be unknown."""

    text: str
    span: Span


@frozen
class Bool:
    """`true` or `false`."""

    value: bool
    span: Span


@frozen
class List:
    """`[a, b]`."""

    items: "tuple[Expr, ...]"
    span: Span


@frozen
class Ref:
    """A dotted name, perhaps with a subscript: `collector.spool`, `header["X-Request-Id"]`."""

    names: tuple[Name, ...]
    key: String | None
    span: Span

    @property
    def text(self) -> str:
        """The dotted name, without the subscript."""
        return ".".join(name.text for name in self.names)


@frozen
class Arg:
    """An argument of a call, `name = value` or a value alone."""

    name: Ref | None
    value: "Expr"
    span: Span


@frozen
class Call:
    """`function(arguments)`."""

    function: Ref
    args: tuple[Arg, ...]
    span: Span


Expr = String | Number | Quantity | Bool | List | Ref | Call


@frozen
class Attr:
    """`key = value`."""

    key: Ref | String
    value: Expr
    span: Span


@frozen
class Formal:
    """`name : type` with an optional default: a template's parameter, or a typed host variable."""

    name: Name
    type: Ref | Call
    default: Expr | None
    span: Span


@frozen
class Block:
    """`{ … }`."""

    statements: "tuple[Statement, ...]"
    span: Span


@frozen
class Component:
    """`source|channel|sink NAME : TYPE [= template(…)] [{ … }]`."""

    kind: Literal["source", "channel", "sink"]
    name: Name
    type: Ref
    template: Call | None
    block: Block | None
    span: Span
    doc: str = ""


@frozen
class Target:
    """An end of a chain: a channel, sink, `drop` or group; `?` makes a channel optional."""

    node: Ref | Call
    optional: bool
    span: Span


@frozen
class Arm:
    """One line of a route; `values` is None for `else`."""

    values: tuple[String, ...] | None
    calls: tuple[Call, ...]
    targets: tuple[Target, ...]
    span: Span


@frozen
class Route:
    """`route header.x { … }`."""

    header: Ref
    arms: tuple[Arm, ...]
    span: Span


@frozen
class Chain:
    """`a -> f() -> b, c`: the first node, the steps between, and where it ends."""

    nodes: tuple[Ref | Call, ...]
    end: tuple[Target, ...] | Route
    span: Span
    doc: str = ""


@frozen
class Section:
    """A named block inside a block: `roll { … }`, `journal fast { … }`, `vars { … }`."""

    name: Name
    label: Name | None
    block: Block
    span: Span


Statement = Attr | Component | Chain | Call | Section | Formal


@frozen
class Language:
    """`language 1`."""

    version: Number
    span: Span


@frozen
class Import:
    """`import "x.flow" as x { stage = "dev" }`."""

    path: String
    name: Name
    block: Block | None
    span: Span
    doc: str = ""


@frozen
class Param:
    """`param lake : url = "…"`."""

    name: Name
    type: Ref | Call
    default: Expr | None
    span: Span
    doc: str = ""


@frozen
class Let:
    """`let name = value`."""

    name: Name
    value: Expr
    span: Span
    doc: str = ""


@frozen
class Hosts:
    """`hosts web = … { facts }`."""

    name: Name
    value: Expr
    block: Block | None
    span: Span
    doc: str = ""


@frozen
class Template:
    """`template spool(room : size) { … }`."""

    name: Name
    formals: tuple[Formal, ...]
    block: Block
    span: Span
    doc: str = ""


@frozen
class Agent:
    """`agent tailer on web { … }`, or `agent tailer on web = template(…)`."""

    name: Name
    on: Expr
    template: Call | None
    block: Block | None
    span: Span
    doc: str = ""


@frozen
class Link:
    """`tailer.spool => collector.spool, … via arrow { … }`."""

    sender: Ref
    targets: tuple[Ref, ...]
    via: Name | None
    block: Block | None
    span: Span
    doc: str = ""


@frozen
class Check:
    """`check "…" { … }`."""

    title: String
    block: Block
    span: Span
    doc: str = ""


@frozen
class Test:
    """`test "…" { … }`."""

    title: String
    block: Block
    span: Span
    doc: str = ""


Item = Language | Import | Param | Let | Hosts | Template | Agent | Link | Check | Test


@frozen
class File:
    """A parsed file: what could be read of it, in the file's order."""

    source: Source
    items: tuple[Item, ...]
