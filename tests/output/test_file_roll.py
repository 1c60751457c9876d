"""file_roll writes each event's line into exactly one file, and each file appears whole."""

import errno
import re
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pytest
from flumec.runtime.batch import constant
from flumec.runtime.component import Duration, Size
from flumec.runtime.sinks import FileRoll
from flumec.runtime.sinks.filing import Roll

from .conftest import Channel, Hidden, Published, Start, TroubledDisk


def lines(files: dict[str, bytes]) -> list[bytes]:
    return sorted(line for content in files.values() for line in content.splitlines())


def test_events_become_lines_of_one_file(
    channel: Channel, place: Start, published: Published, hidden: Hidden, tmp_path: Path
) -> None:
    channel.bodies(b"one", b"two")
    channel.bodies(b"", b"three\r\nand a half")

    FileRoll("files", directory=tmp_path / "out").run(place())

    assert published() == {
        "core-1.example.com.collector.files.000000000000-000000000003.010000.log": (
            b"one\ntwo\n\nthree\r\nand a half\n"
        )
    }
    assert channel.cursor.low == 4
    assert channel.cursor.ahead == {}
    assert channel.delivered == 4
    assert hidden() == []


def test_bodies_that_bring_their_newlines_get_no_other(
    channel: Channel, place: Start, published: Published, tmp_path: Path
) -> None:
    channel.bodies(b"one\n", b"two\n")
    FileRoll("files", directory=tmp_path / "out", newline=False, suffix=".txt").run(place())

    ((name, content),) = published().items()
    assert name.endswith(".txt")
    assert content == b"one\ntwo\n"


def test_nothing_is_seen_before_it_is_rolled(
    channel: Channel, place: Start, published: Published, hidden: Hidden, tmp_path: Path
) -> None:
    channel.bodies(b"one")
    here = place(steps=10)
    seen = []
    here.until = lambda: seen.append(published()) or here.steps >= 5

    FileRoll("files", directory=tmp_path / "out").run(here)

    assert seen[-1] == {}
    assert lines(published()) == [b"one"]


@pytest.mark.parametrize(
    ("roll", "contents"),
    [
        (Roll(events=2), ["aa", "aa", "a"]),
        (Roll(size=Size("4B")), ["aa", "aa", "a"]),
        (Roll(size=Size("5B")), ["aaa", "aa"]),
        (Roll(size=Size("1B")), ["a"] * 5),
        (Roll(size=Size("1B"), events=3), ["a"] * 5),
        (Roll(), ["aaaaa"]),
    ],
)
def test_files_are_rolled_by_size_and_count(
    channel: Channel,
    place: Start,
    published: Published,
    tmp_path: Path,
    roll: Roll,
    contents: list[str],
) -> None:
    channel.bodies(b"a", b"a", b"a")
    channel.bodies(b"a", b"a")

    FileRoll("files", directory=tmp_path / "out", roll=roll).run(place(steps=5))

    found = [content.decode().replace("\n", "") for content in published().values()]
    assert found == contents
    rows = [re.search(r"\.(\d{12})-(\d{12})\.", name) for name in published()]
    ends = [(int(m[1]), int(m[2])) for m in rows if m]
    assert ends[0][0] == 0
    assert ends[-1][1] == 4
    assert all(a[1] + 1 == b[0] for a, b in pairwise(ends))


@pytest.mark.parametrize(
    ("roll", "passes", "rolled"),
    [
        (Roll(every=Duration("1m")), 59, False),
        (Roll(every=Duration("1m")), 60, True),
        (Roll(every=Duration("1m"), idle=Duration("10s")), 9, False),
        (Roll(every=Duration("1m"), idle=Duration("10s")), 10, True),
    ],
)
def test_files_are_rolled_by_time(
    channel: Channel, place: Start, published: Published, tmp_path: Path,
    roll: Roll, passes: int, rolled: bool,
) -> None:  # fmt: skip
    channel.bodies(b"one")
    here = place()
    seen = []

    def stop() -> bool:
        if here.steps == 2:
            here.clock.advance(passes)
        seen.append(bool(published()))
        return here.steps >= 4

    here.until = stop
    FileRoll("files", directory=tmp_path / "out", roll=roll).run(here)

    assert seen[-1] is rolled
    assert here.idling or not rolled


