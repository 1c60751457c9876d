"""A good fleet: its files, what the compiler makes of it, and how its text is changed at places."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from flumec.compiler.build import lint
from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.inputs import in_memory
from flumec.compiler.model import Fleet
from flumec.compiler.options import Options
from flumec.compiler.source import Source, Span


@dataclass(frozen=True, eq=False)
class Example:
    """Files that are one fleet, by name; `roots` are those that a command is given."""

    name: str
    roots: tuple[str, ...]
    files: Mapping[str, str]

    @classmethod
    def read(cls, *roots: Path) -> "Example":
        """Read root files, and what stands beside them."""
        beside = {
            path.name: path.read_text()
            for path in roots[0].parent.iterdir()
            if path.suffix in (".flow", ".ini")
        }
        shown = roots[0].parent.name == roots[0].stem
        name = f"examples/{roots[0].stem}" if shown else roots[0].stem
        return cls(name, tuple(root.name for root in roots), beside)

    @cached_property
    def fleet(self) -> Fleet:
        """The fleet as bound."""
        return lint([Path(root) for root in self.roots], Options(), in_memory(self.files)).fleet

    def lint(self, files: Mapping[str, str]) -> Sequence[Diagnostic]:
        """Return what the compiler says where `files` stand instead of some of its own."""
        reader = in_memory({**self.files, **files})
        return lint([Path(root) for root in self.roots], Options(), reader).diagnostics


@dataclass(frozen=True)
class Change:
    """One place of the text, and what stands there instead."""

    span: Span
    text: str


def edited(changes: Sequence[Change]) -> tuple[dict[str, str], set[tuple[str, int]]]:
    """Return the changed files by name, and (file, line) of all that is new in them.

    Of what was removed nothing is left: who removes must say what else may be blamed.
    """
    texts: dict[str, str] = {}
    lines: set[tuple[str, int]] = set()
    for path in {change.span.source.path for change in changes}:
        mine = sorted(
            (change for change in changes if change.span.source.path == path),
            key=lambda change: change.span.start,
        )
        done, at = "", 0
        for change in mine:
            assert change.span.start >= at, "changes of one mutant do not overlap"
            done += change.span.source.text[at : change.span.start]
            first = done.count("\n") + 1
            done += change.text
            at = change.span.end
            if change.text.strip():
                lines |= {(path, line) for line in range(first, done.count("\n") + 2)}
        texts[path] = done + mine[0].span.source.text[at:]
    return texts, lines


def moved(span: Span, changes: Sequence[Change]) -> tuple[str, int]:
    """Return (file, line) of a place's begin after the changes."""
    line = span.line
    for change in changes:
        if change.span.source.path == span.source.path and change.span.end <= span.start:
            was = span.source.text[change.span.start : change.span.end]
            line += change.text.count("\n") - was.count("\n")
    return span.source.path, line


def text_of(span: Span) -> str:
    """Return the text at a place."""
    return span.source.text[span.start : span.end]


def whole_lines(span: Span) -> Span:
    """Return the place grown to whole lines, line ends and all."""
    text = span.source.text
    start = text.rfind("\n", 0, span.start) + 1
    end = text.find("\n", span.end)
    return Span(span.source, start, len(text) if end < 0 else end + 1)


def behind(span: Span) -> Span:
    """Return the empty place behind another one."""
    return Span(span.source, span.end, span.end)


def end_of(source: Source) -> Span:
    """Return the empty place at a file's end."""
    return Span(source, len(source.text), len(source.text))


def lines_of(span: Span) -> Iterator[tuple[str, int]]:
    """Yield (file, line) of all lines of a place."""
    last = span.source.position(max(span.start, span.end - 1))[0]
    yield from ((span.source.path, line) for line in range(span.line, last + 1))


FLEETS = Path(__file__).parent / "fleets"
SHOWN = Path(__file__).parents[2] / "examples"
ROOTS = (
    *((FLEETS / f"{name}.flow",) for name in ("weblogs", "gateway", "trades", "orders")),
    *((FLEETS / f"{name}.flow",) for name in ("sorting", "sites", "stages", "tiers", "beats")),
    (FLEETS / "shop.flow", FLEETS / "desk.flow"),
    *((SHOWN / name / f"{name}.flow",) for name in ("weblogs", "two_collectors", "ha_pair")),
)
EXAMPLES = tuple(Example.read(*roots) for roots in ROOTS)
