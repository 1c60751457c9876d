"""A `taildir` over real files and a real journal, whose process can be killed at any put."""

import logging
import os
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import writers
from flumec.runtime.agent import Agent
from flumec.runtime.batch import BODY, decode, header
from flumec.runtime.chain import Feed
from flumec.runtime.channels import File
from flumec.runtime.component import Duration, Size
from flumec.runtime.disk import RealDisk
from flumec.runtime.journal import ChannelSpec, ConsumerSpec, Identity, Journal
from flumec.runtime.journal.records import Cursor, Outcome, Progress
from flumec.runtime.sources import Taildir
from flumec.runtime.tail.follow import Follower
from flumec.runtime.testing import CrashDisk, ManualClock

from tests.tail.between import Between, between_looks

ROOM = 1 << 26


class Killed(Exception):  # noqa: N818 it is what happens, not a mistake
    """The process was killed at a put."""


class Context:
    """A source's context, as the agent makes it, with a hook at each put."""

    agent, host, address = "tailer", "web-1", "10.0.0.1"
    columns: Sequence[str] = ()

    def __init__(self, rig: "Rig") -> None:
        self.rig = rig
        self.clock = rig.clock
        self.disk = RealDisk()
        self.state = Path("/")
        self.log = logging.getLogger("flumec.test")
        self.counters = self
        self.counts: dict[str, float] = rig.counts
        self.failing = ""
        self.resting = False
        self.stopping = False
        spool = File("spool", size=Size(ROOM))
        agent = Agent("tailer", host=self.host, address=self.address)
        agent.flow(rig.source, *rig.steps, to=spool)
        self.feed = Feed(agent.flows, rig.journal, self)

    def add(self, name: str, amount: int = 1) -> None:
        self.counts[name] = self.counts.get(name, 0) + amount

    def set(self, name: str, value: float) -> None:
        self.counts[name] = value

    def alive(self) -> None:
        pass

    def idle(self, idle: bool) -> None:
        self.resting = idle

    def fail(self, reason: str) -> None:
        self.failing = reason

    def wait(self, seconds: float) -> bool:
        self.clock.sleep(seconds)
        return self.stopping

    @property
    def positions(self) -> Any:
        return self.rig.journal.positions(self.rig.source.name)

    def put(
        self, batch: pa.RecordBatch | None, progress: Sequence[Progress] = (), *,
        wait: bool = True, surely: bool = False,
    ) -> "Future[Outcome]":  # fmt: skip
        self.rig.puts += 1
        if self.rig.puts == self.rig.kill_before:
            raise Killed
        result = self.feed.put(batch, progress, wait, surely=surely)
        if self.rig.puts == self.rig.kill_after:
            if self.rig.lands:
                result.result()
            raise Killed
        return result


class Rig:
    """One agent with one source, stepped by hand: nothing happens between two calls."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.clock = ManualClock(time.time_ns())
        self.disk = CrashDisk()
        self.room = ROOM
        self.counts: dict[str, float] = {}
        self.steps: tuple[Any, ...] = ()
        self.declare()
        self.puts = 0
        self.kill_before = self.kill_after = 0
        self.lands = True
        self.journal: Any = None
        self.follower: Any = None
        self.context: Any = None

    def declare(self, *files: str, **properties: Any) -> None:
        """Say what the source is; names are relative to the folder."""
        if "rotated" in properties:
            properties["rotated"] = tuple(str(self.folder / p) for p in properties["rotated"])
        properties.setdefault("idle", Duration("10s"))
        paths = tuple(str(self.folder / name) for name in files or ("a.log",))
        self.source = Taildir("log", files=paths, **properties)

    def start(self) -> None:
        """Start the agent: open the journal, find the files."""
        self.open()
        self.follower = Follower(self.source, self.context)
        self.follower.begin()

    def open(self) -> None:
        """Open the journal, as the agent does before it starts its source."""
        self.journal = Journal.open(
            Path("/journal"),
            disk=self.disk,
            clock=self.clock,
            identity=Identity("web-1", "tailer", "0", "0"),
            channels=[ChannelSpec("spool", self.room, True)],
            sources=["log"],
            consumers=[ConsumerSpec("out", "spool")],
            segment_size=1 << 20,
        )
        self.context = Context(self)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run the source in a thread of its own, as the agent does, and stop it in the end."""
        self.open()
        thread = threading.Thread(target=self.source.run, args=(self.context,), daemon=True)
        thread.start()
        yield
        self.context.stopping = True
        thread.join(20)
        assert not thread.is_alive()

    def kill(self) -> None:
        """End the process without a word; what it wrote is there, what it knew is not."""
        self.disk = self.disk.kill()
        if self.follower is not None:
            self.follower.__exit__()
            self.follower = None
        if self.journal is not None:
            writers.end(self.journal)
        self.kill_before = self.kill_after = 0

    def restart(self) -> None:
        self.kill()
        self.start()

    def settle(self) -> None:
        """Let the source do all that it can without the clock's moving on."""
        quiet = 0
        while quiet < 3:
            self.follower._next_poll = 0.0
            moved = self.follower.turn()
            if self.follower._flights:
                self.follower._watch.wait(0.05)
                quiet = 0
            else:
                quiet = 0 if moved else quiet + 1

    def settle_for(self, turns: int) -> None:
        """Give the source some turns, although it may not be done after them."""
        for _ in range(turns):
            self.follower._next_poll = 0.0
            self.follower.turn()

    def rest(self, seconds: float = 11.0) -> None:
        """Let time pass without anything being written."""
        for _ in range(3):
            self.settle()
            self.clock.advance(seconds)
        self.settle()

    def batches(self) -> list[pa.RecordBatch]:
        """Everything that is stored, from the first row on."""
        consumer = self.journal.consumer("out")
        consumer.seek(0)
        found: list[pa.RecordBatch] = []
        while chunks := consumer.read(0):
            found += [decode(chunk.body).slice(chunk.skip, chunk.rows) for chunk in chunks]
        return found

    def take(self, consumer: Any) -> list[bytes]:
        """Read what is next, and have it done."""
        chunks = consumer.read(0)
        if chunks:
            consumer.advance(Cursor(chunks[-1].end, delivered=sum(c.rows for c in chunks))).result()
        return [
            body
            for chunk in chunks
            for body in decode(chunk.body).slice(chunk.skip, chunk.rows).column(BODY).to_pylist()
        ]

    @property
    def lines(self) -> list[bytes]:
        return [body for batch in self.batches() for body in batch.column(BODY).to_pylist()]

    def header(self, name: str) -> list[str | None]:
        return [value for batch in self.batches() for value in header(batch, name).to_pylist()]

    def write(self, name: str, data: bytes) -> None:
        with (self.folder / name).open("ab", buffering=0) as file:
            file.write(data)

    def rename(self, old: str, new: str) -> None:
        (self.folder / old).rename(self.folder / new)

    def copy_truncate(self, name: str, copy: str) -> None:
        (self.folder / copy).write_bytes((self.folder / name).read_bytes())
        os.truncate(self.folder / name, 0)


@pytest.fixture
def between(monkeypatch: pytest.MonkeyPatch) -> Between:
    """Have every module of the tail look at its disk through one `Between`."""
    return between_looks(monkeypatch)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path / "logs")
    yield made
    made.kill()
