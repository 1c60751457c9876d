"""The whole compiler on one page: text to tree to model to graph to plan."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.inputs import Inputs, MadeFrom, Names, Reader, in_memory
from flumec.compiler.model import Fleet
from flumec.compiler.options import Options
from flumec.compiler.uncollected import uncollected
from flumec.runtime.frozen import frozen

if TYPE_CHECKING:
    from flumec.compiler.graph import Graph
    from flumec.compiler.plan import Plan

Addresses = Callable[[Sequence[str]], Mapping[str, str]]
"""From the names of all hosts to their addresses, as `run` chooses them."""


@frozen
class Linted:
    """A bound fleet, as far as it could be understood, and all that is to be said about it."""

    fleet: Fleet
    diagnostics: tuple[Diagnostic, ...]
    graph: "Graph"
    """What the passes saw, and have asked: whoever goes on from there asks nothing twice."""

    @property
    def sound(self) -> bool:
        """Whether nothing said is an error."""
        return all(diagnostic.severity != "error" for diagnostic in self.diagnostics)


@frozen
class Compiled:
    """The plan, or None and the reasons why not; and the fleet that it was made from."""

    plan: "Plan | None"
    fleet: Fleet
    diagnostics: tuple[Diagnostic, ...]


@uncollected()
def lint(paths: Sequence[Path], options: Options, reader: Reader = Path.read_bytes) -> Linted:
    """Check the fleet that the files at `paths` describe; never raises on what they contain."""
    from flumec.compiler.bind import bind
    from flumec.compiler.configuration.settings import Settings
    from flumec.compiler.graph import Graph
    from flumec.compiler.recover_consequences import without_consequences
    from flumec.compiler.silence import without_silenced

    fleet, diagnostics = bind(paths, options, reader)
    graph = Graph(fleet)
    found = without_consequences([*diagnostics, *check(fleet, graph)])
    said = (options.settings or Settings()).applied(without_silenced(fleet.sources, found))
    return Linted(fleet, tuple(sorted(said, key=lambda diagnostic: diagnostic.order)), graph)


def check(fleet: Fleet, graph: "Graph") -> Iterator[Diagnostic]:
    """Yield what each pass has to say, in the order of PASSES."""
    from flumec.compiler.passes import PASSES

    for examine in PASSES:
        yield from examine(fleet, graph)


@uncollected()
def compile_fleet(
    paths: Sequence[Path],
    options: Options,
    reader: Reader = Path.read_bytes,
    addresses: Addresses | None = None,
) -> Compiled:
    """Turn files into the plan of every host."""
    from flumec.compiler.place import place
    from flumec.compiler.proofs.promises import promises

    inputs = Inputs(reader)
    linted = lint(paths, options, inputs)
    if not linted.sound:
        return Compiled(None, linted.fleet, linted.diagnostics)
    names = Names(paths, linted.fleet.elsewhere)
    made_from = MadeFrom(names, inputs.digests(names), dict(options.sets))
    promised = promises(linted.graph)
    plan = place(linted.fleet, made_from, addresses, promised)
    return Compiled(plan, linted.fleet, linted.diagnostics)


def lint_text(
    text: str | bytes, name: str = "main.flow", files: Mapping[str, str | bytes] | None = None,
    options: Options | None = None,
) -> Linted:  # fmt: skip
    """Lint a text as if it stood in file `name`, beside `files`."""
    return lint([Path(name)], options or Options(), in_memory({name: text, **(files or {})}))


def compile_text(
    text: str | bytes, name: str = "main.flow", files: Mapping[str, str | bytes] | None = None,
    options: Options | None = None, addresses: Addresses | None = None,
) -> Compiled:  # fmt: skip
    """Compile a text as if it stood in file `name`, beside `files`."""
    reader = in_memory({name: text, **(files or {})})
    return compile_fleet([Path(name)], options or Options(), reader, addresses)
