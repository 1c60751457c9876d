"""A module: the names that one file, or the given files together, declare."""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from flumec.compiler import tree
from flumec.compiler.bind.findings import Findings
from flumec.compiler.bind.following import RESERVED
from flumec.compiler.bind.scope import Binding, Env, Scope
from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.source import Span


class DuplicateName(Diagnostic, code="FL103"):
    """Two declarations have the same name.

    Params and lets share their names; so do agents and imports; so do the components of one agent.
    Files that are given together are one fleet, so their names must differ too; a file that is
    imported keeps its names to itself.

    ## Example

    ```flow
    hosts web = ["web-1"]
    hosts web = ["web-2"]
    ```

    ## Instead

    ```flow
    hosts web = ["web-1", "web-2"]
    ```
    """

    name: str
    what: str
    first: Span

    @property
    def message(self) -> str:
        """Name it; and say why the names of two files meet."""
        if self._in_two_files:
            return f"two of the given files, all one fleet, declare the {self.what} `{self.name}`"
        return f"there is a second {self.what} `{self.name}`"

    @property
    def hint(self) -> str | None:
        """Offer the import, where two files are at odds."""
        keeps_apart = "rename one, or import one of the files: that keeps its names apart"
        return keeps_apart if self._in_two_files else "give one of them another name"

    @property
    def places(self) -> tuple[Place, ...]:
        """The first one."""
        return (Place(self.first, f"`{self.name}` was declared here first"),)

    @property
    def _in_two_files(self) -> bool:
        return self.span.source is not self.first.source


class ReservedName(Diagnostic, code="FL105"):
    """A param, let, template's parameter or import is called `host` or `header`.

    `host.name` is a fact of the agent's host and `header.user` a header of an event.

    ## Example

    ```flow
    let host = "web-1"
    ```

    ## Instead

    ```flow
    let machine = "web-1"

    hosts web = [machine]
    ```
    """

    name: str

    @property
    def message(self) -> str:
        """Say what it means already."""
        what = "the agent's host" if self.name == "host" else "an event's headers"
        return f"`{self.name}` is {what} and cannot be declared"

    @property
    def hint(self) -> str:
        """Say what to do."""
        return "choose another name"


@dataclass(slots=True, eq=False)
class Imported:
    """`import … as name`; `module` is None where the file could not be read."""

    node: tree.Import
    module: "Module | None"
    used: bool = False


@dataclass(slots=True, eq=False)
class Module:
    """What a file declares, with the params that it was imported with."""

    prefix: str
    """What stands before its names elsewhere: "" for the given files, `p.` for one imported as
    `p`.
    """
    scope: Scope
    params: dict[str, tree.Param] = field(default_factory=dict)
    hosts: dict[str, tree.Hosts] = field(default_factory=dict)
    templates: dict[str, tree.Template] = field(default_factory=dict)
    agents: dict[str, tree.Agent] = field(default_factory=dict)
    imports: dict[str, Imported] = field(default_factory=dict)
    import_nodes: dict[str, tree.Import] = field(default_factory=dict)
    links: list[tree.Link] = field(default_factory=list)
    checks: list[tree.Check] = field(default_factory=list)
    tests: list[tree.Test] = field(default_factory=list)
    used_templates: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.scope.imports = self.imports

    def env(self, findings: Findings) -> Env:
        """Return what an expression at the top of the file may refer to."""
        return Env(findings, self.scope)

    def walk(self) -> "Iterator[Module]":
        """Yield every module once, the imported before the importing."""
        seen: set[int] = set()
        stack: list[tuple[Module, Iterator[Imported]]] = [(self, iter(self.imports.values()))]
        while stack:
            module, rest = stack[-1]
            for imported in rest:
                child = imported.module
                if child is not None and id(child) not in seen:
                    seen.add(id(child))
                    stack.append((child, iter(child.imports.values())))
                    break
            else:
                stack.pop()
                yield module

    def reach(self, names: tuple[tree.Name, ...]) -> "tuple[Module | None, tuple[tree.Name, ...]]":
        """Follow the imports at the head of a dotted name; None for the module of an unreadable
        one.
        """
        module: Module | None = self
        while module is not None and len(names) > 1:
            imported = module.imports.get(names[0].text)
            if imported is None:
                break
            imported.used = True
            module, names = imported.module, names[1:]
        return module, names


def declare(module: Module, items: tuple[tree.Item, ...], findings: Findings) -> None:
    """Enter a file's declarations into a module."""
    for item in items:
        match item:
            case tree.Param():
                if _enter_value(module, "param", item, None, findings):
                    module.params[item.name.text] = item
            case tree.Let():
                _enter_value(module, "let", item, item.value, findings)
            case tree.Hosts():
                _enter(module.hosts, item, "host set", findings)
            case tree.Template():
                _enter(module.templates, item, "template", findings)
            case tree.Agent():
                _enter(module.agents, item, "agent", findings, module.import_nodes)
            case tree.Import():
                if not _reserved(item.name, findings) and not _again(module, item):
                    _enter(module.import_nodes, item, "import", findings, module.agents)
            case tree.Link():
                module.links.append(item)
            case tree.Check():
                module.checks.append(item)
            case tree.Test():
                module.tests.append(item)


def imported_path(node: tree.Import) -> str:
    """Return the path of an imported file."""
    return beside(node.path.span.source.path, node.path.raw)


def beside(file: str, written: str) -> str:
    """Return the path of what a file names: it is beside that file, or is named whole."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(file), written))


def _again(module: Module, node: tree.Import) -> bool:
    """Whether two given files import the same file by the same name, which is no clash."""
    first = module.import_nodes.get(node.name.text)
    return (
        first is not None
        and first.span.source is not node.span.source
        and first.block is None
        and node.block is None
        and imported_path(first) == imported_path(node)
    )


def clash(name: tree.Name, second: Span, what: str, first: Span, findings: Findings) -> None:
    """Report a name that is declared twice, whose second declaration goes no further."""
    findings.report(DuplicateName(name.span, name=name.text, what=what, first=first))
    findings.leave_out(name.text, second)


def _enter(
    names: dict[str, Any], item: Any, what: str, findings: Findings, others: Any = None
) -> None:
    first = names.get(item.name.text) or (others or {}).get(item.name.text)
    if first is not None:
        clash(item.name, item.span, what, first.name.span, findings)
    else:
        names[item.name.text] = item


def _enter_value(
    module: Module,
    kind: Literal["param", "let"],
    item: tree.Param | tree.Let,
    value: tree.Expr | None,
    findings: Findings,
) -> bool:
    name = item.name
    if _reserved(name, findings):
        return False
    if (first := module.scope.values.get(name.text)) is not None:
        clash(name, item.span, kind, first.span, findings)
        return False
    module.scope.values[name.text] = Binding(kind, name.text, name.span, None, value, module.scope)
    return True


def _reserved(name: tree.Name, findings: Findings) -> bool:
    if name.text in RESERVED:
        findings.report(ReservedName(name.span, name=name.text))
    return name.text in RESERVED
