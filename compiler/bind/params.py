"""The values of params: from an import, `--set`, a .flowvars file, the environment, the default."""

import dataclasses
import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple

from flumec.compiler import tree
from flumec.compiler.bind.findings import Findings
from flumec.compiler.bind.following import BROKEN
from flumec.compiler.bind.kinds import Kind, Slot
from flumec.compiler.bind.mistakes import WrongType
from flumec.compiler.bind.module import Module
from flumec.compiler.bind.properties import key_of
from flumec.compiler.bind.scope import Env, Scope
from flumec.compiler.bind.types import kind_named
from flumec.compiler.diagnostic import Diagnostic, closest, put_right
from flumec.compiler.fix import Fix
from flumec.compiler.options import Options
from flumec.compiler.parse import parse
from flumec.compiler.source import Source, Span

_NUMBER = re.compile(r"-?\d[\d_]*(\.\d+)?([eE]\d+)?")
_ITEM = re.compile(r'\s*(?:"(?P<quoted>[^"]*)"|(?P<plain>[^,\s](?:[^,]*[^,\s])?))')
_WRAP = 'import "" as given {\n'


class ParamWithoutValue(Diagnostic, code="FL130"):
    """A param has no value: no default, and none was given.

    ## Example

    ```flow
    param lake : url
    ```

    ## Instead

    ```flow
    param lake : url = "hdfs://nn.example.com/logs"

    hosts web = ["web-1"] {
      site = lake
    }
    ```
    """

    name: str
    variable: str
    imported: bool

    @property
    def message(self) -> str:
        """Name it, and the variable that its default would have come from."""
        unset = f": the environment has no `{self.variable}`" if self.variable else ""
        return f"the param `{self.name}` has no value{unset}"

    @property
    def hint(self) -> str:
        """Say how to give one."""
        if self.imported:
            return f"set `{self.name} = …` in the import's block, or give it a default"
        either = f"set {self.variable} in the environment, " if self.variable else ""
        return f"{either}pass `--set {self.name}=…`, or give it a default"


class UnknownParam(Diagnostic, code="FL131"):
    """A value is given for a param that the file does not have.

    ## Example

    ```flow main.flow
    import "tier.flow" as tier {
      stag = "dev"
    }

    hosts all = union(tier.web)
    ```

    ```flow tier.flow
    param stage : string = "prod"

    hosts web = ["web-1"] {
      site = stage
    }
    ```

    ## Instead

    ```flow main.flow
    import "tier.flow" as tier {
      stage = "dev"
    }

    hosts all = union(tier.web)
    ```

    ```flow tier.flow
    param stage : string = "prod"

    hosts web = ["web-1"] {
      site = stage
    }
    ```
    """

    name: str
    known: tuple[str, ...]

    @property
    def message(self) -> str:
        """Name it."""
        return f"there is no param `{self.name}`"

    @property
    def hint(self) -> str | None:
        """Offer the nearest, or all."""
        near = closest(self.name, self.known)
        return near or (
            f"the params are {', '.join(self.known)}" if self.known else "no params are declared"
        )

    @property
    def fix(self) -> Fix | None:
        """What a program writes."""
        return put_right(self.span, self.name, self.known)


class Given(NamedTuple):
    """A value for a param from outside its file; `text` is still to be read by the param's type."""

    key: Span
    scope: Scope
    expr: tree.Expr | None = None
    text: str = ""
    start: int = 0


def given_in_block(block: tree.Block | None, scope: Scope) -> dict[str, Given]:
    """Return what an import's block sets; a second value of a name is the binder's error
    elsewhere.
    """
    given: dict[str, Given] = {}
    for statement in block.statements if block else ():
        if isinstance(statement, tree.Attr):
            given.setdefault(key_of(statement), Given(statement.key.span, scope, statement.value))
    return given


def given_outside(
    options: Options, flowvars: Mapping[str, str], findings: Findings, sources: list[Source]
) -> dict[str, Given]:
    """Return what .flowvars files (path to text) and `--set` give, the later over the earlier."""
    given: dict[str, Given] = {}
    for path, text in flowvars.items():
        source = Source(path, text)
        sources.append(source)
        for attr in _attributes(source, findings):
            given[key_of(attr)] = Given(attr.key.span, Scope(), attr.value)
    for name, text in options.sets.items():
        source = Source("command line", f"--set {name}={text}")
        key = Span(source, 6, 6 + len(name))
        given[name] = Given(key, Scope(), None, text, key.end + 1)
    return given


def _attributes(source: Source, findings: Findings) -> list[tree.Attr]:
    """Parse a .flowvars file: the lines of a block without its braces."""
    file, mistakes = parse(Source(source.path, f"{_WRAP}{source.text}\n}}\n"))
    moved = (one.moved_to(_moved(one.span, source)) for one in mistakes)
    findings.report_unread(source, moved)
    block = next((item.block for item in file.items if isinstance(item, tree.Import)), None)
    statements = block.statements if block else ()
    return [_moved(one, source) for one in statements if isinstance(one, tree.Attr)]


