"""From a type to its kind: the annotations of the runtime's classes, the language's words."""

import types
import typing
from functools import cache
from pathlib import Path, PurePath, PurePosixPath
from typing import Any, Literal

from flumec.compiler import tree
from flumec.compiler.bind.calls import CallKind
from flumec.compiler.bind.findings import Findings
from flumec.compiler.bind.kinds import Kind, NoKind
from flumec.compiler.bind.kinds_many import AnyKind, ListKind, SectionKind, UnionKind
from flumec.compiler.bind.kinds_plain import (
    BoolKind,
    FactKind,
    HeaderKind,
    NumberKind,
    QuantityKind,
    RefKind,
    SecretKind,
    WordKind,
)
from flumec.compiler.bind.kinds_text import TextKind
from flumec.compiler.diagnostic import Diagnostic, closest, put_right
from flumec.compiler.fix import Fix
from flumec.runtime.component import (
    ChannelRef,
    Declared,
    Header,
    JournalRef,
    Port,
    Ref,
    Secret,
    Url,
)
from flumec.runtime.links.settings import Fact
from flumec.runtime.quantity import Duration, Percent, Rate, Size


class UnknownType(Diagnostic, code="FL133"):
    """A name is declared with a type that does not exist.

    The types are string, bool, number, size, duration, rate, percent, path, url, secret and
    list(…).

    ## Example

    ```flow
    param room : bytes = 10GiB
    ```

    ## Instead

    ```flow
    param room : size = 10GiB

    hosts web = ["web-1"] {
      disk = room
    }
    ```
    """

    name: str

    @property
    def message(self) -> str:
        """Name it."""
        return f"unknown type `{self.name}`"

    @property
    def hint(self) -> str:
        """Offer the nearest, or list them all."""
        return closest(self.name, _NAMED) or f"the types are {', '.join(_NAMED)} and list(…)"

    @property
    def fix(self) -> Fix | None:
        """What a program writes."""
        return put_right(self.span, self.name, _NAMED)


_TEXTS = frozenset({"string", "path", "url"})
_NUMBERS = frozenset({"number"})

ANY = AnyKind("any", "a value", None, frozenset())
NO_KIND = NoKind()

_NAMED: dict[str, Kind] = {
    "string": TextKind("string", "a string", str, _TEXTS),
    "bool": BoolKind("bool", "`true` or `false`", bool, frozenset({"bool"})),
    "number": NumberKind("number", "a number", float, _NUMBERS),
    "size": QuantityKind("size", "a size such as `4GiB`", Size, frozenset({"size"})),
    "duration": QuantityKind(
        "duration", "a duration such as `30s`", Duration, frozenset({"duration"})
    ),
    "rate": QuantityKind("rate", "a rate such as `200KB/s`", Rate, frozenset({"rate"})),
    "percent": QuantityKind(
        "percent", "a percentage such as `90%`", Percent, frozenset({"percent"})
    ),
    "path": TextKind("path", "a path", Path, frozenset({"path", "string"})),
    "url": TextKind("url", "a url, `scheme://…`", Url, frozenset({"url", "string"})),
    "secret": SecretKind("secret", '`secret("name")`', Secret, frozenset({"secret"})),
}

_BY_CLASS: dict[Any, Kind] = {
    str: _NAMED["string"],
    bool: _NAMED["bool"],
    int: NumberKind("number", "a whole number", int, _NUMBERS),
    float: NumberKind("number", "a number", float, _NUMBERS),
    Port: NumberKind("number", "a port", Port, _NUMBERS),
    Size: _NAMED["size"],
    Duration: _NAMED["duration"],
    Rate: _NAMED["rate"],
    Percent: _NAMED["percent"],
    Path: _NAMED["path"],
    PurePath: _NAMED["path"],
    PurePosixPath: _NAMED["path"],
    Url: _NAMED["url"],
    Secret: _NAMED["secret"],
    Fact: FactKind("fact", "a fact of the hosts, `host.site`", Fact),
    Header: HeaderKind("header", "a header, `header.name`", Header),
    Ref: RefKind("reference", "the name of a channel", Ref, kinds=("channel",)),
    ChannelRef: RefKind("reference", "the name of a channel", ChannelRef, kinds=("channel",)),
    JournalRef: RefKind("reference", "the name of a journal", JournalRef, kinds=("journal",)),
    Any: ANY,
}


@cache
def kind_of(annotation: Any) -> Kind:
    """Return the kind of a property's annotation; TypeError for one that the language has no word
    for.
    """
    if isinstance(annotation, Kind):
        return annotation
    if (kind := _BY_CLASS.get(annotation)) is not None:
        return kind
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        words = tuple(str(word) for word in arguments)
        expected = "one of " * (len(words) > 1) + ", ".join(f"`{word}`" for word in words)
        return WordKind("word", expected, str, frozenset({"string"}), words)
    if origin in (tuple, list):
        return list_of(kind_of(arguments[0]))
    if origin in (typing.Union, types.UnionType):
        return _union(tuple(kind_of(one) for one in arguments if one is not type(None)))
    if isinstance(annotation, type) and issubclass(annotation, Declared):
        if function := annotation.type:
            return CallKind("call", f"`{function}(…)`", annotation, functions=(function,))
        return SectionKind("block", "a block", annotation)
    raise TypeError(f"{annotation} is no type of a property")


@cache
def list_of(item: Kind) -> Kind:
    """Return the kind of lists of a kind."""
    return ListKind(
        "list", f"a list, each item {item.expected}", tuple, frozenset({"list"}), item=item
    )


def _union(members: tuple[Kind, ...]) -> Kind:
    if len(members) == 1:
        return members[0]
    return UnionKind(
        members[0].name,
        " or ".join(dict.fromkeys(member.expected for member in members)),
        members[0].python,
        frozenset().union(*(member.accepts for member in members)),
        tuple(word for member in members for word in member.words),
        tuple(name for member in members for name in member.functions),
        members=members,
    )


def kind_named(type_: tree.Ref | tree.Call, findings: Findings) -> Kind:
    """Return the kind that a declaration in a file names: `size`, `list(path)`."""
    if isinstance(type_, tree.Ref):
        if (kind := _NAMED.get(type_.text)) is not None and type_.key is None:
            return kind
    elif type_.function.text == "list" and len(type_.args) == 1:
        argument = type_.args[0].value
        if isinstance(argument, tree.Ref | tree.Call):
            item = kind_named(argument, findings)
            return item if item is NO_KIND else list_of(item)
    name = type_.function.text + "(…)" if isinstance(type_, tree.Call) else type_.text
    findings.report(UnknownType(type_.span, name=name))
    return NO_KIND
