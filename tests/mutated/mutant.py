"""Kinds of mistake, and one of them made in a good fleet: which findings are right for it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.source import Span
from mutated.example import Change, Example, edited, lines_of, moved


@dataclass(frozen=True, eq=False)
class Mutant:
    """A fleet with one mistake.

    `at` are places that a finding may name instead of what was changed: the declarations that a
    removed statement left alone, the `check` that it broke. `called` is how a finding's sentences
    may name what was changed: `collector.spool`.
    """

    example: Example
    changes: tuple[Change, ...]
    at: tuple[Span, ...] = ()
    called: tuple[str, ...] = ()

    @cached_property
    def files(self) -> Mapping[str, str]:
        """The changed files by name."""
        return edited(self.changes)[0]

    @cached_property
    def findings(self) -> Sequence[Diagnostic]:
        """What the compiler says of it."""
        return self.example.lint(self.files)

    def right(self, codes: frozenset[str]) -> Diagnostic | None:
        """Return a finding of one of the rules that is at the right place, or names it."""
        lines = edited(self.changes)[1] | {moved(span, self.changes) for span in self.at}
        for finding in self.findings:
            if finding.code in codes and self._named_by(finding, lines):
                return finding
        return None

    def _named_by(self, finding: Diagnostic, lines: set[tuple[str, int]]) -> bool:
        spans = (finding.span, *(place.span for place in finding.places))
        if any(not lines.isdisjoint(lines_of(span)) for span in spans):
            return True
        said = "\n".join((finding.message, finding.label, finding.hint or "", *finding.notes))
        return any(name in said for name in self.called)

    def __str__(self) -> str:
        return f"{self.example.name}:" + ",".join(
            f"{change.span.line}:{change.span.column}" for change in self.changes
        )


Maker = Callable[[Example], Iterator[Mutant]]


@dataclass(frozen=True)
class MistakeKind:
    """A kind of mistake, the rules that report it, and how it is made at all its sites."""

    KINDS: ClassVar[list["MistakeKind"]] = []

    name: str
    codes: frozenset[str]
    make: Maker

    @property
    def function(self) -> str:
        """What makes it, by its short name."""
        return self.make.__name__

    def mutants(self, examples: Sequence[Example]) -> Iterator[Mutant]:
        """Yield it at all its sites."""
        for example in examples:
            yield from self.make(example)


def kind(*codes: str) -> Callable[[Maker], Maker]:
    """Declare a kind of mistake, whose name is the function's docstring."""
    assert 0 < len(codes) <= 4, "a mistake is reported by few rules"

    def declare(make: Maker) -> Maker:
        name = (make.__doc__ or "").strip().rstrip(".")
        MistakeKind.KINDS.append(MistakeKind(name, frozenset(codes), make))
        return make

    return declare
