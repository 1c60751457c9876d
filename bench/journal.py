"""How fast the journal is: commits a second, and bytes per second of CPU time, put to delivered.

    python bench/journal.py [DIRECTORY]

Each case puts bodies through a durable channel and reads them back as a consumer that keeps up
would; every put is synced before it counts. The first run of each case is discarded.
"""

import gc
import resource
import statistics
import sys
import tempfile
import threading
import time
from collections import deque
from concurrent.futures import Future
from pathlib import Path

import pyarrow as pa
from flumec.runtime.clock import SystemClock
from flumec.runtime.disk import RealDisk
from flumec.runtime.journal import ChannelSpec, ConsumerSpec, Identity, Journal
from flumec.runtime.journal.records import Cursor, Frame, Outcome, Put

RUNS = 3


def open_journal(directory: Path, size: int = 4 << 30) -> Journal:
    """Open a journal with one channel and its consumer."""
    return Journal.open(
        directory,
        disk=RealDisk(),
        clock=SystemClock(),
        identity=Identity("host", "bench", "0", ""),
        channels=[ChannelSpec("spool", size, durable=True)],
        sources=["source"],
        consumers=[ConsumerSpec("sink", "spool")],
    )


def produce(journal: Journal, body: pa.Buffer, count: int, window: int) -> None:
    """Put `count` bodies, with `window` of them under way."""
    under_way: deque[Future[Outcome]] = deque()
    for _ in range(count):
        if len(under_way) == window:
            under_way.popleft().result()
        frame = Frame(("spool",), 1, body)
        under_way.append(journal.submit(Put((frame,)), wait=True))
    for future in under_way:
        future.result()


def consume(journal: Journal, count: int, every: int) -> None:
    """Read `count` rows; move the cursor once in `every` bytes."""
    sink, rows, pending = journal.consumer("sink"), 0, 0
    while rows < count:
        for chunk in sink.read(5.0):
            rows, pending = rows + chunk.rows, pending + chunk.body.size
        if pending >= every:
            sink.advance(Cursor(rows, delivered=rows - sink.cursor.low))
            pending = 0


def run(
    directory: Path, size: int, count: int, window: int, *, behind: bool
) -> tuple[float, float]:
    """Return wall and CPU seconds of one run; `behind` reads only when all is put."""
    journal = open_journal(directory)
    body = pa.py_buffer(bytes(range(256)) * (size // 256))
    gc.collect()
    start, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF)
    reader = threading.Thread(target=consume, args=(journal, count, 4 << 20))
    if not behind:
        reader.start()
    produce(journal, body, count, window)
    if behind:
        reader.start()
    reader.join()
    wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_SELF)
    journal.close()
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu


CASES = [
    ("1 MiB, keeping up", 1 << 20, 256, 4, False),
    ("1 MiB, read back from disk", 1 << 20, 256, 4, True),
    ("64 KiB, keeping up", 64 << 10, 2000, 16, False),
    ("512 B, one at a time", 512, 3000, 1, False),
    ("512 B, 64 under way", 512, 20000, 64, False),
]


def main() -> None:
    """Print a line for each case: medians, the first run left out."""
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    print(f"{'case':28} {'commits/s':>10} {'MB/s':>8} {'MB/CPU s':>9} {'CPU ms/commit':>14}")
    for name, size, count, window, behind in CASES:
        runs = []
        for _ in range(RUNS + 1):
            with tempfile.TemporaryDirectory(dir=root) as directory:
                runs.append(run(Path(directory), size, count, window, behind=behind))
        wall = statistics.median(wall for wall, _ in runs[1:])
        cpu = statistics.median(cpu for _, cpu in runs[1:])
        megabytes = size * count / 1e6
        print(
            f"{name:28} {count / wall:10.0f} {megabytes / wall:8.0f} {megabytes / cpu:9.0f}"
            f" {1000 * cpu / count:14.3f}"
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"resident at most {peak / 1024:.0f} MiB")


if __name__ == "__main__":
    main()
