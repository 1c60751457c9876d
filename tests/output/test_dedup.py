"""A sink with `dedup` writes each key once, whatever is killed, and counts every row."""

import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from random import Random
from typing import Any

import pyarrow as pa
import pytest
import spooled
import thorough
from flumec.runtime.batch import decode, encode
from flumec.runtime.component import Duration, Header, Ref, Url
from flumec.runtime.errors import StartError
from flumec.runtime.journal import ConsumerSpec, Journal, JournalFailed
from flumec.runtime.journal.records import Frame, Put
from flumec.runtime.sinks import FileRoll, Hdfs
from flumec.runtime.sinks.dedup import Dedup
from flumec.runtime.sinks.filing import Roll
from flumec.runtime.testing import ManualClock
from flumec.runtime.testing.crash_disk import CrashDisk, PowerCut
from flumec.runtime.testing.surviving import EVERYTHING, NOTHING, Survival
from spooled import OUT, SPOOL, STATE, files

from .conftest import SinkPlace
from .test_file_roll_crashes import bodies

PUTS = ["a1 b2 a1 c3", "b2 a4 a1 b5", "c3 a6 b2", "a1 b7 c8 a4", "c8 b9"]
"""A host and an id for each event: most ids come again, in the same file or in another's bucket."""

KEYS = {"1", "2", "3", "4", "5", "6", "7", "8", "9"}
SINK = FileRoll(
    "files", directory=OUT, path="%{host}", max_open=2, roll=Roll(events=2),
    dedup=Dedup(key=Header("id"), late="drop"),
)  # fmt: skip
DAY = 24 * 3_600 * 10**9
SLOW = pytest.mark.slow
READERS = [ConsumerSpec("files", "spool")]
SURVIVALS = [NOTHING, EVERYTHING, Survival(0.5, 0.5, "any", torn=True, seed=3)]


def open_journal(disk: CrashDisk, readers: Sequence[ConsumerSpec] = READERS) -> Journal:
    return spooled.open_journal(disk, readers, SPOOL | {"old": 1 << 20})


def put(journal: Journal, events: str, born: int | None = None) -> None:
    hosts = [event[0] for event in events.split()]
    ids = [event[1:] or None for event in events.split()]
    columns = {
        "body": pa.array([event.encode() for event in events.split()], pa.binary()),
        "h.host": pa.array(hosts),
        "h.id": pa.array(ids, pa.utf8()),
    }
    frame = Frame(("spool",), len(ids), encode(pa.record_batch(columns)), born)
    journal.submit(Put((frame,))).result()


def filled(puts: list[str] = PUTS) -> CrashDisk:
    disk = CrashDisk()
    disk.make_directory(OUT)
    journal = open_journal(disk)
    for events in puts:
        put(journal, events)
    journal.close()
    return disk


def deliver(disk: CrashDisk, steps: int = 30, sink: FileRoll = SINK) -> SinkPlace | None:
    """Run a sink for some steps of its loop; None when the power went."""
    try:
        journal = open_journal(disk)
        try:
            place: Any = SinkPlace(journal.consumer("files"), disk)
            place.journal, place.state = journal, STATE
            place.until = lambda: disk.dead or place.steps >= steps or len(place.failures) > 20
            sink.run(place)
            if not disk.dead:
                place.stats = journal.stats()
        finally:
            journal.close()
    except (PowerCut, JournalFailed):
        return None
    return None if disk.dead else place


def written(disk: CrashDisk) -> list[str]:
    """Return the events in published files."""
    lines = []
    for path in files(disk, OUT):
        lines += disk.open(path).read(1 << 20, 0).decode().split()
    return lines


def assert_exact(disk: CrashDisk, place: Any) -> None:
    """Each key is written once, and each row counted once."""
    lines = written(disk)
    assert Counter(line[1:] for line in lines) == dict.fromkeys(KEYS, 1)
    spool = place.stats["spool"]
    assert (spool.put, spool.delivered, spool.held) == (17, 9, 0)
    assert spool.dropped == 8


