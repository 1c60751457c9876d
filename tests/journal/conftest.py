"""A journal in a few words: one rig opens it on any disk, puts, reads and is done."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path

import pyarrow as pa
import pytest
from flumec.runtime.clock import Clock, SystemClock
from flumec.runtime.disk import Disk
from flumec.runtime.journal import ChannelSpec, Consumer, ConsumerSpec, Identity, Journal, Settings
from flumec.runtime.journal.records import (
    Chunk,
    Cursor,
    Frame,
    Outcome,
    Progress,
    Put,
    Received,
    Stored,
)
from flumec.runtime.testing import CrashDisk

DIRECTORY = Path("/state/journal")
PATIENCE = 20.0
DEFAULT = (ChannelSpec("a", 1 << 20, durable=True), ChannelSpec("b", 1 << 20, durable=True))


class Rig:
    """A journal with a consumer for each channel, called as the channel is."""

    def __init__(self, disk: Disk | None = None, directory: Path = DIRECTORY) -> None:
        self.disk: Disk = disk or CrashDisk()
        self.directory = directory
        self.disk.make_directory(directory.parent)
        self.clock: Clock = SystemClock()
        self.segment_size = 16 << 10
        self.settings = Settings()
        self.channels: Sequence[ChannelSpec] = DEFAULT
        self.consumers: Sequence[ConsumerSpec] | None = None
        self.failures: list[BaseException] = []
        self.opened: list[Journal] = []

    def open(self, *channels: ChannelSpec) -> Journal:
        """Open the journal, with these channels from now on."""
        self.channels = channels or self.channels
        consumers = self.consumers
        if consumers is None:
            consumers = [ConsumerSpec(spec.name, spec.name) for spec in self.channels]
        self.journal = Journal.open(
            self.directory,
            disk=self.disk,
            clock=self.clock,
            identity=Identity("host", "agent", "1", "bundle"),
            channels=self.channels,
            sources=["source", "other"],
            consumers=consumers,
            segment_size=self.segment_size,
            settings=self.settings,
            on_failure=self.failures.append,
        )
        self.opened.append(self.journal)
        return self.journal

    def reopen(self, *channels: ChannelSpec) -> Journal:
        """Close the journal, and open it again."""
        self.journal.close()
        return self.open(*channels)

    def killed(self) -> None:
        """Go on with the disk as a killed process leaves it."""
        assert isinstance(self.disk, CrashDisk)
        self.disk = self.disk.kill()

    def submit(
        self,
        *channels: str,
        rows: int = 2,
        size: int = 100,
        progress: Sequence[Progress] = (),
        received: Received | None = None,
        optional: Sequence[str] = (),
        wait: bool = False,
    ) -> "Future[Outcome]":
        """Put one frame."""
        frames = (Frame(channels, rows, pa.py_buffer(b"x" * size)),) if channels else ()
        put = Put(frames, tuple(progress), received, frozenset(optional))
        return self.journal.submit(put, wait=wait)

    def put(self, *channels: str, rows: int = 2, size: int = 100) -> Stored:
        """Put one frame, and wait until it is stored."""
        outcome = self.submit(*channels, rows=rows, size=size).result(PATIENCE)
        assert isinstance(outcome, Stored)
        return outcome

    def outcome(self, future: "Future[Outcome]") -> Outcome:
        """Wait for a put's outcome, but not for ever."""
        return future.result(PATIENCE)

    def consumer(self, name: str = "a") -> Consumer:
        """Return a channel's consumer."""
        return self.journal.consumer(name)

    def rows(self, name: str = "a") -> list[int]:
        """Return all rows that a channel holds, read from its cursor's low on."""
        consumer = self.consumer(name)
        consumer.seek(consumer.cursor.low)
        chunks: list[Chunk] = []
        while more := consumer.read(0):
            chunks += more
        return [row for chunk in chunks for row in range(chunk.first, chunk.end)]

    def done(self, name: str, low: int) -> None:
        """Have a channel's consumer be done with every row below `low`."""
        consumer = self.consumer(name)
        stats = self.journal.stats()[name]
        held = [row for row in self.rows(name) if row < low]
        assert stats.held >= len(held)
        consumer.advance(Cursor(low, delivered=len(held))).result(PATIENCE)

    def settled(self) -> None:
        """Wait until the writer has done what it was asked, and all room that is due is freed."""
        self.journal.positions("source")
        self.journal._writer._space.settle()

    def balance(self, name: str = "a") -> tuple[int, int, int, int]:
        """Return (put, delivered, dropped, held) after checking that they add up."""
        stats = self.journal.stats()[name]
        done = stats.delivered + stats.dropped + stats.dead_lettered
        assert stats.put == done + stats.held
        return stats.put, stats.delivered, stats.dropped, stats.held


@pytest.fixture
def rig() -> Iterator[Rig]:
    """Yield a rig on a CrashDisk."""
    made = Rig()
    yield made
    for journal in made.opened:
        journal.close()


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Rig]:
    """Yield a rig on the real disk."""
    from flumec.runtime.disk import RealDisk

    made = Rig(RealDisk(), tmp_path / "journal")
    yield made
    for journal in made.opened:
        journal.close()


@pytest.fixture
def new_rig() -> Callable[[Disk], Rig]:
    """Return the rig's class, for tests that need several."""
    return Rig
