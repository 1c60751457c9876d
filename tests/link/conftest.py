"""Two agents' ends of a link in one process: real journals, real sockets, real threads."""

import logging
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from flumec.runtime.batch import decode, encode
from flumec.runtime.clock import SystemClock
from flumec.runtime.component import Duration, Port, Size
from flumec.runtime.disk import RealDisk
from flumec.runtime.journal import ChannelSpec, ConsumerSpec, Identity, Journal
from flumec.runtime.journal.records import Chunk, Cursor, Frame, Put, Stored
from flumec.runtime.letters import Letters
from flumec.runtime.links import ArrowReceiver, ArrowSender, Peer, receiving
from flumec.runtime.links.pulse import Pulse
from flumec.runtime.sockets import Dial, Sockets

LINK = "tailer.out => collector.in"
WIRE = "9f86d081884c7d65"
PATIENCE = 20.0


def batch(bodies: list[bytes]) -> pa.Buffer:
    return encode(pa.record_batch({"body": pa.array(bodies, pa.binary())}))


def events(values: range | list[int]) -> pa.Buffer:
    return batch([b"%d" % value for value in values])


def values(chunk: Chunk) -> list[int]:
    bodies = decode(chunk.body).column("body").to_pylist()
    return [int(body) for body in bodies[chunk.skip : chunk.skip + chunk.rows]]


def eventually(holds: Callable[[], Any], patience: float = PATIENCE) -> None:
    deadline = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < deadline, "it did not come to hold in time"
        time.sleep(0.005)


class Counters:
    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.gauges: dict[str, float] = {}

    def add(self, name: str, amount: int = 1) -> None:
        self.counts[name] += amount

    def set(self, name: str, value: float) -> None:
        self.gauges[name] = value


class Hearer(logging.Handler):
    """Keeps what is logged as a warning or an error."""

    def __init__(self, said: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._said = said

    def emit(self, record: logging.LogRecord) -> None:
        self._said.append(record.getMessage())


class End:
    """One agent: its journal with one channel and that channel's reader, and one thread of work."""

    def __init__(
        self, state: Path, name: str, size: str = "64MiB", memory: int | None = None
    ) -> None:
        self.agent = name
        self.host = f"{name}-1.example.com"
        self.address = "127.0.0.1"
        self.state = state
        self.clock = SystemClock()
        self.disk = RealDisk()
        self.counters = Counters()
        self.failing: list[str] = []
        self.passed = 0
        self.port = 0
        self.links: dict[str, tuple[str, tuple[str, ...]]] = {LINK: (WIRE, ("spool",))}
        self.intakes: dict[str, Any] = {}
        self.buries = False
        self.named: ConsumerSpec = ConsumerSpec("reader", "spool")
        self.log = logging.getLogger(f"link.{name}")
        self.said: list[str] = []
        """The warnings and errors in its log."""
        self._hearer = Hearer(self.said)
        self._spool = ChannelSpec("spool", Size(size), durable=True, memory=memory)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._listener: socket.socket | None = None
        self.died: BaseException | None = None
        self.open()

    def open(self) -> None:
        self.log.addHandler(self._hearer)
        self.journal = Journal.open(
            self.state / "journal",
            disk=self.disk,
            clock=self.clock,
            identity=Identity(self.host, self.agent, "0", "0"),
            channels=[self._spool, ChannelSpec("dead", Size("1MiB"), durable=True)],
            sources=["counter"],
            consumers=[self.named, ConsumerSpec("coroner", "dead")],
            segment_size=4 << 20,
        )
        self.consumer = self.journal.consumer(self.named.name)
        where = "dead" if self.buries else None
        self.letters = Letters(self.journal, self.consumer, where, self)

    def journal_of(self, _link: str) -> Journal:
        return self.journal

    @property
    def stopping(self) -> bool:
        self.passed += 1
        return self._stop.is_set()

    def wait(self, seconds: float) -> bool:
        return self._stop.wait(seconds)

    def rest(self, seconds: float) -> bool:
        return self._stop.wait(seconds)

    def alive(self) -> None:
        pass

    def attend(self) -> None:
        pass

    def dialler(self, host: str, port: int) -> Dial:
        return Sockets({}).dialler(host, port, self.clock)

    def pulse(self, _raw: socket.socket, time_out: float) -> Pulse:
        return Pulse(time_out, self.clock.monotonic())

    def idle(self, idle: bool) -> None:
        pass

    def fail(self, reason: str) -> None:
        self.failing.append(reason)

    def listen(self, name: str, host: str, port: int) -> socket.socket:
        listener = socket.create_server((host, self.port or port))
        self.port = listener.getsockname()[1]
        self._listener = listener
        return listener

    def start(self, part: ArrowSender | ArrowReceiver) -> None:
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, args=(part,), daemon=True)
        self._thread.start()
        if isinstance(part, ArrowReceiver):
            eventually(lambda: self._listener is not None or self.died)

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(PATIENCE)
            assert not self._thread.is_alive()
        self._thread = self._listener = None
        if self.died is not None:
            raise self.died

    def seconds_to_stop(self) -> float:
        began = time.monotonic()
        self.stop()
        return time.monotonic() - began

    def close(self) -> None:
        self.stop()
        self.journal.close()
        self.log.removeHandler(self._hearer)

    def restart(self) -> None:
        self.close()
        self.open()

    def sends(self) -> None:
        """Have its channel's reader be known for a link's sending end from now on."""
        self.named = ConsumerSpec("to_collector", "spool", "sender arrow")
        self.restart()

    def put(self, rows: range | list[int]) -> None:
        self.put_bodies([b"%d" % value for value in rows])

    def put_bodies(self, bodies: list[bytes]) -> None:
        frame = Frame(("spool",), len(bodies), batch(bodies))
        outcome = self.journal.submit(Put(frames=(frame,)), wait=True).result(PATIENCE)
        assert isinstance(outcome, Stored)

    def take(self, count: int) -> list[int]:
        """Read and settle `count` events of the channel, and see that no more are there."""
        got: list[int] = []
        deadline = time.monotonic() + PATIENCE
        while len(got) < count and time.monotonic() < deadline:
            got += self.some()
        return got + self.some(0.05)

    def chunks(self, count: int) -> list[Chunk]:
        """Read and settle at least `count` frames."""
        got: list[Chunk] = []
        eventually(lambda: got.extend(self.consumer.read(0.5)) or len(got) >= count)
        self.consumer.advance(Cursor(got[-1].end, delivered=sum(c.rows for c in got))).result(9)
        return got

    def some(self, timeout: float = 0.5) -> list[int]:
        got: list[int] = []
        for chunk in self.consumer.read(timeout):
            got += values(chunk)
            self.consumer.advance(Cursor(chunk.end, delivered=chunk.rows)).result(PATIENCE)
        return got

    @property
    def held(self) -> int:
        return self.journal.stats()["spool"].held

    def _run(self, part: Any) -> None:
        try:
            part.run(self)
        except BaseException as error:
            self.died = error


