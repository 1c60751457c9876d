"""The parser: a file's text to its tree, and what is wrong with its form."""

import re
from collections.abc import Iterator

from flumec.compiler import tree
from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.parse_machine import Machine
from flumec.compiler.parse_mistakes_files import (
    ByteOrderMark,
    FlumeProperties,
    LanguageNotFirst,
    NotText,
)
from flumec.compiler.parse_tokens import scan
from flumec.compiler.source import Source, Span
from flumec.compiler.uncollected import uncollected

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
    with uncollected():
        file = _read(source)
    if file is None or any(_settings(file)):
        if flume := _FLUME.search(source.text):
            place = Span(source, flume.start(1), flume.end())
            return tree.File(source, ()), [*found, FlumeProperties(place, agent=flume[1])]
        from flumec.compiler.recover import recover

        file, mistakes = recover(source)
        found += mistakes
    found += _late_language(file)
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


def _late_language(file: tree.File) -> Iterator[Diagnostic]:
    """Yield each `language` that is not the first item."""
    for item in file.items[1:]:
        if isinstance(item, tree.Language):
            yield LanguageNotFirst(item.span)


def _settings(file: tree.File) -> Iterator[bool]:
    """Yield for each block that sets properties whether it has `size : big` for `size = big`.

    The grammar cannot tell them apart: a typed name is right in `vars`, and in no other.
    """
    for item in file.items:
        if isinstance(item, (tree.Link, tree.Check, tree.Import)) and item.block:
            yield _typed(item.block)
        elif isinstance(item, (tree.Agent, tree.Template)) and item.block:
            for statement in item.block.statements:
                if isinstance(statement, tree.Component) and statement.block:
                    yield _typed(statement.block)


def _typed(block: tree.Block) -> bool:
    """Return whether a block, or one in it that is not `vars`, has a typed name."""
    return any(
        isinstance(statement, tree.Formal)
        or (
            isinstance(statement, tree.Section)
            and statement.name.text != "vars"
            and _typed(statement.block)
        )
        for statement in block.statements
    )
