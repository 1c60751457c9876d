"""A compact filter in front of keys: "not here" is certain, "perhaps" is looked up.

A Bloom filter whose bits for one key lie in one 64-bit word, so that a question costs one access to
memory: two bytes a key, and half a per cent of the new keys say "perhaps".
"""

import numpy as np
import numpy.typing as npt
from flumec.runtime.dedup.keys import Keys, Mask
from flumec.runtime.frozen import frozen

BYTES_PER_KEY = 2

_WORD = 8
_HALF = np.uint64(32)
_PLACE = np.uint64(63)
_ONE = np.uint64(1)
_SHIFTS = tuple(np.uint64(shift) for shift in (0, 6, 12, 18))
_BLOCK = 1 << 16


@frozen
class Probe:
    """What a filter of any size is asked about keys: where to look, and for which bits."""

    places: npt.NDArray[np.uint64]
    bits: npt.NDArray[np.uint64]

    @classmethod
    def of(cls, keys: Keys) -> "Probe":
        """Return the probe of keys: the upper half of the first number, and bits of the lower."""
        numbers = keys[:, 0]
        bits = np.zeros(len(keys), np.uint64)
        for shift in _SHIFTS:
            bits |= _ONE << ((numbers >> shift) & _PLACE)
        return cls(numbers >> _HALF, bits)

    def take(self, chosen: npt.NDArray[np.intp]) -> "Probe":
        """Return the probe of some of the keys."""
        return Probe(self.places[chosen], self.bits[chosen])


class Filter:
    """The words of a filter for about `capacity` keys."""

    def __init__(self, words: npt.NDArray[np.uint64]) -> None:
        self.words = words

    @classmethod
    def sized(cls, capacity: int) -> "Filter":
        """Return an empty one."""
        return cls(np.zeros(words_for(capacity), np.uint64))

    def add(self, keys: Keys) -> None:
        """Enter keys; those that are sorted cost least."""
        for start in range(0, len(keys), _BLOCK):
            probe = Probe.of(keys[start : start + _BLOCK])
            np.bitwise_or.at(self.words, self._index(probe.places), probe.bits)

    def perhaps(self, probe: Probe) -> Mask:
        """Say of each key whether it may have been entered; False is certain."""
        hit: Mask = (self.words[self._index(probe.places)] & probe.bits) == probe.bits
        return hit

    def _index(self, places: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
        return (places * np.uint64(len(self.words))) >> _HALF


def words_for(capacity: int) -> int:
    """Return how many words a filter for so many keys has."""
    return max(1, -(-capacity * BYTES_PER_KEY // _WORD))
