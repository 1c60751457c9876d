"""Rows too old to be told from copies: to a channel of their own, or dropped; counted."""

from collections.abc import Sequence
from typing import Literal

from flumec.runtime.component import Ref
from flumec.runtime.context import SinkContext
from flumec.runtime.journal.records import Aside, Chunk, Full, Put, Refused
from flumec.runtime.letters import Letters, runs

REASON = "older than the window of `dedup`: whether it is a copy is not known any more"

_AGAIN = 0.1
"""Seconds until rows are set aside again that an intent covered, or for which the disk was full."""


class Late:
    """Where one sink's late rows go: `place` is a channel, or the word `drop`."""

    def __init__(self, place: Ref | Literal["drop"], name: str, context: SinkContext) -> None:
        self._context = context
        self._journal = context.journal
        self._consumer = context.journal.consumer(name)
        channel = str(place) if isinstance(place, Ref) else None
        self._letters = Letters(self._journal, self._consumer, channel, context)

    def set_aside(self, chunk: Chunk, rows: Sequence[int]) -> bool:
        """Be rid of rows, in one group of the journal; False if the agent stops before it can be.

        They are never read again. What else was read has to be: `seek`.
        """
        if self._letters.channel is not None:
            return self._letters.send(chunk, rows, REASON)
        ranges = tuple((run[0], run[-1] + 1) for run in runs(rows))
        put = Put(aside=Aside(self._consumer.name, ranges, "dropped"))
        while isinstance(self._journal.submit(put).result(), Full | Refused):
            if self._context.wait(_AGAIN):
                return False
        self._consumer.forget(ranges)
        return True
