"""What a sink needs around it: a channel in memory whose reader can be killed and started again."""

import logging
import os
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pytest
from flumec.runtime.batch import encode
from flumec.runtime.context import Consumer
from flumec.runtime.disk import Bytes, Disk, DiskFile, Mode, RealDisk
from flumec.runtime.journal.records import Chunk, Cursor, Intent, Output, Stored
from flumec.runtime.testing.clock import ManualClock

BORN = 1_795_344_000_000_000_000  # 2026-11-22T10:40:00Z


class Channel:
    """What of a journal survives a crash: the rows, the cursor, the open intents."""

    def __init__(self, size: int = 1 << 40) -> None:
        self.chunks: list[Chunk] = []
        self.cursor = Cursor(0)
        self.intents: list[Intent] = []
        self.delivered = 0
        self.size = size
        self.starts = 0
        self.intended = 0

    @property
    def end(self) -> int:
        return self.chunks[-1].end if self.chunks else 0

    @property
    def fullness(self) -> float:
        held = sum(chunk.body.size for chunk in self.chunks if chunk.end > self.cursor.low)
        return held / self.size

    def put(self, batch: pa.RecordBatch, born: int = BORN, gap: int = 0) -> None:
        first = self.end + gap
        self.chunks.append(Chunk(first, batch.num_rows, 0, bytes(16), born, None, encode(batch)))

    def bodies(self, *bodies: bytes, born: int = BORN, **headers: Sequence[str | None]) -> None:
        columns = {f"h.{name}": pa.array(values, pa.utf8()) for name, values in headers.items()}
        self.put(pa.record_batch({"body": pa.array(bodies, pa.binary())} | columns), born)

    def consumer(self) -> "Reader":
        self.starts += 1
        return Reader(self)


class Reader:
    """The consumer protocol over a `Channel`; `advance` is durable at once."""

    channel = "spool"
    name = "files"
    careful = False
    repeated: frozenset[int] = frozenset()

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._next = channel.cursor.low
        self.epoch = channel.starts.to_bytes(16, "big")[::-1]

    @property
    def cursor(self) -> Cursor:
        return self._channel.cursor

    @property
    def intents(self) -> Sequence[Intent]:
        return self._channel.intents

    @property
    def fullness(self) -> float:
        return self._channel.fullness

    def read(self, timeout: float, max_bytes: int = 8 << 20) -> list[Chunk]:
        for chunk in self._channel.chunks:
            if chunk.end > self._next:
                skip = max(0, self._next - chunk.first)
                self._next = chunk.end
                return [
                    Chunk(
                        chunk.first + skip, chunk.rows - skip, chunk.skip + skip,
                        chunk.epoch, chunk.born, None, chunk.body,
                    )
                ]  # fmt: skip
        return []

    def seek(self, row: int) -> None:
        assert row >= self.cursor.low
        self._next = row

    def advance(self, cursor: Cursor) -> Future[Stored]:
        assert cursor.low >= self.cursor.low
        assert all(mark > cursor.low for mark in cursor.ahead.values())
        self._channel.cursor = cursor
        self._channel.delivered += cursor.delivered
        return _done()

    @property
    def intended(self) -> int:
        return self._channel.intended

    def intend(self, outputs: Sequence[object]) -> Intent:
        self._channel.intended += 1
        intent = Intent(self.intended, tuple(o for o in outputs if isinstance(o, Output)))
        self._channel.intents.append(intent)
        return intent

    def resolve(self, intent: Intent, cursor: Cursor | None) -> Future[Stored]:
        self._channel.intents.remove(intent)
        return _done() if cursor is None else self.advance(cursor)


def _done() -> Future[Stored]:
    future: Future[Stored] = Future()
    future.set_result(Stored(0, 0))
    return future


