"""Rows that were left out as copies, until the cursor is past them: then they count, once each."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from flumec.runtime.output.ledger import Ledger

Rows = npt.NDArray[np.uint64]


class Copies:
    """Rows by bucket, ascending; a row is done when its bucket's mark, or the low, is past it."""

    def __init__(self) -> None:
        self._rows: dict[str, list[Rows]] = {}

    def add(self, bucket: str, rows: Rows) -> None:
        """Enter rows above all those that the bucket has."""
        self._rows.setdefault(bucket, []).append(rows)

    def below(self, ends: Mapping[str, int]) -> int:
        """Return how many rows the given marks would be past."""
        return sum(
            int(np.searchsorted(rows, np.uint64(end)))
            for bucket, end in ends.items()
            for rows in self._rows.get(bucket, ())
        )

    def take(self, ledger: Ledger) -> int:
        """Take out the rows that are done, and return how many there were."""
        taken = 0
        for bucket in list(self._rows):
            mark = np.uint64(ledger.mark(bucket))
            left = []
            for rows in self._rows[bucket]:
                done = int(np.searchsorted(rows, mark))
                taken += done
                if done < len(rows):
                    left.append(rows[done:])
            self._rows[bucket] = left
            if not left:
                del self._rows[bucket]
        return taken

    def clear(self) -> None:
        """Forget all: they will be read again."""
        self._rows.clear()
