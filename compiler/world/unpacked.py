"""What files of events hold, read back as any program could: by their format, and uncompressed."""

import base64
import bz2
import io
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from flumec.compiler.world.events import Event
from flumec.runtime.sinks.filing import Filing

_GZIP = 16 + zlib.MAX_WBITS


def unpacked(content: bytes, sink: Filing) -> Iterator[Event]:
    """Yield the events of a file that a sink has published, in their order."""
    if sink.format == "parquet":
        yield from _parquet(content)
        return
    plain = _OPENED[sink.codec](content)
    if sink.format == "json":
        yield from map(_object, plain.splitlines())
    elif sink.newline:
        yield from map(Event, plain.split(b"\n")[:-1])
    else:
        yield Event(plain)


def _object(line: bytes) -> Event:
    said: dict[str, Any] = json.loads(line)
    if "body" in said:
        return Event(said["body"].encode(), said["headers"])
    return Event(base64.b64decode(said["body_base64"]), said["headers"])


def _parquet(content: bytes) -> Iterator[Event]:
    import pyarrow.parquet as pq
    from flumec.runtime.batch import BODY, PREFIX, REST
    from flumec.runtime.formats.parquet import NO_TEXT

    for row in pq.read_table(io.BytesIO(content)).to_pylist():
        body, other = row.pop(BODY), row.pop(NO_TEXT, None)
        headers = dict(row.pop(REST, None) or ())
        for name, value in row.items():
            if value is not None:
                headers[name.removeprefix(PREFIX)] = value
        yield Event(_bytes(other if body is None else body), headers)


def _bytes(body: str | bytes | None) -> bytes:
    return body.encode() if isinstance(body, str) else body or b""


def _zstd(content: bytes) -> bytes:
    import pyarrow as pa

    with pa.CompressedInputStream(pa.BufferReader(content), "zstd") as stream:
        return bytes(stream.read())


_OPENED: Mapping[str, Callable[[bytes], bytes]] = {
    "none": lambda content: content,
    "gzip": lambda content: zlib.decompress(content, _GZIP),
    "bzip2": bz2.decompress,
    "zstd": _zstd,
}
