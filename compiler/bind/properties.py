"""Blocks and calls against what declares them: each property known, typed, once, none missing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from typing import Any

from flumec.compiler import tree
from flumec.compiler.bind.following import BROKEN
from flumec.compiler.bind.kinds import Kind, Slot
from flumec.compiler.bind.kinds_many import SectionKind
from flumec.compiler.bind.property_mistakes import (
    BlockExpected,
    ContradictoryProperties,
    DuplicateProperty,
    Misplaced,
    MissingProperty,
    UnknownProperty,
    what_stands,
)
from flumec.compiler.bind.scope import Env, hosts_unknown
from flumec.compiler.model import Host, Settings, Value
from flumec.compiler.source import Span
from flumec.compiler.values import resolve, varies
from flumec.runtime.component import Declared, Property
from flumec.runtime.frozen import frozen

Layer = tuple[tree.Block, Env]


@frozen
class Field:
    """A property as blocks meet it. `feature` says that the runtime has it not yet, and what it
    is.
    """

    property: Property
    kind: Kind
    slot: Slot
    feature: str = ""


@frozen
class Form:
    """What may stand in a block: its owner's name for messages, its properties, the class behind
    them.
    """

    owner: str
    """With backticks: "`taildir`", "this link"."""
    fields: Mapping[str, Field]
    declaration: Any = None
    noun: str = "property"


def fields_of(properties: Iterable[Property], *, feature: str = "") -> dict[str, Field]:
    """Return the fields of declared properties."""
    from flumec.compiler.bind.types import kind_of

    return {
        p.name: Field(
            p, kind_of(p.type), Slot(p.name, p.check), feature.format(p.name) if feature else ""
        )
        for p in properties
    }


@cache
def form_of(declaration: type[Declared], owner: str = "") -> Form:
    """Return the form of a class whose properties are all the runtime's."""
    return Form(
        owner or f"`{declaration.type}`", fields_of(declaration.props.values()), declaration
    )


