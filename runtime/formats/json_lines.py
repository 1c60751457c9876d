"""The `json` format: an object a line, `{"headers":{…},"body":"…"}`, made by Arrow's kernels.

A body that is not UTF-8 stands as `body_base64` instead. The kernels work on whole columns, so an
event costs no Python object, unless a body of its batch is not UTF-8.
"""

import json
from base64 import b64encode
from collections.abc import Iterator, Sequence

import pyarrow as pa
from flumec.runtime.batch import BODY, PREFIX, REST, Column
from flumec.runtime.batch import compute as pc
from flumec.runtime.formats.lines import Lines, LineWriter

_SPACE = ord(" ")
_CONTROLS = [chr(code) for code in range(_SPACE)]

Part = str | Column
"""A text that is the same in all rows, or a column of texts."""

_NOTHING = pa.scalar("", pa.utf8())


class JsonLines:
    """All headers and the body of each event."""

    def __init__(self, codec: str) -> None:
        self.exact = codec == "none"
        self._codec = codec

    def payload(self, batch: pa.RecordBatch) -> Column:
        """Return an object for each event, as binary."""
        parts = ['{"headers":{', *_headers(batch), '},"body', *_body(batch), '"}\n']
        return _joined(parts).cast(pa.binary())

    def rows(self, payload: Column) -> Lines:
        """Return the objects as lines; they have their newlines."""
        return Lines(payload, newline=False)

    def writer(self) -> LineWriter:
        """Begin a file."""
        return LineWriter(self._codec)


def _joined(parts: Sequence[Part]) -> Column:
    """Return the rows' texts, each part after the other; at least one is a column."""
    merged: list[Part] = []
    for part in parts:
        if merged and isinstance(part, str) and isinstance(merged[-1], str):
            merged[-1] += part
        else:
            merged.append(part)
    texts = [pa.scalar(each, pa.utf8()) if isinstance(each, str) else each for each in merged]
    return pc.binary_join_element_wise(*texts, _NOTHING)


def _headers(batch: pa.RecordBatch) -> list[Part]:
    """Return the members of `headers`: those that all rows have, then those that some have.

    The latter come with their commas, or as nothing. (Arrow can join what is not null, but it drops
    the last rows if they have nulls only.)
    """
    every: list[Part] = []
    some: list[Part] = []
    for column in batch.schema.names:
        if column.startswith(PREFIX):
            parts = _member(batch, column)
            if len(parts) == 1 and not isinstance(parts[0], str):
                some += parts
            else:
                every += ["," if every else "", *parts]
    some += _map_members(batch)
    if every or not some:
        return [*every, *some]
    return [pc.binary_replace_slice(_joined(some), 0, 1, "")]


def _member(batch: pa.RecordBatch, column: str) -> list[Part]:
    """Return the parts of `"name":"value"`; one column, with commas, if not all rows have it."""
    name = json.dumps(column.removeprefix(PREFIX), ensure_ascii=False)
    values: Column = batch.column(batch.schema.get_field_index(column))
    if pa.types.is_dictionary(values.type):
        distinct = _escaped(values.dictionary)
        if len(distinct) == 1 and not values.null_count:
            return [f'{name}:"{distinct[0]}"']
        values = distinct.take(values.indices)
    else:
        values = _escaped(values)
    if not values.null_count:
        return [f'{name}:"', values, '"']
    return [pc.fill_null(_joined([f',{name}:"', values, '"']), "")]


def _map_members(batch: pa.RecordBatch) -> Iterator[Part]:
    """Yield the members for headers that have no columns, each with its comma."""
    index = batch.schema.get_field_index(REST)
    if index >= 0:
        maps: Column = batch.column(index)
        values = _escaped(pc.fill_null(maps.items, ""))
        members = _joined([',"', _escaped(maps.keys), '":"', values, '"'])
        yield pc.binary_join(pa.ListArray.from_arrays(maps.offsets, members), _NOTHING)


def _body(batch: pa.RecordBatch) -> list[Part]:
    """Return the parts of `":"…`, or `_base64":"…`: what comes after the word `body`."""
    bodies = pc.fill_null(batch.column(batch.schema.get_field_index(BODY)), b"")
    try:
        return ['":"', _escaped(bodies.cast(pa.utf8()))]
    except pa.ArrowInvalid:
        return [pa.array([_one_body(body) for body in bodies.to_pylist()], pa.utf8())]


def _one_body(body: bytes) -> str:
    """Return the same for one body; a batch with one that is not UTF-8 is made one by one."""
    try:
        return '":' + json.dumps(body.decode(), ensure_ascii=False)[:-1]
    except UnicodeDecodeError:
        return f'_base64":"{b64encode(body).decode()}'


def _escaped(texts: Column) -> Column:
    """Return the texts as they stand between the quotes of a JSON string."""
    for character in _special(texts):
        escape = json.dumps(character)[1:-1]
        texts = pc.replace_substring(texts, character, escape)
    return texts


def _special(texts: Column) -> list[str]:
    """Return the characters to escape that occur, the backslash first: others bring one in.

    The texts lie in memory one after the other, and most have no control character at all: that is
    seen at once, by the smallest byte.
    """
    data = texts.buffers()[2]
    if data is None or not data.size:
        return []
    smallest = pc.min(pa.Array.from_buffers(pa.uint8(), data.size, [None, data])).as_py()
    controls = _CONTROLS if smallest < _SPACE else []
    content = data.to_pybytes()
    return [each for each in ("\\", '"', *controls) if each.encode() in content]
