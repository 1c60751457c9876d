"""What a member that fails gives back, and what it keeps: nothing may be at two members."""

from collections.abc import Iterable, Sequence

from flumec.runtime.frozen import frozen
from flumec.runtime.journal.member import Member
from flumec.runtime.journal.ranges import overlaps, union, without
from flumec.runtime.journal.records import Intent, Ranges
from flumec.runtime.letters import runs
from flumec.runtime.output.undone import Undone

MOST_PIECES = 10_000
"""Ranges of rows given back at once, where files of many ages have published what is between."""


@frozen
class Returned:
    """How many rows another may have, how many of these may be published already, how many wait."""

    given: int
    resent: int
    waiting: int


def give_back(member: Member, *, resend: bool, shown: int = 0, keep: Ranges = ()) -> Returned:
    """Have a member give back what it has surely not published.

    What it may have published, it keeps; or with `resend` another repeats it. Rows below `shown`
    are such even without an intent, as its sink has no other way to publish than to do it. What is
    to `keep` stays: a row that may kill another sink too. Rows that are published go nowhere, nor
    do those that a link's other end said it has, or refused.

    Intents are repeated whole or not at all: the rows of one that is are counted as delivered by
    whoever repeats them, so that none of them may stay.
    """
    low, intents = member.cursor.low, member.intents
    free, doubtful, rest = _judged(member, Undone(member.cursor, intents))
    doubt = union((), [*doubtful, *_within(free, ((low, max(low, shown)),))])
    doubt = _without(doubt, member.bound)
    bound = union(rest, [*member.bound, *keep])
    repeats = resend
    if resend and overlaps(bound, intended := _intended(intents)):
        bound, repeats = union(bound, intended), False
    kept = union(bound, () if resend else doubt)
    given = _without(union((), [*free, *doubt]), kept)
    resent = _within(given, doubt)
    found = Returned(
        _rows(member, given), _rows(member, resent), _rows(member, _without(doubt, given))
    )
    repeated = frozenset(intent.number for intent in intents if repeats)
    member.give_back(given, kept, repeated).result()
    return found


def _intended(intents: Sequence[Intent]) -> Ranges:
    """Return where the rows lie of all files that are to be published."""
    return union((), [(out.first, out.end) for intent in intents for out in intent.outputs])


def _judged(
    member: Member, undone: Undone
) -> tuple[list[tuple[int, int]], list[tuple[int, int]], Ranges]:
    """Return what is surely not published, what may be, and what was not looked at."""
    free: list[tuple[int, int]] = []
    doubtful: list[tuple[int, int]] = []
    reached = member.cursor.low
    for chunk in member.undone() if undone.top > reached else ():
        if chunk.first >= undone.top:
            break
        if len(free) > MOST_PIECES:
            return [*free, *member.left(undone.top)], doubtful, ((chunk.first, undone.top),)
        mine, maybe = undone.rows(chunk)
        free += _ranges(mine)
        doubtful += _ranges(maybe)
        reached = chunk.end
    return [*free, *member.left(max(reached, member.cursor.low))], doubtful, ()


def _ranges(rows: list[int]) -> list[tuple[int, int]]:
    return [(run[0], run[-1] + 1) for run in runs(rows)] if rows else []


def _without(ranges: Ranges, taken: Ranges) -> Ranges:
    return tuple(piece for first, end in ranges for piece in without(first, end, taken))


def _within(ranges: Iterable[tuple[int, int]], bounds: Ranges) -> Ranges:
    """Return what of the ranges is in the bounds."""
    return tuple(
        (max(first, low), min(end, high))
        for first, end in ranges
        for low, high in bounds
        if max(first, low) < min(end, high)
    )


def _rows(member: Member, ranges: Ranges) -> int:
    """Count rows; of other channels' that lie between them as well."""
    return sum(lease.rows for lease in member.lane.parts(ranges))