def test_an_event_puts_off_idleness(
    channel: Channel, place: Start, published: Published, tmp_path: Path
) -> None:
    channel.bodies(b"1")
    here = place()

    def stop() -> bool:
        here.clock.advance(6)
        if here.steps in (2, 3, 4):
            channel.bodies(b"more")
        return here.steps >= 6 or bool(published())

    here.until = stop
    FileRoll("files", directory=tmp_path / "out", roll=Roll(idle=Duration("10s"))).run(here)

    assert lines(published()) == [b"1", b"more", b"more", b"more"]
    assert len(published()) == 1


def test_each_path_has_a_file_of_its_own(
    channel: Channel, place: Start, published: Published, hidden: Hidden, tmp_path: Path
) -> None:
    hosts = ["web-1", "web-2", "web-1", None]
    stamps = ["1795344000000", "1795344000000", "1795430400000", "no number"]
    channel.bodies(b"a", b"b", b"c", b"d", host=hosts, timestamp=stamps)

    FileRoll("files", directory=tmp_path / "out", path="%Y/%m-%d/%{host}").run(place())

    folders = {str(Path(name).parent): content for name, content in published().items()}
    assert folders == {
        "2026/11-22/web-1": b"a\n",
        "2026/11-22/web-2": b"b\n",
        "2026/11-23/web-1": b"c\n",
        "2026/11-22/_": b"d\n",
    }
    assert hidden() == []
    assert channel.delivered == 4


def test_the_path_written_to_longest_ago_makes_room(
    channel: Channel, place: Start, published: Published, tmp_path: Path
) -> None:
    channel.bodies(*[b"x"] * 6, host=list("abacab"))
    channel.bodies(*[b"y"] * 6, host=list("abcdea"))
    here = place()
    sink = FileRoll("files", directory=tmp_path / "out", path="%{host}", max_open=2)

    sink.run(here)

    assert here.counters.gauges["open_files"] <= 2
    assert lines(published()) == [b"x"] * 6 + [b"y"] * 6
    assert channel.cursor.low == 12
    assert channel.delivered == 12


def test_far_more_paths_than_may_be_open_come_in_one_batch(
    channel: Channel, place: Start, published: Published, tmp_path: Path
) -> None:
    rows = 600
    channel.bodies(*[b"%d" % n for n in range(rows)], host=[f"h{n % 150}" for n in range(rows)])
    sink = FileRoll("files", directory=tmp_path / "out", path="%{host}", max_open=16)

    sink.run(place(TroubledDisk()))

    assert lines(published()) == sorted(b"%d" % n for n in range(rows))
    assert len({Path(name).parent for name in published()}) == 150


def test_a_path_that_holds_a_crowded_channel_is_rolled(
    channel: Channel, place: Start, published: Published, tmp_path: Path
) -> None:
    channel.size = 4_000
    channel.bodies(b"rare", host=["quiet"])
    here = place()
    here.until = lambda: here.steps >= 30

    def feed(_: int = 0) -> bool:
        if channel.fullness < 1 and channel.end < 40:
            channel.bodies(b"x", host=["busy"])
        return here.steps >= 60

    here.until = feed
    FileRoll("files", directory=tmp_path / "out", path="%{host}").run(here)

    assert channel.end == 40
    assert lines(published()) == [b"rare"] + [b"x"] * 39
    assert here.counters.counts["early_rolls"] > 0


def test_a_backlog_is_not_rolled_into_small_pieces(
    channel: Channel, place: Start, published: Published, tmp_path: Path
) -> None:
    channel.size = 1_000
    for _ in range(20):
        channel.bodies(b"x")

    FileRoll("files", directory=tmp_path / "out").run(place(steps=19))

    assert len(published()) == 1


