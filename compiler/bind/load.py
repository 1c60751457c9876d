"""Loading: the given files, and what they import, as modules."""

import posixpath
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from flumec.compiler import tree
from flumec.compiler.bind.findings import Findings
from flumec.compiler.bind.following import DEEPEST, TooManyNames
from flumec.compiler.bind.inventory import Inventory, InventoryError
from flumec.compiler.bind.inventory_ini import read_ini
from flumec.compiler.bind.inventory_yaml import read_yaml
from flumec.compiler.bind.kinds import Slot
from flumec.compiler.bind.module import Imported, Module, beside, declare
from flumec.compiler.bind.params import fill_params, given_in_block, given_outside
from flumec.compiler.bind.pattern_mistakes import BadInventory
from flumec.compiler.bind.properties import key_of
from flumec.compiler.bind.property_mistakes import DuplicateProperty, Misplaced, what_stands
from flumec.compiler.bind.scope import SOME_HOSTS, Scope
from flumec.compiler.bind.types import ANY
from flumec.compiler.diagnostic import Diagnostic, Place
from flumec.compiler.options import Options
from flumec.compiler.parse import parse
from flumec.compiler.source import Source, Span

Reader = Callable[[Path], str | bytes]


class CannotRead(Diagnostic, code="FL121"):
    """A file that is named cannot be read.

    An imported file, and an inventory, is looked for beside the file that names it.

    ## Example

    ```flow
    import "nowhere.flow" as nowhere
    ```

    ## Instead

    ```flow main.flow
    import "somewhere.flow" as somewhere

    hosts all = union(somewhere.web)
    ```

    ```flow somewhere.flow
    hosts web = ["web-1"]
    ```
    """

    path: str
    reason: str

    @property
    def message(self) -> str:
        """Say which file and why."""
        return f"cannot read `{self.path}`: {self.reason}"

    @property
    def hint(self) -> str:
        """Say how a path is taken."""
        if "${" in self.path:
            return "an import's path takes no `${…}`"
        return "a path begins at the folder of the file that names it"


class ImportCycle(Diagnostic, code="FL120"):
    """A file imports itself, perhaps by way of others.

    ## Example

    ```flow main.flow
    import "other.flow" as other
    ```

    ```flow other.flow
    import "main.flow" as main
    ```

    ## Instead

    ```flow main.flow
    import "other.flow" as other

    hosts all = union(other.web)
    ```

    ```flow other.flow
    hosts web = ["web-1"]
    ```
    """

    chain: tuple[str, ...]
    imports: tuple[Span, ...]

    @property
    def message(self) -> str:
        """Show the chain."""
        if len(self.chain) == 2:
            return f"`{self.chain[0]}` imports itself"
        return f"imports go in a circle: {' -> '.join(self.chain)}"

    @property
    def places(self) -> tuple[Place, ...]:
        """Every import on the way."""
        return tuple(
            Place(span, f"imports `{path}`")
            for span, path in zip(self.imports, self.chain[1:], strict=False)
            if span is not self.span
        )


