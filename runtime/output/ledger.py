"""What a sink has delivered, when its files become final in another order than their rows came.

One number cannot say it: the last row published would lose rows of files still hidden, the first
hidden row would repeat rows of files already published. So: every row below `low` is delivered, and
of each bucket in `ahead` every row below its mark.
"""

from collections.abc import Iterable

from flumec.runtime.journal.records import Cursor


class Ledger:
    """The rows delivered so far, as the journal's cursor has them."""

    def __init__(self, cursor: Cursor) -> None:
        self.low = cursor.low
        self.ahead = dict(cursor.ahead)

    def mark(self, bucket: str) -> int:
        """Return the row below which all rows of the bucket are delivered."""
        return max(self.low, self.ahead.get(bucket, 0))

    def deliver(self, ends: Iterable[tuple[str, int]], low: int) -> None:
        """Note that buckets are delivered up to the given rows, and everything below `low`."""
        for bucket, end in ends:
            self.ahead[bucket] = max(end, self.ahead.get(bucket, 0))
        self.low = max(low, self.low)
        self.ahead = {bucket: mark for bucket, mark in self.ahead.items() if mark > self.low}

    def cursor(self, note: bytes, delivered: int) -> Cursor:
        """Return what to store: where the sink stands, and how many rows are newly delivered."""
        return Cursor(self.low, dict(self.ahead), delivered=delivered, note=note)
