"""Which file each row of a batch goes to: a path template applied to all rows at once.

A row's bucket, its expanded path, follows from the stored row alone: its headers, and the time of
its frame. So a row that is read again after a crash goes to the same bucket as before.
"""

from datetime import UTC, datetime
from itertools import accumulate, pairwise
from typing import Any

import pyarrow as pa
from flumec.runtime.batch import PREFIX, REST, Column
from flumec.runtime.batch import compute as pc
from flumec.runtime.formats.format import Payload
from flumec.runtime.frozen import frozen
from flumec.runtime.output.names import safe_path, safe_piece
from flumec.runtime.output.template import Header, Template, Text

TIMESTAMP = "timestamp"
"""The header with an event's time in milliseconds since 1970; without, its frame's time counts."""

_LAST_MILLISECOND = int(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp()) * 1_000 + 999
_MOST_DIGITS = 15
_FEW = 4


@frozen
class Split:
    """A batch's rows, gathered by bucket.

    `payload` is what of all rows is to be written; `places` says where each of them stood in the
    batch; `runs` are (bucket, start, stop) over both. Within a run the places ascend.
    """

    payload: Payload
    places: "range | memoryview"
    runs: list[tuple[str, int, int]]
    keys: Any = None
    """The rows' keys, where copies are left out."""


@frozen
class _Coded:
    """A column's distinct values and, for each row, the place among them (None: all the first)."""

    values: list[Any]
    codes: Column | None


class Buckets:
    """A template, ready to split batches."""

    def __init__(self, template: Template) -> None:
        self.template = template
        self._moment = template.clock()
        self._fixed = self._render(None, {}) if template.constant else None

    def split(self, batch: pa.RecordBatch, born: int, payload: Payload) -> Split:
        """Return the batch's rows by bucket, in the order of each bucket's first row.

        `born` is when the frame was first stored, in nanoseconds; `payload` goes along by row.
        """
        rows = batch.num_rows
        path, codes = self._fixed, None
        if rows and path is None:
            paths, codes = self._paths(batch, born)
            if codes is not None:
                return _gathered(paths, codes, payload)
            path = paths[0]
        return Split(payload, range(rows), [(path, 0, rows)] if rows and path is not None else [])

    def _paths(self, batch: pa.RecordBatch, born: int) -> tuple[list[str], Column | None]:
        """Return the distinct paths, and each row's place among them (None: all the first)."""
        names = self.template.headers
        columns = [_coded(batch, name) for name in names]
        unit = self.template.unit
        if unit is not None:
            columns.append(_time(batch, unit, born))
        choices, codes = _combined(columns)
        paths: dict[str, int] = {}
        places = []
        for choice in choices:
            seconds = choice[-1] * unit if unit is not None else None
            path = self._render(seconds, dict(zip(names, choice, strict=False)))
            places.append(paths.setdefault(path, len(paths)))
        if codes is None or len(paths) == 1:
            return list(paths), None
        if len(paths) < len(places):
            codes = pa.array(places, pa.int32()).take(codes)
        return list(paths), codes

    def _render(self, seconds: int | None, headers: dict[str, str | None]) -> str:
        moment = None if seconds is None else self._moment(seconds)
        pieces = []
        for part in self.template.parts:
            if isinstance(part, Text):
                pieces.append(part.value)
            elif isinstance(part, Header):
                pieces.append(safe_piece(headers[part.name]))
            else:
                assert moment is not None
                pieces.append(part.render(moment))
        return safe_path("".join(pieces))


def _column(batch: pa.RecordBatch, name: str) -> Column | None:
    """Return a header as it is stored, perhaps dictionary-encoded; None where no row has it."""
    index = batch.schema.get_field_index(PREFIX + name)
    if index >= 0:
        return batch.column(index)
    index = batch.schema.get_field_index(REST)
    return None if index < 0 else pc.map_lookup(batch.column(index), name, "first")


