"""What a link asks of sets of rows: which are missing, and where they end."""

from flumec.runtime.journal.records import Ranges


def missing(first: int, end: int, have: Ranges) -> Ranges:
    """Return the rows of [first, end) that are not in `have`.

    >>> missing(0, 10, ((2, 4), (8, 20)))
    ((0, 2), (4, 8))
    """
    gaps = []
    for begin, stop in have:
        if stop <= first:
            continue
        if begin >= end:
            break
        if first < begin:
            gaps.append((first, begin))
        first = stop
    if first < end:
        gaps.append((first, end))
    return tuple(gaps)


def end_of(have: Ranges) -> int:
    """Return the row after the last, 0 for the empty set."""
    return have[-1][1] if have else 0
