"""A look at events where they pass: a bounded sample, taken by reference and decoded elsewhere."""

import base64
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from flumec.runtime.frozen import frozen

if TYPE_CHECKING:
    import pyarrow as pa
    from flumec.runtime.clock import Clock
    from flumec.runtime.journal.records import Chunk, Frame

WAITING = 16
"""Batches that may wait to be decoded; those that pass meanwhile are passed over."""


@frozen
class Sample:
    """The first `rows` events of a batch that is decoded when somebody shows them."""

    rows: int
    first: int | None
    """The first one's row in the journal, where it has one already."""
    batch: "Callable[[], pa.RecordBatch]"


class Tap:
    """Takes the next `most` events that are offered; what it costs the offering thread is a slice.

    Nothing is copied, decoded or waited for there, and nothing is kept beyond WAITING batches.
    """

    def __init__(self, most: int, clock: "Clock") -> None:
        self._wanted = most
        self._clock = clock
        self._fresh = threading.Condition()
        self._samples: deque[Sample] = deque()

    def batch(self, batch: "pa.RecordBatch") -> None:
        """Offer a batch that has no rows in the journal yet."""
        self._offer(batch.num_rows, None, lambda: batch)

    def frame(self, frame: "Frame") -> None:
        """Offer a frame that is stored."""
        self._offer(frame.rows, None, lambda: _decoded(frame.body, 0, frame.rows))

    def chunk(self, chunk: "Chunk") -> None:
        """Offer what a consumer has read."""
        self._offer(chunk.rows, chunk.first, lambda: _decoded(chunk.body, chunk.skip, chunk.rows))

    def _offer(self, rows: int, first: int | None, batch: "Callable[[], pa.RecordBatch]") -> None:
        with self._fresh:
            rows = min(rows, self._wanted)
            if rows and len(self._samples) < WAITING:
                self._wanted -= rows
                self._samples.append(Sample(rows, first, batch))
                self._fresh.notify()

    def events(self, largest: int) -> Iterator[dict[str, Any] | None]:
        """Yield events until there were as many as wanted; None for each second without one."""
        while True:
            with self._fresh:
                if not self._samples:
                    if not self._wanted:
                        return
                    self._clock.wait(self._fresh, 1.0)
                sample = self._samples.popleft() if self._samples else None
            if sample is None:
                yield None
            else:
                yield from _shown(sample, largest)


def _decoded(body: "pa.Buffer", skip: int, rows: int) -> "pa.RecordBatch":
    from flumec.runtime.batch import decode

    return decode(body).slice(skip, rows)


def _shown(sample: Sample, largest: int) -> Iterator[dict[str, Any]]:
    """Yield events as JSON has them: `body` where it is UTF-8, else `body_base64`; `size` whole."""
    from flumec.runtime.batch import BODY, PREFIX, REST

    for number, event in enumerate(sample.batch().slice(0, sample.rows).to_pylist()):
        body: bytes = event.pop(BODY) or b""
        headers = dict(event.pop(REST, None) or ())
        headers |= {k.removeprefix(PREFIX): v for k, v in event.items() if v is not None}
        told: dict[str, Any] = {"headers": headers, "size": len(body)}
        if sample.first is not None:
            told["row"] = sample.first + number
        yield told | _text(body[:largest], cut=len(body) > largest)


def _text(body: bytes, *, cut: bool) -> dict[str, str]:
    try:
        return {"body": body.decode()}
    except UnicodeDecodeError as error:
        if cut and error.end == len(body) and len(body) - error.start < 4:  # amid a character
            return {"body": body[: error.start].decode()}
        return {"body_base64": base64.b64encode(body).decode()}
