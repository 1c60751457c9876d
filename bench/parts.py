"""What each part of a chain costs: small loops over the runtime's own code, in this process.

Each part works on the same log, in pieces as large as a `taildir` makes them; all its threads'
CPU time counts. The median round is printed, in milliseconds for each MiB of lines.
"""

import logging
import os
import socket
import statistics
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
from flumec.runtime.batch import BODY, decode
from flumec.runtime.chain import Feed
from flumec.runtime.clock import SystemClock
from flumec.runtime.disk import RealDisk
from flumec.runtime.formats.lines import Lines
from flumec.runtime.interceptors.host import Host
from flumec.runtime.interceptors.timestamp import Timestamp
from flumec.runtime.journal import ChannelSpec, ConsumerSpec, Identity, Journal
from flumec.runtime.journal.records import Cursor, Frame, Put, Stored, TagRun
from flumec.runtime.links.connection import Connection
from flumec.runtime.links.framing import frame
from flumec.runtime.links.inspection import inspect
from flumec.runtime.links.messages import Data, Delivery
from flumec.runtime.links.pulse import Pulse
from flumec.runtime.output.local import LocalStore
from flumec.runtime.sources.taildir import Taildir
from flumec.runtime.tail.file import Followed, Window, open_nature
from flumec.runtime.tail.lines import Splitter
from flumec.runtime.tail.parcel import Parcel
from flumec.runtime.testing.claims import ANY

PIECES = 48
"""Pieces in a round; the longest part of a table's run takes some seconds."""

ROUNDS = 5


def median(work: Callable[[], object], mib: float) -> float:
    """Return the CPU milliseconds for each MiB of a round; one round more is discarded."""
    rounds = []
    for _ in range(ROUNDS + 1):
        began = time.process_time()
        work()
        rounds.append((time.process_time() - began) * 1000 / mib)
    return statistics.median(rounds[1:])


