"""A part of a file on its way into a running agent's channel: frames, and the position with them.

It is a line of JSON, padded to eight bytes, and the frames' bodies as they are stored.
"""

import json
from typing import Any

import pyarrow as pa
from flumec.runtime.batch import BODY, decode
from flumec.runtime.channel.replayed import SOURCE
from flumec.runtime.disk import Bytes
from flumec.runtime.frozen import frozen
from flumec.runtime.journal.journal import LARGEST_PUT
from flumec.runtime.journal.records import Frame, Progress, Put, TagRun

LARGEST = LARGEST_PUT + (4 << 20)
"""Bytes of a piece at most: a put, and what is said of it."""

_ALIGNED = 8
_EPOCH = 16


@frozen
class Piece:
    """What one request has an agent put."""

    frames: tuple[Frame, ...]
    progress: tuple[Progress, ...]

    @property
    def put(self) -> Put:
        """The same as the journal takes it: all of it is stored, or nothing.

        Surely, also where the journal syncs now and then: its file may be deleted after that.
        """
        return Put(self.frames, self.progress, surely=True)

    def pack(self) -> bytes:
        """Return its bytes."""
        head = {
            "progress": [
                [each.key.hex(), each.start.hex(), each.to.hex(), each.done]
                for each in self.progress
            ],
            "frames": [
                {
                    "rows": frame.rows,
                    "bytes": frame.body.size,
                    "born": frame.born,
                    "tags": None if frame.tags is None else [
                        [run.epoch.hex(), run.row, run.count] for run in frame.tags
                    ],
                }
                for frame in self.frames
            ],
        }  # fmt: skip
        line = json.dumps(head).encode()
        line += b" " * (-(len(line) + 1) % _ALIGNED) + b"\n"
        bodies: list[Bytes] = [memoryview(frame.body) for frame in self.frames]
        return b"".join((line, *bodies))

    @classmethod
    def unpack(cls, data: bytes, channel: str) -> "Piece":
        """Return what was packed, for a channel; raise ValueError unless all of it is sound."""
        line, newline, _ = data.partition(b"\n")
        try:
            head = json.loads(line)
            progress = tuple(_progress(*each) for each in head["progress"])
            frames, at, whole = list[Frame](), len(line) + len(newline), pa.py_buffer(data)
            for fields in head["frames"]:
                body = whole.slice(at, int(fields["bytes"]))
                frames.append(_frame(fields, body, channel))
                at += body.size
        except (KeyError, TypeError, AttributeError, pa.ArrowException) as error:
            raise ValueError(f"it is no piece of a replay: {error}") from None
        if at != len(data):
            raise ValueError(f"it has {len(data)} bytes and says {at}")
        return cls(tuple(frames), progress)


def _progress(key: str, start: str, to: str, done: bool) -> Progress:
    return Progress(
        SOURCE, bytes.fromhex(key), bytes.fromhex(start), bytes.fromhex(to), done=bool(done)
    )


def _frame(fields: dict[str, Any], body: pa.Buffer, channel: str) -> Frame:
    """Return a frame whose body is looked through: what is stored unread kills who reads it."""
    batch = decode(body)
    batch.validate(full=True)
    if batch.num_rows != fields["rows"] or batch.schema.get_field_index(BODY) < 0:
        raise ValueError(f"a body has {batch.num_rows} rows where {fields['rows']} are said")
    tags = None if fields["tags"] is None else tuple(_run(*run) for run in fields["tags"])
    if tags is not None and sum(run.count for run in tags) != batch.num_rows:
        raise ValueError("a frame has another number of tags than of rows")
    born = None if fields["born"] is None else int(fields["born"])
    return Frame((channel,), batch.num_rows, body, born, tags)


def _run(epoch: str, row: int, count: int) -> TagRun:
    name = bytes.fromhex(epoch)
    if len(name) != _EPOCH or row < 0 or count < 1:
        raise ValueError(f"`{epoch}:{row}` is no tag")
    return TagRun(name, row, count)
