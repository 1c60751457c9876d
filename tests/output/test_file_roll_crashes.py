"""Whatever operation of the disk a crash comes before, each event ends up in exactly one file."""

import errno
import gzip
import io
import json
import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import spooled
import thorough
from flumec.runtime.journal import ConsumerSpec, Journal, JournalFailed
from flumec.runtime.sinks import FileRoll
from flumec.runtime.sinks.filing import Roll
from flumec.runtime.testing.crash_disk import CrashDisk, PowerCut
from flumec.runtime.testing.surviving import EVERYTHING, NOTHING, Survival
from spooled import OUT, ROWS, files, put_rows

from .conftest import Channel, SinkPlace, TroubledDisk

SINK = FileRoll("files", directory=OUT, path="%{host}", max_open=2, roll=Roll(events=3))
SINKS = {
    "lines": SINK,
    "parquet": replace(SINK, format="parquet", codec="zstd"),
    "workers": replace(SINK, format="json", codec="gzip", workers=3, max_open=3),
}


def open_journal(disk: CrashDisk) -> Journal:
    return spooled.open_journal(disk, [ConsumerSpec("files", "spool")])


def filled() -> CrashDisk:
    """Return a disk with a journal that holds all events, each put acknowledged."""
    disk = CrashDisk()
    disk.make_directory(OUT)
    put_rows(open_journal(disk))
    return disk


def deliver(disk: CrashDisk, steps: int, sink: FileRoll = SINK) -> bool:
    """Run a sink for some steps of its loop; False when the power went."""
    try:
        journal = open_journal(disk)
        try:
            place = SinkPlace(journal.consumer("files"), disk)
            place.until = lambda: disk.dead or place.steps >= steps
            sink.run(place)
        finally:
            journal.close()
    except (PowerCut, JournalFailed):
        return False
    return not disk.dead


def bodies(content: bytes, sink: FileRoll) -> list[str]:
    """Read a file back with what everybody reads such files with."""
    if sink.format == "parquet":
        table = pq.read_table(io.BytesIO(content))
        return [body.decode() for body in table.column("body").to_pylist()]
    if sink.format == "json":
        return [json.loads(line)["body"] for line in gzip.decompress(content).splitlines()]
    return content.decode().splitlines()


def check(disk: CrashDisk, sink: FileRoll = SINK) -> None:
    """Hold what is published against what was put."""
    lines = Counter(line for path in files(disk, OUT) for line in bodies(disk.content(path), sink))
    assert lines == Counter(ROWS)
    assert list(files(disk, OUT / ".flumec")) == []
    journal = open_journal(disk)
    stats = journal.stats()["spool"]
    journal.close()
    assert (stats.delivered, stats.held) == (len(ROWS), 0)


def operations(disk: CrashDisk, sink: FileRoll = SINK) -> int:
    """Return how many operations a whole delivery takes."""
    quiet = disk.kill()
    assert deliver(quiet, 6, sink)
    check(quiet, sink)
    return quiet.operations


SURVIVALS = {
    "nothing unsynced survives": NOTHING,
    "the process was killed": EVERYTHING,
    "half survives, torn": Survival(0.5, 0.5, "any", torn=True, seed=7),
}


@pytest.mark.parametrize(
    ("survival", "cuts"),
    [
        pytest.param(survival, slice(first, None, step), id=f"{name}, {which}", marks=marks)
        for which, step, marks in (
            ("each 23rd", 23, ()),
            ("each", thorough.step(), pytest.mark.slow),
        )
        for first, (name, survival) in enumerate(SURVIVALS.items())
    ],
)
@pytest.mark.parametrize(
    "kind",
    ["lines", *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("workers", "parquet"))],
)
def test_a_cut_before_any_operation_loses_and_repeats_nothing(
    survival: Survival, cuts: slice, kind: str
) -> None:
    disk, sink = filled(), SINKS[kind]
    total = operations(disk, sink)
    tried = range(1, total + 1)[cuts]

    whole = 0
    for cut in tried:
        broken = disk.kill(cut_at=cut)
        whole += deliver(broken, 6, sink)
        again = broken.reboot(survival)
        assert deliver(again, 6, sink)
        check(again, sink)
    assert whole < len(tried) / 3  # cursors may share a sync, and then it takes fewer operations