@dataclass(slots=True)
class Filling:
    """The properties of one block, section or call, while they are given."""

    form: Form
    values: dict[str, Value] = field(default_factory=dict)
    given: dict[str, Span] = field(default_factory=dict)
    """Every property that was given, rightly or not, and where."""
    whole: bool = True
    """Whether nothing in it was reported."""
    meant: set[str] = field(default_factory=set)
    """Properties that an unknown name is near to: one mistake, so they are not missing as well."""
    sections: dict[str, list[tuple[tree.Section, Env]]] = field(default_factory=dict)
    place: str = "block"
    """Where they stand."""

    @property
    def mistaken(self) -> frozenset[str]:
        """What it means to set and has wrong."""
        return frozenset(self.given.keys() | self.meant) - self.values.keys()

    def field(self, name: str, key: Span, env: Env) -> Field | None:
        """Return the field of a name; None if it is unknown, which is reported."""
        found = self.form.fields.get(name)
        if found is None:
            self.whole = False
            env.findings.report(UnknownProperty(key, form=self.form, name=name))
            self.meant.update(get_close_matches(name, self.form.fields, n=1))
        return found

    def give(self, field_: Field, key: Span, expr: tree.Expr, env: Env) -> None:
        """Read the value of a property."""
        name = field_.property.name
        value = field_.kind.read(expr, env, field_.slot)
        self.given[name] = key
        if value is BROKEN:
            self.whole = False
            self.values.pop(name, None)
        else:
            self.values[name] = Value(value, expr.span, key)
            if field_.feature:
                env.findings.feature(field_.feature, key)

    def read(self, block: tree.Block, env: Env) -> None:
        """Read a block; what it gives overrides what an earlier block, a template's, gave."""
        here: dict[str, Span] = {}
        for statement in block.statements:
            if isinstance(statement, tree.Attr):
                name = key_of(statement)
                if (found := self.field(name, statement.key.span, env)) is None:
                    continue
                if self._repeated(name, statement.key.span, here, env):
                    continue
                self.sections.pop(name, None)
                self.give(found, statement.key.span, statement.value, env)
            elif isinstance(statement, tree.Section):
                self._section(statement, here, env)
            else:
                self.whole = False
                what = what_stands(statement)
                env.findings.report(Misplaced(statement.span, what=what, owner=self.form.owner))

    def _section(self, section: tree.Section, here: dict[str, Span], env: Env) -> None:
        name = section.name.text
        found = self.field(name, section.name.span, env)
        if found is None or self._repeated(name, section.name.span, here, env):
            return
        self.given[name] = section.name.span
        if not isinstance(found.kind, SectionKind):
            self.whole = False
            env.findings.report(
                BlockExpected(section.name.span, name=name, expected=found.kind.expected)
            )
            return
        self.sections.setdefault(name, []).append((section, env))
        self.values.setdefault(name, Value(None, section.span, section.name.span))

    def _repeated(self, name: str, key: Span, here: dict[str, Span], env: Env) -> bool:
        if name not in here:
            here[name] = key
            return False
        self.whole = False
        env.findings.report(DuplicateProperty(key, name=name, first=here[name]))
        return True

    def finish(self, span: Span, env: Env) -> dict[str, Value]:
        """Fill the sections, and report what is missing and what contradicts."""
        for name, layers in self.sections.items():
            self._fill_section(name, layers)
        missing = [
            name
            for name, found in self.form.fields.items()
            if found.property.required
            and not found.feature
            and name not in self.given.keys() | self.meant
        ]
        if missing:
            self.whole = False
            names = tuple(missing)
            env.findings.report(MissingProperty(span, self.form.owner, names, self.place))
        elif self.whole:
            self._contradictions(span, env)
        return self.values

    def _fill_section(self, name: str, layers: list[tuple[tree.Section, Env]]) -> None:
        kind = self.form.fields[name].kind
        last, env = layers[-1]
        inner = Filling(form_of(kind.python, f"`{name}`"))
        for section, its_env in layers:
            inner.read(section.block, its_env)
        value = Settings(kind.python, inner.finish(last.name.span, env))
        self.whole = self.whole and inner.whole
        self.values[name] = Value(value, last.span, last.name.span)
        if (feature := self.form.fields[name].feature) and self.whole:
            env.findings.feature(feature, last.name.span)

    def _contradictions(self, span: Span, env: Env) -> None:
        declaration = self.form.declaration
        if declaration is None or declaration.contradictions.__func__ is _NONE:
            return
        for host in _hosts_that_differ(self.values, env):
            full = complete(declaration, self.values, host)
            found = () if full is None else tuple(declaration.contradictions(full))
            for one in found:
                self.whole = False
                places = [self.values[n] for n in one.properties if n in self.values]
                env.findings.report(
                    ContradictoryProperties(
                        places[0].span if places else span,
                        sentence=one.sentence,
                        others=tuple(place.key for place in places[1:]),
                    )
                )
            if found:
                return


_NONE = Declared.contradictions.__func__  # type: ignore[attr-defined]  # the one that yields nothing


def _hosts_that_differ(values: Mapping[str, Value], env: Env) -> Sequence[Host | None]:
    """Return the hosts to look at values on: all where they differ; else none in particular."""
    if not any(varies(held.value) for held in values.values()):
        return (None,)
    if env.hosts is None or hosts_unknown(env.hosts):
        return ()
    return env.hosts.hosts


def complete(
    declaration: Any, values: Mapping[str, Value], host: Host | None
) -> dict[str, Any] | None:
    """Return every property's value, defaults filled in, as they are on a host; None where a
    mistake in one was reported.
    """
    full = {name: declared.default for name, declared in declaration.props.items()}
    for name, held in values.items():
        value = held.value
        try:
            if isinstance(value, Settings):
                inner = complete(value.declaration, value.values, host)
                value = None if inner is None else value.declaration(**inner)
            elif host is not None and varies(value):
                value = resolve(value, host, host.address)
        except (KeyError, TypeError, ValueError):
            return None
        if name in full:
            full[name] = value
    return full


def key_of(attr: tree.Attr) -> str:
    """Return the name that an attribute sets."""
    return attr.key.raw if isinstance(attr.key, tree.String) else ref_text(attr.key)


def ref_text(ref: tree.Ref) -> str:
    """Return a reference as it is written."""
    return ref.text + (f'["{ref.key.raw}"]' if ref.key else "")