def _coded(batch: pa.RecordBatch, name: str) -> _Coded:
    column = _column(batch, name)
    if column is None:
        return _Coded([None], None)
    if not pa.types.is_dictionary(column.type):
        column = pc.dictionary_encode(column, null_encoding="encode")
    values = column.dictionary.to_pylist()
    if len(values) == 1 and not column.indices.null_count:
        return _Coded(values, None)
    return _Coded([*values, None], column.indices.cast(pa.int32()).fill_null(len(values)))


def _time(batch: pa.RecordBatch, unit: int, born: int) -> _Coded:
    """Return each row's time as a number of whole `unit`s since 1970."""
    column = _column(batch, TIMESTAMP)
    fallback = born // (unit * 1_000_000_000)
    if column is None:
        return _Coded([fallback], None)
    if pa.types.is_dictionary(column.type):
        values = _spans(column.dictionary, unit, fallback).to_pylist()
        if len(values) == 1 and not column.indices.null_count:
            return _Coded(values, None)
        return _Coded([*values, fallback], column.indices.cast(pa.int32()).fill_null(len(values)))
    spans = pc.dictionary_encode(_spans(column, unit, fallback))
    return _Coded(spans.dictionary.to_pylist(), spans.indices)


def _spans(texts: Column, unit: int, fallback: int) -> Column:
    """Turn texts of milliseconds into whole units; `fallback` for what is no time."""
    if len(texts) <= _FEW:
        return pa.array([_span(text, unit, fallback) for text in texts.to_pylist()], pa.int64())
    short = pc.less_equal(pc.binary_length(texts), pa.scalar(_MOST_DIGITS, pa.int32()))
    digits = pc.and_(pc.ascii_is_decimal(texts), short)
    numbers = pc.cast(pc.if_else(digits, texts, pa.scalar(None, texts.type)), pa.int64())
    in_range = pc.less_equal(numbers, pa.scalar(_LAST_MILLISECOND, pa.int64()))
    whole = pc.divide(numbers, pa.scalar(unit * 1_000, pa.int64()))
    spans = pc.if_else(in_range, whole, pa.scalar(None, pa.int64()))
    return pc.fill_null(spans, fallback)


def _span(text: str | None, unit: int, fallback: int) -> int:
    """Do the same for one text; for a few that is cheaper than to call Arrow."""
    if not text or not (text.isascii() and text.isdecimal()) or len(text) > _MOST_DIGITS:
        return fallback
    number = int(text)
    return number // (unit * 1_000) if number <= _LAST_MILLISECOND else fallback


def _combined(columns: list[_Coded]) -> tuple[list[tuple[Any, ...]], Column | None]:
    """Return the distinct combinations of the columns' values, and each row's place among them."""
    choices: list[tuple[Any, ...]] = [()]
    codes: Column | None = None
    for column in columns:
        if column.codes is None:
            choices = [(*choice, column.values[0]) for choice in choices]
        elif codes is None:
            choices = [(*choices[0], value) for value in column.values]
            codes = column.codes
        else:
            width = len(column.values)
            wide = pc.multiply(codes.cast(pa.int64()), pa.scalar(width, pa.int64()))
            pairs = pc.add(wide, column.codes)
            encoded = pc.dictionary_encode(pairs)
            split = [divmod(pair, width) for pair in encoded.dictionary.to_pylist()]
            choices = [(*choices[left], column.values[right]) for left, right in split]
            codes = encoded.indices
    return choices, codes


def _gathered(paths: list[str], codes: Column, payload: Payload) -> Split:
    """Gather the rows of each path: one stable sort and one copy, however many paths there are."""
    counts = pc.value_counts(codes)
    present = counts.field(0).to_pylist()
    if len(present) == 1:
        return Split(payload, range(len(codes)), [(paths[present[0]], 0, len(codes))])
    size = dict(zip(present, counts.field(1).to_pylist(), strict=True))
    order = pc.array_sort_indices(codes)
    in_order = sorted(present)
    bounds = pairwise(accumulate((size[code] for code in in_order), initial=0))
    span = dict(zip(in_order, bounds, strict=True))
    runs = [(paths[code], *span[code]) for code in present]
    return Split(payload.take(order), memoryview(order.buffers()[1]).cast("B").cast("Q"), runs)
