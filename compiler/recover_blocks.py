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
    """Yield a file's statements with balanced blocks; `end` is where the file ends.

    Where the braces of an item make sense they decide, however it is indented. Elsewhere one is
    missing or too many, and the indentation shows which.
    """
    whole = _whole_items(found) if trusted else {}
    lacking = set(_lacking(found, whole)) if trusted else set[int]()
    stack: list[Statement] = []
    sound = -1  # the last statement of the item whose braces make sense
    for index, statement in enumerate(found):
        if index in whole:
            sound = whole[index]
            while stack:
                yield from _ended(stack, "unclosed", stack[-1], statement.start)
        shaped = trusted and index > sound
        while shaped and stack and _left(stack[-1], statement):
            yield from _ended(stack, "unclosed", stack[-1], statement.start)
        if statement.closes:
            if stack and not (
                shaped and _strays(stack[-1], statement, found[index + 1 : index + 2])
            ):
                yield from _ended(stack, "end", statement, statement.start)
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
        yield from _ended(stack, "unclosed", stack[-1], end)


def _ended(
    stack: list[Statement], kind: Literal["end", "unclosed"], statement: Statement, at: int
) -> Iterator[Step]:
    """Pop the innermost block, and yield its end unless it was nested too deep to be read."""
    stack.pop()
    if len(stack) < DEEPEST:
        yield Step(kind, statement, at)


def _whole_items(found: list[Statement]) -> dict[int, int]:
    """Return from where to where the items go whose braces make sense."""
    open_at: list[int] = []
    whole: dict[int, int] = {}
    for index, statement in enumerate(found):
        if statement.opens:
            open_at.append(index)
        elif statement.closes and open_at:
            first = open_at.pop()
            head = found[first]
            free = not open_at or head.low <= found[open_at[0]].low
            if free and head.begins_item and _makes_sense(found, first, index):
                whole[first] = index
    return whole


def _makes_sense(found: list[Statement], first: int, last: int) -> bool:
    """Return whether an item may be what its braces say: from its head, `first`, to `last`."""
    heads: list[Statement] = []
    for index in range(first, last):
        statement = found[index]
        if heads and not statement.closes and not statement.may_stand_in(heads[-1]):
            return False
        if statement.sets if statement.opens else statement.needs_block:
            return False
        if statement.closes:
            heads.pop()
        elif statement.opens:
            heads.append(statement)
    return all(
        after.begins_item or (after.low <= found[first].low and not after.closes)
        for after in found[last + 1 : last + 2]
    )


def _under(head: Statement, brace: Statement) -> bool:
    """Return whether a `}` stands right under the lines of `head`."""
    return head.low <= brace.low <= head.high


def _left(head: Statement, statement: Statement) -> bool:
    """Return whether a statement's indentation says that the block of `head` has ended."""
    if statement.inline:
        return False
    return statement.low < head.low or (statement.low == head.low and not statement.closes)


def _strays(head: Statement, brace: Statement, after: list[Statement]) -> bool:
    """Return whether a `}` does not end the block of `head`: it is too deep, or that goes on."""
    if brace.inline:
        return any(one.low > head.low for one in after)
    return brace.low > head.high


def _lacking(found: list[Statement], whole: dict[int, int]) -> Iterator[int]:
    """Yield which statements lack a `{`: deeper lines follow, and then a `}` right under it."""
    waiting: list[int] = []
    sound = -1
    for index, statement in enumerate(found):
        sound = whole.get(index, sound)
        if index <= sound:
            waiting.clear()
            continue
        while waiting and (
            found[waiting[-1]].low >= statement.low
            or (statement.closes and _under(found[waiting[-1]], statement))
        ):
            above = waiting.pop()
            head = found[above]
            match = statement.closes and _under(head, statement) and above + 1 < index
            if match and not head.opens and not head.sets:
                yield above
        if not statement.closes:
            waiting.append(index)
