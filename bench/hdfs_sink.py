"""What the hdfs sink costs: events from a journal into files, by format, here and in a real HDFS.

Events of 200 bytes with two headers, the time and the host, are read back from the journal's disk
and delivered to `%Y-%m-%d/%{host}`. All of the process's CPU time counts, but not HDFS's own.
Every file is read back and its events are counted.
"""

import argparse
import gzip
import io
import logging
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq
from flumec.runtime.batch import constant, encode
from flumec.runtime.clock import SystemClock
from flumec.runtime.component import Size, Url
from flumec.runtime.context import Context
from flumec.runtime.disk import RealDisk
from flumec.runtime.journal import ChannelSpec, ConsumerSpec, Identity, Journal
from flumec.runtime.journal.records import Frame, Put
from flumec.runtime.letters import Letters
from flumec.runtime.sinks import Hdfs
from flumec.runtime.sinks.filing import Roll

HERE = Path(__file__).parent
ROWS = 5_000
FIRST_MILLISECOND = 1_795_344_000_000

KINDS: dict[str, dict[str, Any]] = {
    "text": {},
    "text, gzip": {"codec": "gzip"},
    "json, zstd": {"format": "json", "codec": "zstd"},
    "parquet, zstd": {"format": "parquet", "codec": "zstd"},
}
REMOTE = ("text", "parquet, zstd")

Files = Mapping[str, bytes]


class Around:
    """A sink's context: it stops once all is delivered."""

    agent, host, address = "bench", "bench-1", "127.0.0.1"
    log = logging.getLogger("bench")

    def __init__(self, journal: Journal, name: str, state: Path) -> None:
        self.journal, self.consumer = journal, journal.consumer(name)
        self.state = state
        self.letters = Letters(journal, self.consumer, None, cast("Context", self))
        self.clock, self.disk, self.counters = SystemClock(), RealDisk(), self

    @property
    def stopping(self) -> bool:
        """Whether all is read."""
        return not self.consumer.unread

    def wait(self, seconds: float) -> bool:
        """Sleep."""
        time.sleep(seconds)
        return False

    def alive(self) -> None:
        """Nobody watches."""

    def waiting(self) -> Any:
        """Nobody watches."""
        return nullcontext()

    def idle(self, idle: bool) -> None:
        """Nobody listens."""

    def fail(self, reason: str) -> None:
        """End the bench: it measures what works."""
        if reason:
            raise SystemExit(reason)

    def add(self, name: str, amount: int = 1) -> None:
        """Count nothing."""

    def set(self, name: str, value: float) -> None:
        """Show nothing."""


def batch(dice: random.Random, first: int) -> pa.RecordBatch:
    """Return events as a web server's log has them."""
    words = [dice.choice(("/cart", "/item/", "/search?q=", "/img/")) for _ in range(64)]
    bodies = [
        (
            f'10.0.{row % 250}.{row % 199} - - "GET {words[row % 64]}{dice.getrandbits(64):016x} '
            f'HTTP/1.1" {dice.choice((200, 304, 404))} {dice.getrandbits(20)} "Mozilla/5.0 (X11; '
            'Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0"'
        ).ljust(200, "-")[:200].encode()
        for row in range(ROWS)
    ]  # fmt: skip
    stamps = [str(FIRST_MILLISECOND + first + row) for row in range(ROWS)]
    return pa.record_batch(
        {
            "body": pa.array(bodies, pa.binary()),
            "h.host": constant(f"web-{first % 3}", ROWS),
            "h.timestamp": pa.array(stamps, pa.utf8()),
        }
    )


@contextmanager
def journal(folder: Path, names: list[str]) -> Iterator[Journal]:
    """Open the journal; each measurement has a channel of its own, which costs no disk."""
    opened = Journal.open(
        folder, disk=RealDisk(), clock=SystemClock(), identity=Identity("bench", "a", "1", ""),
        sources=[], channels=[ChannelSpec(name, 8 << 30, durable=True) for name in names],
        consumers=[ConsumerSpec(name, name) for name in names],
    )  # fmt: skip
    try:
        yield opened
    finally:
        opened.close()


