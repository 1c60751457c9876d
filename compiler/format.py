"""The canonical form of a file: `flumec fmt`."""

from collections.abc import Iterable
from dataclasses import dataclass

from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.format_entries import Entry, entries
from flumec.compiler.format_layout import STEP, Layout
from flumec.compiler.format_pieces import legs
from flumec.compiler.parse import parse
from flumec.compiler.source import Source


def format_text(source: Source) -> tuple[str | None, list[Diagnostic]]:
    """Return a file's text in its canonical form; None, and what is wrong, if it cannot be read.

    The tree stays the same and so do all comments; formatting the result changes nothing.

    >>> print(format_text(Source("", "let  x=[1,2,]  #two"))[0], end="")
    let x = [1, 2]  #two
    """
    _, found = parse(source)
    if any(finding.severity == "error" for finding in found):
        return None, found
    text = source.text.removeprefix("\ufeff").replace("\r\n", "\n")
    whole = Source(source.path, text if text.endswith("\n") else text + "\n")
    return _Writer(whole.text).write(entries(whole)), found


@dataclass(slots=True)
class _Block:
    """An open block: the column of its statements and of its `}`, and its last statement."""

    column: int
    closing: int
    last: Entry | None = None


class _Writer:
    """Writes entries as lines."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines: list[str] = []
        self._blocks = [_Block(0, 0)]

    def write(self, found: Iterable[Entry]) -> str:
        """Return all entries as text."""
        run: list[Entry] = []
        for entry in found:
            run.append(entry)
            if entry.tokens:
                self._space(run)
                self._statement(entry)
                run = []
        self._space(run)
        return "".join(f"{line}\n" for line in self._lines)

    def _space(self, run: list[Entry]) -> None:
        """Write the comments above a statement, with the empty lines between them and above it.

        As many empty lines as the file has, at most one; none at either end of a block, and one
        where a block begins or ends or another kind of statement follows.
        """
        block = self._blocks[-1]
        for entry in run[:1] if block.last is None else ():
            entry.apart = False
        if block.last and run and run[-1].tokens and not run[-1].closes:
            run[0].apart |= _parted(block.last, run[-1]) and not any(entry.apart for entry in run)
        for entry in run:
            if entry.apart and not entry.closes:
                self._lines.append("")
            if not entry.tokens:
                self._lines.append(" " * block.column + entry.comment)

    def _statement(self, entry: Entry) -> None:
        """Write a statement, and note the block that it opens or ends."""
        if entry.closes:
            block = self._blocks.pop()
            self._lines.append(" " * block.closing + "}")
        else:
            block = self._blocks[-1]
            tokens = entry.tokens[:-1] if entry.opens else entry.tokens
            end, pieces = " {" * entry.opens, legs(self._text, tokens)
            layout = Layout(pieces, block.column, end, whole=self._stays_whole(entry))
            self._lines += layout.lines
            block.last = entry
            if entry.opens:
                self._blocks.append(_Block(layout.base + STEP, layout.base))
        if entry.comment:
            self._lines[-1] += f"  {entry.comment}"

    def _stays_whole(self, entry: Entry) -> bool:
        """Whether a statement is one line however long, because the comment behind it silences
        what is said about that line: behind the last of several it would silence nothing.
        """
        told = self._text[entry.tokens[0].start : entry.tokens[-1].end]
        return entry.comment.startswith("# flumec:") and "\n" not in told


def _parted(above: Entry, below: Entry) -> bool:
    """Return whether an empty line belongs between two statements."""
    return above.opens or above.kind != below.kind
