"""Keys: 128 bits for each event, as rows of two unsigned 64-bit numbers.

The first number orders keys and finds them; both together tell them apart. As keys are digests, the
first numbers of n keys are n evenly spread numbers, nearly always distinct.
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Keys: TypeAlias = npt.NDArray[np.uint64]
"""Shape (n, 2)."""

Mask: TypeAlias = npt.NDArray[np.bool_]

NONE: Keys = np.empty((0, 2), np.uint64)


def from_digests(digests: bytes | memoryview) -> Keys:
    """Return digests of 16 bytes, one after the other, as keys."""
    return np.frombuffer(digests, "<u8").reshape(-1, 2)


def ordered(keys: Keys) -> Keys:
    """Return the keys sorted by their first numbers."""
    return keys[np.argsort(keys[:, 0])]


def firsts(keys: Keys) -> Mask:
    """Say of each key whether it is the first of its kind.

    >>> firsts(np.array([[7, 1], [5, 1], [7, 2], [7, 1]], np.uint64)).tolist()
    [True, True, True, False]
    """
    order = np.argsort(keys[:, 0], kind="stable")
    same = keys[order[1:], 0] == keys[order[:-1], 0]
    first = np.ones(len(keys), np.bool_)
    if same.any():
        order = np.lexsort((keys[:, 1], keys[:, 0]))  # stable, and equal keys are neighbours
        first[order[1:]] = (keys[order[1:]] != keys[order[:-1]]).any(axis=1)
    return first


def found(keys: Keys, stored: Keys) -> Mask:
    """Say of each key whether it is in `stored`, which is sorted by its first numbers.

    >>> stored = np.array([[5, 1], [7, 1], [7, 2]], np.uint64)
    >>> found(np.array([[7, 2], [5, 2], [9, 1]], np.uint64), stored).tolist()
    [True, False, False]
    """
    numbers = np.ascontiguousarray(stored[:, 0])
    places = np.searchsorted(numbers, keys[:, 0])
    hit = np.zeros(len(keys), np.bool_)
    asked = np.arange(len(keys))
    while len(asked):
        inside = places[asked] < len(stored)
        asked = asked[inside]
        asked = asked[numbers[places[asked]] == keys[asked, 0]]
        equal = stored[places[asked], 1] == keys[asked, 1]
        hit[asked[equal]] = True
        asked = asked[~equal]
        places[asked] += 1
    return hit
