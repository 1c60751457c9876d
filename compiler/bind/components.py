"""Sources, channels and sinks against their declarations."""

from collections.abc import Sequence
from typing import Any

from flumec.compiler import tree
from flumec.compiler.bind.catalogue import component_types
from flumec.compiler.bind.following import BROKEN
from flumec.compiler.bind.kinds import Slot
from flumec.compiler.bind.module import Module
from flumec.compiler.bind.properties import Filling, Layer, key_of
from flumec.compiler.bind.scope import Env
from flumec.compiler.bind.templates import Templates
from flumec.compiler.bind.types import ANY
from flumec.compiler.diagnostic import Diagnostic, closest, put_right
from flumec.compiler.fix import Fix
from flumec.compiler.model import Component, Value
from flumec.runtime.frozen import frozen


class UnknownComponentType(Diagnostic, code="FL106"):
    """A component has a type that does not exist, or that is of another kind.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent counter on web {
      source numbers : seq

      channel buffer : memroy

      sink nothing : null

      numbers -> buffer
      buffer -> nothing
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent counter on web {
      source numbers : seq

      channel buffer : memory

      sink nothing : null

      numbers -> buffer
      buffer -> nothing
    }
    ```
    """

    kind: str
    name: str
    known: tuple[str, ...]
    elsewhere: str

    @property
    def message(self) -> str:
        """Name it."""
        return f"there is no {self.kind} `{self.name}`"

    @property
    def hint(self) -> str | None:
        """Say what else has this name, or offer the nearest of this kind, or all of them."""
        if self.elsewhere:
            return f"`{self.name}` is a {self.elsewhere}"
        if near := closest(self.name, self.known):
            return near
        return f"the {self.kind}s are {', '.join(self.known)}"

    @property
    def fix(self) -> Fix | None:
        """What a program writes."""
        return put_right(self.span, self.name, self.known)


@frozen
class Part:
    """One writing of a component: in a template's body, in an agent's block, or in both."""

    node: tree.Component
    env: Env
    module: Module


def bind_component(parts: Sequence[Part], templates: Templates) -> Component:
    """Return a component; a later writing of it overrides an earlier one's properties."""
    node = parts[-1].node
    layers: list[Layer] = []
    for part in parts:
        if part.node.template is not None:
            body = templates.body(part.node.template, part.module, part.env)
            if body is not None:
                layers.append((body.block, body.env))
        if part.node.block is not None:
            layers.append((part.node.block, part.env))
    env = parts[-1].env
    declaration, values, mistaken = _values(node, layers, env)
    doc = node.doc or parts[0].node.doc
    return Component(
        node.kind, node.name.text, node.type.text, declaration, values,
        node.span, node.name.span, node.type.span, doc, mistaken,
    )  # fmt: skip


def _values(
    node: tree.Component, layers: Sequence[Layer], env: Env
) -> tuple[Any, dict[str, Value], frozenset[str]]:
    """Return a component's declaration, what its blocks set, and what they have wrong."""
    types = component_types()
    name = node.type.text
    entry = types.get((node.kind, name))
    if entry is not None and node.type.key is None:
        if entry.feature:
            env.findings.feature(entry.feature, node.type.span)
        filling = Filling(entry.form)
        for block, its_env in layers:
            filling.read(block, its_env)
        values = filling.finish(node.type.span, env)
        return entry.declaration, values, filling.mistaken
    if "." in name and node.type.key is None:
        env.findings.feature(f"the plug-in type `{name}`", node.type.span)
    else:
        known = tuple(type_ for kind, type_ in types if kind == node.kind)
        elsewhere = next((kind for kind, type_ in types if type_ == name), "")
        env.findings.report(
            UnknownComponentType(
                node.type.span, kind=node.kind, name=name, known=known, elsewhere=elsewhere
            )
        )
    return None, _loose(layers), frozenset()


def _loose(layers: Sequence[Layer]) -> dict[str, Value]:
    """Return the values of a component of which no declaration is known."""
    values = {}
    for block, env in layers:
        for statement in block.statements:
            if isinstance(statement, tree.Attr):
                name = key_of(statement)
                value = ANY.read(statement.value, env, Slot(name))
                if value is not BROKEN:
                    values[name] = Value(value, statement.value.span, statement.key.span)
    return values