@pytest.mark.slow
@pytest.mark.parametrize("survival", SURVIVALS.values(), ids=SURVIVALS)
@pytest.mark.parametrize("kind", SINKS)
def test_a_second_cut_while_recovering_loses_and_repeats_nothing(
    survival: Survival, kind: str
) -> None:
    disk, sink = filled(), SINKS[kind]
    total = operations(disk, sink)
    for first in range(1, total + 1, 3 * thorough.step()):
        broken = disk.kill(cut_at=first)
        deliver(broken, 6, sink)
        for second in range(1 + first % 5, total, 5):
            worse = broken.reboot(survival, cut_at=second)
            whole = deliver(worse, 6, sink)
            again = worse.reboot(survival)
            assert deliver(again, 6, sink)
            check(again, sink)
            if whole:
                break


class Killed(Exception):  # noqa: N818 what happens to a process
    """SIGKILL, at a call that the sink makes."""


class Mortal:
    """A disk, or a file of it, whose user is killed before its `calls`-th change of anything."""

    def __init__(self, disk: Any, calls: list[int]) -> None:
        self._disk = disk
        self._calls = calls

    def __getattr__(self, name: str) -> Any:
        verb = getattr(self._disk, name)

        def call(*arguments: Any) -> Any:
            if name not in ("stat", "names", "close"):
                self._calls[0] -= 1
                if not self._calls[0]:
                    raise Killed
            result = verb(*arguments)
            return Mortal(result, self._calls) if name == "open" else result

        return call


@pytest.mark.slow
def test_a_kill_and_then_a_power_cut_lose_and_repeat_nothing() -> None:
    """What the killed process renamed is seen by the next one, but not yet safe from a cut."""
    template = filled()
    left = [0]
    for calls in range(1, 200):
        disk, left = template.kill(), [calls]
        journal = open_journal(disk)
        place = SinkPlace(journal.consumer("files"), Mortal(disk, left))
        place.until = lambda place=place: place.steps >= 6
        with suppress(Killed):
            SINK.run(place)
        journal.close()
        assert deliver(disk, 6)
        check(disk.reboot(NOTHING))
        if left[0] > 0:
            break
    assert left[0] > 0


@pytest.mark.parametrize(
    "seed",
    [
        *thorough.spread(range(10), 4),
        *(pytest.param(seed, marks=pytest.mark.slow) for seed in thorough.first(range(10, 400))),
    ],
)
def test_a_sink_killed_at_random_delivers_each_row_once(
    seed: int, channel: Channel, tmp_path: Path
) -> None:
    """The model of `low` and what is ahead of it, against the real sink: three paths, any kill."""
    dice = random.Random(seed)
    rows = 60
    start = 0
    while start < rows:
        size = min(dice.randint(1, 9), rows - start)
        hosts = [dice.choice("abc") for _ in range(size)]
        channel.bodies(*[b"%d" % n for n in range(start, start + size)], host=hosts)
        start += size
    roll = Roll(events=dice.choice([1, 3, 7, None]))
    kinds = [("text", "none"), ("json", "gzip"), ("parquet", "zstd")]
    format_, codec = kinds[seed % 3]
    sink = FileRoll(
        "files",
        directory=tmp_path / "out",
        path="%{host}",
        max_open=dice.choice([1, 2, 3]),
        roll=roll,
        format=format_,
        codec=codec,
        workers=dice.choice([1, 3]),
    )
    for _ in range(dice.randint(1, 6)):
        killed_while(channel, sink, dice)
    place = SinkPlace(channel.consumer(), TroubledDisk())
    place.until = lambda: place.steps >= 70
    sink.run(place)

    files = [p for p in (tmp_path / "out").rglob("*") if p.is_file()]
    assert not [path for path in files if ".flumec" in path.parts]
    contents = [[int(body) for body in bodies(path.read_bytes(), sink)] for path in files]
    assert sorted(number for numbers in contents for number in numbers) == list(range(rows))
    assert (channel.cursor.low, dict(channel.cursor.ahead)) == (rows, {})
    assert channel.delivered == rows
    assert all(numbers == sorted(numbers) for numbers in contents)


