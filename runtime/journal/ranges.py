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
