"""Keys of rows that are staged and not published: seen by this process, and by nobody after it."""

from collections.abc import Collection

import numpy as np
import numpy.typing as npt
from flumec.runtime.dedup.filter import Filter, Probe
from flumec.runtime.dedup.keys import NONE, Keys, Mask, found

_SMALLEST = 1 << 16
_FAN = 4

Owners = npt.NDArray[np.uint32]


class Pending:
    """Keys, each with the number of the file that its row is staged in.

    Sorted tiers, each at least four times as large as the next, behind one filter: 22 bytes a key.
    """

    def __init__(self) -> None:
        self._fresh: list[tuple[Keys, int]] = []
        self._tiers: list[tuple[Keys, Owners]] = []
        self._filter = Filter.sized(_SMALLEST)
        self._room = _SMALLEST
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, keys: Keys, owner: int) -> None:
        """Enter keys of a file's rows."""
        if len(keys):
            self._fresh.append((keys, owner))
            self._count += len(keys)

    def found(self, keys: Keys, probe: Probe) -> Mask:
        """Say of each key whether it is here."""
        self._settle()
        hit = np.zeros(len(keys), np.bool_)
        if self._tiers:
            asked = np.flatnonzero(self._filter.perhaps(probe))
            for stored, _ in self._tiers:
                here = found(keys[asked], stored)
                hit[asked[here]] = True
                asked = asked[~here]
        return hit

    def take(self, owners: Collection[int]) -> Keys:
        """Take out the keys of some files, and return them in no particular order."""
        self._settle()
        chosen = np.fromiter(owners, np.uint32)
        taken, kept = [NONE], []
        for keys, numbers in self._tiers:
            theirs = np.isin(numbers, chosen)
            taken.append(keys[theirs])
            if not theirs.all():
                kept.append((keys[~theirs], numbers[~theirs]))
        self._tiers = kept
        result = np.concatenate(taken)
        self._count -= len(result)
        if not self._count:
            self.clear()
        return result

    def clear(self) -> None:
        """Forget all."""
        self.__init__()  # type: ignore[misc]

    def _settle(self) -> None:
        """Sort what is fresh into the tiers."""
        if not self._fresh:
            return
        keys = np.concatenate([keys for keys, _ in self._fresh])
        sizes = [len(keys) for keys, _ in self._fresh]
        owners = np.repeat(np.array([owner for _, owner in self._fresh], np.uint32), sizes)
        self._fresh = []
        self._enter(keys)
        while self._tiers and len(self._tiers[-1][0]) < _FAN * len(keys):
            older, numbers = self._tiers.pop()
            keys, owners = np.concatenate([older, keys]), np.concatenate([numbers, owners])
        order = np.argsort(keys[:, 0])
        self._tiers.append((keys[order], owners[order]))

    def _enter(self, keys: Keys) -> None:
        """Enter keys into the filter; one that is full is made anew, of those that are here."""
        self._room -= len(keys)
        if self._room < 0:
            self._room = self._count
            self._filter = Filter.sized(2 * self._count)
            for stored, _ in self._tiers:
                self._filter.add(stored)
        self._filter.add(keys)
