"""State directories made by real journals, and the tool on them."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from flumec.runtime.batch import BODY, REST, encode
from flumec.runtime.channel.__main__ import main
from flumec.runtime.clock import SystemClock
from flumec.runtime.disk import RealDisk
from flumec.runtime.journal import ChannelSpec, ConsumerSpec, Identity, Journal
from flumec.runtime.journal.records import Cursor, Frame, Progress, Put, Stored, TagRun

PATIENCE = 20.0
A, B = ChannelSpec("a", 1 << 20, durable=True), ChannelSpec("b", 1 << 20, durable=True)


@dataclass(frozen=True, slots=True)
class Said:
    """What the tool answered."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def rows(self) -> list[int]:
        """The rows of exported JSON lines."""
        return [json.loads(line)["row"] for line in self.lines]


Tool = Callable[..., Said]


class State:
    """A state directory, and the journal in it as an agent would use it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.channels: Sequence[ChannelSpec] = (A, B)
        self.consumers: Sequence[ConsumerSpec] | None = None
        self.segment_size = 32 << 10
        self.opened: list[Journal] = []

    @property
    def journals(self) -> Path:
        return self.path / "journal"

    @property
    def segments(self) -> list[Path]:
        return sorted(self.journals.glob("*.seg"))

    def open(self, *channels: ChannelSpec) -> Journal:
        """Open it as an agent does, with these channels from now on."""
        self.channels = channels or self.channels
        consumers = self.consumers
        if consumers is None:
            consumers = [ConsumerSpec(f"to_{spec.name}", spec.name) for spec in self.channels]
        self.path.mkdir(exist_ok=True)
        self.journal = Journal.open(
            self.journals, disk=RealDisk(), clock=SystemClock(),
            identity=Identity("web-1", "tailer", "1.2.3", "bundle"),
            channels=self.channels, sources=["access"], consumers=consumers,
            segment_size=self.segment_size,
        )  # fmt: skip
        self.opened.append(self.journal)
        return self.journal

    def put(
        self,
        *channels: str,
        bodies: Sequence[bytes] = (b"one", b"two"),
        headers: dict[str, str] | None = None,
        progress: Sequence[Progress] = (),
        tags: tuple[TagRun, ...] | None = None,
    ) -> Stored:
        """Put one frame of events."""
        columns: dict[str, Any] = {BODY: pa.array(bodies, pa.binary())}
        if headers is not None:
            kind: Any = pa.map_(pa.utf8(), pa.utf8())
            columns[REST] = pa.array([list(headers.items())] * len(bodies), kind)
        batch = pa.RecordBatch.from_pydict(columns)
        frame = Frame(channels, len(bodies), encode(batch), tags=tags)
        outcome = self.journal.submit(Put((frame,), tuple(progress))).result(PATIENCE)
        assert isinstance(outcome, Stored)
        return outcome

    def fill(self, *channels: str, segments: int) -> None:
        """Put until there are so many segments."""
        while len(self.segments) < segments:
            self.put(*channels, bodies=[b"x" * 1000, b"y" * 1000])

    def read(self, channel: str) -> list[int]:
        """Return all rows that a channel's consumer is given."""
        consumer = self.journal.consumer(f"to_{channel}")
        found: list[int] = []
        while chunks := consumer.read(0):
            found += [row for chunk in chunks for row in range(chunk.first, chunk.end)]
        return found

    def done(self, channel: str, low: int, rows: int) -> None:
        """Have a channel's consumer be done with so many rows, all below `low`."""
        consumer = self.journal.consumer(f"to_{channel}")
        consumer.advance(Cursor(low, delivered=rows)).result(PATIENCE)

    def close(self) -> None:
        """End as an agent ends that was told to."""
        self.journal.close()


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    """Yield a state directory; what was opened is closed."""
    made = State(tmp_path / "state")
    yield made
    for journal in made.opened:
        journal.close()


@pytest.fixture
def tool(capfd: pytest.CaptureFixture[str]) -> Tool:
    """Return the tool: it takes a command line."""

    def run(*arguments: str | Path) -> Said:
        capfd.readouterr()
        try:
            status = main([str(argument) for argument in arguments], "flumec channel")
        except SystemExit as end:
            status = int(end.code or 0)
        out, err = capfd.readouterr()
        return Said(status, out, err)

    return run
