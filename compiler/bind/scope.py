"""Which names mean what at some place of a file, and what else a value may depend on there."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from flumec.compiler import tree
from flumec.compiler.bind.findings import Findings
from flumec.compiler.model import HostSet
from flumec.compiler.source import Source, Span
from flumec.runtime.frozen import frozen

if TYPE_CHECKING:
    from flumec.compiler.bind.directory import Directory
    from flumec.compiler.bind.module import Imported

BindingKind = Literal["param", "let", "parameter"]


@dataclass(slots=True, eq=False)
class Binding:
    """A name for a value: a param, a let, or a template's parameter.

    The value stays an expression, read again at each use as what that use wants. `expr` is None
    where there is none, and that was reported.
    """

    kind: BindingKind
    name: str
    span: Span
    type: Any
    """A Kind (compiler/bind/kinds.py); None for a let, which has the type of its value."""
    expr: tree.Expr | None
    scope: "Scope"
    used: bool = False
    open: bool = False
    """Whether its value is being followed: a let that leads back to itself finds that here."""


@dataclass(slots=True, eq=False)
class Scope:
    """The names of a file, or of a template's body within it."""

    values: dict[str, Binding] = field(default_factory=dict)
    imports: "Mapping[str, Imported]" = field(default_factory=dict)
    outer: "Scope | None" = None

    def find(self, names: tuple[tree.Name, ...]) -> Binding | Literal["broken"] | None:
        """Return what a dotted name stands for; "broken" where an import on the way was not
        readable.
        """
        head = names[0].text
        if len(names) == 1 and (binding := self.values.get(head)) is not None:
            return binding
        if len(names) > 1 and (imported := self.imports.get(head)) is not None:
            imported.used = True
            return imported.module.scope.find(names[1:]) if imported.module else "broken"
        return self.outer.find(names) if self.outer else None

    def names(self) -> Iterator[str]:
        """Yield every name that could have been meant."""
        yield from self.values
        for alias, imported in self.imports.items():
            if imported.module:
                yield from (f"{alias}.{name}" for name in imported.module.scope.values)
        if self.outer:
            yield from self.outer.names()


@dataclass(slots=True, eq=False)
class Trail:
    """The names whose values are being read around an expression, the innermost first."""

    binding: Binding
    outer: "Trail | None"
    depth: int
    count: list[int]
    """How many names were followed since the outermost; one number, shared by all of them."""

    @classmethod
    def behind(cls, binding: Binding, outer: "Trail | None") -> "Trail":
        """Return the trail within a name's value."""
        if outer is None:
            return cls(binding, None, 1, [1])
        outer.count[0] += 1
        return cls(binding, outer, outer.depth + 1, outer.count)

    def since(self, binding: Binding) -> "tuple[Binding, ...]":
        """Return the names from `binding` to the innermost; none if it is not on the trail."""
        names = list(self.names())
        return tuple(reversed(names[: names.index(binding) + 1])) if binding in names else ()

    def names(self) -> Iterator[Binding]:
        """Yield the names, the innermost first."""
        trail: Trail | None = self
        while trail is not None:
            yield trail.binding
            trail = trail.outer


@frozen
class Env:
    """All that an expression may refer to at its place."""

    findings: Findings
    scope: Scope
    hosts: HostSet | None = None
    """The hosts of the agent or link around it; None where no host is known."""
    components: Mapping[str, str] = field(default_factory=dict)
    """The components of the agent around it, name to kind."""
    journals: Collection[str] = ()
    directory: "Directory | None" = None
    """The fleet's agents, where a value may name them."""
    trail: Trail | None = None

    def within(self, scope: Scope) -> "Env":
        """Return the same place with other names."""
        return self if scope is self.scope else replace(self, scope=scope)


SOME_HOSTS = HostSet("?", (), Span(Source("", ""), 0, 0))
"""Stands for hosts of which nothing is known: a set with a mistake in it, or those where a let is
used.
"""


def hosts_unknown(hosts: HostSet) -> bool:
    """Whether nothing is to be said of these hosts."""
    return hosts is SOME_HOSTS
