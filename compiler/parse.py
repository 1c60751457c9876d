"""The parser: a file's text to its tree, and what is wrong with its form."""

import re
from collections.abc import Iterator

from flumec.compiler import tree
from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.parse_machine import Machine
from flumec.compiler.parse_mistakes_assignments import ColonForEquals
from flumec.compiler.parse_mistakes_files import (
    ByteOrderMark,
    FlumeProperties,
    LanguageNotFirst,
    NotText,
)
from flumec.compiler.parse_tokens import scan
from flumec.compiler.source import Source, Span

_FLUME = re.compile(r"^[ \t]*([\w-]+)\.(sources|channels|sinks)[ \t]*=", re.MULTILINE)
_BINARY = re.compile("[\0\ud800-\udfff]")
_OPEN, _CLOSE = {"LBRACE", "LSQB", "LPAR"}, {"RBRACE", "RSQB", "RPAR"}


def parse(source: Source) -> tuple[tree.File, list[Diagnostic]]:
    """Return what could be read of a file, and what is wrong with the rest. Never raises."""
    found: list[Diagnostic] = []
    if source.text.startswith("\ufeff"):
        found.append(ByteOrderMark(Span(source, 0, 1)))
    if binary := _BINARY.search(source.text):
        place = Span(source, binary.start(), binary.end())
        return tree.File(source, ()), [*found, NotText(place, byte=ord(binary[0]) & 0xFF)]
    file = _read(source)
    if file is None:
        if flume := _FLUME.search(source.text):
            place = Span(source, flume.start(1), flume.end())
            return tree.File(source, ()), [*found, FlumeProperties(place, agent=flume[1])]
        from flumec.compiler.recover import recover

        file, mistakes = recover(source)
        found += mistakes
    found += _misformed(file)
    return file, sorted(found, key=lambda finding: finding.order)


def _read(source: Source) -> tree.File | None:
    """Return the tree of a file without mistakes, else None."""
    from flumec.compiler.recover_blocks import DEEPEST

    machine, depth = Machine(), 0
    for token in scan(source):
        if token.terminal in _OPEN:
            depth += 1
            if depth > DEEPEST:
                return None
        elif token.terminal in _CLOSE:
            depth -= 1
        if not machine.feed(token):
            return None
    return tree.File(source, machine.result)


def _misformed(file: tree.File) -> Iterator[Diagnostic]:
    """Yield what the grammar cannot say: `language` comes first, only `vars` has typed names."""
    for index, item in enumerate(file.items):
        if isinstance(item, tree.Language):
            if index:
                yield LanguageNotFirst(item.span)
        elif isinstance(item, (tree.Link, tree.Check, tree.Import)) and item.block:
            yield from _typed(item.block)
        elif isinstance(item, (tree.Agent, tree.Template)) and item.block:
            for statement in item.block.statements:
                if isinstance(statement, tree.Component) and statement.block:
                    yield from _typed(statement.block)


def _typed(block: tree.Block) -> Iterator[Diagnostic]:
    """Yield the typed names of a block that sets properties: `size : big` for `size = big`."""
    for statement in block.statements:
        if isinstance(statement, tree.Formal):
            end = statement.name.span.end
            colon = statement.span.source.text.index(":", end)
            yield ColonForEquals(Span(statement.span.source, colon, colon + 1))
        elif isinstance(statement, tree.Section) and statement.name.text != "vars":
            yield from _typed(statement.block)
