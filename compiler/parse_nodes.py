"""From a rule's parts to its node of the tree: one method for each rule of flow.lark.

A rule's parts are what `parse_tokens` made of its terminals (a `tree` node, a `Span` for a word or
bracket, the documentation for a line's end) and the nodes of the rules in it, in the file's order.
"""

import dataclasses
from collections.abc import Iterator
from typing import Any

from flumec.compiler import tree
from flumec.compiler.source import Span

Parts = list[Any]


def _over(first: Span, last: Span) -> Span:
    return Span(first.source, first.start, last.end)


def _documented(parts: Parts) -> Iterator[Any]:
    """Yield the nodes among lines' ends, with the `##` lines that stand directly above them."""
    doc = ""
    for part in parts:
        if isinstance(part, str):
            doc = part
        else:
            yield dataclasses.replace(part, doc=doc) if doc and hasattr(part, "doc") else part
            doc = ""


def _values(parts: Parts) -> tuple[Any, ...]:
    """Return the nodes among brackets and lines' ends."""
    return tuple(part for part in parts if not isinstance(part, (Span, str)))


def _block(part: Any) -> tree.Block | None:
    return part if isinstance(part, tree.Block) else None


class Nodes:
    """What makes a node when a rule is complete."""

    def start(self, parts: Parts) -> tuple[tree.Item, ...]:
        """Return the items; the caller knows the file."""
        return tuple(_documented(parts))

    def language(self, parts: Parts) -> tree.Language:
        """LANGUAGE NUMBER."""
        word, version = parts
        return tree.Language(version, _over(word, version.span))

    def import_(self, parts: Parts) -> tree.Import:
        """IMPORT STRING NAME block?."""
        word, path, name, *_ = parts
        return tree.Import(path, name, _block(parts[-1]), _over(word, parts[-1].span))

    def param(self, parts: Parts) -> tree.Param:
        """PARAM NAME type expr?."""
        word, name, type_, *default = parts
        return tree.Param(name, type_, default[0] if default else None, _over(word, parts[-1].span))

    def let(self, parts: Parts) -> tree.Let:
        """LET NAME expr."""
        word, name, value = parts
        return tree.Let(name, value, _over(word, value.span))

    def hosts(self, parts: Parts) -> tree.Hosts:
        """HOSTS NAME expr block?."""
        word, name, value, *_ = parts
        return tree.Hosts(name, value, _block(parts[-1]), _over(word, parts[-1].span))

    def template(self, parts: Parts) -> tree.Template:
        """TEMPLATE NAME formal* block."""
        word, name, *rest = parts
        formals = tuple(part for part in rest if isinstance(part, tree.Formal))
        return tree.Template(name, formals, rest[-1], _over(word, rest[-1].span))

    def formal(self, parts: Parts) -> tree.Formal:
        """NAME type expr?."""
        name, type_, *default = parts
        span = _over(name.span, parts[-1].span)
        return tree.Formal(name, type_, default[0] if default else None, span)

    def agent(self, parts: Parts) -> tree.Agent:
        """AGENT NAME expr, then a block or a call and perhaps a block."""
        word, name, on, *rest = parts
        template = rest[0] if isinstance(rest[0], tree.Call) else None
        return tree.Agent(name, on, template, _block(rest[-1]), _over(word, rest[-1].span))

    def link(self, parts: Parts) -> tree.Link:
        """Ref ref+ (VIA NAME)? block?."""
        sender = parts[0]
        targets = tuple(part for part in parts[1:] if isinstance(part, tree.Ref))
        via = next((part for part in parts if isinstance(part, tree.Name)), None)
        span = _over(sender.span, parts[-1].span)
        return tree.Link(sender, targets, via, _block(parts[-1]), span)

    def check(self, parts: Parts) -> tree.Check:
        """CHECK STRING block."""
        word, title, block = parts
        return tree.Check(title, block, _over(word, block.span))

    def test(self, parts: Parts) -> tree.Test:
        """TEST STRING block."""
        word, title, block = parts
        return tree.Test(title, block, _over(word, block.span))

    def block(self, parts: Parts) -> tree.Block:
        """LBRACE NL (statement NL)* RBRACE."""
        statements = tuple(_documented(parts[1:-1]))
        return tree.Block(statements, _over(parts[0], parts[-1]))

    def attr(self, parts: Parts) -> tree.Attr:
        """Key and value."""
        key, value = parts
        return tree.Attr(key, value, _over(key.span, value.span))

    def component(self, parts: Parts) -> tree.Component:
        """KIND NAME ref call? block?."""
        kind, name, type_, *rest = parts
        template = rest[0] if rest and isinstance(rest[0], tree.Call) else None
        span = _over(kind.span, parts[-1].span)
        return tree.Component(kind.text, name, type_, template, _block(parts[-1]), span)

    def section(self, parts: Parts) -> tree.Section:
        """NAME NAME? block."""
        name, *label, block = parts
        return tree.Section(name, label[0] if label else None, block, _over(name.span, block.span))

    def chain(self, parts: Parts) -> tree.Chain:
        """node+ and where they end."""
        *nodes, end = parts
        last = end.span if isinstance(end, tree.Route) else end[-1].span
        return tree.Chain(tuple(nodes), end, _over(nodes[0].span, last))

    def targets(self, parts: Parts) -> tuple[tree.Target, ...]:
        """target+."""
        return tuple(parts)

    def target(self, parts: Parts) -> tree.Target:
        """A node, and perhaps OPTIONAL."""
        node, *mark = parts
        return tree.Target(node, bool(mark), _over(node.span, mark[0]) if mark else node.span)

    def route(self, parts: Parts) -> tree.Route:
        """ROUTE ref LBRACE NL (arm NL)* RBRACE."""
        arms = tuple(part for part in parts if isinstance(part, tree.Arm))
        return tree.Route(parts[1], arms, _over(parts[0], parts[-1]))

    def arm(self, parts: Parts) -> tree.Arm:
        """STRING+ or ELSE, call*, targets."""
        *rest, targets = parts
        values = tuple(part for part in rest if isinstance(part, tree.String))
        calls = tuple(part for part in rest if isinstance(part, tree.Call))
        first = rest[0] if isinstance(rest[0], Span) else rest[0].span
        return tree.Arm(values or None, calls, targets, _over(first, targets[-1].span))

    def list(self, parts: Parts) -> tree.List:
        """LSQB expr* RSQB."""
        return tree.List(_values(parts), _over(parts[0], parts[-1]))

    def call(self, parts: Parts) -> tree.Call:
        """Ref arg* RPAR."""
        function = parts[0]
        return tree.Call(function, _values(parts[1:]), _over(function.span, parts[-1]))

    def arg(self, parts: Parts) -> tree.Arg:
        """Ref? expr."""
        *name, value = parts
        first = name[0] if name else value
        return tree.Arg(name[0] if name else None, value, _over(first.span, value.span))

    def ref(self, parts: Parts) -> tree.Ref:
        """NAME+ (LSQB STRING RSQB)?."""
        if len(parts) == 1:
            return tree.Ref((parts[0],), None, parts[0].span)
        names = tuple(part for part in parts if isinstance(part, tree.Name))
        key = next((part for part in parts if isinstance(part, tree.String)), None)
        last = parts[-1].span if key is None else parts[-1]
        return tree.Ref(names, key, _over(parts[0].span, last))