class Proxy:
    """A network between the ends: cuts connection i after `limits[i]` bytes; may stand still."""

    def __init__(self, target: int, limits: list[int]) -> None:
        self._target = target
        self._limits = limits
        self._frozen: set[socket.socket] = set()
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.cuts = 0
        self.seen = bytearray()
        threading.Thread(target=self._accept, daemon=True).start()

    def freeze(self) -> None:
        """Let nothing through any more on the connections that are open; they stay open."""
        self._frozen.update(self._open)

    def close(self) -> None:
        for one in (self._listener, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
                self._open += [near, far]
                limit = self._limits.pop(0) if self._limits else None
                for one, other, most in ((near, far, limit), (far, near, None)):
                    args = (one, other, most)
                    threading.Thread(target=self._copy, args=args, daemon=True).start()

    def _copy(self, one: socket.socket, other: socket.socket, limit: int | None) -> None:
        passed = 0
        with suppress(OSError):
            while data := one.recv(65536):
                while one in self._frozen:
                    time.sleep(0.05)
                other.sendall(data if limit is None else data[: limit - passed])
                passed += len(data)
                self.seen += data
                if limit is not None and passed >= limit:
                    self.cuts += 1
                    break
        for end in (one, other):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class Site:
    """The two ends, and how to declare them with short times."""

    link, wire = LINK, WIRE
    eventually = staticmethod(eventually)
    events = staticmethod(events)
    values = staticmethod(values)

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ends: list[End] = []
        self._others: list[Any] = []

    @staticmethod
    def write(path: str, text: str) -> None:
        Path(path).write_text(text)

    @staticmethod
    def bodies(chunk: Chunk) -> list[bytes]:
        return decode(chunk.body).column("body").to_pylist()[chunk.skip : chunk.skip + chunk.rows]

    @staticmethod
    def exists(path: str) -> bool:
        return Path(path).exists()

    @staticmethod
    def read(chunk: Chunk) -> None:
        """Look at every value, as a sink would."""
        assert len(decode(chunk.body).to_pylist()) == chunk.rows

    def proxy(self, target: int, limits: list[int]) -> Proxy:
        proxy = Proxy(target, limits)
        self._others.append(proxy)
        return proxy

    def deaf(self) -> int:
        """Return a port that takes connections and never answers."""
        listener = socket.create_server(("127.0.0.1", 0))
        self._others.append(listener)
        return int(listener.getsockname()[1])

    def crowded(self) -> int:
        """Return a port that answers no more attempts to connect: its queue is full."""
        listener = socket.create_server(("127.0.0.1", 0), backlog=0)
        self._others.append(listener)
        port = int(listener.getsockname()[1])
        for _ in range(3):
            waiting = socket.socket()
            waiting.setblocking(False)
            waiting.connect_ex(("127.0.0.1", port))
            self._others.append(waiting)
        return port

    @staticmethod
    def free_port() -> int:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            return int(listener.getsockname()[1])

    @staticmethod
    def match(pattern: str, text: str) -> None:
        assert re.search(pattern, text), text

    def end(self, name: str, size: str = "64MiB", memory: int | None = None) -> End:
        end = End(self.folder / name, name, size, memory)
        self.ends.append(end)
        return end

    def sender(self, port: int, **settings: Any) -> ArrowSender:
        given = {
            "link": LINK, "wire": WIRE, "peers": (Peer("core-1", "127.0.0.1", port),),
            "time_out": Duration("2s"), "back_off": Duration("200ms"), **settings,
        }  # fmt: skip
        return ArrowSender("to_collector", **given)

    def receiver(self, **settings: Any) -> ArrowReceiver:
        given = {"port": Port(0), "time_out": Duration("2s"), **settings}
        return ArrowReceiver("from_tailer", **given)

    def linked(self, **settings: Any) -> tuple[End, End]:
        """Start both ends; `settings` are the receiver's."""
        tailer, collector = self.end("tailer"), self.end("collector")
        collector.start(self.receiver(**settings))
        tailer.start(self.sender(collector.port))
        return tailer, collector

    def close(self) -> None:
        for other in self._others:
            other.close()
        for end in self.ends:
            with suppress(Exception):
                end.close()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(receiving, "_GLANCE", 0.01)  # an end that is stopped is waited for so long
    site = Site(tmp_path)
    yield site
    site.close()
