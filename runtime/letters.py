"""A sink's way to its dead-letter channel: rows that it cannot deliver, each with the reason."""

from collections.abc import Callable, Sequence
from itertools import groupby

import pyarrow as pa
from flumec.runtime.batch import decode, encode, with_constant
from flumec.runtime.context import Context
from flumec.runtime.journal import Consumer, Journal
from flumec.runtime.journal.parts import cut, named
from flumec.runtime.journal.records import Aside, Chunk, Frame, Full, Outcome, Put, Refused, TagRun
from flumec.runtime.messages.letters import DeadLettered

REASON, SINK, TRIES = "flumec.reason", "flumec.sink", "flumec.tries"
"""The headers of a dead letter: what went wrong, at which sink, and how often it was tried."""

LONGEST_REASON = 500
_AGAIN = 0.1
"""Seconds until rows are set aside again that an intent, another worker's, still covered."""


class Rejected(Exception):  # noqa: N818 a verdict
    """A target will never take some rows, and there is no channel for them."""


class Letters:
    """Where rows go that one sink is rid of; `channel` is None where it has no such place."""

    def __init__(
        self,
        journal: Journal,
        consumer: Consumer,
        channel: str | None,
        context: Context,
        *,
        give_up: float | None = None,
    ) -> None:
        self.channel = channel
        self.give_up = give_up
        """After how many seconds without success rows are given up; None is never."""
        self._journal = journal
        self._consumer = consumer
        self._context = context

    def reject(self, chunk: Chunk, rows: Sequence[int], reason: str) -> None:
        """Set rows aside that the target refuses as they are; raise Rejected without a channel."""
        if self.channel is None:
            raise Rejected(
                f"row {rows[0]} of channel `{self._consumer.channel}` is refused: {reason}. The "
                "channel keeps it and what follows; skip the row (`flumec channel skip`), or give "
                "the sink a `dead_letter` channel"
            )
        self.send(chunk, rows, reason)

    def send(self, chunk: Chunk, rows: Sequence[int], reason: str, tries: int = 1) -> bool:
        """Put a chunk's rows into the dead-letter channel, and never read them again.

        Both are one group of the journal. Returns after the sync; False where the agent stops
        before there was room, and nothing happened.
        """
        assert self.channel is not None
        frame = self._frame(chunk, rows, reason, tries)
        ranges = tuple((run[0], run[-1] + 1) for run in runs(rows))
        put = Put((frame,), aside=Aside(self._consumer.name, ranges))
        if not self._stored(put):
            return False
        self._consumer.forget(ranges)
        self._context.counters.add("events_dead_lettered", len(rows))
        self._context.log.warning(
            DeadLettered(events=len(rows), channel=self.channel, row=rows[0], reason=reason)
        )
        return True

    def _frame(self, chunk: Chunk, rows: Sequence[int], reason: str, tries: int) -> Frame:
        """Return the rows with their headers, under the tags and the age that they have."""
        places = [chunk.skip + row - chunk.first for row in rows]
        batch = decode(chunk.body)
        if len(places) == places[-1] - places[0] + 1:
            batch = batch.slice(places[0], len(places))
        else:
            batch = batch.take(pa.array(places, pa.int64()))
        for name, value in (
            (REASON, reason[:LONGEST_REASON]),
            (SINK, f"{self._context.host}/{self._context.agent}/{self._consumer.name}"),
            (TRIES, str(tries)),
        ):
            batch = with_constant(batch, name, value, preserve=False)
        tags = named(chunk)
        kept: list[TagRun] = []
        for run in runs(rows):
            kept += cut(tags, run[0] - chunk.first, run[-1] + 1 - chunk.first)
        assert self.channel is not None
        return Frame((self.channel,), len(rows), encode(batch), chunk.born, tuple(kept))

    def _stored(self, put: Put) -> bool:
        """Store the letters, however long there is no room; False when the agent stops."""
        context = self._context
        outcome = self._submit(put, wait=False)
        while not context.stopping:
            if isinstance(outcome, Full):
                full = outcome.channel
                context.fail(f"its dead letters have no room in `{full}`, so it waits: make some")
                outcome = self._submit(put, wait=True)
                continue
            context.fail("")
            if not isinstance(outcome, Refused):
                return True
            context.log.debug("its dead letters must wait: %s", outcome.reason)
            if context.wait(_AGAIN):
                break
            outcome = self._submit(put, wait=False)
        return not isinstance(outcome, Full | Refused)

    def _submit(self, put: Put, *, wait: bool) -> Outcome:
        stopping: Callable[[], bool] = lambda: self._context.stopping  # noqa: E731
        return self._journal.submit(put, wait=wait, stopping=stopping).result()


def runs(rows: Sequence[int]) -> list[list[int]]:
    """Return ascending rows in runs of consecutive ones.

    >>> runs([3, 4, 5, 9])
    [[3, 4, 5], [9]]
    """
    numbered = groupby(enumerate(rows), lambda pair: pair[1] - pair[0])
    return [[row for _, row in run] for _, run in numbered]
