"""Which tag each event keeps while a chain filters, divides and copies what came by a link.

A batch gets a column that numbers its rows, which goes through the chain's steps as any other does;
what comes out is named by it, and goes on without.
"""

from collections.abc import Iterator, Sequence
from functools import cache

import pyarrow as pa
from flumec.runtime.batch import Column
from flumec.runtime.batch import compute as pc
from flumec.runtime.journal.records import TagRun

ROW = "row"
"""The column: no header's, as those begin with `h.`, and it never leaves a chain."""


class Unnamed(ValueError):  # noqa: N818 a verdict on a step, raised where its rows were refused
    """A chain's step made rows of which nobody knows which events they are."""


def numbered(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return a batch whose rows know their places in it."""
    return batch.append_column(ROW, _places((batch.num_rows - 1).bit_length())[: batch.num_rows])


def unnumbered(
    batch: pa.RecordBatch, tags: Sequence[TagRun]
) -> tuple[pa.RecordBatch, tuple[TagRun, ...]]:
    """Return what is left of a numbered batch, and the tags of its rows of all that there were."""
    index = batch.schema.get_field_index(ROW)
    if index < 0:
        raise Unnamed("a step of the chain makes batches anew instead of changing those it gets")
    places = batch.column(index)
    return batch.remove_column(index), tuple(_picked(tags, _runs(places)))


def _runs(places: Column) -> Iterator[tuple[int, int]]:
    """Yield (first, end) of consecutive places, which a filter leaves in order."""
    steps = pc.subtract(places[1:], places[:-1])
    ends = pc.indices_nonzero(pc.not_equal(steps, pa.scalar(1, steps.type)))
    last = pc.take(places, ends).to_pylist()
    first = pc.take(places, pc.add(ends, pa.scalar(1, ends.type))).to_pylist()
    begins = [places[0].as_py(), *first]
    stops = [*last, places[-1].as_py()]
    for begin, stop in zip(begins, stops, strict=True):
        yield begin, stop + 1


def _picked(tags: Sequence[TagRun], runs: Iterator[tuple[int, int]]) -> Iterator[TagRun]:
    """Yield the tags of some runs of rows, in one pass over both."""
    number, at = 0, 0
    before = 0
    for first, end in runs:
        if first < before:
            raise Unnamed("a step of the chain makes several rows of one, or changes their order")
        before = first
        while before < end:
            run = tags[number]
            if at + run.count <= before:
                number, at = number + 1, at + run.count
                continue
            stop = min(end, at + run.count)
            yield TagRun(run.epoch, run.row + before - at, stop - before)
            before = stop


@cache
def _places(bits: int) -> Column:
    """Return the numbers below 2 to the power of `bits`: doubled, as a list of them is slow."""
    if not bits:
        return pa.array([0], pa.int32())
    half = _places(bits - 1)
    return pa.concat_arrays([half, pc.add(half, pa.scalar(len(half), pa.int32()))])
