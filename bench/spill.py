"""What a channel that spills costs beside its neighbours: beside `memory` while nothing spills,
beside `file` when everything does.

    python bench/spill.py [DIRECTORY] [--events N]

Puts of 1,000 events of 200 bytes, read by a consumer that keeps up, or only when all are put. CPU
seconds are those of the process; medians, the first round is left out.
"""

import argparse
import gc
import resource
import statistics
import tempfile
import threading
import time
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from flumec.runtime.clock import SystemClock
from flumec.runtime.disk import RealDisk
from flumec.runtime.journal import ChannelSpec, ConsumerSpec, Identity, Journal
from flumec.runtime.journal.records import Cursor, Frame, Outcome, Put

ROWS, BODY, WINDOW, ROUNDS = 1000, 200, 16, 3
ROOM = 4 << 30


@dataclass(frozen=True)
class Case:
    """A channel, and whether its consumer reads only when all is put."""

    name: str
    channel: ChannelSpec
    behind: bool = False


MEMORY = ChannelSpec("spool", ROOM, durable=False)
FILE = ChannelSpec("spool", ROOM, durable=True)
CASES = [
    Case("memory, keeping up", MEMORY),
    Case("spill, in memory, keeping up", ChannelSpec("spool", ROOM, durable=True, memory=ROOM)),
    Case("file, read back from disk", FILE, behind=True),
    Case("spill, all of it, read back", ChannelSpec("spool", ROOM, True, memory=1), behind=True),
    Case("file, keeping up", FILE),
    Case("spill, all of it, keeping up", ChannelSpec("spool", ROOM, True, memory=1)),
]


def produce(journal: Journal, count: int) -> None:
    """Put so many events, some puts under way at once."""
    body = pa.py_buffer(bytes(ROWS * BODY))
    under_way: deque[Future[Outcome]] = deque()
    for _ in range(count // ROWS):
        if len(under_way) == WINDOW:
            under_way.popleft().result()
        put = Put((Frame(("spool",), ROWS, body),))
        under_way.append(journal.submit(put, wait=True))
    for future in under_way:
        future.result()


def consume(journal: Journal, count: int) -> None:
    """Read so many events, and be done with each batch."""
    sink, done = journal.consumer("sink"), 0
    while done < count:
        if chunks := sink.read(5.0):
            rows = sum(chunk.rows for chunk in chunks)
            sink.advance(Cursor(chunks[-1].end, delivered=rows))
            done += rows


def run(directory: Path, case: Case, count: int) -> tuple[float, float]:
    """Return wall and CPU seconds."""
    journal = Journal.open(
        directory, disk=RealDisk(), clock=SystemClock(),
        identity=Identity("host", "bench", "0", ""), channels=[case.channel], sources=[],
        consumers=[ConsumerSpec("sink", "spool")],
    )  # fmt: skip
    gc.collect()
    start, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF)
    reader = threading.Thread(target=consume, args=(journal, count))
    if not case.behind:
        reader.start()
    produce(journal, count)
    if case.behind:
        reader.start()
    reader.join()
    wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_SELF)
    journal.close()
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print a line for each case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", nargs="?", type=Path)
    parser.add_argument("--events", type=int, default=1_000_000)
    options = parser.parse_args()
    found: dict[str, list[tuple[float, float]]] = {case.name: [] for case in CASES}
    for _ in range(ROUNDS + 1):  # in turns, so that other work on the machine meets them alike
        for case in CASES:
            with tempfile.TemporaryDirectory(dir=options.directory) as directory:
                found[case.name].append(run(Path(directory), case, options.events))
    print(f"{'channel':30} {'events/CPU s':>14} {'events/s':>12}")
    for name, runs in found.items():
        wall = statistics.median(wall for wall, _ in runs[1:])
        cpu = statistics.median(cpu for _, cpu in runs[1:])
        print(f"{name:30} {options.events / cpu:14,.0f} {options.events / wall:12,.0f}")


if __name__ == "__main__":
    main()
