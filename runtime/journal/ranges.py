"""Sets of rows as sorted, disjoint, half-open ranges: their union, intersection and pruning."""

from bisect import bisect_right
from collections.abc import Iterable

from flumec.runtime.journal.records import Ranges


def union(one: Ranges, other: Iterable[tuple[int, int]]) -> Ranges:
    """Return every row of either; `other` may be unsorted and overlap itself.

    >>> union(((1, 3), (7, 9)), [(3, 5)])
    ((1, 5), (7, 9))
    """
    merged: list[tuple[int, int]] = []
    for first, end in sorted((*one, *other)):
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        elif first < end:
            merged.append((first, end))
    return tuple(merged)


def overlaps(one: Ranges, other: Iterable[tuple[int, int]]) -> bool:
    """Say whether a row is in both.

    >>> overlaps(((1, 3), (7, 9)), [(3, 7)]), overlaps(((1, 3),), [(2, 9)])
    (False, True)
    >>> overlaps(((1, 5),), [(3, 3)])
    False
    """
    for first, end in other:
        index = bisect_right(one, (first, first)) - 1
        for start, stop in one[max(index, 0) : index + 2]:
            if max(first, start) < min(end, stop):
                return True
    return False


def covers(ranges: Ranges, first: int, end: int) -> bool:
    """Say whether every row from `first` to `end` is in one of the ranges.

    >>> covers(((1, 3), (7, 9)), 7, 8), covers(((1, 3), (7, 9)), 2, 8), covers((), 1, 2)
    (True, False, False)
    """
    index = bisect_right(ranges, first, key=lambda known: known[0]) - 1
    return index >= 0 and end <= ranges[index][1]


def after(ranges: Ranges, row: int) -> int:
    """Return the first row at or above `row` that is in none of the ranges.

    >>> after(((1, 3), (7, 9)), 2), after(((1, 3), (7, 9)), 3)
    (3, 3)
    """
    index = bisect_right(ranges, row, key=lambda known: known[0]) - 1
    return max(row, ranges[index][1]) if index >= 0 else row


def above(ranges: Ranges, row: int) -> Ranges:
    """Return the rows at or above `row`.

    >>> above(((1, 3), (7, 9)), 8)
    ((8, 9),)
    """
    if not ranges or row <= ranges[0][0]:
        return ranges
    return tuple((max(first, row), end) for first, end in ranges if end > row)


def without(first: int, end: int, ranges: Ranges) -> list[tuple[int, int]]:
    """Return the rows from `first` up to `end` that are not in `ranges`.

    >>> without(0, 10, ((2, 4), (9, 12))), without(2, 4, ((2, 4),))
    ([(0, 2), (4, 9)], [])
    """
    left = []
    index = max(bisect_right(ranges, (first, first)) - 1, 0)
    for start, stop in ranges[index:]:
        if start >= end:
            break
        if first < start:
            left.append((first, start))
        first = max(first, stop)
    return [*left, (first, end)] if first < end else left


def count(ranges: Ranges) -> int:
    """Return how many rows there are.

    >>> count(((1, 3), (7, 9)))
    4
    """
    return sum(end - first for first, end in ranges)