def fill(folder: Path, names: list[str], frames: int) -> None:
    """Store the events, once for all channels."""
    dice = random.Random(1)
    batches = [encode(batch(dice, number)) for number in range(10)]
    with journal(folder, names) as opened:
        for number in range(frames):
            frame = Frame(tuple(names), ROWS, batches[number % len(batches)])
            opened.submit(Put((frame,)), wait=True).result()


def counted(files: Files, kind: str) -> int:
    """Return how many events the files have."""
    if kind.startswith("parquet"):
        return sum(pq.read_metadata(io.BytesIO(content)).num_rows for content in files.values())
    if kind.endswith("gzip"):
        return sum(gzip.decompress(content).count(b"\n") for content in files.values())
    if kind.endswith("zstd"):
        streams = (pa.CompressedInputStream(pa.BufferReader(c), "zstd") for c in files.values())
        return sum(stream.read().count(b"\n") for stream in streams)
    return sum(content.count(b"\n") for content in files.values())


@dataclass(frozen=True, slots=True)
class Bench:
    """A folder to work in, with so many events in its journal."""

    work: Path
    events: int

    def deliver(
        self, name: str, url: str, read: Callable[[], Files], namenodes: tuple[str, ...] = ()
    ) -> None:
        """Deliver all events once; print the table's row."""
        kind = name.partition(" on ")[0]
        path, roll = Url(url + "/%Y-%m-%d/%{host}"), Roll(size=Size("32MiB"))
        user = "root" if url.startswith("hdfs:") else None
        sink = Hdfs(name, path=path, roll=roll, user=user, namenodes=namenodes, **KINDS[kind])
        with journal(self.work / "journal", NAMES) as opened:
            context: Any = Around(opened, name, self.work / "state")
            began, cpu = time.monotonic(), time.process_time()
            sink.run(context)
            seconds, cpu = time.monotonic() - began, time.process_time() - cpu
        files = read()
        if counted(files, kind) != self.events:
            raise SystemExit(f"{name}: {counted(files, kind)} of {self.events} events came out")
        size = sum(map(len, files.values())) / 1e6
        rates = (f"{self.events / spent / 1e6:.2f} M" for spent in (cpu, seconds))
        print("| " + " | ".join((name, *rates, f"{size:.0f}")) + " |", flush=True)


NAMES = [f"{kind} on file" for kind in KINDS] + [f"{kind} on hdfs" for kind in REMOTE]


def below(folder: Path) -> Files:
    """Return what is published below a folder."""
    paths = (p for p in folder.rglob("*") if p.is_file() and ".flumec" not in p.parts)
    return {str(path): path.read_bytes() for path in paths}


def remote(bench: Bench) -> None:
    """Print the rows for a real HDFS, or why there are none."""
    sys.path.insert(0, str(HERE.parent / "tests"))
    from servers.hadoop import Hadoop
    from servers.jars import Missing

    try:
        server = Hadoop(bench.work / "hadoop")
    except Missing as reason:
        print(f"\nNo real HDFS: {reason}")
        return
    try:
        server.start()
        for kind in REMOTE:
            folder = server.make("/bench/" + kind.partition(",")[0])
            read = lambda folder=folder: server.published(folder)  # noqa: E731
            bench.deliver(f"{kind} on hdfs", f"hdfs://bench{folder}", read, (server.address,))
    finally:
        server.stop()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="measure the hdfs sink")
    parser.add_argument("--frames", type=int, default=200, help=f"times {ROWS:,} events")
    frames = parser.parse_args().frames
    logging.disable()
    with tempfile.TemporaryDirectory(prefix="flumec-bench-", dir="/var/tmp") as name:
        bench = Bench(Path(name), frames * ROWS)
        fill(bench.work / "journal", NAMES, frames)
        print(f"\n{bench.events:,} events of 200 bytes with two headers, one worker\n")
        print("| hdfs sink | events per CPU second | events/s | MB written |")
        print("| --- | --- | --- | --- |")
        for kind in KINDS:
            out = bench.work / "out" / kind
            read = lambda out=out: below(out)  # noqa: E731
            bench.deliver(f"{kind} on file", f"file://{out}", read)
        remote(bench)


if __name__ == "__main__":
    main()
