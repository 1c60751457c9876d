"""When receivers are full that share the work of links, and get something from others too."""

from collections.abc import Collection, Sequence
from typing import NamedTuple


class Part(NamedTuple):
    """One of those that share work: its room, what comes to it from others, its weight."""

    free: float
    alone: float
    weight: int


class Work(NamedTuple):
    """What comes together for some of them, by their places."""

    rate: float
    parts: Collection[int]


def full_in_turn(parts: Sequence[Part], works: Sequence[Work]) -> list[float]:
    """Return after how long each is full. Work is shared by the weights; once one is full the
    others get its part of it.

    >>> even = [Part(100, alone=9, weight=1), Part(100, alone=0, weight=1)]
    >>> full_in_turn(even, [Work(2, [0, 1])])
    [10.0, 55.0]
    """
    times, free, now = [0.0] * len(parts), [part.free for part in parts], 0.0
    left = dict.fromkeys(range(len(parts)))
    while left:
        rates = {each: parts[each].alone for each in left}
        for work in works:
            taking = [each for each in work.parts if each in left]
            whole = sum(parts[each].weight for each in taking)
            for each in taking:
                rates[each] += work.rate * parts[each].weight / whole
        first = min(left, key=lambda each: free[each] / rates[each])
        passed = free[first] / rates[first]
        now += passed
        for each in left:
            free[each] -= rates[each] * passed
        times[first] = now
        del left[first]
    return times
