"""The names of hosts: from lists, patterns and inventories, valid and each once."""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from flumec.compiler import tree
from flumec.compiler.bind.brace import MOST_HOSTS, PatternError, TooManyError, expand
from flumec.compiler.bind.following import follow, unknown_name
from flumec.compiler.bind.host_mistakes import NoHosts
from flumec.compiler.bind.inventory import Inventory, Text
from flumec.compiler.bind.kinds_text import text_parts
from flumec.compiler.bind.mistakes import kind_of_node
from flumec.compiler.bind.pattern_mistakes import (
    BadPattern,
    DuplicateHost,
    InvalidHostName,
    TooManyHosts,
    UnknownGroup,
)
from flumec.compiler.bind.scope import Env
from flumec.compiler.source import Span

_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")


class Member(NamedTuple):
    """A host to be: its name, its place, and what an inventory says of it."""

    name: str
    span: Span
    texts: Mapping[str, Text]


_NOTHING: Mapping[str, Text] = {}


def pattern(node: tree.String, env: Env) -> list[Member] | None:
    """Return the hosts of one text, a name or pattern; None if a mistake was reported."""
    names = _expanded(node, env)
    return None if names is None else _checked(((n, node.span, _NOTHING) for n in names), env)


def listed(node: tree.List, env: Env) -> list[Member] | None:
    """Return the hosts of a list; None if a mistake was reported."""
    found: list[tuple[str, Span, Mapping[str, Text]]] = []
    whole = True
    for item in node.items:
        names = _item(item, env)
        whole = whole and names is not None
        found.extend((name, item.span, _NOTHING) for name in names or ())
        if len(found) > MOST_HOSTS:
            sentence = f"this list has {len(found):,} hosts or more, and {MOST_HOSTS:,} is the most"
            env.findings.report(TooManyHosts(node.span, sentence=sentence))
            return None
    members = _checked(found, env)
    return members if whole else None


def inventory_members(
    inventory: Inventory, group: str, path: str, span: Span, env: Env
) -> list[Member] | None:
    """Return the hosts of an inventory's group with their variables; None if a mistake was
    reported.
    """
    if group not in inventory.groups:
        known = tuple(inventory.groups)
        env.findings.report(UnknownGroup(span, name=group, path=path, known=known))
        return None
    hosts = inventory.hosts_of(group)
    variables = inventory.vars_by_host(hosts)
    return _checked(((name, place, variables[name]) for name, place in hosts.items()), env)


def _item(item: tree.Expr, env: Env) -> list[str] | None:
    """Return the names of one item of a list: a text, or the name of a param or let that has
    one.
    """
    expr, place = item, env
    if isinstance(expr, tree.Ref):
        found = follow(expr, env)
        if found == "broken":
            return None
        if found == "unknown":
            help_ = "sets are put together by `union(a, b)`; a name stands in quotes"
            env.findings.report(unknown_name(expr, env, help_))
            return None
        expr, place = found.expr, found.env
    if isinstance(expr, tree.String):
        return _expanded(expr, place)
    env.findings.report(NoHosts(item.span, found=kind_of_node(expr)))
    return None


def _expanded(node: tree.String, env: Env) -> list[str] | None:
    parts = text_parts(node, env)
    if parts is None:
        return None
    text = "".join(part for part in parts if isinstance(part, str))
    try:
        return expand(text)
    except PatternError as error:
        span = node.span
        if text == node.raw and node.form == "plain":
            span = Span(span.source, span.start + 1 + error.start, span.start + 1 + error.end)
        rule = TooManyHosts if isinstance(error, TooManyError) else BadPattern
        env.findings.report(rule(span, sentence=str(error)))
        return None


def _checked(
    names: Iterable[tuple[str, Span, Mapping[str, Text]]], env: Env
) -> list[Member] | None:
    """Return the members, each name valid and there once."""
    members: dict[str, Member] = {}
    whole = True
    valid = _HOST_NAME.fullmatch
    for name, span, texts in names:
        folded = name.lower()
        if valid(name) is None or len(name) > 253:
            env.findings.report(InvalidHostName(span, name=name))
            whole = False
        elif folded in members:
            env.findings.report(DuplicateHost(span, name=name, first=members[folded].span))
            whole = False
        else:
            members[folded] = Member(name, span, texts)
    return list(members.values()) if whole else None
