"""What binding finds: mistakes, each once, and features that the runtime does not have yet."""

from collections.abc import Iterable

from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.source import Span


class Findings:
    """Collects diagnostics and features; a template's mistake is said once, however often used."""

    def __init__(self) -> None:
        self.diagnostics: list[Diagnostic] = []
        self.features: list[tuple[str, Span]] = []
        self._said: set[tuple[str, int, int, int]] = set()

    def report(self, diagnostic: Diagnostic) -> None:
        """Keep a diagnostic, unless its rule has spoken of this place already."""
        if self._new(diagnostic.code, diagnostic.span):
            self.diagnostics.append(diagnostic)

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Keep several diagnostics."""
        for diagnostic in diagnostics:
            self.report(diagnostic)

    def feature(self, name: str, span: Span) -> None:
        """Keep that the file asks for what the language has and the runtime has not yet."""
        if self._new(name, span):
            self.features.append((name, span))

    def _new(self, what: str, span: Span) -> bool:
        key = (what, id(span.source), span.start, span.end)
        if key in self._said:
            return False
        self._said.add(key)
        return True
