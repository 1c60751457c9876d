"""A hundred sources on one journal: how they share its syncs, alone and beside a busy thread.

Each source puts ten events of 200 bytes at a time and waits for the answer: with `sync = commit`
that they are on disk, with `sync = 1s` that they are written. The busy thread computes in Python
without pause, as an interceptor or a decoder might.
"""

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
from flumec.runtime.clock import SystemClock
from flumec.runtime.disk import RealDisk
from flumec.runtime.journal import ChannelSpec, ConsumerSpec, Identity, Journal, Settings
from flumec.runtime.journal.records import Cursor, Frame, Put, Stored
from flumec.runtime.timed_disk import TimedDisk
from flumec.runtime.tuning import SWITCH_INTERVAL

EVENTS = 10
EVENT_BYTES = 200
CASES = [
    (sources, busy, every)
    for busy in (False, True)
    for sources in (1, 100)
    for every in (None, 1.0)
]
"""Sources, whether a thread computes, and the seconds between two syncs (None: `commit`)."""


def run(
    directory: Path, sources: int, seconds: float, *, busy: bool, every: float | None
) -> tuple[float, float]:
    """Return puts and syncs a second."""
    disk = TimedDisk(RealDisk(), time.monotonic)
    journal = Journal.open(
        directory,
        disk=disk,
        clock=SystemClock(),
        identity=Identity("host", "bench", "0", ""),
        channels=[ChannelSpec("spool", 4 << 30, durable=True)],
        sources=["source"],
        consumers=[ConsumerSpec("sink", "spool")],
        settings=Settings(sync_every=every),
    )
    stop = threading.Event()
    counts = [0] * sources
    threads = [
        threading.Thread(target=feed, args=(journal, counts, number, stop))
        for number in range(sources)
    ]
    threads.append(threading.Thread(target=drain, args=(journal, stop)))
    with computing(busy):
        before, start = sum(disk.syncs.counts), time.monotonic()
        for thread in threads:
            thread.start()
        time.sleep(seconds)
        puts, syncs, wall = sum(counts), sum(disk.syncs.counts), time.monotonic() - start
        stop.set()
        for thread in threads:
            thread.join()
    journal.close()
    return puts / wall, (syncs - before) / wall


def feed(journal: Journal, counts: list[int], number: int, stop: threading.Event) -> None:
    """Put and wait for the answer, again and again."""
    frame = Frame(("spool",), EVENTS, pa.py_buffer(bytes(EVENTS * EVENT_BYTES)))
    while not stop.is_set():
        outcome = journal.submit(Put((frame,)), wait=True, stopping=stop.is_set).result()
        counts[number] += isinstance(outcome, Stored)


def drain(journal: Journal, stop: threading.Event) -> None:
    """Take what comes; move the cursor ten times a second."""
    sink, rows = journal.consumer("sink"), 0
    while not stop.wait(0.1):
        while chunks := sink.read(0):
            rows += sum(chunk.rows for chunk in chunks)
            low = chunks[-1].end
            sink.advance(Cursor(low, delivered=rows))
            rows = 0


@contextmanager
def computing(busy: bool) -> Iterator[None]:
    """Have a thread compute in Python meanwhile."""
    stop = threading.Event()

    def compute() -> None:
        total = 0
        while not stop.is_set():
            total = sum(number * number for number in range(500)) ^ total

    thread = threading.Thread(target=compute)
    if busy:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        if busy:
            thread.join()


def main() -> None:
    """Print a line for each case."""
    sys.setswitchinterval(SWITCH_INTERVAL)
    parser = argparse.ArgumentParser(description="measure sources that share a journal")
    parser.add_argument("--seconds", type=float, default=3.0, help="for how long, each case")
    parser.add_argument("--directory", type=Path, help="where the journal is")
    given = parser.parse_args()
    print(f"{'case':46} {'puts/s':>8} {'events/s':>9} {'syncs/s':>8} {'events/sync':>12}")
    for sources, busy, every in CASES:
        with tempfile.TemporaryDirectory(dir=given.directory) as directory:
            puts, syncs = run(Path(directory), sources, given.seconds, busy=busy, every=every)
        name = f"{sources} source{'s' * (sources > 1)}{', a busy thread beside' * busy}"
        name += "" if every is None else f", sync = {every:.0f}s"
        shared = puts * EVENTS / syncs if syncs else float("inf")
        print(f"{name:46} {puts:8.0f} {puts * EVENTS:9.0f} {syncs:8.0f} {shared:12.0f}")


if __name__ == "__main__":
    main()
