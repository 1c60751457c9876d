"""Host sets: lists, patterns, inventories, unions, differences; and what is known of each host."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from flumec.compiler import tree
from flumec.compiler.bind.calls import read_call
from flumec.compiler.bind.findings import Findings
from flumec.compiler.bind.following import DEEPEST, Ground, TooManyNames, follow
from flumec.compiler.bind.host_mistakes import (
    EmptyHostSet,
    HostSetCycle,
    NoHosts,
    UnknownHostSet,
)
from flumec.compiler.bind.host_names import Member, inventory_members, listed, pattern
from flumec.compiler.bind.inventory import Inventory
from flumec.compiler.bind.machines import Machines
from flumec.compiler.bind.mistakes import kind_of_node
from flumec.compiler.bind.module import Module
from flumec.compiler.bind.properties import form_of
from flumec.compiler.bind.scope import Env
from flumec.compiler.model import Host, HostSet
from flumec.compiler.source import Span
from flumec.runtime.component import Declared, prop

ReadInventory = Callable[[str, Span], Inventory | None]
PathOf = Callable[[str, str], str]
"""From a file and what it names to the path of that."""


class InventoryCall(Declared, type="inventory"):
    """`inventory("hosts.ini", group = "web")`."""

    path: str = prop("The file, beside the one that names it.", kw_only=False)
    group: str = prop("The group whose hosts are meant.", default="all")


_NOTHING: Mapping[str, Any] = {}


class HostSets:
    """Makes host sets, each once."""

    def __init__(self, path_of: PathOf, read_inventory: ReadInventory, findings: Findings) -> None:
        self._path_of, self._read_inventory, self._findings = path_of, read_inventory, findings
        self._sets: dict[tuple[int, str], HostSet | None] = {}
        self._open: set[tuple[int, str]] = set()
        self._used: set[tuple[int, str]] = set()
        self._machines = Machines(findings)

    def make_all(self, modules: Iterable[Module]) -> dict[str, HostSet]:
        """Make every set that the modules declare; return them by their qualified names."""
        owned = [(module, name) for module in modules for name in module.hosts]
        derived = (tree.Ref, tree.Call)
        owned.sort(key=lambda pair: isinstance(pair[0].hosts[pair[1]].value, derived))
        for module, name in owned:
            self._named(module, name)
        for key, made in self._sets.items():
            if made is not None:
                self._sets[key] = self._machines.settled(made)
        made_sets = ((m.prefix + name, self._sets[id(m), name]) for m, name in owned)
        ordered = sorted((s.span.start, n, s) for n, s in made_sets if s is not None)
        return {name: made for _, name, made in ordered}

    def of(self, expr: tree.Expr, module: Module, env: Env) -> HostSet | None:
        """Return the hosts that an expression names; None if a mistake in it was reported."""
        if isinstance(expr, tree.Ref):
            found = follow(expr, env)
            if found == "broken":
                return None
            if found != "unknown" and not isinstance(found.expr, tree.Ref):
                return self.of(found.expr, module, found.env)
            return self._referred(expr, module)
        if isinstance(expr, tree.Call) and _is_combination(expr):
            return self._combined(expr, module, env)
        made = self._plain(self._text(expr), expr, None, env)
        return made and self._machines.settled(made)

    def _referred(self, ref: tree.Ref, module: Module) -> HostSet | None:
        owner, names = module.reach(ref.names)
        if owner is None:
            return None
        if len(names) == 1 and ref.key is None and names[0].text in owner.hosts:
            self._used.add((id(owner), names[0].text))
            return self._named(owner, names[0].text)
        others = (name for name in module.hosts if (id(module), name) not in self._open)
        known = (*others, *(f"{a}.{n}" for a, i in module.imports.items()
                            if i.module for n in i.module.hosts))  # fmt: skip
        self._findings.report(UnknownHostSet(ref.span, name=ref.text, known=known))
        self._used.update((id(module), meant) for meant in get_close_matches(ref.text, known, n=1))
        return None

    def uses(self, module: Module, name: str) -> bool:
        """Return whether an agent, or another set, was placed on a set; or was meant to be."""
        return (id(module), name) in self._used

    def _named(self, module: Module, name: str) -> HostSet | None:
        key = (id(module), name)
        if key in self._sets:
            return self._sets[key]
        node = module.hosts[name]
        if key in self._open:
            self._findings.report(HostSetCycle(node.name.span, name=name))
            return None
        if len(self._open) >= DEEPEST:
            self._findings.report(TooManyNames(node.name.span, name=name))
            return None
        self._open.add(key)
        made = self._declared(node, module)
        self._open.discard(key)
        self._sets[key] = made
        return made

    def _declared(self, node: tree.Hosts, module: Module) -> HostSet | None:
        env, expr = module.env(self._findings), node.value
        name = module.prefix + node.name.text
        if isinstance(expr, tree.Ref):
            found = follow(expr, env)
            if isinstance(found, Ground) and not isinstance(found.expr, tree.Ref):
                expr, env = found.expr, found.env
        if isinstance(expr, tree.Ref) or _is_combination(expr):
            base = self.of(expr, module, env)
            if base is None:
                return None
            base = replace(base, name=name, span=node.name.span)
            return self._machines.described(base, node.block, env)
        return self._plain(name, expr, node.block, env, node.name.span)

    def _plain(
        self,
        name: str,
        expr: tree.Expr,
        block: tree.Block | None,
        env: Env,
        span: Span | None = None,
    ) -> HostSet | None:
        """Make a set of hosts that are named outright."""
        members = self._members(expr, env)
        if members is None:
            return None
        if not members:
            self._findings.report(EmptyHostSet(expr.span))
            return None
        hosts = tuple(Host(m.name, i, _NOTHING, _NOTHING, m.span) for i, m in enumerate(members))
        texts = {member.name: member.texts for member in members if member.texts}
        made = self._machines.described(HostSet(name, hosts, span or expr.span), block, env, texts)
        self._machines.register(made)
        return made

    def _members(self, expr: tree.Expr, env: Env) -> list[Member] | None:
        match expr:
            case tree.String():
                return pattern(expr, env)
            case tree.List():
                return listed(expr, env)
            case tree.Call() if expr.function.text == "inventory":
                return self._inventory(expr, env)
        self._findings.report(NoHosts(expr.span, found=kind_of_node(expr)))
        return None

    def _inventory(self, call: tree.Call, env: Env) -> list[Member] | None:
        values, whole = read_call(call.args, form_of(InventoryCall), call.function.span, env)
        if not whole:
            return None
        path = self._path_of(call.span.source.path, str(values["path"].value))
        inventory = self._read_inventory(path, values["path"].span)
        if inventory is None:
            return None
        group = values.get("group")
        span = group.span if group else call.span
        return inventory_members(inventory, str(group.value) if group else "all", path, span, env)

    def _combined(self, call: tree.Call, module: Module, env: Env) -> HostSet | None:
        """Return a union, or the hosts of the first set that are in none of the others."""
        sets = [self.of(arg.value, module, env) for arg in call.args]
        whole = [made for made in sets if made is not None]
        if len(whole) < len(sets):
            return None
        hosts: dict[str, Host] = {}
        taken = whole if call.function.text == "union" else whole[:1]
        for host in (host for made in taken for host in made.hosts):
            known = hosts.setdefault(host.name, host)
            if known is not host:
                hosts[host.name] = replace(
                    known,
                    facts={**known.facts, **host.facts},
                    vars={**known.vars, **host.vars},
                    said={**known.said, **host.said},
                )
        if call.function.text == "except":
            for host in (host for made in whole[1:] for host in made.hosts):
                hosts.pop(host.name, None)
        if not hosts:
            self._findings.report(EmptyHostSet(call.span))
            return None
        numbered = tuple(replace(host, index=i) for i, host in enumerate(hosts.values()))
        return HostSet(self._text(call), numbered, call.span, _common_vars(taken))

    def _text(self, expr: tree.Expr) -> str:
        """Return an expression as one line, to call a set by that has no name."""
        return " ".join(expr.span.source.text[expr.span.start : expr.span.end].split())


def _is_combination(expr: tree.Expr) -> bool:
    return isinstance(expr, tree.Call) and expr.function.text in ("union", "except")


def _common_vars(sets: list[HostSet]) -> dict[str, Any]:
    """Return the variables that all of several sets declare with one type."""
    first, *rest = sets
    return {
        name: kind
        for name, kind in first.vars.items()
        if all(name in other.vars and other.vars[name].name == kind.name for other in rest)
    }
