"""Blocks of a file that has mistakes: which `}` belongs to which `{`, and where one is missing."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from flumec.compiler.recover_statements import Statement

DEEPEST = 64
"""How deep blocks, lists and calls may nest: more than anybody reads, few enough to walk."""


class Step(NamedTuple):
    """What the parser does next.

    `line`: a statement without a block. `open`: one with a block. `end`: the `}` of a block.
    The others are faults: `lacking` opens a block whose `{` is missing; `unclosed` ends the block
    of `statement` where its `}` is missing, at character `at`; `stray` is a `}` that closes
    nothing; `deep` is a statement whose block is one too many, and is skipped.
    """

    kind: Literal["line", "open", "end", "lacking", "unclosed", "stray", "deep"]
    statement: Statement
    at: int


def steps(found: list[Statement], *, trusted: bool, end: int) -> Iterator[Step]:
    """Yield a file's statements with balanced blocks; `end` is where the file ends."""
    lacking = set(_lacking(found)) if trusted else set[int]()
    stack: list[Statement] = []
    for index, statement in enumerate(found):
        shaped = trusted and not statement.inline
        for opener in _left(stack, statement) if shaped else ():
            if len(stack) < DEEPEST:
                yield Step("unclosed", opener, statement.start)
        inside = trusted and statement.inline and _goes_on(found, index, stack)
        if statement.closes:
            if stack and not inside and (not shaped or statement.low <= stack[-1].high):
                stack.pop()
                if len(stack) < DEEPEST:
                    yield Step("end", statement, statement.start)
            elif len(stack) <= DEEPEST:
                yield Step("stray", statement, statement.start)
        elif statement.opens or index in lacking:
            kind: Literal["open", "lacking"] = "open" if statement.opens else "lacking"
            if len(stack) <= DEEPEST:
                yield Step(kind if len(stack) < DEEPEST else "deep", statement, statement.start)
            stack.append(statement)
        elif len(stack) <= DEEPEST:
            yield Step("line", statement, statement.start)
    while stack:
        opener = stack.pop()
        if len(stack) < DEEPEST:
            yield Step("unclosed", opener, end)


def _goes_on(found: list[Statement], index: int, stack: list[Statement]) -> bool:
    """Return whether the innermost block goes on behind a `}` that ends its line."""
    after = found[index + 1] if index + 1 < len(found) else None
    return bool(stack) and after is not None and after.low > stack[-1].low


def _left(stack: list[Statement], statement: Statement) -> Iterator[Statement]:
    """Pop the blocks that a statement's indentation says have ended."""
    while stack and (
        statement.low < stack[-1].low or (statement.low == stack[-1].low and not statement.closes)
    ):
        yield stack.pop()


def _lacking(found: list[Statement]) -> Iterator[int]:
    """Yield which statements lack a `{`: deeper lines follow, and then a `}` right under it."""
    waiting: list[int] = []
    for index, statement in enumerate(found):
        while waiting and found[waiting[-1]].low >= statement.low:
            above = waiting.pop()
            head = found[above]
            match = statement.closes and statement.low == head.low and above + 1 < index
            if match and not head.opens and not head.sets:
                yield above
        if not statement.closes:
            waiting.append(index)