def killed_while(channel: Channel, sink: FileRoll, dice: random.Random) -> None:
    """Run a sink that is killed before a random call of its disk or of its clock."""
    disk = TroubledDisk()
    place = SinkPlace(channel.consumer(), disk)
    left = dice.randint(1, 80)

    def may_die(verb: str = "look") -> bool:
        nonlocal left
        left -= 1
        if left <= 0:
            raise Killed
        if verb == "sync" and dice.random() < 0.2:
            raise OSError(errno.EIO, "rotten")
        if dice.random() < 0.1:
            place.clock.advance(dice.choice([1, 200, 400]))
        return False

    disk.before = may_die
    place.until = may_die
    with pytest.raises(Killed):
        sink.run(place)


def test_a_process_that_was_taken_over_stops_and_publishes_nothing(
    channel: Channel, tmp_path: Path
) -> None:
    channel.bodies(b"a", b"b", host=["x", "y"])
    sink = FileRoll("files", directory=tmp_path / "out", path="%{host}")
    zombie = SinkPlace(channel.consumer(), TroubledDisk())
    heir_done: list[bool] = []

    def take_over() -> bool:
        if zombie.steps == 3 and not heir_done:
            heir_done.append(True)
            heir = SinkPlace(channel.consumer(), TroubledDisk())
            heir.until = lambda: heir.steps >= 3
            sink.run(heir)
        return zombie.steps >= 4

    zombie.until = take_over
    sink.run(zombie)

    contents = [p.read_text() for p in (tmp_path / "out").rglob("*") if p.is_file()]
    assert sorted(contents) == ["a\n", "b\n"]
    assert "taken over by epoch 02000000" in zombie.failures[-1]


def test_an_intent_waits_while_its_disk_is_not_mounted(channel: Channel, tmp_path: Path) -> None:
    channel.bodies(b"a")
    sink = FileRoll("files", directory=tmp_path / "out")
    die_before(channel, sink, "rename", lambda: bool(channel.intents))
    (tmp_path / "out").rename(tmp_path / "unmounted")
    place = SinkPlace(channel.consumer(), TroubledDisk())
    place.until = lambda: place.steps >= 3
    waits: list[float] = []

    def mount(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            (tmp_path / "unmounted").rename(tmp_path / "out")

    place.waited = mount
    sink.run(place)

    assert "is the disk mounted?" in place.failures[0]
    assert [p.read_text() for p in (tmp_path / "out").glob("*.log")] == ["a\n"]
    assert channel.delivered == 1


def test_a_published_file_that_was_taken_away_is_not_written_again(
    channel: Channel, tmp_path: Path
) -> None:
    channel.bodies(b"a")
    sink = FileRoll("files", directory=tmp_path / "out")
    die_before(channel, sink, "sync_directory", lambda: any((tmp_path / "out").glob("*.log")))
    for path in (tmp_path / "out").glob("*.log"):
        path.rename(tmp_path / "loaded")
    assert len(channel.intents) == 1

    place = SinkPlace(channel.consumer(), TroubledDisk())
    place.until = lambda: place.steps >= 3
    sink.run(place)

    assert (tmp_path / "loaded").read_text() == "a\n"
    assert list((tmp_path / "out").glob("*.log")) == []
    assert (channel.delivered, channel.intents) == (1, [])


def die_before(
    channel: Channel, sink: FileRoll, verb: str, when: Callable[[], bool] = lambda: True
) -> None:
    """Kill the sink before it calls the verb."""
    disk = TroubledDisk()
    place = SinkPlace(channel.consumer(), disk)
    place.until = lambda: place.steps >= 3

    def before(called: str) -> None:
        if called == verb and when():
            raise Killed

    disk.before = before
    with pytest.raises(Killed):
        sink.run(place)