class Counts:
    """Counters that a test can look at."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.gauges: dict[str, float] = {}

    def add(self, name: str, amount: int = 1) -> None:
        self.counts[name] += amount

    def set(self, name: str, value: float) -> None:
        self.gauges[name] = value


class SinkPlace:
    """A sink's context. It stops once the channel is read, or when `until` says so."""

    agent = "collector"
    host = "core-1.example.com"
    address = "127.0.0.1"
    log = logging.getLogger("sink")
    letters = SimpleNamespace(give_up=None, channel=None)

    def __init__(self, consumer: Consumer, disk: Disk, state: Path = Path("/nowhere")) -> None:
        self.consumer = consumer
        self.disk = disk
        self.state = state
        self.clock = ManualClock()
        self.counters = Counts()
        self.failures: list[str] = []
        self.idling = False
        self.until: Callable[[], bool] = lambda: self.idling
        self.steps = 0
        self.waited: Callable[[float], None] = lambda seconds: None

    @property
    def stopping(self) -> bool:
        return self.until()

    def wait(self, seconds: float) -> bool:
        self.clock.advance(seconds)
        self.waited(seconds)
        return self.stopping

    def rest(self, seconds: float) -> bool:
        return self.wait(seconds)

    def alive(self) -> None:
        self.steps += 1
        assert self.steps < 100_000, "the sink runs for ever"

    def waiting(self) -> AbstractContextManager[None]:
        return nullcontext()

    def idle(self, idle: bool) -> None:
        self.idling = idle

    def fail(self, reason: str) -> None:
        self.failures.append(reason)


class TroubledDisk(RealDisk):
    """A real disk whose verbs fail while `trouble` says so: verb -> errno. Syncs do no more."""

    def __init__(self) -> None:
        self.trouble: dict[str, int] = {}
        self.calls: list[str] = []
        self.before: Callable[[str], None] = lambda verb: None

    def check(self, verb: str, path: Path) -> None:
        self.calls.append(verb)
        self.before(verb)
        if verb in self.trouble:
            raise OSError(self.trouble[verb], os.strerror(self.trouble[verb]), str(path))

    def open(self, path: Path, mode: Mode = "read") -> DiskFile:
        self.check("open", path)
        return TroubledFile(self, path, super().open(path, mode))

    def rename(self, old: Path, new: Path) -> None:
        self.check("rename", new)
        super().rename(old, new)

    def unlink(self, path: Path) -> None:
        self.check("unlink", path)
        super().unlink(path)

    def make_directory(self, path: Path) -> None:
        self.check("make_directory", path)
        super().make_directory(path)

    def sync_directory(self, path: Path) -> None:
        self.check("sync_directory", path)


class TroubledFile:
    """A file of a `TroubledDisk`; its errors name no file, as those of a descriptor."""

    def __init__(self, disk: TroubledDisk, path: Path, file: DiskFile) -> None:
        self._disk = disk
        self._path = path
        self._file = file
        self.stat = file.stat
        self.close = file.close
        self.uncache = file.uncache

    def write(self, buffers: Sequence[Bytes], offset: int) -> None:
        try:
            self._check("write")
        except OSError:
            self._file.write([memoryview(buffers[0])[:1]], offset)
            raise
        self._file.write(buffers, offset)

    def sync(self) -> None:
        self._check("sync")

    def _check(self, verb: str) -> None:
        try:
            self._disk.check(verb, self._path)
        except OSError as error:
            raise OSError(error.errno, error.strerror) from None


Start = Callable[..., SinkPlace]
Published = Callable[[], dict[str, bytes]]
Hidden = Callable[[], list[Path]]


@pytest.fixture
def channel() -> Channel:
    return Channel()


@pytest.fixture
def place(channel: Channel) -> Start:
    """Start the channel's reader again; the agent stops after so many `steps` of its loop."""

    def start(disk: Disk | None = None, steps: int = 3) -> SinkPlace:
        found = SinkPlace(channel.consumer(), disk or RealDisk())
        found.until = lambda: found.steps >= steps
        return found

    return start


@pytest.fixture
def published(tmp_path: Path) -> Published:
    """Return the content of what lies in the sink's directory for all to see, by relative path."""

    def read() -> dict[str, bytes]:
        return {
            str(path.relative_to(tmp_path / "out")): path.read_bytes()
            for path in sorted((tmp_path / "out").rglob("*"))
            if path.is_file() and ".flumec" not in path.parts
        }

    return read


@pytest.fixture
def hidden(tmp_path: Path) -> Hidden:
    """Return the files that are hidden."""
    return lambda: [p for p in (tmp_path / "out" / ".flumec").rglob("*") if p.is_file()]
