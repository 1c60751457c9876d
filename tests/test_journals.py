"""Several journals in an agent: what a put spans, where positions live, and every crash between."""

import errno
import os
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from unittest.mock import patch

import pyarrow as pa
import pytest
from flumec.runtime.agent import Agent, WiringError
from flumec.runtime.channels import File, Memory
from flumec.runtime.clock import SystemClock
from flumec.runtime.component import Ref, Secret
from flumec.runtime.disk import Disk
from flumec.runtime.errors import StartError
from flumec.runtime.journal import Identity, JournalFailed, StateError
from flumec.runtime.journal.records import Frame, Full, Outcome, Progress, Put, Stored
from flumec.runtime.journal_settings import Journal
from flumec.runtime.journals import Journals
from flumec.runtime.keeping import layout, open_journals
from flumec.runtime.quantity import Size
from flumec.runtime.sinks import Null
from flumec.runtime.sources import Seq
from flumec.runtime.testing import EVERYTHING, NOTHING, CrashDisk, PowerCut, Survival
from flumec.runtime.testing.crash_disk import CrashFile

STATE = Path("/state")
PATIENCE = 20.0
ROOM = Size("1MiB")


def two(fast: str | None = "fast", *, first: str = "spool") -> Agent:
    """Return an agent whose source feeds a channel in each of two journals, and one in memory."""
    agent = Agent("a", host="web-1", address="127.0.0.1")
    agent.keep(Journal("fast"))
    spool = File("spool", size=ROOM)
    copy = File("copy", size=ROOM, journal=None if fast is None else Ref(fast))
    channels = [spool, copy] if first == "spool" else [copy, spool]
    agent.flow(Seq("numbers"), to=channels)
    for channel in (spool, copy):
        agent.deliver(channel, Null(f"reads_{channel.name}"))
    return agent


def opened(agent: Agent, disk: Disk) -> Journals:
    return open_journals(
        agent, STATE, disk=disk, clock=SystemClock(), identity=Identity("web-1", "a", "1", "0"),
        segment_size=16 << 10,
    )  # fmt: skip


@pytest.fixture
def disk() -> Iterator[CrashDisk]:
    made = CrashDisk()
    made.make_directory(STATE)
    yield made
    made.dead = True


def number(journals: Journals, count: int, *channels: str, wait: bool = False) -> Outcome:
    """Put one row, which moves the source's position by one."""
    start = str(count).encode() if count else b""
    frame = Frame(channels, 1, pa.py_buffer(b"row %03d" % count))
    put = Put((frame,), (Progress("numbers", b"file", start, str(count + 1).encode()),))
    return journals.submit("numbers", put, wait=wait).result(PATIENCE)


def rows(journals: Journals, channel: str) -> list[int]:
    consumer = journals.of(channel).consumer(f"reads_{channel}")
    consumer.seek(consumer.cursor.low)
    found: list[int] = []
    while chunks := consumer.read(0):
        found += [int(bytes(chunk.body)[4:]) for chunk in chunks]
    return found


def position(journals: Journals) -> int:
    known = journals.positions("numbers").get(b"file")
    return int(known.to) if known else 0


def test_each_journal_has_its_directory_and_channels(disk: CrashDisk) -> None:
    journals = opened(two(), disk)
    for count in range(3):
        assert isinstance(number(journals, count, "spool", "copy"), Stored)
    assert rows(journals, "spool") == rows(journals, "copy") == [0, 1, 2]
    assert position(journals) == 3
    assert set(journals.balances()) == {"spool", "copy"}
    assert journals.of("spool") is not journals.of("copy")
    journals.close()
    assert {name for name in disk.names(STATE) if name.startswith("journal")} == {
        "journal", "journal-fast",
    }  # fmt: skip


def test_a_full_channel_leaves_nothing_in_the_other_journal(disk: CrashDisk) -> None:
    journals = opened(two(), disk)
    journals.of("copy").submit(Put((Frame(("copy",), 1, pa.py_buffer(b"x" * (1 << 20))),))).result()
    assert number(journals, 0, "spool", "copy") == Full("copy")
    assert rows(journals, "spool") == []
    assert position(journals) == 0
    assert journals.of("spool").consumer("reads_spool").fullness == 0, "its room is given back"
    journals.close()


