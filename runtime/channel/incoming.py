"""Exported events on their way back: JSON lines, Parquet or raw, as frames of a bounded size."""

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field, replace
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from flumec.runtime.batch import BODY, REST, encode
from flumec.runtime.channel.words import nanoseconds
from flumec.runtime.disk import Disk, DiskFile
from flumec.runtime.errors import StartError
from flumec.runtime.frozen import frozen
from flumec.runtime.journal.records import Frame, TagRun

MOST_ROWS = 1_000
MOST_BYTES = 1 << 20
"""What a frame holds at most, but for a single larger event."""

_BLOCK = 1 << 20
_TAG = 16


@frozen
class Given:
    """An event as a file has it; what it does not say, the journal gives it anew."""

    body: bytes
    headers: dict[str, str]
    born: int | None
    tag: tuple[bytes, int] | None


@frozen
class Incoming:
    """A file of events; `form` None is JSON lines, or Parquet by its first bytes."""

    path: Path
    disk: Disk
    form: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    """What each event gets besides its own."""

    def digest(self) -> bytes:
        """Return what a file is known by, whatever its name: what is put of it."""
        file, known, at = self.disk.open(self.path), blake2b(digest_size=16), 0
        try:
            while block := file.read(_BLOCK, at):
                known.update(block)
                at += len(block)
        finally:
            file.close()
        if self.form == "raw" or self.headers:
            known.update(repr((self.form == "raw", sorted(self.headers.items()))).encode())
        return known.digest()

    def events(self) -> Iterator[Given]:
        """Yield the events; raise StartError that names the line that is none."""
        file = self.disk.open(self.path)
        try:
            form = self.form or ("parquet" if file.read(4, 0) == b"PAR1" else "json")
            for event in _READERS[form](self.path, file):
                yield replace(event, headers={**event.headers, **self.headers})
        finally:
            file.close()

    def frames(self, channel: str, begin: int = 0) -> Iterator[Frame]:
        """Yield its events behind so many, as frames for a channel."""
        return frames(islice(self.events(), begin, None), channel)


def frames(events: Iterator[Given], channel: str) -> Iterator[Frame]:
    """Yield frames of consecutive events that were born together."""
    held: list[Given] = []
    length = 0
    for event in events:
        size = len(event.body) + sum(len(k) + len(v) for k, v in event.headers.items())
        full = len(held) == MOST_ROWS or length + size > MOST_BYTES
        alike = held and (held[0].born, held[0].tag is None) == (event.born, event.tag is None)
        if held and (full or not alike):
            yield _frame(held, channel)
            held, length = [], 0
        held.append(event)
        length += size
    if held:
        yield _frame(held, channel)


def _frame(events: list[Given], channel: str) -> Frame:
    columns: dict[str, Any] = {BODY: pa.array([event.body for event in events], pa.binary())}
    if any(event.headers for event in events):
        kind: Any = pa.map_(pa.utf8(), pa.utf8())
        columns[REST] = pa.array([list(event.headers.items()) for event in events], kind)
    body = encode(pa.RecordBatch.from_pydict(columns))
    return Frame((channel,), len(events), body, events[0].born, _tags(events))


def _tags(events: list[Given]) -> tuple[TagRun, ...] | None:
    runs: list[TagRun] = []
    for event in events:
        if event.tag is None:
            return None
        epoch, row = event.tag
        last = runs[-1] if runs else None
        if last is not None and (last.epoch, last.row + last.count) == (epoch, row):
            runs[-1] = TagRun(epoch, last.row, last.count + 1)
        else:
            runs.append(TagRun(epoch, row, 1))
    return tuple(runs)


def _lines(path: Path, file: DiskFile) -> Iterator[Given]:
    for number, line in enumerate(_split(file), 1):
        if line.strip():
            yield _event(line, f"{path}, line {number}")


def _raw(_path: Path, file: DiskFile) -> Iterator[Given]:
    for line in _split(file):
        yield Given(line, {}, None, None)


def _split(file: DiskFile) -> Iterator[bytes]:
    """Yield the lines of a file; the last one may lack its end."""
    at, rest = 0, b""
    while block := file.read(_BLOCK, at):
        at += len(block)
        *lines, rest = (rest + block).split(b"\n")
        yield from lines
    if rest:
        yield rest


def _event(line: bytes, where: str) -> Given:
    try:
        fields = json.loads(line)
        if "body_base64" in fields:
            body = base64.b64decode(fields["body_base64"], validate=True)
        else:
            body = fields["body"].encode()
        headers = {name: _text(value) for name, value in fields.get("headers", {}).items()}
        born = nanoseconds(fields["born"]) if "born" in fields else None
        return Given(body, headers, born, _tag(fields["tag"]) if "tag" in fields else None)
    except KeyError as error:
        raise StartError(f"{where} is no exported event: it has no {error}") from None
    except (ValueError, AttributeError, TypeError, binascii.Error) as error:
        raise StartError(f"{where} is no exported event: {error}") from None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a header is {json.dumps(value)}, and no text")
    return value


def _tag(text: str) -> tuple[bytes, int]:
    epoch, _, row = text.partition(":")
    if len(bytes.fromhex(epoch)) != _TAG:
        raise ValueError(f"`{text}` is no tag")
    return bytes.fromhex(epoch), int(row)


def _parquet(path: Path, file: DiskFile) -> Iterator[Given]:
    try:
        source: Any = _Readable(file)
        with pq.ParquetFile(pa.PythonFile(source, "r")) as parquet:
            for batch in parquet.iter_batches(MOST_ROWS):
                yield from _rows(batch)
    except (pa.ArrowException, KeyError) as error:
        raise StartError(f"{path} is no exported Parquet file: {error}") from None


def _rows(batch: pa.RecordBatch) -> Iterator[Given]:
    names: list[str] = batch.schema.names
    columns: dict[str, list[Any]] = {
        name: (batch.column(name).cast(pa.int64()) if name == "born" else batch.column(name))
        .to_pylist()
        for name in names
    }  # fmt: skip
    nothing = [None] * batch.num_rows
    for body, headers, born, epoch, row in zip(
        columns["body"],
        columns.get("headers", nothing),
        columns.get("born", nothing),
        columns.get("tag_epoch", nothing),
        columns.get("tag_row", nothing),
        strict=True,
    ):
        tag = None if epoch is None or row is None else (epoch, row)
        yield Given(body or b"", dict(headers or ()), born, tag)


_READERS: dict[str, Callable[[Path, DiskFile], Iterator[Given]]] = {
    "json": _lines, "parquet": _parquet, "raw": _raw,
}  # fmt: skip


class _Readable:
    """What Arrow asks of a file that it reads from."""

    closed = False

    def __init__(self, file: DiskFile) -> None:
        self._file = file
        self._at = 0

    def read(self, length: int = -1) -> bytes:
        wanted = self._file.stat().st_size - self._at if length < 0 else length
        data = self._file.read(wanted, self._at)
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        start = {0: 0, 1: self._at, 2: self._file.stat().st_size}[whence]
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self.closed = True
