"""Patterns over the bodies of a whole batch: a filter, and groups that become headers."""

from collections.abc import Callable, Sequence

import pyarrow as pa
from flumec.runtime.batch import BODY, Column, header, with_header
from flumec.runtime.batch import compute as pc
from flumec.runtime.pattern import named_groups

Step = Callable[[pa.RecordBatch], pa.RecordBatch]

_MANY = 0.5


def text(batch: pa.RecordBatch) -> Column:
    """Return the bodies as utf8, without a copy; where they are not, with U+FFFD instead."""
    bodies: Column = batch.column(BODY)
    try:
        return bodies.cast(pa.utf8())
    except pa.ArrowInvalid:
        return pa.array([body.decode("utf-8", "replace") for body in bodies.to_pylist()], pa.utf8())


def filtering(pattern: str, *, exclude: bool) -> Step:
    """Return a step that keeps rows in which the pattern is found, or with `exclude` the others."""
    named = named_groups(pattern)

    def step(batch: pa.RecordBatch) -> pa.RecordBatch:
        found = pc.match_substring_regex(text(batch), named)
        kept = pc.invert(found) if exclude else found
        return batch if kept.false_count == 0 else batch.filter(kept)

    return step


def extracting(pattern: str, into: Sequence[str]) -> Step:
    """Return a step that sets the headers `into` from the pattern's first groups."""
    return _Extraction(pattern, into)


class _Extraction:
    """RE2 finds a pattern quickly but is slow with groups: where few rows match, it looks first."""

    def __init__(self, pattern: str, into: Sequence[str]) -> None:
        self._named = named_groups(pattern)
        self._into = into
        self._look_first = True

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Return the batch with the headers of the rows in which the pattern is found."""
        bodies = text(batch)
        if self._look_first:
            found = pc.match_substring_regex(bodies, self._named)
            if found.true_count == 0:
                return batch
            bodies = pc.if_else(found, bodies, pa.scalar(None, bodies.type))
        groups = pc.extract_regex(bodies, self._named)
        self._look_first = len(groups) - groups.null_count < _MANY * len(groups)
        for index, name in enumerate(self._into):
            values = pc.struct_field(groups, [index])
            nothing, empty = pa.scalar(None, values.type), pa.scalar("", values.type)
            values = pc.if_else(pc.equal(values, empty), nothing, values)
            if values.null_count < len(values):
                batch = with_header(batch, name, _over(values, header(batch, name)))
        return batch


def _over(values: Column, before: Column) -> Column:
    """Return `values`, and where they are null what was there before."""
    return values if before.null_count == len(before) else pc.coalesce(values, before)
