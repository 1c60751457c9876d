"""What is known of each machine, put together from all the host sets that name it."""

from collections.abc import Iterator, Mapping
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
from flumec.compiler.model import Host, HostFact, HostSet, PerHost
from flumec.compiler.source import Span
from flumec.compiler.values import resolve, varies

Texts = Mapping[str, Mapping[str, Text]]
"""What an inventory says of each host."""


class Facts(NamedTuple):
    """What is known of a host, and where each of it stands."""

    values: Mapping[str, Any]
    said: Mapping[str, tuple[Span, ...]]


class _Machine(NamedTuple):
    """A host as the sets know it that name it outright."""

    facts: Facts
    span: Span


class Machines:
    """Gives hosts their facts and variables; a machine has the facts of all its sets."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._known: dict[str, _Machine] = {}
        self._shared: dict[str, Facts] = {}
        self._spelled: dict[str, Host] = {}

    def described(
        self, made: HostSet, block: tree.Block | None, env: Env, texts: Texts | None = None
    ) -> HostSet:
        """Return a set whose hosts have what its block and its inventory say of them."""
        if block is None and not texts:
            return made
        made = self._with_variables(made, block, env, texts or {})
        read = read_facts(block, replace(env, hosts=made))
        addresses = read_addresses(texts or {}, env)
        if not read and not addresses:
            return made
        facts = Facts(
            {name: held.value for name, held in read.items()},
            {name: (held.span,) for name, held in read.items()},
        )
        differ = (
            addresses
            or any(varies(value) for value in facts.values.values())
            or any(host.facts for host in made.hosts)
        )
        hosts = []
        for host in made.hosts:
            own = facts
            if differ:
                own = _of_host(facts, host, (texts or {}).get(host.name, {}))
                if host.name in addresses and "address" not in own.values:
                    address, span = addresses[host.name]
                    own = Facts(
                        {**own.values, "address": address}, {**own.said, "address": (span,)}
                    )
                known = Facts(host.facts, host.said)
                own = self._merged(host.name, known, own, made.span, host.span)
            hosts.append(Host(host.name, host.index, own.values, host.vars, host.span, own.said))
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
            facts = Facts(host.facts, host.said)
            if known is not None:
                facts = self._merged(host.name, known.facts, facts, made.span, known.span)
                self._shared[host.name] = facts
            self._known[host.name] = _Machine(facts, made.span)

    def settled(self, made: HostSet) -> HostSet:
        """Return a set whose hosts have the facts that other sets have of them."""
        if not self._shared or not any(host.name in self._shared for host in made.hosts):
            return made
        return replace(made, hosts=tuple(self._settled(host) for host in made.hosts))

    def _settled(self, host: Host) -> Host:
        shared = self._shared.get(host.name)
        if shared is None:
            return host
        said = {**host.said, **shared.said}
        return replace(host, facts={**host.facts, **shared.values}, said=said)

    def _merged(self, host: str, one: Facts, two: Facts, span: Span, other: Span) -> Facts:
        """Return what two sets say of a host; where they differ, each one's place is shown."""
        for fact in one.values.keys() & two.values.keys():
            if one.values[fact] != two.values[fact]:
                values = (str(two.values[fact]), str(one.values[fact]))
                here, there = (
                    (*two.said.get(fact, ()), span)[0],
                    (*one.said.get(fact, ()), other)[0],
                )
                self._findings.report(
                    ConflictingFacts(here, host=host, fact=fact, values=values, other=there)
                )
        return Facts({**one.values, **two.values}, {**one.said, **two.said})


def _of_host(facts: Facts, host: Host, texts: Mapping[str, Text]) -> Facts:
    """Return what a block says of one host, with the inventory's place of what it takes there."""
    said = {
        name: (
            *facts.said[name],
            *(texts[used].span for used in _variables(value) if used in texts),
        )
        for name, value in facts.values.items()
    }
    return Facts({name: _on(value, host) for name, value in facts.values.items()}, said)


def _variables(value: Any) -> Iterator[str]:
    """Yield the host variables that a fact is made of."""
    for part in value.parts if isinstance(value, PerHost) else ():
        if isinstance(part, HostFact) and part.path[0] == "vars":
            yield part.path[1]


def _on(value: Any, host: Host) -> Any:
    return resolve(value, host, host.address) if varies(value) else value
