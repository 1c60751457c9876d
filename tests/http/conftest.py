"""An http source on a real socket, with a journal in memory that can be full, slow or dead."""

import http.client
import json
import logging
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

import pyarrow as pa
import pytest
from flumec.runtime.clock import SystemClock
from flumec.runtime.component import Port
from flumec.runtime.disk import RealDisk
from flumec.runtime.journal.records import Full, Outcome, Progress, Refused, Stored
from flumec.runtime.sources import Http


class Log:
    """What of a journal survives: rows, and positions, compared before they are replaced."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, dict[str, str]]] = []
        self.positions: dict[bytes, Progress] = {}
        self.full = False
        self.rejects = False
        self.puts = 0
        self.held: list[Callable[[], None]] | None = None
        self.lock = threading.Lock()

    @property
    def bodies(self) -> list[str]:
        return [body for body, _ in self.rows]

    def put(self, batch: pa.RecordBatch | None, progress: Sequence[Progress]) -> Future[Outcome]:
        future: Future[Outcome] = Future()
        self.puts += 1
        if self.full:
            future.set_result(Full("spool", self.rejects))
            return future

        def write() -> None:
            future.set_result(self._write(batch, progress))

        with self.lock:
            if self.held is not None:
                self.held.append(write)
            else:
                write()
        return future

    def release(self) -> None:
        with self.lock:
            held, self.held = self.held or [], None
        for write in held:
            write()

    def _write(self, batch: pa.RecordBatch | None, progress: Sequence[Progress]) -> Outcome:
        for each in progress:
            stored = self.positions.get(each.key)
            if each.start != (stored.to if stored else b""):
                return Refused(f"{each.key!r} is elsewhere")
        for each in progress:
            if each.done:
                self.positions.pop(each.key, None)
            else:
                self.positions[each.key] = each
        self.rows += _rows(batch) if batch else []
        return Stored(0, batch.num_rows if batch else 0)


def _rows(batch: pa.RecordBatch) -> Iterator[tuple[str, dict[str, str]]]:
    for row in batch.to_pylist():
        headers = dict(row.pop("headers", None) or [])
        body = row.pop("body").decode()
        named = {name.removeprefix("h."): value for name, value in row.items() if value is not None}
        yield body, headers | named


class Place:
    """An http source's context."""

    agent = "feed"
    host = "web-1"
    address = "127.0.0.1"
    log = logging.getLogger("http")
    clock = SystemClock()
    disk = RealDisk()

    def __init__(self, log: Log, columns: Sequence[str]) -> None:
        self._log = log
        self.columns = columns
        self.stop = threading.Event()
        self.idling = False
        self.counts: Counter[str] = Counter()
        self.counters: Any = self
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        self.asked: tuple[str, str, int] | None = None
        self.explode = False

    @property
    def stopping(self) -> bool:
        return self.stop.is_set()

    @property
    def positions(self) -> Mapping[bytes, Progress]:
        return dict(self._log.positions)

    def add(self, name: str, amount: int = 1) -> None:
        self.counts[name] += amount

    def set(self, name: str, value: float) -> None:
        self.counts[name] = int(value)

    def alive(self) -> None:
        pass

    def idle(self, idle: bool) -> None:
        self.idling = idle

    def listen(self, name: str, host: str, port: int) -> socket.socket:
        self.asked = (name, host, port)
        return self.listener

    def put(
        self, batch: pa.RecordBatch | None, progress: Sequence[Progress] = (), *, wait: bool = True
    ) -> Future[Outcome]:
        if self.explode:
            raise ValueError("an interceptor choked")
        assert not wait or batch is None, "the loop must never wait for room"
        return self._log.put(batch, progress)


class Served:
    """A running source and a client's view of it."""

    def __init__(self, place: Place, thread: threading.Thread) -> None:
        self.place = place
        self.thread = thread

    @property
    def address(self) -> tuple[str, int]:
        return ("127.0.0.1", self.place.port)

    def post(
        self, body: object, path: str = "/", method: str = "POST", **headers: str
    ) -> tuple[int, str, Mapping[str, str]]:
        """Send one request; return status, text and headers."""
        raw = body if isinstance(body, bytes | str) else json.dumps(body)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        client = http.client.HTTPConnection(*self.address, timeout=10)
        try:
            client.request(method, path, raw, {"Content-Type": "application/json"} | named)
            answer = client.getresponse()
            return answer.status, answer.read().decode(), answer.headers
        finally:
            client.close()

    def raw(self) -> socket.socket:
        return socket.create_connection(self.address, timeout=10)

    def end(self) -> None:
        self.place.stop.set()
        self.thread.join(10)
        assert not self.thread.is_alive()


Serve = Callable[..., Served]


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def serve(log: Log) -> Iterator[Serve]:
    """Start an http source with the given properties; it is stopped after the test."""
    running: list[Served] = []

    def start(columns: Sequence[str] = (), **properties: Any) -> Served:
        place = Place(log, columns)
        source = Http("events", port=Port(8080), **properties)
        thread = threading.Thread(target=source.run, args=(place,))
        thread.start()
        served = Served(place, thread)
        running.append(served)
        return served

    yield start
    log.release()
    for served in running:
        served.end()