@pytest.mark.parametrize("verb", ["open", "write", "make_directory", "rename", "sync_directory"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EACCES])
def test_trouble_is_told_waited_for_and_loses_nothing(
    channel: Channel, place: Start, published: Published, hidden: Hidden, tmp_path: Path,
    verb: str, number: int,
) -> None:  # fmt: skip
    channel.bodies(b"one", b"two", host=["a", "b"])
    disk = TroubledDisk()
    disk.trouble = {verb: number}
    here = place(disk)
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 5:
            disk.trouble = {}

    here.waited = wait
    sink = FileRoll("files", directory=tmp_path / "out", path="%{host}", roll=Roll(events=1))
    sink.run(here)

    assert sorted(published().values()) == [b"one\n", b"two\n"]
    assert hidden() == []
    assert channel.delivered == 2
    assert len(waits) == 5
    assert waits[4] > waits[0]
    assert [bool(reason) for reason in here.failures] == [True] * 5 + [False]
    assert f"cannot write `{tmp_path}" in here.failures[0]
    remedies = {
        errno.ENOSPC: "the disk is full: make room",
        errno.EIO: "the disk reports an error: look at the kernel's log",
        errno.EACCES: "permission denied: let the agent's user write there",
    }
    assert remedies[number] in here.failures[0]


def test_after_a_failed_sync_the_rows_are_written_again(
    channel: Channel, place: Start, published: Published, hidden: Hidden, tmp_path: Path
) -> None:
    channel.bodies(b"one", b"two", b"three", host=["a", "b", "a"])
    disk = TroubledDisk()
    here = place(disk)
    here.until = lambda: here.steps >= 6
    failed: list[int] = []

    def sync_fails_once(verb: str) -> None:
        if verb == "sync" and not failed:
            failed.append(here.steps)
            raise OSError(errno.EIO, "rotten", "x")

    disk.before = sync_fails_once
    FileRoll("files", directory=tmp_path / "out", path="%{host}", roll=Roll(events=2)).run(here)

    assert failed
    assert sorted(published().values()) == [b"one\nthree\n", b"two\n"]
    assert hidden() == []
    assert channel.delivered == 3


def test_stopping_while_the_disk_fails_leaves_everything_for_the_next_start(
    channel: Channel, place: Start, published: Published, hidden: Hidden, tmp_path: Path
) -> None:
    channel.bodies(b"one")
    disk = TroubledDisk()
    disk.before = lambda verb: disk.trouble.update(
        {"rename": errno.ENOSPC} if channel.intents else {}
    )
    sink = FileRoll("files", directory=tmp_path / "out")
    sink.run(place(disk))
    assert (published(), channel.delivered) == ({}, 0)
    assert len(channel.intents) == 1

    sink.run(place())

    assert lines(published()) == [b"one"]
    assert hidden() == []
    assert (channel.delivered, channel.intents) == (1, [])


def test_a_name_that_somebody_took_is_never_overwritten(
    channel: Channel, place: Start, published: Published, tmp_path: Path
) -> None:
    channel.bodies(b"one")
    name = "core-1.example.com.collector.files.000000000000-000000000000.010000.log"
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_bytes(b"theirs")
    here = place()
    waits = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            (tmp_path / "out" / name).rename(tmp_path / "theirs")

    here.waited = wait
    FileRoll("files", directory=tmp_path / "out", roll=Roll(events=1)).run(here)

    assert published() == {name: b"one\n"}
    assert "exists, and is not ours: move it away" in here.failures[0]
    assert (tmp_path / "theirs").read_bytes() == b"theirs"


def test_a_constant_path_is_found_without_looking_at_rows(
    channel: Channel, place: Start, published: Published, tmp_path: Path
) -> None:
    batch = pa.record_batch(
        {
            "body": pa.array([b"a", b"b"], pa.binary()),
            "h.host": constant("web-1", 2),
            "h.timestamp": constant("1795344000123", 2),
        }
    )
    channel.put(batch)
    FileRoll("files", directory=tmp_path / "out", path="%{host}/%Y-%m-%d").run(place())

    assert [Path(name).parent for name in published()] == [Path("web-1/2026-11-22")]


@pytest.mark.parametrize("suffix", ["\0", "a/b", ".log\n", ".\x9b", "€" * 11])
def test_a_suffix_that_no_file_can_have_is_refused(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(ValueError, match="at most 32 bytes of printable characters"):
        FileRoll("files", directory=tmp_path, suffix=suffix)
