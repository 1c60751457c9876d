"""Every component and interceptor that a file may name, in the runtime already or not."""

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from flumec.compiler.bind.future_components import COMPONENTS, EVERY, INTERCEPTORS
from flumec.compiler.bind.properties import Form, fields_of
from flumec.runtime import components


class Entry(NamedTuple):
    """A type: what declares it, the form of its block; `feature` where the runtime lacks it."""

    declaration: type[Any]
    form: Form
    feature: str


@cache
def component_types() -> Mapping[tuple[str, str], Entry]:
    """Return every component by kind and type."""
    entries = {}
    for declaration, present in _with_presence(components.ALL, COMPONENTS):
        kind, name = declaration.kind, declaration.type
        owner = f"the {kind} `{name}`"
        feature = "" if present else owner
        fields = fields_of(declaration.props.values())
        if present:
            later = fields_of(EVERY[kind].props.values(), feature=f"`{{}}` on a {kind}")
        else:
            later = fields_of(EVERY[kind].props.values())
        own_first = {**fields, **{n: field for n, field in later.items() if n not in fields}}
        entries[kind, name] = Entry(declaration, Form(f"`{name}`", own_first, declaration), feature)
    return entries


@cache
def interceptor_types() -> Mapping[str, Entry]:
    """Return every interceptor by its name."""
    return {
        declaration.type: Entry(
            declaration,
            Form(
                f"`{declaration.type}`",
                fields_of(declaration.props.values()),
                declaration,
                "argument",
            ),
            "" if present else f"the interceptor `{declaration.type}`",
        )
        for declaration, present in _with_presence(components.INTERCEPTORS, INTERCEPTORS)
    }


def _with_presence(present: Any, future: Any) -> list[tuple[Any, bool]]:
    return [(one, True) for one in present] + [(one, False) for one in future]
