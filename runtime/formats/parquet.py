"""The `parquet` format: the body, a column for each header that has one, and a map for the rest.

Rows are gathered into row groups. A file's columns are fixed once it is begun: rows that lack some
have nulls there, and rows that bring one more begin another file, in which every column that was
seen so far has its place. So the files of a sink soon are all alike.
"""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from flumec.runtime.batch import BODY, PREFIX, REST, Column
from flumec.runtime.batch import compute as pc
from flumec.runtime.disk import Bytes
from flumec.runtime.formats.codec import Drain

_GROUP = 16 << 20
"""Bytes of a row group before they are encoded."""

NO_TEXT = "body_binary"
"""The column for bodies that are no text, where `body` is a string."""

_LOOSE = 2
"""A piece that is less than one in so many of its batch's rows is copied out of it: as long as it
is held, it would hold the memory of all of them."""


class Parquet:
    """Files whose columns grow with what comes."""

    exact = False

    def __init__(self, codec: str, *, text: bool = False) -> None:
        self._codec = codec
        self._text = text
        self._columns: dict[str, pa.DataType] = {BODY: pa.utf8() if text else pa.binary()}

    def payload(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Return the batch with its columns under the names that they have in files."""
        columns = {
            _name(field.name): _plain(column)
            for field, column in zip(batch.schema, batch.columns, strict=True)
        }
        if self._text:
            columns |= _texts(columns[BODY])
        return pa.record_batch(columns)

    def rows(self, payload: pa.RecordBatch) -> "Table":
        """Return the batch as rows that can be cut."""
        for field in payload.schema:
            self._columns.setdefault(field.name, field.type)
        return Table(payload)

    def writer(self) -> "ParquetFile":
        """Begin a file that has all columns that were seen so far."""
        rest = self._columns.keys() - {BODY, REST}
        names = [BODY, *sorted(rest), *([REST] if REST in self._columns else [])]
        schema = pa.schema([(name, self._columns[name]) for name in names])
        return ParquetFile(schema, self._codec)


class Table:
    """A batch's rows, gathered by file."""

    def __init__(self, batch: pa.RecordBatch) -> None:
        self.batch = batch
        self.names = frozenset(batch.schema.names)
        self._each = max(1, batch.nbytes // max(1, batch.num_rows))

    def piece(self, start: int, stop: int) -> pa.RecordBatch:
        """Return the rows from `start` up to `stop`."""
        piece = self.batch.slice(start, stop - start)
        loose = (stop - start) * _LOOSE < self.batch.num_rows
        return piece.take(pa.array(range(stop - start), pa.int32())) if loose else piece

    def size(self, start: int, stop: int) -> int:
        """Return the bytes of the rows, as if all had the same."""
        return self._each * (stop - start)

    def filling(self, start: int, stop: int, size: int) -> int:
        """Return where `size` bytes from `start` on are full, a row later at least; or `stop`."""
        return min(stop, start + max(1, -(-size // self._each)))


class ParquetFile:
    """The content of one file."""

    def __init__(self, schema: pa.Schema, codec: Any) -> None:
        self.held = 0
        self._names = frozenset(schema.names)
        self._schema = schema
        self._group: list[pa.RecordBatch] = []
        self._drain = Drain()
        self._writer = pq.ParquetWriter(
            pa.PythonFile(self._drain, mode="w"), schema, compression=codec, store_schema=False
        )

    def takes(self, rows: Any) -> bool:
        """Whether the file has all columns of the rows."""
        return bool(rows.names <= self._names)

    def add(self, pieces: Sequence[pa.RecordBatch]) -> list[Bytes]:
        """Hold the rows, and return the row groups that are full."""
        written: list[Bytes] = []
        for piece in pieces:
            self._group.append(piece)
            self.held += piece.nbytes
            if self.held >= _GROUP:
                written += self.press()
        return written

    def press(self) -> list[Bytes]:
        """Write what is held as a row group."""
        if self._group:
            rows = pa.Table.from_batches([self._filled(piece) for piece in self._group])
            self._group, self.held = [], 0
            self._writer.write_table(rows, row_group_size=rows.num_rows)
        return self._drain.take()

    def finish(self) -> list[Bytes]:
        """Write the last row group and the footer."""
        written = self.press()
        self._writer.close()
        return [*written, *self._drain.take()]

    def _filled(self, piece: pa.RecordBatch) -> pa.RecordBatch:
        """Return the rows with all columns of the file."""
        if piece.schema.names == self._schema.names:
            return piece.cast(self._schema)
        columns = [
            piece.column(field.name) if field.name in piece.schema.names
            else pa.nulls(piece.num_rows, field.type)
            for field in self._schema
        ]  # fmt: skip
        return pa.record_batch(columns, schema=self._schema)


def _texts(bodies: Column) -> dict[str, Column]:
    """Return the bodies as strings, and those that are no text in a column of their own.

    Only a batch that has one of these is looked at one by one.
    """
    try:
        return {BODY: bodies.cast(pa.utf8())}
    except pa.ArrowInvalid:
        values = bodies.to_pylist()
    texts = [_text(value) for value in values]
    rest = [value if text is None else None for text, value in zip(texts, values, strict=True)]
    return {BODY: pa.array(texts, pa.utf8()), NO_TEXT: pa.array(rest, pa.binary())}


def _text(body: bytes) -> str | None:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


def _name(column: str) -> str:
    """Return a column's name in a file: a header's own, unless it could be taken for another.

    >>> _name("body"), _name("h.host"), _name("h.body"), _name("h.h.x")
    ('body', 'host', 'h.body', 'h.h.x')
    """
    header = column.removeprefix(PREFIX)
    taken = header in (BODY, REST, NO_TEXT) or header.startswith(PREFIX)
    return column if taken else header


def _plain(column: Column) -> Column:
    """Return a column as files have it: no dictionary of a batch's own, and a body in every row."""
    if pa.types.is_dictionary(column.type):
        return column.dictionary_decode()
    if pa.types.is_binary(column.type) and column.null_count:
        return pc.fill_null(column, b"")
    return column
