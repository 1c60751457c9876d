"""The `seq` source at work: numbers as text, made by Arrow, with the next one as the progress."""

import struct
from collections import deque
from concurrent.futures import Future
from typing import TYPE_CHECKING

import pyarrow as pa
from flumec.runtime.batch import BODY, Column
from flumec.runtime.batch import compute as pc
from flumec.runtime.journal.records import Outcome, Progress, Stored

if TYPE_CHECKING:
    from flumec.runtime.context import SourceContext
    from flumec.runtime.sources.seq import Seq

_KEY = b"next"
_NEXT = struct.Struct("<Q")
_UNDER_WAY = 8
_PAUSE = 0.1


def count(source: "Seq", context: "SourceContext") -> None:
    """Count from where the journal says, until the total or the agent's end."""
    while not context.stopping:
        first = _stored(context)
        if source.total is not None and first >= source.total:
            context.idle(idle=True)
            context.wait(_PAUSE)
        else:
            _count_from(first, source, context)


def _stored(context: "SourceContext") -> int:
    progress = context.positions.get(_KEY)
    return 0 if progress is None else int(_NEXT.unpack(progress.to)[0])


def _count_from(first: int, source: "Seq", context: "SourceContext") -> None:
    """Count on until the end, or until something was not stored."""
    under_way: deque[Future[Outcome]] = deque()
    ones = pa.repeat(pa.scalar(1, pa.int64()), source.batch)
    while not context.stopping and (source.total is None or first < source.total):
        context.alive()
        rows = source.batch if source.total is None else min(source.batch, source.total - first)
        start = _NEXT.pack(first) if first else b""
        progress = Progress(source.name, _KEY, start, _NEXT.pack(first + rows))
        under_way.append(context.put(_numbers(ones, first, rows), [progress]))
        first += rows
        if len(under_way) == _UNDER_WAY and not isinstance(under_way.popleft().result(), Stored):
            break
    for result in under_way:
        result.result()


def _numbers(ones: Column, first: int, rows: int) -> pa.RecordBatch:
    """Return the numbers from `first` on as decimal text."""
    numbers = pc.cumulative_sum(ones.slice(0, rows), start=pa.scalar(first - 1, pa.int64()))
    return pa.record_batch([numbers.cast(pa.utf8()).cast(pa.binary())], names=[BODY])
