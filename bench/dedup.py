"""What deduplication costs, from a header to a mask and a run on disk: `python bench/dedup.py`.

A day's window of 10 million keys is filled, spread over all its parts as they are in the worst case
for a look-up. Then new keys are asked for, copies of what was just written, as they come from the
second of two machines, and, as the worst case, copies of old keys in no order. Making the events is
not counted.
"""

import argparse
import os
import tempfile
import time
from array import array
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pyarrow as pa
from flumec.runtime.batch import BODY, with_header
from flumec.runtime.dedup.ageing import Age, Ageing
from flumec.runtime.dedup.memory import Memory
from flumec.runtime.dedup.naming import Naming
from flumec.runtime.dedup.seen import Seen
from flumec.runtime.disk import RealDisk
from flumec.runtime.testing import ManualClock

BATCH = 20_000
"""Rows of a read: 4 MiB of events of 200 bytes."""

ROLL = 10
"""Batches of a file: 200,000 events, as a path gets in a file of 40 MB."""

RECENT = 10
"""Batches of which copies come at once."""

DAY = 86_400.0
CHUNK: Any = None
STORED: Future[None] = Future()
STORED.set_result(None)


class Feed:
    """A sink's rows, as its delivery hands them to the keys it has seen."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock(1_763_800_000_000_000_000)
        ageing = Ageing(self.clock, DAY, Age())
        self.seen = Seen(folder, RealDisk(), ageing, Memory("header.id"), start="bench")
        self.naming = Naming("id")
        self.rolls = 0
        self.batches = 0
        self.longest = 0.0

    def take(self, batch: pa.RecordBatch) -> int:
        """Return how many of a batch's rows are new; with every tenth batch a file is rolled."""
        keys, _ = self.naming.keys(batch, CHUNK)
        new = self.seen.admit(keys)
        self.seen.stage(keys[new], self.rolls)
        self.batches += 1
        if self.batches % ROLL == 0:
            self.roll()
        return int(new.sum())

    def roll(self) -> None:
        """Publish what is staged."""
        began = time.monotonic()
        self.seen.seal([self.rolls], f"hidden-{self.rolls}")
        self.seen.commit()
        assert not self.seen.tend(lambda: None)
        self.seen.remembered(STORED)
        self.rolls += 1
        self.longest = max(self.longest, time.monotonic() - began)


def ids(count: int) -> str:
    """Return the hexadecimal digits of so many new ids."""
    return os.urandom(16 * count).hex()


def events(digits: str) -> pa.RecordBatch:
    """Return events with these ids; nobody looks at their bodies."""
    rows = len(digits) // 32
    offsets = pa.py_buffer(array("i", range(0, 32 * (rows + 1), 32)))
    column = pa.Array.from_buffers(pa.utf8(), rows, [None, offsets, pa.py_buffer(digits.encode())])
    batch = pa.record_batch([pa.repeat(b"", rows)], names=[BODY])
    return with_header(batch, "id", column)


class Cost:
    """What a part of the work took for each event."""

    def __init__(self) -> None:
        self.rows = 0
        self._cpu = 0.0
        self._wall = 0.0

    def of(self, feed: Feed, batches: Iterator[pa.RecordBatch]) -> int:
        """Hand over the batches; return how many rows were new."""
        new = 0
        for batch in batches:
            began, used = time.monotonic(), time.process_time()
            new += feed.take(batch)
            self._cpu += time.process_time() - used
            self._wall += time.monotonic() - began
            self.rows += batch.num_rows
        return new

    def __str__(self) -> str:
        return f"{self._cpu / self.rows * 1e6:.2f} | {self._wall / self.rows * 1e6:.2f}"


def resident() -> int:
    """Return the process's resident bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="measure deduplication")
    parser.add_argument("--keys", type=int, default=10_000_000, help="keys in the window")
    keys = parser.parse_args().keys
    with tempfile.TemporaryDirectory(prefix="flumec-bench-", dir="/var/tmp") as name:
        folder = Path(name)
        feed = Feed(folder)
        Cost().of(feed, iter([events(ids(BATCH))]))  # what is made once
        before = resident()
        some: list[str] = []
        filling, unknown, recent, known = Cost(), Cost(), Cost(), Cost()
        step = DAY / (keys / BATCH) * 0.999
        assert filling.of(feed, fresh(feed, keys, some, each=50, step=step)) == keys
        grown = resident() - before
        stored = sum(path.stat().st_size for path in folder.iterdir())
        share = stored / feed.seen.live
        newest: list[str] = []
        assert unknown.of(feed, fresh(feed, keys // 10, newest, each=1)) == keys // 10
        assert recent.of(feed, map(events, newest[-RECENT:])) == 0
        assert known.of(feed, map(events, mixed("".join(some)))) == 0
        title = f"deduplication, {keys / 1e6:g} M keys in a window of 24 h"
        print(f"| {title} | CPU | elapsed |\n| --- | --- | --- |")
        print(f"| filling the window, µs an event | {filling} |")
        print(f"| new keys, the window being full, µs an event | {unknown} |")
        print(f"| copies of what was just written, µs an event | {recent} |")
        print(f"| copies of old keys in no order, µs an event | {known} |")
        print(f"| the longest roll (keys written, runs joined), s | | {feed.longest:.2f} |\n")
        runs = len(list(folder.iterdir()))
        print(f"{feed.seen.live:,} keys in {runs} runs, {share:.2f} bytes each")
        print(f"{grown / 1e6:.0f} MB resident more than before")


def fresh(
    feed: Feed, count: int, some: list[str], *, each: int, step: float = 0
) -> Iterator[pa.RecordBatch]:
    """Yield batches of new ids, `step` seconds apart; `some` gets the ids of `each` so many."""
    for at in range(count // BATCH):
        feed.clock.advance(step)
        digits = ids(BATCH)
        if at % each == 0:
            some.append(digits)
        yield events(digits)


def mixed(digits: str) -> Iterator[str]:
    """Yield the ids in another order, in batches: no neighbour was a neighbour before."""
    count = len(digits) // 32
    order = [(place * 7919) % count * 32 for place in range(count)]
    for at in range(0, count, BATCH):
        yield "".join(digits[place : place + 32] for place in order[at : at + BATCH])


if __name__ == "__main__":
    main()
