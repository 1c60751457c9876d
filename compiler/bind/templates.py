"""Templates: a call's arguments, and the names that the body sees."""

import dataclasses
from collections.abc import Mapping
from typing import NamedTuple

from flumec.compiler import tree
from flumec.compiler.bind.calls import read_call
from flumec.compiler.bind.findings import Findings
from flumec.compiler.bind.following import RESERVED
from flumec.compiler.bind.kinds import Slot
from flumec.compiler.bind.module import Module, ReservedName, clash
from flumec.compiler.bind.properties import Field, Form
from flumec.compiler.bind.scope import Binding, Env, Scope
from flumec.compiler.bind.types import kind_named
from flumec.compiler.diagnostic import Diagnostic, closest, listed, put_right
from flumec.compiler.fix import Fix
from flumec.runtime.component import Property


class UnknownTemplate(Diagnostic, code="FL111"):
    """Behind `=` stands a call of a template that does not exist.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent counter on web {
      source numbers : seq

      channel buffer : memory = small(room = 1MiB)

      sink nothing : null

      numbers -> buffer
      buffer -> nothing
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    template small(room : size) {
      size = room
    }

    agent counter on web {
      source numbers : seq

      channel buffer : memory = small(room = 1MiB)

      sink nothing : null

      numbers -> buffer
      buffer -> nothing
    }
    ```
    """

    name: str
    known: tuple[str, ...]

    @property
    def message(self) -> str:
        """Name it."""
        return f"there is no template `{self.name}`"

    @property
    def hint(self) -> str | None:
        """Offer the nearest."""
        return closest(self.name, self.known) or listed("templates", self.known)

    @property
    def fix(self) -> Fix | None:
        """What a program writes."""
        return put_right(self.span, self.name, self.known)


class Body(NamedTuple):
    """A template's block, and what the names in it mean in one use."""

    block: tree.Block
    env: Env


class Templates:
    """Knows the parameters of every template that was used."""

    def __init__(self) -> None:
        self._forms: dict[int, Form] = {}

    def body(self, call: tree.Call, module: Module, env: Env) -> Body | None:
        """Return a template's body with its parameters bound; None if there is no such template."""
        owner, names = module.reach(call.function.names)
        name = names[-1].text
        if owner is None:
            return None
        node = owner.templates.get(name) if len(names) == 1 else None
        if node is None:
            known = (*module.templates, *(f"{a}.{t}" for a, i in module.imports.items()
                                          if i.module for t in i.module.templates))  # fmt: skip
            env.findings.report(
                UnknownTemplate(call.function.span, name=call.function.text, known=known)
            )
            return None
        owner.used_templates.add(name)
        form = self._form(node, env.findings)
        values, _ = read_call(call.args, form, call.function.span, env)
        scope = Scope(outer=owner.scope)
        inside = env.within(scope)
        given = {n: expr if n in values else None for n, expr in _given(call, form).items()}
        for formal in node.formals:
            binding = self._binding(formal, given, form, env, owner)
            scope.values.setdefault(formal.name.text, binding)
        return Body(node.block, inside)

    def _form(self, node: tree.Template, findings: Findings) -> Form:
        """Return a template's parameters as the arguments of its calls."""
        if (form := self._forms.get(id(node))) is not None:
            return form
        fields: dict[str, Field] = {}
        for formal in node.formals:
            name = formal.name.text
            if name in RESERVED:
                findings.report(ReservedName(formal.name.span, name=name))
            elif name in fields:
                first = next(one.name.span for one in node.formals if one.name.text == name)
                clash(formal.name, formal.span, "parameter", first, findings)
            else:
                kind = kind_named(formal.type, findings)
                default = dataclasses.MISSING if formal.default is None else None
                declared = Property(name, kind, "", default, None, positional=True)
                fields[name] = Field(declared, kind, Slot(name))
        form = Form(f"`{node.name.text}`", fields, noun="parameter")
        return self._forms.setdefault(id(node), form)

    def _binding(
        self,
        formal: tree.Formal,
        given: Mapping[str, tree.Expr | None],
        form: Form,
        env: Env,
        owner: Module,
    ) -> Binding:
        """Bind a parameter to its argument (None: a mistake in it was reported) or default."""
        name = formal.name.text
        kind = form.fields[name].kind if name in form.fields else None
        expr, scope = formal.default, owner.scope
        if name in given:
            expr, scope = given[name], env.scope
        elif expr is not None and kind is not None:
            kind.read(expr, env.within(scope), Slot(name))
        return Binding("parameter", name, formal.name.span, kind, expr, scope)


def _given(call: tree.Call, form: Form) -> dict[str, tree.Expr]:
    """Return a call's arguments by parameter, the first of each."""
    given: dict[str, tree.Expr] = {}
    names = list(form.fields)
    for number, arg in enumerate(call.args):
        if arg.name is not None:
            given.setdefault(arg.name.text, arg.value)
        elif number < len(names):
            given.setdefault(names[number], arg.value)
    return given
