"""Host sets: lists, patterns, inventories, unions, differences; and what is known of each host."""

import posixpath
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from flumec.compiler import tree
from flumec.compiler.bind.calls import read_call
from flumec.compiler.bind.findings import Findings
from flumec.compiler.bind.following import follow
from flumec.compiler.bind.host_facts import fill_variables, read_facts, read_variables
from flumec.compiler.bind.host_mistakes import (
    ConflictingFacts,
    EmptyHostSet,
    HostSetCycle,
    NoHosts,
    UnknownHostSet,
)
from flumec.compiler.bind.host_names import Member, inventory_members, listed, pattern
from flumec.compiler.bind.inventory import Inventory
from flumec.compiler.bind.mistakes import kind_of_node
from flumec.compiler.bind.module import Module
from flumec.compiler.bind.properties import form_of
from flumec.compiler.bind.scope import Env
from flumec.compiler.model import Host, HostSet
from flumec.compiler.source import Span
from flumec.compiler.values import resolve, varies
from flumec.runtime.component import Declared, prop

ReadInventory = Callable[[str, Span], Inventory | None]


class InventoryCall(Declared, type="inventory"):
    """`inventory("hosts.ini", group = "web")`."""

    path: str = prop("The file, beside the one that names it.", kw_only=False)
    group: str = prop("The group whose hosts are meant.", default="all")


class _Machine(NamedTuple):
    """A host as the sets know it that name it outright."""

    facts: Mapping[str, Any]
    span: Span