def _moved(node: Any, source: Source) -> Any:
    """Return a tree with its places as they are in the file itself."""
    if isinstance(node, Span):
        start = max(node.start - len(_WRAP), 0)
        return Span(source, min(start, len(source.text)), max(node.end - len(_WRAP), start))
    if isinstance(node, tuple):
        return tuple(_moved(one, source) for one in node)
    if dataclasses.is_dataclass(node) and not isinstance(node, type):
        names = [one.name for one in dataclasses.fields(node)]
        return type(node)(**{name: _moved(getattr(node, name), source) for name in names})
    return node


def fill_params(
    module: Module, given: Mapping[str, Given], options: Options, findings: Findings
) -> tuple[tuple[str, str], ...]:
    """Give every param of a module its value; return the values as text, to know equal imports
    by.
    """
    for name, value in given.items():
        if name not in module.params:
            known = tuple(module.params)
            findings.report(UnknownParam(value.key, name=name, known=known))
    unknown = (name for name in given if name not in module.params)
    meant = {near for name in unknown for near in get_close_matches(name, module.params, n=1)}
    for name, node in module.params.items():
        binding = module.scope.values[name]
        binding.type = kind_named(node.type, findings)
        binding.expr, binding.scope = _value(node, given.get(name), module, options, findings)
        variable = _variable(node.default)
        if binding.expr is None and name not in meant and variable != "":
            findings.report(
                ParamWithoutValue(
                    node.name.span,
                    name=name,
                    variable=variable or "",
                    imported=bool(module.prefix),
                )
            )
    values = []
    # Only now: a default may name a param that is declared further down.
    for name in module.params:
        binding = module.scope.values[name]
        if binding.expr is None:
            continue
        value = binding.type.read(binding.expr, Env(findings, binding.scope), Slot(name))
        values.append((name, repr(value)))
        if value is BROKEN:
            binding.expr = None
    return tuple(sorted(values))


def _value(
    node: tree.Param, given: Given | None, module: Module, options: Options, findings: Findings
) -> tuple[tree.Expr | None, Scope]:
    """Return a param's value and where its names are to be looked up; None for none."""
    kind = module.scope.values[node.name.text].type
    if given is not None:
        expr = given.expr or literal(given.text, kind, given.key.source, given.start)
        return expr, given.scope
    variable = _variable(node.default)
    if variable is None:
        return node.default, module.scope
    if variable in options.environment:
        text = options.environment[variable]
        source = Source("environment", f"{variable}={text}")
        return literal(text, kind, source, len(variable) + 1), Scope()
    if variable and isinstance(node.default, tree.Call) and len(node.default.args) > 1:
        return node.default.args[1].value, module.scope
    if not variable:
        call = node.default
        assert isinstance(call, tree.Call)
        expected, found = 'the name of a variable, `env("NAME")`', "it is not"
        findings.report(WrongType(call.span, slot="env()", expected=expected, found=found))
    return None, module.scope


def _variable(default: tree.Expr | None) -> str | None:
    """Return the name in `env("NAME")`; "" if it is malformed, None if the default is something
    else.
    """
    if not isinstance(default, tree.Call) or default.function.text != "env":
        return None
    values = [arg.value for arg in default.args if arg.name is None]
    if 0 < len(values) == len(default.args) < 3 and isinstance(values[0], tree.String):
        return values[0].raw
    return ""


def literal(text: str, kind: Kind, source: Source, start: int) -> tree.Expr:
    """Return a text from outside as the expression that somebody would have written in a file."""
    span = Span(source, start, start + len(text))
    if kind.name == "bool" and text in ("true", "false"):
        return tree.Bool(text == "true", span)
    if kind.name in ("number", "size", "duration", "rate", "percent"):
        if _NUMBER.fullmatch(text):
            return tree.Number(text, span)
        if text[:1].isdigit() or text[:1] == "-":
            return tree.Quantity(text, span)
    if kind.name == "list":
        return _list(text, kind, source, start)
    return tree.String(text, "raw", span)


def _list(text: str, kind: Kind, source: Source, start: int) -> tree.List:
    """Read `a, b` or `["a", "b"]`."""
    opening, closing = text.find("["), text.rfind("]")
    bracketed = text.lstrip().startswith("[") and text.rstrip().endswith("]")
    first, last = (opening + 1, closing) if bracketed else (0, len(text))
    items = []
    for found in _ITEM.finditer(text, first, last):
        name = "quoted" if found["quoted"] is not None else "plain"
        if found[name] is not None:
            items.append(literal(found[name], kind.item, source, start + found.start(name)))  # type: ignore[attr-defined]  # a list's kind has one
    return tree.List(tuple(items), Span(source, start, start + len(text)))