class Bench:
    """The pieces of one log, and a loop for each part."""

    def __init__(self, log: Path, folder: Path) -> None:
        self.log = log
        self.folder = folder
        self.source = Taildir("access", files=(str(log),))
        self.splitter = Splitter(self.source.line_end, self.source.max_line, self.source.long_line)
        self.window = Window.of(self.source.batch, self.splitter.window)
        self.batches = list(self.read())
        self.mib = len(self.batches) * self.source.batch / 2**20
        self.frames = list(self.encoded())

    def read(self) -> Iterator[pa.RecordBatch]:
        """Read and split as a `taildir` does."""
        descriptor, _, nature = open_nature(str(self.log))
        file = Followed(b"", str(self.log), nature)
        file.adopt(descriptor)
        for _ in range(PIECES):
            if (piece := file.read(self.window, self.splitter, final=False)) is None:
                break
            parcel = Parcel(self.source)
            parcel.add(piece)
            if (batch := parcel.batch()) is not None:
                yield batch
        file.close()

    def encoded(self) -> Iterator[Frame]:
        """Take the batches through `timestamp()` and `host()`, and encode them."""
        taken: list[Put] = []

        def submit(put: Put, **_: Any) -> "Future[Stored]":
            taken.append(put)
            return Future()

        context = SimpleNamespace(clock=SystemClock(), host="bench", address="", stopping=False)
        flow = SimpleNamespace(steps=(Timestamp(), Host()), to=(SimpleNamespace(name="spool"),))
        feed = Feed([flow], SimpleNamespace(submit=submit), context)
        for batch in self.batches:
            feed.put(batch)
            yield from taken.pop().frames

    @contextmanager
    def journal(self) -> Iterator[Journal]:
        """Open a journal that keeps what the last round left."""
        journal = Journal.open(
            self.folder / "journal", disk=RealDisk(), clock=SystemClock(),
            identity=Identity("host", "bench", "0", ""), sources=[],
            channels=[ChannelSpec("spool", 64 << 30, durable=True)],
            consumers=[ConsumerSpec("sink", "spool")],
        )  # fmt: skip
        try:
            yield journal
        finally:
            journal.close()

    def put(self, journal: Journal) -> int:
        """Put frames and wait for their sync, three at a time under way; return the row after."""
        under_way: deque[Future[Any]] = deque()
        for each in self.frames:
            under_way.append(journal.submit(Put((each,)), wait=True))
            if len(under_way) > 3:
                under_way.popleft().result()
        stored = [future.result() for future in under_way][-1]
        assert isinstance(stored, Stored)
        return stored.first + stored.rows

    def put_and_free(self, journal: Journal) -> None:
        """Put, and be done with what was put: the next round's pages are this one's."""
        journal.consumer("sink").advance(Cursor(self.put(journal))).result()

    def read_back(self, journal: Journal) -> None:
        """Read a round's frames from disk."""
        consumer, count = journal.consumer("sink"), 0
        consumer.seek(consumer.cursor.low)
        while count < len(self.batches):
            count += len(consumer.read(5.0))

    def roll(self) -> None:
        """Write a round's lines into a file, and sync it."""
        store = LocalStore(self.folder, "bench", os.urandom(16), RealDisk(), host="core-1")
        store.take_over(ANY, witness=False)
        file = store.create()
        for each in self.frames:
            batch = decode(each.body)
            lines = Lines(batch.column(batch.schema.get_field_index(BODY)), newline=True)
            file.write([lines.piece(0, batch.num_rows)])
        file.finish()

    def link(self) -> tuple[float, float]:
        """Return what sending and what receiving costs; each has a thread and its own time."""
        sent: list[float] = []
        received: list[float] = []
        for _ in range(ROUNDS + 1):
            ends = [Connection(end, SystemClock(), Pulse(60, time.monotonic())) for end in _pair()]
            thread = threading.Thread(target=self._send, args=(ends[0], sent))
            thread.start()
            began = time.thread_time()
            for _ in self.frames:
                delivery = ends[1].receive({Data.kind: 64 << 20})
                assert isinstance(delivery, Delivery)
                inspect(delivery.body, delivery.head.rows)
            received.append((time.thread_time() - began) * 1000 / self.mib)
            thread.join()
            for end in ends:
                end.release()
        return statistics.median(sent[1:]), statistics.median(received[1:])

    def _send(self, end: Connection, times: list[float]) -> None:
        messages = [
            (Data(1, bytes(16), 0, each.rows, each.rows, 0, 0, zlib.crc32(each.body),
                  (TagRun(bytes(16), 0, each.rows),)), each.body)
            for each in self.frames
        ]  # fmt: skip
        began = time.thread_time()
        for data, body in messages:
            end.transmit(frame(data, body))
        times.append((time.thread_time() - began) * 1000 / self.mib)

    def table(self) -> Iterator[tuple[str, float]]:
        """Yield each part with its cost."""
        yield "read and split", median(lambda: deque(self.read(), 0), self.mib)
        yield "interceptors and encoding", median(lambda: deque(self.encoded(), 0), self.mib)
        with self.journal() as journal:
            cost = median(lambda: self.put_and_free(journal), self.mib)
            yield "journal: checksum, write, sync, free", cost
            self.put(journal)
        with self.journal() as journal:
            yield "journal: read back from disk", median(lambda: self.read_back(journal), self.mib)
        yield "file_roll: decode, lines, write, sync", median(self.roll, self.mib)
        send, receive = self.link()
        yield "link: send", send
        yield "link: receive, checksum, validate", receive


def _pair() -> tuple[socket.socket, socket.socket]:
    """Return the two ends of a TCP connection on the loopback."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        near = socket.create_connection(server.getsockname())
        return near, server.accept()[0]


def show(log: Path, folder: Path) -> None:
    """Print the table."""
    logging.disable()
    print("\n| part | CPU ms for a MiB |\n| --- | --- |")
    for name, cost in Bench(log, folder).table():
        print(f"| {name} | {cost:.2f} |", flush=True)