class HostSets:
    """Makes host sets, each once. A machine that is in several of them has the facts of each."""

    def __init__(self, read_inventory: ReadInventory, findings: Findings) -> None:
        self._read_inventory, self._findings = read_inventory, findings
        self._sets: dict[tuple[int, str], HostSet | None] = {}
        self._open: set[tuple[int, str]] = set()
        self._machines: dict[str, _Machine] = {}
        self._shared: dict[str, Mapping[str, Any]] = {}

    def make_all(self, modules: Iterable[Module]) -> dict[str, HostSet]:
        """Make every set that the modules declare; return them by their qualified names."""
        owned = [(module, name) for module in modules for name in module.hosts]
        derived = (tree.Ref, tree.Call)
        owned.sort(key=lambda pair: isinstance(pair[0].hosts[pair[1]].value, derived))
        for module, name in owned:
            self._named(module, name)
        for key, made in self._sets.items():
            if made is not None and self._shared:
                self._sets[key] = self._settled(made)
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
        if isinstance(expr, tree.Call) and expr.function.text in ("union", "except"):
            return self._combined(expr, module, env)
        made = self._plain(self._text(expr), expr, None, env)
        return made and self._settled(made)

    def _referred(self, ref: tree.Ref, module: Module) -> HostSet | None:
        owner, names = module.reach(ref.names)
        if owner is None:
            return None
        if len(names) == 1 and ref.key is None and names[0].text in owner.hosts:
            return self._named(owner, names[0].text)
        known = (*module.hosts, *(f"{a}.{n}" for a, i in module.imports.items()
                                  if i.module for n in i.module.hosts))  # fmt: skip
        self._findings.report(UnknownHostSet(ref.span, name=ref.text, known=known))
        return None

    def _named(self, module: Module, name: str) -> HostSet | None:
        key = (id(module), name)
        if key in self._sets:
            return self._sets[key]
        node = module.hosts[name]
        if key in self._open:
            self._findings.report(HostSetCycle(node.name.span, name=name))
            return None
        self._open.add(key)
        made = self._declared(node, module)
        self._open.discard(key)
        self._sets[key] = made
        return made

    def _declared(self, node: tree.Hosts, module: Module) -> HostSet | None:
        env = module.env(self._findings)
        name = module.prefix + node.name.text
        if isinstance(node.value, tree.Ref) or (
            isinstance(node.value, tree.Call) and node.value.function.text in ("union", "except")
        ):
            base = self.of(node.value, module, env)
            if base is None:
                return None
            base = replace(base, name=name, span=node.name.span)
            return self._with_facts(base, node.block, env) if node.block else base
        return self._plain(name, node.value, node.block, env, node.name.span)

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
        variables = read_variables(block, env)
        bare = tuple(Host(m.name, i, {}, {}, m.span) for i, m in enumerate(members))
        made = HostSet(name, bare, span or expr.span, {n: v.kind for n, v in variables.items()})
        inside = replace(env, hosts=made)
        if variables:
            texts = {m.name: (m.span, m.texts) for m in members}
            filled = fill_variables(variables, texts, inside)
            made = replace(
                made,
                hosts=tuple(
                    replace(host, vars={k: _on(v, host) for k, v in filled[host.name].items()})
                    for host in bare
                ),
            )
        addresses = {
            m.name: m.texts["ansible_host"].text for m in members if "ansible_host" in m.texts
        }
        made = self._with_facts(made, block, env, addresses)
        self._register(made)
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
        here = posixpath.dirname(call.span.source.path)
        path = posixpath.normpath(posixpath.join(here, str(values["path"].value)))
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
                both = {**known.facts, **host.facts}, {**known.vars, **host.vars}
                hosts[host.name] = replace(known, facts=both[0], vars=both[1])
        if call.function.text == "except":
            for host in (host for made in whole[1:] for host in made.hosts):
                hosts.pop(host.name, None)
        if not hosts:
            self._findings.report(EmptyHostSet(call.span))
            return None
        numbered = tuple(replace(host, index=i) for i, host in enumerate(hosts.values()))
        return HostSet(self._text(call), numbered, call.span, _common_vars(taken))

    def _with_facts(
        self,
        made: HostSet,
        block: tree.Block | None,
        env: Env,
        addresses: Mapping[str, str] | None = None,
    ) -> HostSet:
        """Give every host what the block says; what an inventory says of its address comes
        second.
        """
        facts = {n: held.value for n, held in read_facts(block, replace(env, hosts=made)).items()}
        if not facts and not addresses:
            return made
        differ = (
            addresses or any(varies(v) for v in facts.values()) or any(h.facts for h in made.hosts)
        )
        hosts = []
        for host in made.hosts:
            own = facts
            if differ:
                own = {n: _on(value, host) for n, value in facts.items()}
                if addresses and host.name in addresses:
                    own.setdefault("address", addresses[host.name])
                own = self._merged(host.name, host.facts, own, made.span, host.span)
            hosts.append(Host(host.name, host.index, own, host.vars, host.span))
        return replace(made, hosts=tuple(hosts))

    def _register(self, made: HostSet) -> None:
        """Remember what a set says of its hosts, for the other sets that they are in."""
        for host in made.hosts:
            known = self._machines.get(host.name)
            facts = host.facts
            if known is not None:
                facts = self._merged(host.name, known.facts, facts, made.span, known.span)
                self._shared[host.name] = facts
            self._machines[host.name] = _Machine(facts, made.span)

    def _merged(
        self, host: str, one: Mapping[str, Any], two: Mapping[str, Any], span: Span, other: Span
    ) -> dict[str, Any]:
        for fact in one.keys() & two.keys():
            if one[fact] != two[fact]:
                values = (str(two[fact]), str(one[fact]))
                self._findings.report(
                    ConflictingFacts(span, host=host, fact=fact, values=values, other=other)
                )
        return {**one, **two}

    def _settled(self, made: HostSet) -> HostSet:
        """Return a set whose hosts have the facts that other sets have of them."""
        if not any(host.name in self._shared for host in made.hosts):
            return made
        hosts = (
            replace(host, facts={**host.facts, **self._shared[host.name]})
            if host.name in self._shared
            else host
            for host in made.hosts
        )
        return replace(made, hosts=tuple(hosts))

    def _text(self, expr: tree.Expr) -> str:
        """Return an expression as one line, to call a set by that has no name."""
        return " ".join(expr.span.source.text[expr.span.start : expr.span.end].split())


def _on(value: Any, host: Host) -> Any:
    return resolve(value, host, host.address) if varies(value) else value


def _common_vars(sets: list[HostSet]) -> dict[str, Any]:
    """Return the variables that all of several sets declare with one type."""
    first, *rest = sets
    return {
        name: kind
        for name, kind in first.vars.items()
        if all(name in other.vars and other.vars[name].name == kind.name for other in rest)
    }