class Loader:
    """Reads files, each once, and makes a module for each and for each set of params it is
    imported with.
    """

    def __init__(self, options: Options, reader: Reader, findings: Findings) -> None:
        self.options, self.reader, self.findings = options, reader, findings
        self.sources: list[Source] = []
        self.elsewhere: set[str] = set()
        """Paths that a file names whole, and what the files there name."""
        self._files: dict[str, tree.File | None] = {}
        self._inventories: dict[str, Inventory | None] = {}
        self._cycles: set[frozenset[str]] = set()
        self._modules: dict[tuple[str, tuple[tuple[str, str], ...]], Module] = {}

    def load(self, paths: Sequence[Path]) -> Module:
        """Return the module of the given files, which are one fleet, with all its imports
        loaded.
        """
        module = Module("", Scope())
        keys = list(dict.fromkeys(posixpath.normpath(str(path)) for path in paths))
        for key in keys:
            source = Source(key, "")
            if (file := self._file(key, Span(source, 0, 0))) is not None:
                declare(module, file.items, self.findings)
                del self._files[key], file  # its tree lives on only as far as it is needed
        given = given_outside(self.options, self._flowvars(), self.findings, self.sources)
        fill_params(module, given, self.options, self.findings)
        self._lets(module)
        for key in keys:
            self._imports(module, (key,), ())
        self._files.clear()
        return module

    def _flowvars(self) -> dict[str, str]:
        """Return the text of each .flowvars file that can be read."""
        texts = {}
        for path in map(str, self.options.flowvars):
            text = self.text(path, Span(Source(path, ""), 0, 0))
            if text is not None:
                texts[path] = text
        return texts

    def named(self, file: str, written: str) -> str:
        """Return the path of what a file names, and remember whether it is part of a checkout."""
        path = beside(file, written)
        if posixpath.isabs(written) or posixpath.normpath(file) in self.elsewhere:
            self.elsewhere.add(path)
        return path

    def text(self, path: str, span: Span) -> str | None:
        """Return a text; None if it cannot be read, which is reported at `span`."""
        content = self._content(path, span)
        try:
            return None if content is None else content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            reason = f"it is not text in UTF-8 (byte {error.start})"
            self.findings.report(CannotRead(span, path=path, reason=reason))
        return None

    def _content(self, path: str, span: Span) -> bytes | None:
        try:
            content = self.reader(Path(path))
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
        except ValueError as error:  # a NUL in the path
            reason = str(error)
        else:
            return content.encode() if isinstance(content, str) else content
        self.findings.report(CannotRead(span, path=path, reason=reason))
        return None

    def inventory(self, path: str, span: Span) -> Inventory | None:
        """Return an inventory, read once; None if it cannot be read, which is reported."""
        if path not in self._inventories:
            self._inventories[path] = None
            if (text := self.text(path, span)) is not None:
                source = Source(path, text)
                self.sources.append(source)
                read = read_yaml if path.endswith((".yml", ".yaml")) else read_ini
                try:
                    self._inventories[path] = read(source)
                except InventoryError as error:
                    self.findings.report(BadInventory(error.span, sentence=str(error)))
        return self._inventories[path]

    def _file(self, path: str, span: Span) -> tree.File | None:
        if path not in self._files:
            content = self._content(path, span)
            if content is None:
                self._files[path] = None
            else:
                source = Source.read(path, content)
                self.sources.append(source)
                self._files[path], mistakes = parse(source)
                self.findings.report_unread(source, mistakes)
        return self._files[path]

    def _lets(self, module: Module) -> None:
        """Find what is wrong with lets, also where nothing uses them."""
        env = replace(module.env(self.findings), hosts=SOME_HOSTS)
        for binding in module.scope.values.values():
            if binding.kind == "let" and binding.expr is not None:
                ANY.read(binding.expr, env, Slot(binding.name))

    def _imports(self, module: Module, chain: tuple[str, ...], spans: tuple[Span, ...]) -> None:
        """Load what a module imports; `chain` are the files that led here."""
        for name, node in module.import_nodes.items():
            origin = posixpath.normpath(node.path.span.source.path)
            if not module.prefix and origin != chain[0]:
                continue
            path = self.named(node.path.span.source.path, node.path.raw)
            if path in chain:
                start = chain.index(path)
                self._report_cycle((*chain[start:], path), (*spans[start:], node.path.span))
                module.imports[name] = Imported(node, None, used=True)
                continue
            if len(chain) > DEEPEST:
                self.findings.report(TooManyNames(node.path.span, name=path))
                module.imports[name] = Imported(node, None, used=True)
                continue
            child = self._module(module, node, path, chain, (*spans, node.path.span))
            module.imports[name] = Imported(node, child, used=child is None)

    def _report_cycle(self, chain: tuple[str, ...], spans: tuple[Span, ...]) -> None:
        """Report a circle once, from whichever of its files it was entered."""
        if (circle := frozenset(chain)) not in self._cycles:
            self._cycles.add(circle)
            self.findings.report(ImportCycle(spans[-1], chain=chain, imports=spans))

    def _module(
        self,
        importer: Module,
        node: tree.Import,
        path: str,
        chain: tuple[str, ...],
        spans: tuple[Span, ...],
    ) -> Module | None:
        file = self._file(path, node.path.span)
        if file is None:
            return None
        module = Module(f"{importer.prefix}{node.name.text}.", Scope())
        declare(module, file.items, self.findings)
        self._check_block(node.block)
        given = given_in_block(node.block, importer.scope)
        values = fill_params(module, given, self.options, self.findings)
        key = (path, values)
        if key not in self._modules:
            self._modules[key] = module
            self._lets(module)
            self._imports(module, (*chain, path), spans)
        return self._modules[key]

    def _check_block(self, block: tree.Block | None) -> None:
        seen: dict[str, Span] = {}
        for statement in block.statements if block else ():
            if not isinstance(statement, tree.Attr):
                what = what_stands(statement)
                self.findings.report(Misplaced(statement.span, what=what, owner="an import"))
            elif (name := key_of(statement)) in seen:
                span = statement.key.span
                self.findings.report(DuplicateProperty(span, name=name, first=seen[name]))
            else:
                seen[name] = statement.key.span
