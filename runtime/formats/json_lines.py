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


class JsonLines:
    """All headers and the body of each event."""

    def __init__(self, codec: str) -> None:
        self.exact = codec == "none"
        self._codec = codec

    def payload(self, batch: pa.RecordBatch) -> Column:
        """Return an object for each event, as binary."""
        columns = [_column_member(batch, name) for name in batch.schema.names]
        headers = _listed([*(part for part in columns if part is not None), *_map_members(batch)])
        return _joined(['{"headers":{', *headers, "},", *_body(batch), "}"]).cast(pa.binary())

    def rows(self, payload: Column) -> Lines:
        """Return the objects as lines."""
        return Lines(payload, newline=True)

    def writer(self) -> LineWriter:
        """Begin a file."""
        return LineWriter(self._codec)


def _joined(parts: Sequence[Part]) -> Column:
    """Return the rows' texts, each part after the other; at least one is a column."""
    return pc.binary_join_element_wise(*parts, "")


def _listed(members: Sequence[Part]) -> list[Part]:
    """Return the members with commas between those that a row has.

    Every column's texts begin with a comma or are empty. (Arrow can join all but nulls, but it
    drops the last rows if they have nulls only.)
    """
    fixed = ",".join(member for member in members if isinstance(member, str))
    varying = [member for member in members if not isinstance(member, str)]
    if fixed or not varying:
        return [fixed, *varying]
    return [pc.binary_replace_slice(_joined(varying), 0, 1, "")]


def _column_member(batch: pa.RecordBatch, column: str) -> Part | None:
    """Return `,"name":"value"` for a header that has a column; nothing where a row has it not.

    One that all rows have alike comes as a text, without the comma.
    """
    if not column.startswith(PREFIX):
        return None
    name = json.dumps(column.removeprefix(PREFIX), ensure_ascii=False)
    values: Column = batch.column(batch.schema.get_field_index(column))
    if not pa.types.is_dictionary(values.type):
        return pc.fill_null(_joined([f',{name}:"', _escaped(values), '"']), "")
    distinct = _joined([f',{name}:"', _escaped(values.dictionary), '"'])
    if len(distinct) == 1 and not values.indices.null_count:
        return str(distinct[0])[1:]
    return pc.fill_null(distinct.take(values.indices), "")


def _map_members(batch: pa.RecordBatch) -> Iterator[Part]:
    """Yield the members for headers that have no columns, each with its comma."""
    index = batch.schema.get_field_index(REST)
    if index >= 0:
        maps: Column = batch.column(index)
        values = _escaped(pc.fill_null(maps.items, ""))
        members = _joined([',"', _escaped(maps.keys), '":"', values, '"'])
        yield pc.binary_join(pa.ListArray.from_arrays(maps.offsets, members), "")


def _body(batch: pa.RecordBatch) -> list[Part]:
    """Return the parts of `"body":"…"`."""
    bodies = pc.fill_null(batch.column(batch.schema.get_field_index(BODY)), b"")
    try:
        return ['"body":"', _escaped(bodies.cast(pa.utf8())), '"']
    except pa.ArrowInvalid:
        return [pa.array([_body_member(body) for body in bodies.to_pylist()], pa.utf8())]


def _body_member(body: bytes) -> str:
    """Return the member for one body; a batch with one that is not UTF-8 is made one by one."""
    try:
        return f'"body":{json.dumps(body.decode(), ensure_ascii=False)}'
    except UnicodeDecodeError:
        return f'"body_base64":"{b64encode(body).decode()}"'


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
