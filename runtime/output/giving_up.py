"""Giving rows up: those that could not be delivered for as long as their sink may try."""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import TypeVar

import pyarrow as pa
from flumec.runtime.batch import decode
from flumec.runtime.context import Consumer, SinkContext
from flumec.runtime.journal.records import Chunk
from flumec.runtime.output.buckets import Split
from flumec.runtime.output.failing import Failing, Undeliverable
from flumec.runtime.output.ledger import Ledger
from flumec.runtime.output.note import Note
from flumec.runtime.output.patience import GivenUp, Patience
from flumec.runtime.output.store import Unknown
from flumec.runtime.output.template import PathRule

T = TypeVar("T")

_READ = 4 << 20

SplitBy = Callable[[PathRule, pa.RecordBatch, int], Split]


def give_up(  # noqa: PLR0917 each says what it is by its type
    context: SinkContext,
    late: Undeliverable,
    position: int | None,
    failing: Failing,
    ledger: Ledger,
    note: Note,
    split: SplitBy,
) -> int:
    """Send rows that had their time to the dead letters; return how many.

    Those up to `position` are looked at, or all. Nothing of them may be intended or published.
    Raise GivenUp when the agent stops before there is room for them.
    """
    consumer, given, youngest = context.consumer, 0, failing.youngest
    if youngest is None:
        return 0
    consumer.seek(ledger.low)
    while chunks := consumer.read(0, _READ):
        for chunk in chunks:
            if chunk.born > youngest or (position is not None and chunk.first >= position):
                return given
            rows = sorted(_undelivered(chunk, late.buckets, ledger, note, split))
            if rows and not context.letters.send(chunk, rows, str(late), failing.tries):
                raise GivenUp(str(late))
            given += len(rows)
    return given


def in_time(consumer: Consumer, patience: Patience, settled: Callable[[bool], T]) -> T:
    """Settle what an earlier start left; what is intended and hidden still may be abandoned.

    Called with whether that is so, once it was tried for too long. Raise Undeliverable where
    nothing is intended: then rows may be given up before.
    """
    try:
        return patience.until(lambda: settled(False))
    except Undeliverable as late:
        if not consumer.intents:
            raise
        while True:
            try:
                return settled(True)
            except (OSError, Unknown):  # what is intended may be published, or may not
                patience.rest(str(late))


def _undelivered(
    chunk: Chunk, buckets: frozenset[str] | None, ledger: Ledger, note: Note, split: SplitBy
) -> Iterator[int]:
    """Yield the rows of some buckets that are not delivered."""
    batch = decode(chunk.body)
    for template, first, end in note.spans(chunk.first, chunk.end):
        rows = batch.slice(chunk.skip + first - chunk.first, end - first)
        parts = split(template, rows, chunk.born)
        for bucket, begin, stop in parts.runs:
            if buckets is not None and bucket not in buckets:
                continue
            mark = ledger.mark(bucket) - first
            start = bisect_left(parts.places, mark, begin, stop) if mark > 0 else begin
            yield from (first + parts.places[index] for index in range(start, stop))