def test_each_key_is_written_once_and_the_first_of_it() -> None:
    disk = filled()

    place = deliver(disk)

    assert place is not None
    assert_exact(disk, place)
    assert sorted(written(disk)) == ["a1", "a4", "a6", "b2", "b5", "b7", "b9", "c3", "c8"]
    assert place.counters.counts["duplicates"] == 8
    assert place.counters.gauges["dedup_keys"] + place.counters.gauges["dedup_staged_keys"] == 9


OTHERS = {
    "parquet": replace(SINK, format="parquet", codec="zstd"),
    "workers": replace(SINK, format="json", codec="gzip", workers=3, max_open=3),
    "hdfs": Hdfs(
        "files", path=Url("file:///out/%{host}"), max_open=2, roll=SINK.roll, dedup=SINK.dedup
    ),
}


@pytest.mark.parametrize("sink", OTHERS.values(), ids=OTHERS)
def test_it_is_the_same_whatever_is_written_and_by_whom(sink: Any) -> None:
    disk = filled()

    place: Any = deliver(disk, sink=sink)

    lines: list[str] = []
    for path in files(disk, OUT):
        lines += bodies(disk.open(path).read(1 << 20, 0), sink)
    assert sorted(lines) == ["a1", "a4", "a6", "b2", "b5", "b7", "b9", "c3", "c8"]
    assert (place.stats["spool"].delivered, place.stats["spool"].dropped) == (9, 8)


def test_a_later_start_knows_what_was_written() -> None:
    disk = filled()
    assert deliver(disk) is not None
    journal = open_journal(disk)
    put(journal, "a1 b2 x3 y10")
    journal.close()

    place: Any = deliver(disk)

    assert Counter(line[1:] for line in written(disk)) == dict.fromkeys([*KEYS, "10"], 1)
    assert place.stats["spool"].dropped == 11


@pytest.mark.slow
@pytest.mark.parametrize("survival", SURVIVALS, ids=range(len(SURVIVALS)))
@pytest.mark.parametrize("steps", [4, 12])
def test_the_power_may_go_at_every_step(survival: Survival, steps: int) -> None:
    clean = filled()
    before = clean.operations
    assert deliver(clean, steps) is not None
    total = clean.operations - before
    assert total > 60
    for cut in range(1, total + 1, thorough.step()):
        crashed = filled()
        crashed.cut_at = crashed.operations + cut
        deliver(crashed, steps)
        disk = crashed.reboot(survival)
        place = deliver(disk)
        assert place is not None, cut
        assert_exact(disk, place)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1, 140, 9 * thorough.step()))
def test_the_power_may_go_twice(first: int) -> None:
    """The second time it goes while the first is recovered from."""
    for second in range(1, 90, 11):
        disk = filled()
        disk.cut_at = disk.operations + first
        deliver(disk)
        disk = disk.reboot(SURVIVALS[first % 3], cut_at=second)
        deliver(disk)
        disk = disk.reboot(SURVIVALS[second % 3])
        place = deliver(disk)
        assert place is not None
        assert_exact(disk, place)


@pytest.mark.parametrize("failing", thorough.spread(range(1, 60, 3), 3))
def test_a_disk_that_fails_once_loses_and_doubles_nothing(failing: int) -> None:
    """Where it is the journal's disk the process ends; else the sink goes on by itself."""
    disk = filled()
    disk.fail_at = disk.operations + failing

    place = None
    for _ in range(3):
        with suppress(OSError):  # of a journal that cannot be opened
            place = place or deliver(disk)

    assert place is not None
    assert_exact(disk, place)


