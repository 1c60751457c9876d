"""`lint --fix`: what findings know to mend themselves, applied until nothing changes."""

import posixpath
from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from flumec.compiler.build import Linted, lint
from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.fix import Edit, Fix
from flumec.compiler.inputs import Reader
from flumec.compiler.options import Options
from flumec.compiler.source import Source, Span
from flumec.runtime.frozen import frozen

MOST_ROUNDS = 200
"""How often it is linted at most; each round mends something, or gives something up."""


@dataclass(slots=True)
class Mended:
    """What became of the files."""

    linted: Linted
    """What is left to be said."""
    texts: dict[str, str] = field(default_factory=dict)
    """The files that changed, by path as it was given."""
    mended: list[Diagnostic] = field(default_factory=list)
    """What is gone."""


@frozen
class _Repair:
    """A finding whose fix may be applied."""

    finding: Diagnostic
    fix: Fix

    @property
    def key(self) -> tuple[str, ...]:
        """What it is remembered by once it did not hold, wherever its lines move."""
        return (*_said(self.finding), *(edit.text for edit in self.fix.edits))


def mend(paths: Sequence[Path], options: Options, reader: Reader, *, unsafe: bool) -> Mended:
    """Apply fixes to the given files, and only to those: what they import belongs to others.

    A fix is applied whole or not at all. Of those that touch the same text one waits for the next
    round. A fix that does not hold what it promises is taken back: its finding must be gone, no
    mistake in the syntax may be new, and mending a warning may not make an error.
    """
    state = Mended(lint(paths, options, reader))
    refused: set[tuple[str, ...]] = set()
    ours = {posixpath.normpath(str(path)) for path in paths}
    for _ in range(MOST_ROUNDS):
        possible = [each for each in _repairs(state.linted, ours, unsafe=unsafe)
                    if each.key not in refused]  # fmt: skip
        chosen = list(_apart(possible))
        if not chosen:
            break
        if _try(state, chosen, paths, options, reader):
            continue
        for each in chosen:
            if len(chosen) > 1 and _try(state, [each], paths, options, reader):
                break
            refused.add(each.key)
    return state


def _repairs(linted: Linted, ours: set[str], *, unsafe: bool) -> Iterator[_Repair]:
    """Yield the findings that may be mended, in the order of the files."""
    for finding in linted.diagnostics:
        fix = finding.fix
        if fix is None or not (fix.safe or unsafe):
            continue
        if _is_within(fix, ours):
            yield _Repair(finding, fix)


def mendable(findings: Iterable[Diagnostic], paths: Iterable[Path]) -> list[Fix]:
    """Return the fixes of findings that touch only the given files."""
    ours = {posixpath.normpath(str(path)) for path in paths}
    fixes = [fix for finding in findings if (fix := finding.fix) is not None]
    return [fix for fix in fixes if _is_within(fix, ours)]


def _is_within(fix: Fix, ours: Container[str]) -> bool:
    return all(posixpath.normpath(edit.span.source.path) in ours for edit in fix.edits)


def _apart(repairs: Iterable[_Repair]) -> Iterator[_Repair]:
    """Yield repairs that touch no text of an earlier one; the same edit for two mends both."""
    taken: dict[Source, _Taken] = defaultdict(_Taken)
    for repair in repairs:
        edits = repair.fix.edits
        if not any(taken[edit.span.source].touches(edit) for edit in edits):
            for edit in edits:
                taken[edit.span.source].add(edit)
            yield repair


class _Taken:
    """Edits of one file, in order, none of which touches another one."""

    def __init__(self) -> None:
        self._edits: list[Edit] = []

    def touches(self, edit: Edit) -> bool:
        """Return whether one touches it; an insertion touches what begins or ends where it is."""
        at = bisect_right(self._edits, edit.span.end, key=_start)
        before = self._edits[at - 1] if at else edit
        return before != edit and edit.span.start <= before.span.end

    def add(self, edit: Edit) -> None:
        """Take one more."""
        insort(self._edits, edit, key=_start)


def _start(edit: Edit) -> int:
    return edit.span.start


def _try(
    state: Mended, chosen: Sequence[_Repair], paths: Sequence[Path], options: Options,
    reader: Reader,
) -> bool:  # fmt: skip
    """Apply fixes together and keep them if they hold; return whether they do."""
    edits = _by_source(chosen)
    texts = {**state.texts, **{s.path: applied(s.text, of) for s, of in edits.items()}}
    linted = lint(paths, options, _over(texts, reader))
    if not _holds(state.linted, linted, chosen, edits):
        return False
    state.linted, state.texts = linted, texts
    state.mended += [each.finding for each in chosen]
    return True


def _by_source(chosen: Iterable[_Repair]) -> dict[Source, list[Edit]]:
    found: dict[Source, dict[Edit, None]] = {}
    for edit in (edit for each in chosen for edit in each.fix.edits):
        found.setdefault(edit.span.source, {})[edit] = None
    return {
        source: sorted(edits, key=lambda edit: edit.span.start) for source, edits in found.items()
    }


def applied(text: str, edits: Iterable[Edit]) -> str:
    """Return a text with edits made that are in order and apart; all else stays as it is.

    >>> source = Source("a.flow", "let a: 5")
    >>> applied(source.text, [Edit(Span(source, 5, 6), " =")])
    'let a = 5'
    """
    pieces, at = [], 0
    for edit in edits:
        pieces += [text[at : edit.span.start], edit.text]
        at = edit.span.end
    return "".join([*pieces, text[at:]])


def _over(texts: Mapping[str, str], reader: Reader) -> Reader:
    """Return a reader that has new texts for some files."""
    contents = {posixpath.normpath(path): encoded(text) for path, text in texts.items()}

    def read(path: Path) -> str | bytes:
        key = posixpath.normpath(str(path))
        return contents[key] if key in contents else reader(path)

    return read


def encoded(text: str) -> bytes:
    """Return the bytes of a source's text; what was no UTF-8 comes out as it came in."""
    return text.encode("utf-8", "surrogateescape")


def _holds(
    before: Linted, after: Linted, chosen: Sequence[_Repair], edits: Mapping[Source, list[Edit]]
) -> bool:
    """Return whether fixes mended what they were for, and broke nothing."""
    said = {(*_said(one), one.span.start) for one in after.diagnostics}
    for each in chosen:
        moved = _moved(each.finding.span, edits.get(each.finding.span.source, ()))
        if (*_said(each.finding), moved) in said:
            return False
    if _syntax(after) > _syntax(before):
        return False
    lenient = any(each.finding.severity == "error" for each in chosen)
    return lenient or _errors(after) <= _errors(before)


def _moved(span: Span, edits: Iterable[Edit]) -> int:
    """Return where what begins a span begins after the edits before it."""
    before = [edit for edit in edits if edit.span.end <= span.start]
    return span.start + sum(len(edit.text) - (edit.span.end - edit.span.start) for edit in before)


def _said(finding: Diagnostic) -> tuple[str, str, str]:
    return posixpath.normpath(finding.span.source.path), finding.code, finding.message


def _syntax(linted: Linted) -> int:
    return sum(one.code.startswith("FL0") for one in linted.diagnostics)


def _errors(linted: Linted) -> int:
    return sum(one.severity == "error" for one in linted.diagnostics)