def three() -> Agent:
    """Return the same with a third journal."""
    agent = two()
    agent.keep(Journal("slow"))
    more = File("more", size=ROOM, journal=Ref("slow"))
    agent.flow(agent.sources[0], to=[more])
    agent.deliver(more, Null("reads_more"))
    return agent


@pytest.mark.parametrize(
    ("agent", "away"),
    [
        (two(), "journal"),
        (three(), "journal"),
        (three(), "journal-fast"),
        (three(), "journal-slow"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{len(value.channels)}",
)
def test_a_full_disk_leaves_nothing_to_be_put_anew(
    agent: Agent, away: str, disk: CrashDisk
) -> None:
    """What one journal has is stored by the others as soon as they have room, and put once."""
    allocate, full = CrashFile.allocate, False
    channels = tuple(channel.name for channel in agent.channels)

    def allocated(file: CrashFile, size: int) -> None:
        if full and file._path.parent.name == away:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        allocate(file, size)

    with patch.object(CrashFile, "allocate", allocated):
        journals = opened(agent, disk)
        full = True
        frame = Frame(channels, 1, pa.py_buffer(b"row" + bytes(12 << 10)))
        futures: list[Future[Outcome]] = []
        while not (futures and isinstance(_answer(futures[-1]), Full)):
            count = len(futures)
            start = str(count).encode() if count else b""
            put = Put((frame,), (Progress("numbers", b"file", start, str(count + 1).encode()),))
            futures.append(journals.submit("numbers", put))
        full = False
        stored = [future.result(PATIENCE) for future in futures[:-1]]
    assert stored
    assert all(isinstance(outcome, Stored) for outcome in stored)
    assert position(journals) == len(stored)
    for channel in channels:
        consumer = journals.of(channel).consumer(f"reads_{channel}")
        assert sum(chunk.rows for chunk in consumer.read(0)) == len(stored), channel
    journals.close()


def _answer(future: "Future[Outcome]") -> Outcome | None:
    """Return what comes at once, or soon."""
    with suppress(TimeoutError):
        return future.result(0.3)
    return None


def test_puts_that_span_and_puts_that_do_not_keep_their_order(disk: CrashDisk) -> None:
    journals = opened(two(), disk)
    futures = []
    for count in range(40):
        channels = [("spool", "copy"), ("spool",), ("copy",)][count % 3]
        start = str(count).encode() if count else b""
        frame = Frame(channels, 1, pa.py_buffer(b"row %03d" % count))
        put = Put((frame,), (Progress("numbers", b"file", start, str(count + 1).encode()),))
        futures.append(journals.submit("numbers", put))
    assert all(isinstance(future.result(PATIENCE), Stored) for future in futures)
    assert rows(journals, "spool") == [n for n in range(40) if n % 3 != 2]
    assert rows(journals, "copy") == [n for n in range(40) if n % 3 != 1]
    assert position(journals) == 40
    journals.close()


@pytest.mark.parametrize(
    ("survival", "stride"),
    [
        (NOTHING, 3),
        *(
            pytest.param(survival, 1, marks=pytest.mark.slow)
            for survival in (NOTHING, EVERYTHING, Survival(0.5, 1.0))
        ),
    ],
    ids=["nothing, one in 3", "nothing", "everything", "half"],
)
def test_a_crash_anywhere_loses_nothing(survival: Survival, stride: int) -> None:
    def script(disk: CrashDisk, done: list[int]) -> None:
        journals = opened(two(), disk)
        for count in range(4):
            assert isinstance(number(journals, count, "spool", "copy"), Stored)
            done.append(count)
        journals.close()

    def fresh() -> CrashDisk:
        disk = CrashDisk()
        disk.make_directory(STATE)
        return disk

    whole = fresh()
    before = whole.operations
    script(whole, [])
    repeated = 0
    for cut in range(1, whole.operations - before + 1, stride):
        disk, done = fresh(), list[int]()
        disk.cut_at = disk.operations + cut
        with suppress(PowerCut, JournalFailed):
            script(disk, done)
        journals = opened(two(), disk.reboot(survival))
        at = position(journals)
        assert len(done) <= at <= len(done) + 1
        number(journals, at, "spool", "copy")  # as the source does, from its stored position
        spool, copy = rows(journals, "spool"), rows(journals, "copy")
        assert spool == list(range(at + 1)), "at home rows and position are one"
        assert sorted(set(copy)) == list(range(at + 1)), "nothing is lost"
        assert len(copy) - at - 1 <= 1
        repeated += len(copy) - at - 1
        journals.close()
    assert repeated, "which is why lint says so"


def test_positions_move_with_the_source(disk: CrashDisk) -> None:
    only = Agent("a", host="web-1", address="127.0.0.1")
    only.keep(Journal("fast"))
    copy = File("copy", size=ROOM, journal=Ref("fast"))
    only.flow(Seq("numbers"), to=copy)
    only.deliver(copy, Null("reads_copy"))
    journals = opened(only, disk)
    number(journals, 0, "copy")
    journals.close()
    for agent, where in ((two(), "spool"), (only, "copy"), (two(None), "spool")):
        journals = opened(agent, disk)
        assert position(journals) == 1
        assert journals.of(where).positions("numbers")
        others = {"spool", "copy"} & set(journals.balances()) - {where}
        assert all(
            journals.of(name) is journals.of(where) or not journals.of(name).positions("numbers")
            for name in others
        )
        journals.close()


def test_what_a_channel_left_in_another_journal_is_shown(disk: CrashDisk) -> None:
    journals = opened(two(), disk)
    number(journals, 0, "spool", "copy")
    journals.close()
    journals = opened(two(None), disk)
    assert {name: stats.held for name, (_, stats) in journals.balances().items()} == {
        "spool": 1, "copy": 0, "copy (fast)": 1,
    }  # fmt: skip
    assert {name: place for name, (place, _) in journals.balances().items()} == {
        "spool": ("spool", "default"), "copy": ("copy", "default"),
        "copy (fast)": ("copy", "fast"),
    }  # fmt: skip
    journals.close()


def test_a_memory_channel_lies_where_no_put_spans_two_journals() -> None:
    agent = Agent("a", host="web-1", address="127.0.0.1")
    agent.keep(Journal("fast"))
    live, audit = Memory("live"), File("audit", journal=Ref("fast"))
    agent.flow(Seq("numbers"), to=[live, audit])
    found = layout(agent)
    assert found.channels == {"audit": "fast", "live": "fast"}
    assert found.homes == {"numbers": "fast"}
    assert not found.spanning


def test_the_home_of_several_is_the_default_one_else_the_first() -> None:
    assert layout(two(first="copy")).homes == {"numbers": "default"}
    agent = Agent("a", host="web-1", address="127.0.0.1")
    for name in ("one", "two"):
        agent.keep(Journal(name))
    agent.flow(Seq("numbers"), to=[File("b", journal=Ref("two")), File("a", journal=Ref("one"))])
    assert layout(agent).homes == {"numbers": "one"}
    with pytest.raises(WiringError, match="the journal `one` is named twice"):
        agent.keep(Journal("one"))


def test_a_secret_is_read_from_the_hosts_credentials(tmp_path: Path) -> None:
    from flumec.runtime.disk import RealDisk

    agent = two()
    agent.journals["fast"] = Journal(
        "fast", encryption=Secret("key"), compression="lz4", directory=tmp_path / "fast"
    )

    def start(environment: dict[str, str]) -> Journals:
        return open_journals(
            agent, tmp_path / "state", disk=RealDisk(), clock=SystemClock(),
            identity=Identity("web-1", "a", "1", "0"), environment=environment,
        )  # fmt: skip

    with pytest.raises(StartError, match="the secret `key` is needed"):
        start({})
    (tmp_path / "key").write_text("short\n")
    with pytest.raises(
        StateError, match=r"^secret `key`: .* has 5 characters .*openssl rand -hex 32"
    ):
        start({"CREDENTIALS_DIRECTORY": str(tmp_path)})
    (tmp_path / "key").write_text("0123456789abcdef" * 4 + "\n")
    journals = start({"CREDENTIALS_DIRECTORY": str(tmp_path)})
    number(journals, 0, "spool", "copy")
    journals.close()
    assert b"row 000" in b"".join(p.read_bytes() for p in (tmp_path / "state").rglob("*.seg"))
    assert b"row 000" not in b"".join(p.read_bytes() for p in (tmp_path / "fast").rglob("*.seg"))
    (tmp_path / "key").write_text("fedcba9876543210" * 4 + "\n")
    with pytest.raises(StateError, match="is not given"):
        start({"CREDENTIALS_DIRECTORY": str(tmp_path)})
