"""Parsing a file that has mistakes: one finding for each wrong statement, a tree of the others."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain, pairwise

from flumec.compiler import tree
from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.parse_machine import Machine
from flumec.compiler.parse_mistakes import recognise
from flumec.compiler.parse_mistakes_assignments import ColonForEquals
from flumec.compiler.parse_mistakes_blocks import StrayBrace, UnclosedBlock, UnopenedBlock
from flumec.compiler.parse_mistakes_brackets import UnclosedBracket
from flumec.compiler.parse_mistakes_nesting import BlockOnOneLine, TooDeep
from flumec.compiler.parse_mistakes_order import Unexpected
from flumec.compiler.parse_stop import Stop
from flumec.compiler.parse_tables import END
from flumec.compiler.parse_tokens import Token, scan
from flumec.compiler.recover_blocks import DEEPEST, Step, steps
from flumec.compiler.recover_statements import (
    CLOSERS,
    HEADS,
    LONGEST,
    OPENERS,
    Statement,
    statements,
)
from flumec.compiler.source import NAMELESS, Source, Span


def recover(source: Source) -> tuple[tree.File, list[Diagnostic]]:
    """Return what can be read of a file that has a mistake, and what is wrong with the rest."""
    tokens = _tokens(source)
    recovery = Recovery(source)
    file = recovery.read(tokens)
    return file, recovery.found or list(_first(source, tokens))


def _tokens(source: Source) -> list[Token]:
    """Return the tokens of a file; of a line that never ends, so many as are looked at."""
    found: list[Token] = []
    at: int | None = 0
    while at is not None:
        at = _up_to_a_long_line(source, at, found)
    return found


def _up_to_a_long_line(source: Source, at: int, found: list[Token]) -> int | None:
    """Append the tokens from `at` on to `found`; return where to go on behind a line too long."""
    size = 0
    for token in scan(source, at):
        size = 0 if token.terminal == "NL" else size + 1
        if size > LONGEST:
            end = source.text.find("\n", token.end)
            return len(source.text) if end < 0 else end
        found.append(token)
    return None


def _first(source: Source, tokens: list[Token]) -> Iterator[Diagnostic]:
    """Yield what is wrong at the first token that cannot follow, however statements are cut."""
    machine = Machine()
    for index, token in enumerate(tokens):
        if not machine.feed(token):
            yield Unexpected.at(Stop(source, tokens, index, machine.expected(), "file"))
            return


MOST = 1000
"""After so many mistakes the rest of a file is not read: it is hardly a .flow file."""

_WORD = re.compile(r"[A-Za-z_]\w*")

_SETTING = {"KIND", "CHECK", "TEST", "IMPORT"}
"""What begins a declaration whose block only sets properties."""

_TYPES = {"string", "bool", "number", "size", "duration", "rate", "percent", "path", "url", "list"}

_FIRST = {"file": "LET", "block": "NAME", "route": "ELSE"}
"""A terminal that begins a statement, for each context."""


@dataclass(slots=True)
class _Frame:
    """An open block: its statement, where the parser stood before, and whether that was wrong."""

    statement: Statement | None
    mark: int
    context: str
    broken: bool = False


@dataclass(slots=True)
class Recovery:
    """The state of one file's second reading."""

    source: Source
    machine: Machine = field(default_factory=Machine)
    frames: list[_Frame] = field(default_factory=lambda: [_Frame(None, 1, "file")])
    found: list[Diagnostic] = field(default_factory=list)
    reported: set[int] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)

    def read(self, tokens: list[Token]) -> tree.File:
        """Feed all statements; each one that cannot be read is reported and left out."""
        parts, trusted = statements(self.source, tokens)
        end = len(self.source.text.rstrip())
        last = Step("line", Statement([], 0, 0), end)
        planned = chain(steps(parts, trusted=trusted, end=end), [last])
        self._line_end(parts[0].doc if parts else "")
        for step, following in pairwise(planned):
            if len(self.found) >= MOST:
                break
            _TAKE[step.kind](self, step, following.statement)
        while len(self.frames) > 1:
            self.machine.back(self.frames.pop().mark)
        self.machine.mark(_FIRST["file"])
        self.machine.feed(Token(END, None, end, end))
        self.source.lost = frozenset(self.lost)
        return tree.File(self.source, self.machine.result)

    def _line_end(self, doc: str) -> None:
        self.machine.feed(Token("NL", doc, 0, 0))

    def _report(self, statement: Statement | None, finding: Diagnostic) -> None:
        """Report the first mistake of a statement; further ones follow from it."""
        if id(statement) not in self.reported:
            self.reported.add(id(statement))
            self.found.append(finding)

    def _lose(self, statement: Statement) -> None:
        for token in statement.tokens:
            self.lost.update(_WORD.findall(self.source.text, token.start, token.end))

    def _feed(self, statement: Statement, end: Token) -> bool:
        """Feed a statement and its end, a `{` or a line's end; report where it stops."""
        tokens, depth = [*statement.tokens, end], 0
        for index, token in enumerate(tokens):
            depth += (token.terminal in OPENERS) - (token.terminal in CLOSERS)
            if depth + len(self.frames) > DEEPEST:
                self._report(statement, TooDeep(Span(self.source, token.start, token.end)))
                return False
            if token is end and statement.brackets:
                opener = statement.brackets[-1]
                self._report(statement, UnclosedBracket.at(self.source, opener, tokens[index - 1]))
                return False
            if not self.machine.feed(token):
                context = self.frames[-1].context
                stop = Stop(self.source, tokens, index, self.machine.expected(), context)
                if index < (2 if tokens[0].terminal in HEADS else 1):
                    self.lost.add(NAMELESS)
                self._report(statement, recognise(stop))
                return False
        return True

    def line(self, step: Step, following: Statement) -> None:
        """Take a statement without a block."""
        statement = step.statement
        mark = self.machine.mark(_FIRST[self.frames[-1].context])
        last = statement.tokens[-1].end if statement.tokens else step.at
        end = Token("NL", following.doc, last, last)
        if any(frame.broken for frame in self.frames):
            self._lose(statement)
        if statement.inline:
            stop = Stop(self.source, [*statement.tokens, end], 0, frozenset(["NL"]), "block")
            self._report(statement, recognise(stop))
        elif colon := self._typed(statement):
            self._report(statement, ColonForEquals(Span(self.source, colon.start, colon.end)))
        elif self._feed(statement, end):
            return
        self._lose(statement)
        self.machine.back(mark)

    def _typed(self, statement: Statement) -> Token | None:
        """Return the colon of `name : word` where only `name = word` makes sense."""
        frame, tokens = self.frames[-1], statement.tokens
        owner = frame.statement.tokens[:2] if frame.statement else []
        if [token.terminal for token in tokens[:2]] != ["NAME", "COLON"] or not owner:
            return None
        if frame.broken and len(tokens) > 2 and tokens[2].terminal == "NAME":
            known = tokens[2].value.text in _TYPES
        else:
            section = owner[0].terminal == "NAME" and owner[0].value.text != "vars"
            known = not (section or owner[0].terminal in _SETTING)
        return None if known else tokens[1]

    def open(self, step: Step, following: Statement) -> None:
        """Take a statement and its `{`; of one that is wrong, the block is read all the same."""
        statement = step.statement
        context = self.frames[-1].context
        mark = self.machine.mark(_FIRST[context])
        last = statement.tokens[-1].end if statement.tokens else step.at
        brace = statement.opens or Token("LBRACE", Span(self.source, last, last), last, last)
        if step.kind == "lacking" or statement.lone_brace:
            self._report(statement, UnopenedBlock.at(self.source, last))
        broken = not self._feed(statement, brace)
        route = any(t.terminal == "ROUTE" for t in statement.tokens) or (
            broken and following.is_arm
        )
        if broken:
            self._lose(statement)
            self.machine.back(mark)
            for token in _stand_in(context, brace, route=route):
                self.machine.feed(token)
        route = route or context == "route"
        self.frames.append(_Frame(statement, mark, "route" if route else "block", broken=broken))
        if not broken or context != "route":
            self._line_end(following.doc)

    def end(self, step: Step, following: Statement) -> None:
        """Take the `}` of the innermost block."""
        frame = self.frames.pop()
        self.machine.mark(_FIRST[frame.context])
        brace = Token("RBRACE", Span(self.source, step.at, step.at + 1), step.at, step.at + 1)
        if step.statement.inline:
            self._report(step.statement, BlockOnOneLine(brace.value))
        if frame.broken or not self.machine.feed(brace):
            self.machine.back(frame.mark)
        else:
            self._line_end(following.doc)

    def unclosed(self, step: Step, following: Statement) -> None:
        """Report a block whose `}` is missing, and end it."""
        self._report(step.statement, UnclosedBlock.at(self.source, step.statement, step.at))
        self.end(Step("end", Statement([], 0, 0), step.at), following)

    def stray(self, step: Step, _following: Statement) -> None:
        """Report a `}` that closes nothing."""
        self._report(step.statement, StrayBrace(Span(self.source, step.at, step.at + 1)))

    def deep(self, step: Step, _following: Statement) -> None:
        """Report a block that is nested too deep; what is in it is skipped."""
        self._report(step.statement, TooDeep(Span(self.source, step.at, step.at + 1)))


_TAKE: dict[str, Callable[[Recovery, Step, Statement], None]] = {
    "line": Recovery.line,
    "open": Recovery.open,
    "lacking": Recovery.open,
    "end": Recovery.end,
    "unclosed": Recovery.unclosed,
    "stray": Recovery.stray,
    "deep": Recovery.deep,
}


def _stand_in(context: str, brace: Token, *, route: bool) -> Iterator[Token]:
    """Yield a head that is right in its context, so that the block of a wrong one can be read.

    In a route no head is right: what stands in a block there is read as more arms.
    """
    if context == "route":
        return
    span = Span(brace.value.source, brace.start, brace.start)
    name = Token("NAME", tree.Name("_", span), brace.start, brace.start)
    if context == "file":
        yield Token("CHECK", span, brace.start, brace.start)
        yield Token("STRING", tree.String("", "plain", span), brace.start, brace.start)
    else:
        yield name
        if route:
            yield Token("_INTO", None, brace.start, brace.start)
            yield Token("ROUTE", span, brace.start, brace.start)
            yield name
    yield Token("LBRACE", span, brace.start, brace.end)
