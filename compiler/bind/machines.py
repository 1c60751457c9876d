"""What is known of each machine, put together from all the host sets that name it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from flumec.compiler import tree
from flumec.compiler.bind.findings import Findings
from flumec.compiler.bind.host_facts import (
    fill_variables,
    read_addresses,
    read_facts,
    read_variables,
)
from flumec.compiler.bind.host_mistakes import ConflictingFacts, OneMachine
from flumec.compiler.bind.inventory import Text
from flumec.compiler.bind.scope import Env
from flumec.compiler.model import Host, HostSet
from flumec.compiler.source import Span
from flumec.compiler.values import resolve, varies

Texts = Mapping[str, Mapping[str, Text]]
"""What an inventory says of each host."""


class _Machine(NamedTuple):
    """A host as the sets know it that name it outright."""

    facts: Mapping[str, Any]
    span: Span


class Machines:
    """Gives hosts their facts and variables; a machine has the facts of all its sets."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._known: dict[str, _Machine] = {}
        self._shared: dict[str, Mapping[str, Any]] = {}
        self._spelled: dict[str, Host] = {}

    def described(
        self, made: HostSet, block: tree.Block | None, env: Env, texts: Texts | None = None
    ) -> HostSet:
        """Return a set whose hosts have what its block and its inventory say of them."""
        if block is None and not texts:
            return made
        made = self._with_variables(made, block, env, texts or {})
        facts = {n: held.value for n, held in read_facts(block, replace(env, hosts=made)).items()}
        addresses = read_addresses(texts or {}, env)
        if not facts and not addresses:
            return made
        differ = (
            addresses
            or any(varies(value) for value in facts.values())
            or any(host.facts for host in made.hosts)
        )
        hosts = []
        for host in made.hosts:
            own = facts
            if differ:
                own = {name: _on(value, host) for name, value in facts.items()}
                if host.name in addresses:
                    own.setdefault("address", addresses[host.name])
                own = self._merged(host.name, host.facts, own, made.span, host.span)
            hosts.append(Host(host.name, host.index, own, host.vars, host.span))
        return replace(made, hosts=tuple(hosts))

    def _with_variables(
        self, made: HostSet, block: tree.Block | None, env: Env, texts: Texts
    ) -> HostSet:
        """Give every host the variables that the block declares, beside those it has already."""
        variables = {n: v for n, v in read_variables(block, env).items() if n not in made.vars}
        if not variables:
            return made
        kinds = {**made.vars, **{name: variable.kind for name, variable in variables.items()}}
        said = {host.name: (host.span, texts.get(host.name, {})) for host in made.hosts}
        # With the variables that were there before: one's default cannot be made of itself.
        filled = fill_variables(variables, said, replace(env, hosts=made))
        made = replace(made, vars=kinds)
        hosts = (
            replace(
                host,
                vars={**host.vars, **{n: _on(v, host) for n, v in filled[host.name].items()}},
            )
            for host in made.hosts
        )
        return replace(made, hosts=tuple(hosts))

    def register(self, made: HostSet) -> None:
        """Remember what a set says of its hosts, for the other sets that they are in."""
        for host in made.hosts:
            first = self._spelled.setdefault(host.name.lower(), host)
            if first.name != host.name:
                self._findings.report(
                    OneMachine(host.span, name=host.name, other=first.name, first=first.span)
                )
            known = self._known.get(host.name)
            facts = host.facts
            if known is not None:
                facts = self._merged(host.name, known.facts, facts, made.span, known.span)
                self._shared[host.name] = facts
            self._known[host.name] = _Machine(facts, made.span)

    def settled(self, made: HostSet) -> HostSet:
        """Return a set whose hosts have the facts that other sets have of them."""
        if not self._shared or not any(host.name in self._shared for host in made.hosts):
            return made
        hosts = (
            replace(host, facts={**host.facts, **self._shared[host.name]})
            if host.name in self._shared
            else host
            for host in made.hosts
        )
        return replace(made, hosts=tuple(hosts))

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


def _on(value: Any, host: Host) -> Any:
    return resolve(value, host, host.address) if varies(value) else value
