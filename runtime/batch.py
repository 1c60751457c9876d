"""Events as Arrow record batches, and as the IPC bytes that journals and links carry.

A batch has the column `body` (binary), one column (utf8, or dictionary-encoded utf8) for each
header that the compiled graph names or an interceptor sets, and, where there are others, one column
`headers` (map<utf8, utf8>). Null means absent. No column's name clashes with these two:
a header's column is named `h.` + its name.
"""

from typing import TYPE_CHECKING, Any, TypeAlias

import pyarrow as pa
import pyarrow.compute

if TYPE_CHECKING:
    from collections.abc import Sequence

Column: TypeAlias = Any
"""An Arrow array: the published stubs do not follow types through `compute`, hence Any."""

compute: Any = pyarrow.compute
pc = compute

BODY = "body"
REST = "headers"
PREFIX = "h."

_ZEROS = pa.py_buffer(bytes(1 << 20))


def constant(value: str, rows: int) -> Column:
    """Return a column of `rows` times `value` that costs one byte a row and no work."""
    zeros = _ZEROS if rows <= _ZEROS.size else pa.py_buffer(bytes(rows))
    indices = pa.Array.from_buffers(pa.int8(), rows, [None, zeros.slice(0, rows)])
    return pa.DictionaryArray.from_arrays(indices, pa.array([value], pa.utf8()))


def with_header(batch: pa.RecordBatch, name: str, values: Column) -> pa.RecordBatch:
    """Return `batch` with the header's column set, replacing one that is there."""
    column = PREFIX + name
    index = batch.schema.get_field_index(column)
    if index >= 0:
        return batch.set_column(index, column, values)
    return batch.append_column(column, values)


def with_constant(batch: pa.RecordBatch, name: str, value: str, preserve: bool) -> pa.RecordBatch:
    """Return `batch` with the header set on every row; with `preserve`, where it is absent."""
    if preserve:
        present = header(batch, name)
        if present.null_count == 0:
            return batch
        if present.null_count < batch.num_rows:
            return with_header(batch, name, pc.fill_null(present, value))
    return with_header(batch, name, constant(value, batch.num_rows))


def header(batch: pa.RecordBatch, name: str) -> Column:
    """Return a header's values, one for each row, as utf8 with nulls where it is absent."""
    index = batch.schema.get_field_index(PREFIX + name)
    if index >= 0:
        values: Column = batch.column(index)
        return values.dictionary_decode() if pa.types.is_dictionary(values.type) else values
    index = batch.schema.get_field_index(REST)
    if index >= 0:
        return pc.map_lookup(batch.column(index), name, "first")
    return pa.nulls(batch.num_rows, pa.utf8())


def encode(batch: pa.RecordBatch) -> pa.Buffer:
    """Return the batch as a self-contained IPC stream: schema, dictionaries, one batch, end.

    It is measured first, so that it is written into memory of its size: a buffer that grows as it
    is written takes up to twice that, and from the allocator's most expensive sizes.
    """
    measured = pa.MockOutputStream()
    _write(measured, batch)
    body = pa.allocate_buffer(measured.size())
    _write(pa.FixedSizeBufferWriter(body), batch)
    return body


def _write(sink: pa.NativeFile, batch: pa.RecordBatch) -> None:
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)


def decode(body: pa.Buffer | bytes) -> pa.RecordBatch:
    """Read back what `encode` wrote, without copying."""
    with pa.ipc.open_stream(body) as reader:
        return reader.read_next_batch()


def concat(batches: "Sequence[pa.RecordBatch]") -> pa.RecordBatch:
    """Join batches whose header columns may differ in presence and encoding; order is kept."""
    if len(batches) == 1:
        return batches[0]
    names = list(dict.fromkeys(name for batch in batches for name in batch.schema.names))
    columns = [_column(batches, name) for name in names]
    return pa.RecordBatch.from_arrays(columns, names=names)


def _column(batches: "Sequence[pa.RecordBatch]", name: str) -> Column:
    columns: list[Column] = [
        b.column(b.schema.get_field_index(name)) if name in b.schema.names else None
        for b in batches
    ]
    plain: list[Column] = [
        c.dictionary_decode() if c is not None and pa.types.is_dictionary(c.type) else c
        for c in columns
    ]
    kind = next(c.type for c in plain if c is not None)
    filled = [
        pa.nulls(b.num_rows, kind) if c is None else c for b, c in zip(batches, plain, strict=True)
    ]
    return pa.concat_arrays(filled)