@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(n, marks=SLOW) for n in thorough.first(range(2, 40)))]
)
def test_a_random_life_writes_each_key_once(seed: int) -> None:
    """Rows come, old ones again, to any path; the sink works a while; at times the power goes."""
    dice = Random(seed)
    disk, sent = filled([]), list[str]()
    sink = replace(
        SINK, max_open=dice.choice([1, 2, 5]),
        roll=Roll(events=dice.choice([1, 3, 20]), every=Duration(dice.choice(["1s", "1h"]))),
    )  # fmt: skip
    place: Any = None
    for _ in range(12):
        with suppress(PowerCut, JournalFailed):
            journal = open_journal(disk)
            try:
                for _ in range(dice.randrange(4)):
                    keys = [str(dice.randrange(60)) for _ in range(dice.randrange(1, 12))]
                    rows = " ".join(dice.choice("abc") + key for key in keys)
                    put(journal, rows)
                    sent += rows.split()
            finally:
                journal.close()
        if dice.random() < 0.6:
            disk.cut_at = disk.operations + dice.randrange(1, 90)
        place = deliver(disk, dice.randrange(2, 12), sink)
        if place is None:
            disk = disk.reboot(dice.choice(SURVIVALS))
        disk.cut_at = None
    place = deliver(disk, sink=sink)

    assert Counter(line[1:] for line in written(disk)) == dict.fromkeys({s[1:] for s in sent}, 1)
    assert set(written(disk)) <= set(sent)
    spool, written_rows = place.stats["spool"], len(written(disk))
    assert (spool.put, spool.held) == (len(sent), 0)
    assert (spool.delivered, spool.dropped) == (written_rows, len(sent) - written_rows)


def test_a_row_without_the_key_is_written_and_counted() -> None:
    disk = filled(["a1 a b a1", "a b"])

    place: Any = deliver(disk)

    assert sorted(written(disk)) == ["a", "a", "a1", "b", "b"]
    assert place.counters.counts["without_key"] == 4
    assert place.stats["spool"].held == 0


def test_a_key_of_two_headers_needs_both() -> None:
    disk = filled(["a1 b1 a1 a b1"])
    both = replace(SINK, dedup=Dedup(key=(Header("host"), Header("id")), late="drop"))

    assert deliver(disk, sink=both) is not None

    assert sorted(written(disk)) == ["a", "a1", "b1"]


def test_a_key_by_tag_tells_every_row_of_one_journal_apart() -> None:
    disk = filled()
    tagged = replace(SINK, dedup=Dedup(key="tag", late="drop"))

    assert deliver(disk, sink=tagged) is not None

    assert len(written(disk)) == 17


