"""A sink's way to its dead-letter channel: rows that it cannot deliver, each with the reason."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby

import pyarrow as pa
from flumec.runtime.batch import decode, encode, with_constant
from flumec.runtime.context import Context
from flumec.runtime.journal import Consumer, Journal
from flumec.runtime.journal.journal import LARGEST_PUT
from flumec.runtime.journal.parts import cut, named
from flumec.runtime.journal.records import Aside, Chunk, Frame, Full, Outcome, Put, Refused, TagRun
from flumec.runtime.messages.letters import DeadLettered, LetterWithoutReason

REASON, SINK, TRIES = "flumec.reason", "flumec.sink", "flumec.tries"
"""The headers of a dead letter: what went wrong, at which sink, and how often it was tried."""

LONGEST_REASON = 500
_AGAIN = 0.1
"""Seconds until rows are set aside again that an intent, another worker's, still covered."""


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

    def send(self, chunk: Chunk, rows: Sequence[int], reason: str, tries: int = 1) -> bool:
        """Put a chunk's rows into the dead-letter channel, and never read them again.

        Both are one group of the journal; of letters that are larger than one put, one for each
        part. Returns after the sync; False where the agent stops before there was room, and what
        had none is as it was.
        """
        assert self.channel is not None
        for part, frame in self._parts(chunk, rows, reason, tries):
            ranges = tuple((run[0], run[-1] + 1) for run in runs(part))
            self._consumer.secure()
            if not self._stored(Put((frame,), aside=Aside(self._consumer.name, ranges))):
                return False
            row = self._consumer.row(part[0])
            self._consumer.forget(ranges)
            self._context.counters.add("events_dead_lettered", len(part))
            self._context.log.warning(
                DeadLettered(events=len(part), channel=self.channel, row=row, reason=reason)
            )
        return True

    def _parts(
        self, chunk: Chunk, rows: Sequence[int], reason: str, tries: int
    ) -> Iterator[tuple[Sequence[int], Frame]]:
        """Yield letters that fit into a put: halves of what does not, down to single rows.

        One that the headers alone make too large goes without them: as it came it was put before.
        """
        said = {
            REASON: reason[:LONGEST_REASON],
            SINK: f"{self._context.host}/{self._context.agent}/{self._consumer.name}",
            TRIES: str(tries),
        }
        frame = self._frame(chunk, rows, said)
        if frame.body.size <= LARGEST_PUT:
            yield rows, frame
        elif len(rows) > 1:
            half = len(rows) // 2
            yield from self._parts(chunk, rows[:half], reason, tries)
            yield from self._parts(chunk, rows[half:], reason, tries)
        else:
            self._context.counters.add("letters_without_reason")
            self._context.log.warning(
                LetterWithoutReason(row=rows[0], channel=frame.channels[0], reason=reason)
            )
            yield rows, self._frame(chunk, rows, {})

    def _frame(self, chunk: Chunk, rows: Sequence[int], said: Mapping[str, str]) -> Frame:
        """Return the rows with more headers, under the tags and the age that they have."""
        places = [chunk.skip + row - chunk.first for row in rows]
        batch = decode(chunk.body)
        if len(places) == places[-1] - places[0] + 1:
            batch = batch.slice(places[0], len(places))
        else:
            batch = batch.take(pa.array(places, pa.int64()))
        for name, value in said.items():
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
