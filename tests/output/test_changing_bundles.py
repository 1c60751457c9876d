"""Each key once, although every start brings another bundle: paths, zones, formats, places."""

import io
import json
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from flumec.runtime.batch import encode
from flumec.runtime.component import Duration, Header, Ref
from flumec.runtime.journal import Journal, JournalFailed
from flumec.runtime.journal.records import Frame, Put
from flumec.runtime.sinks import FileRoll
from flumec.runtime.sinks.dedup import Dedup
from flumec.runtime.sinks.filing import Roll
from flumec.runtime.testing import ManualClock
from flumec.runtime.testing.crash_disk import CrashDisk, PowerCut
from spooled import files

from .test_dedup import SINK, SURVIVALS, deliver, filled, open_journal

PLACES = (Path("/out"), Path("/elsewhere"))
DAY = 24 * 3_600 * 10**9
SLOW = pytest.mark.slow


def another(dice: Random) -> FileRoll:
    """Return the sink as the next bundle has it; what is a copy stays the same."""
    path = dice.choice(["%{host}", "%{id}", "", "%{host}/%H%M"])
    timed = "%H" in path
    return replace(
        SINK,
        directory=dice.choice([PLACES[0], *PLACES]),
        path=path,
        timezone=dice.choice(["UTC", "Asia/Kolkata"]) if timed else "UTC",
        round=Duration("30m") if timed and dice.random() < 0.5 else None,
        format=dice.choice(["text", "json", "parquet"]),
        codec=dice.choice(["none", "zstd"]),
        workers=dice.choice([1, 1, 3]),
        max_open=dice.choice([1, 2, 5]),
        roll=Roll(events=dice.choice([1, 3, 20]), every=Duration(dice.choice(["1s", "1h"]))),
        dedup=Dedup(key=Header("id"), late=Ref("old")),
    )


def put(journal: Journal, dice: Random) -> list[tuple[str, bool]]:
    """Put some events, of which many came before; return each, and whether it is late."""
    late = dice.random() < 0.2
    events = [f"{dice.choice('abc')}{dice.randrange(60)}" for _ in range(dice.randrange(1, 12))]
    columns: dict[str, Any] = {
        "body": pa.array([event.encode() for event in events], pa.binary()),
        "h.host": pa.array([event[0] for event in events]),
        "h.id": pa.array([event[1:] for event in events]),
    }
    for name in "pqr":
        if dice.random() < 0.4:
            columns[f"h.{name}"] = pa.array([dice.choice(["1", None]) for _ in events], pa.utf8())
    if dice.random() < 0.5:
        times = [1_700_000_000_000 + dice.randrange(3) * 1_800_000 for _ in events]
        columns["h.timestamp"] = pa.array([str(time) for time in times])
    born = ManualClock().now_ns() - DAY if late else None
    frame = Frame(("spool",), len(events), encode(pa.record_batch(columns)), born)
    journal.submit(Put((frame,))).result()
    return [(event, late) for event in events]


def live(disk: CrashDisk, dice: Random) -> CrashDisk:
    """Start the sink once; the power may go meanwhile, or the disk fail once."""
    trouble = dice.choice(["cut", "cut", "failure", "none"])
    at = disk.operations + dice.randrange(1, 120)
    disk.cut_at = at if trouble == "cut" else None
    disk.fail_at = at if trouble == "failure" else None
    with suppress(OSError):  # of a journal that cannot be opened
        deliver(disk, dice.randrange(2, 12), another(dice))
    disk.fail_at = disk.cut_at = None
    return disk.reboot(dice.choice(SURVIVALS)) if disk.dead else disk


def written(disk: CrashDisk) -> list[str]:
    """Return the bodies in published files, each read by its name's end."""
    lines: list[str] = []
    for path in [path for place in PLACES for path in files(disk, place)]:
        content = disk.content(path)
        if path.suffix == ".parquet":
            column = pq.read_table(io.BytesIO(content)).column("body")
            lines += [body.decode() for body in column.to_pylist()]
            continue
        if path.suffix == ".zst":
            content = pa.input_stream(pa.py_buffer(content), compression="zstd").read()
        is_json = ".jsonl" in path.name
        lines += [json.loads(x)["body"] if is_json else x for x in content.decode().splitlines()]
    return lines


@pytest.mark.parametrize("seed", [2, *(pytest.param(n, marks=SLOW) for n in range(3, 40))])
def test_each_key_is_written_once_whatever_a_new_bundle_changes(seed: int) -> None:
    dice, disk, sent = Random(seed), filled([]), list[tuple[str, bool]]()
    disk.make_directory(PLACES[1])
    for _ in range(14):
        with suppress(PowerCut, JournalFailed):
            journal = open_journal(disk)
            for _ in range(dice.randrange(4)):
                sent += put(journal, dice)
            journal.close()
        disk = live(disk, dice)
    place: Any = deliver(disk, 80, another(dice))

    lines = written(disk)
    keys = Counter(line[1:] for line in lines)
    assert set(keys.values()) == {1}
    assert {event[1:] for event, late in sent if not late} <= set(keys)
    assert set(lines) <= {event for event, _ in sent}
    spool, old = place.stats["spool"], place.stats["old"]
    assert (spool.put, spool.delivered, spool.held) == (len(sent), len(lines), 0)
    assert spool.dead_lettered == old.put
    assert spool.dropped == len(sent) - len(lines) - old.put
