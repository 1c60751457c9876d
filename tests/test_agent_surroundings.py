"""What a component finds around it: puts counted by their outcome, reads that are watched."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from flumec.runtime import Agent, Size
from flumec.runtime.channels import File, Memory
from flumec.runtime.clock import SystemClock
from flumec.runtime.component import Channel
from flumec.runtime.disk import DiskFile, Mode, RealDisk
from flumec.runtime.drain import _caught_up
from flumec.runtime.journal import Identity
from flumec.runtime.journal.records import Cursor, Full, Progress, Refused, Stored
from flumec.runtime.keeping import open_journals
from flumec.runtime.sinks import Null
from flumec.runtime.site import Site
from flumec.runtime.sockets import Sockets
from flumec.runtime.sources import Seq
from flumec.runtime.staff import Staff
from flumec.runtime.surroundings import ConsumerSurroundings, SourceSurroundings


class Setting:
    """An agent of a source, a channel and a sink, none of which runs by itself."""

    def __init__(self, folder: Path, channel: Channel) -> None:
        agent = Agent("tailer", host="web-1", address="127.0.0.1")
        agent.flow(Seq("numbers"), to=channel)
        agent.deliver(channel, Null("out"))
        self.journals = open_journals(
            agent,
            folder,
            disk=RealDisk(),
            clock=SystemClock(),
            identity=Identity("web-1", "tailer", "1", "0"),
        )
        self.journal = self.journals.of(channel.name)
        self.site = Site(
            "tailer", "web-1", "127.0.0.1", folder, SystemClock(), RealDisk(), Sockets({}),
            self.journals,
        )  # fmt: skip
        self.news = 0
        self.staff = Staff(agent, self.site, self.tell)
        self.sink, self.source = self.staff.workers
        self.into = SourceSurroundings(self.site, self.source, (), agent.flows)
        self.out = ConsumerSurroundings(self.site, self.sink)

    def tell(self) -> None:
        self.news += 1

    @property
    def counts(self) -> dict[str, int]:
        return self.source.tally.counts


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[[Channel], Setting]]:
    made: list[Setting] = []

    def setting(channel: Channel) -> Setting:
        made.append(Setting(tmp_path, channel))
        return made[-1]

    yield setting
    for each in made:
        each.journal.close()


Make = Callable[[Channel], Setting]


def batch(rows: int, size: int = 10) -> pa.RecordBatch:
    return pa.record_batch({"body": pa.array([b"x" * size] * rows, pa.binary())})


def test_what_is_accepted_is_what_the_channel_got(make: Make) -> None:
    setting = make(File("spool"))
    outcomes = [setting.into.put(batch(rows)).result(10) for rows in (3, 4)]
    assert all(isinstance(outcome, Stored) for outcome in outcomes)
    assert setting.counts["events_received"] == setting.counts["events_accepted"] == 7
    assert setting.counts["batches_accepted"] == 2
    assert setting.journal.stats()["spool"].put == 7


def test_what_finds_no_room_is_received_and_not_accepted(make: Make) -> None:
    setting = make(Memory("spool", size=Size("64KiB")))
    setting.into.put(batch(1, 60_000)).result(10)
    assert isinstance(setting.into.put(batch(2, 60_000), wait=False).result(10), Full)
    assert (setting.counts["events_received"], setting.counts["events_accepted"]) == (3, 1)
    assert setting.counts["channel_full"] == 1


def test_a_put_that_waits_for_room_ends_when_the_agent_stops(make: Make) -> None:
    setting = make(Memory("spool", size=Size("64KiB")))
    setting.into.put(batch(1, 60_000)).result(10)
    setting.source.stop.set()
    assert isinstance(setting.into.put(batch(1, 60_000), wait=True).result(10), Full)


def test_a_stale_position_is_refused_and_counted(make: Make) -> None:
    setting = make(File("spool"))
    put = (batch(1), [Progress("numbers", b"k", b"", b"1")])
    assert isinstance(setting.into.put(*put).result(10), Stored)
    assert isinstance(setting.into.put(*put).result(10), Refused)
    assert (setting.counts["events_accepted"], setting.counts["puts_refused"]) == (1, 1)
    assert setting.into.positions[b"k"].to == b"1"


def test_reading_is_counted_and_an_empty_read_is_dry(make: Make) -> None:
    setting = make(File("spool"))
    assert setting.out.consumer.read(0.01) == []
    assert setting.sink.dry
    setting.into.put(batch(5)).result(10)
    (chunk,) = setting.out.consumer.read(5)
    assert not setting.sink.dry
    assert setting.sink.tally.counts == {"batches_empty": 1, "events_read": 5, "batches_read": 1}
    setting.out.consumer.advance(Cursor(chunk.end, delivered=5)).result(10)
    stats = setting.journal.stats()["spool"]
    assert (stats.put, stats.delivered, stats.held) == (5, 5, 0)


@pytest.mark.slow
def test_a_read_ends_early_when_the_agent_stops(make: Make) -> None:
    setting = make(File("spool"))
    setting.sink.stop.set()
    began = SystemClock().monotonic()
    assert setting.out.consumer.read(60) == []
    assert SystemClock().monotonic() - began < 30


def test_a_silent_worker_is_overdue_unless_it_waits_for_the_journal(make: Make) -> None:
    setting = make(File("spool"))
    setting.source.passed -= 100
    assert setting.staff.overdue(60).keys() == {"numbers"}
    waiting: Future[None] = Future()
    setting.source.owe(waiting)
    assert setting.staff.overdue(60) == {}
    waiting.set_result(None)
    assert setting.staff.overdue(60).keys() == {"numbers"}
    assert setting.into.stopping is False
    assert setting.staff.overdue(60) == {}


def test_what_came_after_the_last_empty_read_is_waited_for(make: Make) -> None:
    setting = make(Memory("spool"))
    setting.into.put(batch(1)).result(10)
    assert setting.out.consumer.read(5)
    assert not setting.out.consumer.read(0.01)
    durable = {"out": False}
    assert _caught_up(setting.sink, durable)
    setting.into.put(batch(1)).result(10)
    assert not _caught_up(setting.sink, durable)
    setting.sink.idle = True
    assert not _caught_up(setting.sink, durable)
    assert setting.out.consumer.read(5)
    setting.out.consumer.read(0.01)
    assert _caught_up(setting.sink, durable)


class SlowDisk(RealDisk):
    """A disk on which a file's every call is looked at from within."""

    def __init__(self, during: Callable[[], None]) -> None:
        self.during = during

    def open(self, path: Path, mode: Mode = "read") -> DiskFile:
        file = super().open(path, mode)
        write, sync = file.write, file.sync
        file.write = lambda *given: [self.during(), write(*given)]  # type: ignore[method-assign]
        file.sync = lambda: [self.during(), sync()]  # type: ignore[method-assign]
        return file

    def rename(self, old: Path, new: Path) -> None:
        self.during()
        super().rename(old, new)

    def sync_directory(self, path: Path) -> None:
        self.during()
        super().sync_directory(path)


def test_a_sink_that_waits_for_its_own_slow_disk_is_not_overdue(make: Make, tmp_path: Path) -> None:
    setting = make(File("spool"))
    seen: list[dict[str, float]] = []

    def much_later() -> None:
        setting.sink.passed -= 100
        seen.append(setting.staff.overdue(60))

    disk = ConsumerSurroundings(replace(setting.site, disk=SlowDisk(much_later)), setting.sink).disk
    file = disk.open(tmp_path / "x", "create")
    file.write([b"data"], 0)
    file.sync()
    file.close()
    disk.rename(tmp_path / "x", tmp_path / "y")
    disk.sync_directory(tmp_path)
    assert seen == [{}, {}, {}, {}]
    assert setting.staff.overdue(60) == {}, "what was waited for has passed"


def test_only_a_change_of_idleness_or_of_a_failure_is_news(make: Make) -> None:
    setting = make(File("spool"))
    for _ in range(3):
        setting.into.idle(True)
        setting.out.fail("no route to host")
    assert setting.news == 2
    setting.out.fail("")
    assert setting.news == 3
    assert setting.sink.reading.failing == ""
