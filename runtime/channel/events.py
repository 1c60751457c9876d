"""Events outside of a journal: as JSON lines, as Parquet, as bare bodies; and back in again.

A row keeps what names it, its number, tag and time, so that what is put back is the same event.
"""

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq
from flumec.runtime.batch import BODY, PREFIX, REST, decode
from flumec.runtime.channel.words import moment
from flumec.runtime.disk import Bytes, DiskFile
from flumec.runtime.frozen import frozen
from flumec.runtime.journal.records import Chunk, TagRun
from flumec.runtime.links.parcel import cut

_COLUMNS: dict[str, Any] = {
    "row": pa.uint64(),
    "born": pa.timestamp("ns", "UTC"),
    "tag_epoch": pa.binary(16),
    "tag_row": pa.uint64(),
    "headers": pa.map_(pa.utf8(), pa.utf8()),
    "body": pa.binary(),
}
SCHEMA = pa.schema(_COLUMNS)
"""The columns of a Parquet file."""


class Target(Protocol):
    """Where bytes go: a file, or the standard output."""

    def write(self, data: Bytes) -> int:
        """Take all of the bytes; return how many."""


@frozen
class Event:
    """One row, with its headers as they are, absent ones left out."""

    row: int
    born: int
    epoch: bytes
    tag: int
    headers: dict[str, str]
    body: bytes


def events(chunk: Chunk) -> Iterator[Event]:
    """Yield the rows of a chunk one by one: this is for people's eyes, not for a flow."""
    batch = decode(chunk.body).slice(chunk.skip, chunk.rows)
    tags = _tags(chunk)
    for row, values in enumerate(batch.to_pylist(), chunk.first):
        body = values.pop(BODY) or b""
        headers = dict(values.pop(REST, None) or ())
        named = {name.removeprefix(PREFIX): text for name, text in values.items()}
        headers |= {name: text for name, text in named.items() if text is not None}
        epoch, tag = next(tags)
        yield Event(row, chunk.born, epoch, tag, headers, body)


def _tags(chunk: Chunk) -> Iterator[tuple[bytes, int]]:
    """Yield each row's tag; a chunk's own rows are their tags where it has none."""
    runs: tuple[TagRun, ...] = (TagRun(chunk.epoch, chunk.first, chunk.rows),)
    if chunk.tags is not None:
        runs = cut(chunk.tags, chunk.skip, chunk.rows)
    for run in runs:
        for row in range(run.row, run.row + run.count):
            yield run.epoch, row


def as_json(event: Event) -> bytes:
    """Return a line. A body that is no UTF-8 stands in base64, under a name that says so."""
    fields: dict[str, Any] = {
        "row": event.row,
        "born": moment(event.born),
        "tag": f"{event.epoch.hex()}:{event.tag}",
        "headers": event.headers,
    }
    try:
        fields["body"] = event.body.decode()
    except UnicodeDecodeError:
        fields["body_base64"] = base64.b64encode(event.body).decode()
    return json.dumps(fields, ensure_ascii=False).encode() + b"\n"


class Writer(Protocol):
    """A format being written."""

    def write(self, chunk: Chunk) -> None:
        """Append a chunk's rows."""

    def close(self) -> None:
        """Write what ends the file."""


class JsonLines:
    """One JSON object in a line for each event."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def write(self, chunk: Chunk) -> None:
        """Append a chunk's rows."""
        self._target.write(b"".join(map(as_json, events(chunk))))

    def close(self) -> None:
        """Nothing is left to write."""


class Raw:
    """The bodies alone, each followed by a newline."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def write(self, chunk: Chunk) -> None:
        """Append a chunk's bodies."""
        batch = decode(chunk.body).slice(chunk.skip, chunk.rows)
        bodies = batch.column(batch.schema.get_field_index(BODY)).to_pylist()
        self._target.write(b"".join((body or b"") + b"\n" for body in bodies))

    def close(self) -> None:
        """Nothing is left to write."""


class Parquet:
    """A Parquet file with the columns of `SCHEMA`, a row group for each chunk."""

    def __init__(self, target: Target) -> None:
        sink: Any = _Writable(target)
        self._writer = pq.ParquetWriter(pa.PythonFile(sink, "w"), SCHEMA, compression="zstd")

    def write(self, chunk: Chunk) -> None:
        """Append a chunk's rows."""
        found = list(events(chunk))
        columns: list[list[Any]] = [
            [event.row for event in found],
            [event.born for event in found],
            [event.epoch for event in found],
            [event.tag for event in found],
            [list(event.headers.items()) for event in found],
            [event.body for event in found],
        ]
        kinds = _COLUMNS.values()
        arrays = [pa.array(column, kind) for column, kind in zip(columns, kinds, strict=True)]
        self._writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=SCHEMA))

    def close(self) -> None:
        """Write the footer."""
        self._writer.close()


class _Writable:
    """What Arrow asks of a file that it writes to."""

    closed = False

    def __init__(self, target: Target) -> None:
        self._target = target
        self._at = 0

    def write(self, data: Bytes) -> int:
        self._at += len(data)
        return self._target.write(data)

    def tell(self) -> int:
        return self._at

    def flush(self) -> None:
        """Bytes go on at once."""

    def close(self) -> None:
        self.closed = True


class Appended:
    """A file of the disk that is written from `offset` on."""

    def __init__(self, file: DiskFile, offset: int = 0) -> None:
        self.file = file
        self.offset = offset

    def write(self, data: Bytes) -> int:
        """Append the bytes."""
        self.file.write([data], self.offset)
        self.offset += len(data)
        return len(data)


FORMATS: dict[str, Callable[[Target], Writer]] = {"json": JsonLines, "parquet": Parquet, "raw": Raw}