@pytest.mark.parametrize("workers", [1, 3])
def test_copies_that_came_on_both_sides_of_midnight_are_one_event(workers: int) -> None:
    """Each machine stamps its copy when it comes: their paths are those of two days."""
    disk = CrashDisk()
    disk.make_directory(OUT)
    midnight = -(-ManualClock().now_ns() // DAY) * DAY - DAY
    journal = open_journal(disk)
    put(journal, "a1 b2", born=midnight - 1)
    put(journal, "a2 b1 a3", born=midnight)
    put(journal, "b3 a4", born=midnight - 1)  # the other machine's clock is behind
    put(journal, "b4", born=midnight + 1)
    journal.close()
    sink = replace(SINK, path="%d/%{host}", workers=workers, max_open=4)

    assert deliver(disk, sink=sink) is not None
    assert deliver(disk, sink=sink) is not None

    assert sorted(written(disk)) == ["a1", "a3", "a4", "b2"]


@pytest.mark.parametrize("late", ["drop", Ref("old")])
def test_a_late_row_is_never_written_but_counted(late: Any) -> None:
    disk = filled()
    hour = 3_600 * 10**9
    journal = open_journal(disk)
    now = ManualClock().now_ns()
    put(journal, "a20 b21 a1 b22", born=now - 25 * hour)
    put(journal, "a23", born=now - 23 * hour)
    put(journal, "c24 a a20", born=now - 24 * hour)
    journal.close()

    sink = replace(SINK, dedup=Dedup(key=Header("id"), late=late, window=Duration("24h")))
    place: Any = deliver(disk, 60, sink=sink)

    assert Counter(line[1:] for line in written(disk)) == dict.fromkeys([*KEYS, "23", ""], 1)
    spool, old = place.stats["spool"], place.stats["old"]
    assert place.counters.counts["late"] == 5
    assert (spool.put, spool.delivered, spool.held) == (25, 11, 0)
    if late == "drop":
        assert (spool.dropped, spool.dead_lettered, old.put) == (14, 0, 0)
    else:
        assert (spool.dropped, spool.dead_lettered, old.put) == (9, 5, 5)


def old_and_new(disk: CrashDisk) -> None:
    """Put late rows between others, of the same paths."""
    journal = open_journal(disk)
    day = ManualClock().now_ns() - 24 * 3_600 * 10**9
    for events, born in [("a1 b2", None), ("a3 b1 b4", day), ("a5 b6 a7", None), ("b8 a9", day)]:
        put(journal, events, born)
    journal.close()


@pytest.mark.slow
@pytest.mark.parametrize("survival", SURVIVALS, ids=range(len(SURVIVALS)))
def test_late_rows_are_set_aside_once_through_power_cuts(survival: Survival) -> None:
    sink = replace(SINK, dedup=Dedup(key=Header("id"), late=Ref("old")))
    clean = filled([])
    old_and_new(clean)
    before = clean.operations
    assert deliver(clean, sink=sink) is not None
    for cut in range(1, clean.operations - before + 1, thorough.step()):
        crashed = filled([])
        old_and_new(crashed)
        crashed.cut_at = crashed.operations + cut
        deliver(crashed, sink=sink)
        disk = crashed.reboot(survival)
        place: Any = deliver(disk, sink=sink)
        assert sorted(written(disk)) == ["a1", "a5", "a7", "b2", "b6"]
        spool, old = place.stats["spool"], place.stats["old"]
        assert (spool.put, spool.held, spool.delivered, spool.dropped) == (10, 0, 5, 1), cut
        assert (spool.dead_lettered, old.put, old.held) == (4, 4, 4)


def test_a_late_row_keeps_its_name_and_gets_the_reason() -> None:
    disk = filled([])
    old_and_new(disk)
    assert deliver(disk, sink=replace(SINK, dedup=Dedup(key="tag", late=Ref("old")))) is not None

    reader = [ConsumerSpec("files", "spool"), ConsumerSpec("reader", "old")]
    journal = open_journal(disk, reader)
    chunks = journal.consumer("reader").read(0)
    journal.close()

    rows = [row for chunk in chunks for row in decode(chunk.body).to_pylist()]
    assert [row["body"] for row in rows] == [b"a3", b"b1", b"b4", b"b8", b"a9"]
    assert {row["h.flumec.sink"] for row in rows} == {"core-1.example.com/collector/files"}
    assert all("older than the window" in row["h.flumec.reason"] for row in rows)
    tags = [(tag.row, tag.count) for chunk in chunks for tag in chunk.tags or ()]
    assert tags == [(2, 3), (8, 2)]


def test_keys_of_another_key_or_of_none_are_forgotten() -> None:
    disk = filled()
    assert deliver(disk) is not None
    kept = list(files(disk, STATE / "dedup"))
    assert kept

    other = replace(SINK, dedup=Dedup(key=Header("host"), late="drop"))
    assert deliver(disk, sink=other) is not None
    assert not set(kept) & set(files(disk, STATE / "dedup"))
    assert deliver(disk, sink=replace(SINK, dedup=None)) is not None
    assert not list(files(disk, STATE / "dedup"))


def test_a_run_that_is_missing_holds_the_sink_up_and_it_says_so() -> None:
    disk = filled()
    assert deliver(disk) is not None
    for path in list(files(disk, STATE / "dedup")):
        disk.unlink(path)

    place = deliver(disk)

    assert place is not None
    assert "is missing, and with it the proof of what was written" in place.failures[0]


def test_a_host_without_numpy_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = ("flumec.runtime.dedup.", "flumec.runtime.output.once", "flumec.runtime.output.copies")
    for name in [name for name in sys.modules if name.startswith(ours)]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "numpy", None)

    with pytest.raises(StartError, match=r"`dedup` of sink `files` needs .* `flumec\[dedup\]`"):
        deliver(filled())
