"""Flume's JSON of events into an Arrow batch: `[{"headers": {"k": "v"}, "body": "text"}, …]`."""

import re
from collections.abc import Callable, Sequence
from itertools import accumulate, chain

import msgspec
import pyarrow as pa
from flumec.runtime.batch import BODY, PREFIX, REST, Column, constant
from flumec.runtime.http.mistakes import MOST_EVENTS, MOST_HEADERS, Mistake, TooMany, find
from flumec.runtime.http.sifting import Sieve
from flumec.runtime.sources.headers import ClientHeaders

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_TEXT = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')
_MOST_OBJECTS = 2 * MOST_EVENTS
"""An event is an object, and its headers are one."""


class Event(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """One event of a request; both members may be missing."""

    headers: dict[str, str] = {}
    body: str = ""


class Reader:
    """Reads requests into batches, with the given headers as columns of their own.

    Where headers are declared the events are held to it; `left_out` counts what is taken away.
    """

    def __init__(
        self,
        columns: Sequence[str],
        declared: ClientHeaders | None = None,
        left_out: Callable[[int], None] = lambda _count: None,
    ) -> None:
        self._columns = tuple(columns)
        self._sieve = None if declared is None else Sieve(declared, left_out)
        self._decoder = msgspec.json.Decoder(list[Event])

    def read(self, raw: bytes) -> pa.RecordBatch:
        """Return the request's events, perhaps none; raise Mistake with what is wrong where."""
        raw = raw.removeprefix(_BYTE_ORDER_MARK)
        if _has_too_many_objects(raw):
            raise TooMany
        try:
            events = self._decoder.decode(raw)
            if len(events) > MOST_EVENTS:
                raise TooMany
            bodies = pa.array([event.body for event in events], pa.binary())
            headers = [event.headers for event in events]
            if any(map(_too_many, headers)):
                raise find(raw)
            if self._sieve is not None:
                self._sieve.sift(headers)
            columns: dict[str, Column | None] = {BODY: bodies}
            for name in self._columns:
                columns[PREFIX + name] = _column(headers, name)
            columns[REST] = _rest(headers)
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            raise find(raw, str(error)) from None
        present = {name: column for name, column in columns.items() if column is not None}
        return pa.RecordBatch.from_arrays(list(present.values()), names=list(present))


def _has_too_many_objects(raw: bytes) -> bool:
    """Return whether there are more events than a request may have, before they take memory."""
    return raw.count(b"{") > _MOST_OBJECTS and _TEXT.sub(b"", raw).count(b"{") > _MOST_OBJECTS


def _too_many(headers: dict[str, str]) -> bool:
    return len(headers) > MOST_HEADERS


def _column(headers: list[dict[str, str]], name: str) -> Column | None:
    """Take one header out of all events: nothing if none has it, a constant if all share it."""
    values = [event.pop(name, None) for event in headers]
    if not values or values.count(values[0]) == len(values):
        return constant(values[0], len(values)) if values and values[0] is not None else None
    return pa.array(values, pa.utf8())


def _rest(headers: list[dict[str, str]]) -> Column | None:
    """Return what is left of the headers as a map column; None where nothing is."""
    if not any(headers):
        return None
    offsets: Column = pa.array(accumulate(map(len, headers), initial=0), pa.int32())
    keys = pa.array(chain.from_iterable(headers), pa.utf8())
    values = pa.array(chain.from_iterable(event.values() for event in headers), pa.utf8())
    return pa.MapArray.from_arrays(offsets, keys, values)


__all__ = ["Event", "Mistake", "Reader"]
