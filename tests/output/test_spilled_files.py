"""Files of several buckets from a channel that spills, whatever operation a crash comes before."""

from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import thorough
from flumec.runtime.batch import encode
from flumec.runtime.component import Header
from flumec.runtime.journal import ChannelSpec, ConsumerSpec, Identity, Journal, JournalFailed
from flumec.runtime.journal.records import ChannelStats, Frame, Put, Stored
from flumec.runtime.sinks import FileRoll
from flumec.runtime.sinks.dedup import Dedup
from flumec.runtime.sinks.filing import Roll
from flumec.runtime.testing import (
    EVERYTHING,
    NOTHING,
    CrashDisk,
    LeapingClock,
    PowerCut,
    Survival,
)
from spooled import OUT, STATE, files

from .conftest import SinkPlace

SINK = FileRoll("files", directory=OUT, path="%{host}", max_open=4, roll=Roll(events=2))
ONCE = replace(SINK, dedup=Dedup(key=Header("id"), late="drop"))
PUTS = ["aab", "bac", "cc", "ab", "b", "acb"]


def body(hosts: str) -> pa.Buffer:
    bodies = [f"{host}{n}".encode() for n, host in enumerate(hosts)]
    columns = {"body": pa.array(bodies, pa.binary()), "h.host": pa.array(list(hosts))}
    return encode(pa.record_batch(columns))


ROOM = 2 * body("abc").size
SPILL = ChannelSpec("spool", 20 * ROOM, durable=True, memory=ROOM)


def open_journal(disk: CrashDisk) -> Journal:
    disk.make_directory(STATE)
    disk.make_directory(OUT)
    return Journal.open(
        STATE / "journal", disk=disk, clock=LeapingClock(),
        identity=Identity("core-1", "collector", "1", "bundle"), channels=[SPILL], sources=[],
        consumers=[ConsumerSpec("files", "spool")], segment_size=1 << 14,
    )  # fmt: skip


@dataclass
class Lives:
    """A channel and its sink through their lives; what was put where."""

    sink: FileRoll = SINK
    put: set[str] = field(default_factory=set)
    safe: set[str] = field(default_factory=set)
    """What lay on disk when it was acknowledged, or at an orderly end."""
    count: int = 0

    def live(self, disk: CrashDisk) -> None:
        """Put, deliver a little, put more, and end in order, twice."""
        for _ in range(2):
            journal = open_journal(disk)
            try:
                for hosts in PUTS[:4]:
                    self._put(journal, hosts)
                deliver(journal, disk, 3, self.sink)
                for hosts in PUTS[4:]:
                    self._put(journal, hosts)
                deliver(journal, disk, 2, self.sink)
            finally:
                journal.close()
            self.safe |= self.put

    def _put(self, journal: Journal, hosts: str) -> None:
        names = [f"{host}{self.count:03}{n}" for n, host in enumerate(hosts)]
        self.count += 1
        columns = {
            "body": pa.array([name.encode() for name in names], pa.binary()),
            "h.host": pa.array(list(hosts)),
            "h.id": pa.array([id_of(name) for name in names]),
        }
        frame = Frame(("spool",), len(hosts), encode(pa.record_batch(columns)))
        before = journal.stats()["spool"].in_memory
        self.put |= set(names)
        assert isinstance(journal.submit(Put((frame,))).result(), Stored)
        if journal.stats()["spool"].in_memory == before:
            self.safe |= set(names)


def id_of(body: str) -> str:
    """Return an event's id: each comes once in each of two lives."""
    return f"{body[0]}{int(body[1:4]) % len(PUTS)}{body[4:]}"


def deliver(journal: Journal, disk: CrashDisk, steps: int, sink: FileRoll) -> None:
    place: Any = SinkPlace(journal.consumer("files"), disk)
    place.journal, place.state = journal, STATE
    place.until = lambda: disk.dead or place.steps >= steps
    sink.run(place)


def finish(disk: CrashDisk, sink: FileRoll = SINK) -> ChannelStats:
    """Start again and deliver all that is there."""
    journal = open_journal(disk)
    deliver(journal, disk, 30, sink)
    stats = journal.stats()["spool"]
    assert not journal.consumer("files").intents
    journal.close()
    return stats


def published(disk: CrashDisk) -> list[str]:
    """Return the lines, each file's in order, each host's files in the order of their names."""
    found: dict[Path, list[str]] = {}
    for path in files(disk, OUT):
        lines = disk.content(path).decode().splitlines()
        assert lines == sorted(lines), "in order"
        found[path] = lines
    return [line for path in sorted(found) for line in found[path]]


def test_undisturbed_all_arrive_once() -> None:
    disk, lives = CrashDisk(), Lives()
    lives.live(disk)
    stats = finish(disk)
    assert sorted(published(disk)) == sorted(lives.put)
    assert lives.safe == lives.put
    assert (stats.put, stats.delivered, stats.held) == (len(lives.put), len(lives.put), 0)


CUTS = pytest.mark.parametrize(
    ("survival", "cuts"),
    [
        pytest.param(survival, slice(first, None, step), id=f"{name}, {which}", marks=marks)
        for which, step, marks in (
            ("each 293rd", 293, ()),
            ("each 97th", 97, pytest.mark.slow),
            ("each", thorough.step(), pytest.mark.slow),
        )
        for first, (name, survival) in enumerate(
            {
                "nothing unsynced survives": NOTHING,
                "the process was killed": EVERYTHING,
                "half survives, torn": Survival(0.5, 0.5, "any", torn=True, seed=7),
            }.items()
        )
    ],
)


@pytest.mark.timeout(600)
@CUTS
def test_a_cut_takes_what_was_in_memory_and_doubles_nothing(
    survival: Survival, cuts: slice
) -> None:
    whole = CrashDisk()
    Lives().live(whole)
    for cut in range(1, whole.operations + 1)[cuts]:
        disk, lives = CrashDisk(cut_at=cut), Lives()
        with suppress(PowerCut, JournalFailed):
            lives.live(disk)
        disk = disk.reboot(survival)
        stats = finish(disk)
        lines = published(disk)
        assert len(lines) == len(set(lines)), f"doubled, cut before {cut}"
        assert lives.safe <= set(lines) <= lives.put, f"lost, cut before {cut}"
        assert stats.held == 0
        assert stats.put == stats.delivered + stats.dropped
        assert stats.delivered <= len(lines), "what went through memory alone may be in no count"


@pytest.mark.timeout(600)
@CUTS
def test_copies_are_left_out_whatever_was_in_memory(survival: Survival, cuts: slice) -> None:
    whole = CrashDisk()
    Lives(ONCE).live(whole)
    for cut in range(1, whole.operations + 1)[cuts]:
        disk, lives = CrashDisk(cut_at=cut), Lives(ONCE)
        with suppress(PowerCut, JournalFailed):
            lives.live(disk)
        disk = disk.reboot(survival)
        stats = finish(disk, ONCE)
        ids = [id_of(line) for line in published(disk)]
        assert len(ids) == len(set(ids)), f"written twice, cut before {cut}"
        assert {id_of(line) for line in lives.safe} <= set(ids), f"lost, cut before {cut}"
        assert stats.held == 0
        assert stats.put == stats.delivered + stats.dropped
