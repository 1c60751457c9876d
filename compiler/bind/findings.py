"""What binding finds: mistakes, each once, and features that the runtime does not have yet."""

import re
from bisect import bisect_left, insort
from collections.abc import Iterable

from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.source import Source, Span

_WORD = re.compile(r"[A-Za-z_]\w*")


class Findings:
    """Collects diagnostics and features; a template's mistake is said once, however often used."""

    def __init__(self) -> None:
        self.diagnostics: list[Diagnostic] = []
        self.features: list[tuple[str, Span]] = []
        self.taken: set[str] = set()
        """The names that were declared again: whoever means the second finds the first."""
        self.left_out: set[str] = set()
        """The names that such second declarations mention: they are used, if by nobody else."""
        self._lost: set[str] = set()
        self._unread: dict[int, list[int]] = {}
        self._said: set[tuple[str, int, int, int]] = set()

    def report(self, diagnostic: Diagnostic) -> None:
        """Keep a diagnostic, unless its rule has spoken of this place already."""
        if self._new(diagnostic.code, diagnostic.span):
            self.diagnostics.append(diagnostic)

    def report_unread(self, source: Source, mistakes: Iterable[Diagnostic]) -> None:
        """Keep what the parser says of a file, and which names were lost by it."""
        self._lost |= source.lost
        for mistake in mistakes:
            self.report(mistake)
            if mistake.severity == "error":
                self._leave(mistake.span)

    def leave_out(self, name: str, declaration: Span) -> None:
        """Keep that a declaration is not bound, as its name is taken, and which names it has."""
        self.taken.add(name)
        text = declaration.source.text
        self.left_out.update(_WORD.findall(text, declaration.start, declaration.end))
        self._leave(declaration)

    def _leave(self, span: Span) -> None:
        insort(self._unread.setdefault(id(span.source), []), span.start)

    def mentions_unread(self, name: str, span: Span) -> bool:
        """Whether something may have been lost of what is declared as `name` at `span`."""
        places = self._unread.get(id(span.source), ())
        at = bisect_left(places, span.start)
        return name in self._lost | self.taken or (at < len(places) and places[at] < span.end)

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
