"""Files that may not be read, full channels, refused puts, many files and few handles."""

import errno
import logging
import os
import pwd
import resource
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from flumec.runtime.clock import SystemClock
from flumec.runtime.component import Duration, Size
from flumec.runtime.journal.records import Progress, Stored
from flumec.runtime.tail.file import Followed
from flumec.runtime.tail.identity import Identity, Nature, nature
from flumec.runtime.tail.registry import most_handles
from flumec.runtime.tail.watch import Watch

from tests.tail.conftest import Rig

NOBODY = 65534


@pytest.fixture
def shy(request: pytest.FixtureRequest) -> Iterator[Rig]:
    """A rig whose files belong to others: root, where the tests are root, becomes nobody."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    rig = Rig(folder / "logs")
    root = os.geteuid() == 0
    if root:
        os.chown(folder / "logs", NOBODY, NOBODY)
        os.seteuid(NOBODY)
    yield rig
    rig.kill()
    if root:
        os.seteuid(0)
    shutil.rmtree(folder)


def test_a_file_that_may_not_be_read_is_told_with_the_remedy(
    shy: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    shy.write("a.log", b"1\n")
    (shy.folder / "a.log").chmod(0)
    shy.start()
    shy.settle()
    assert shy.lines == []
    assert f"cannot read {shy.folder}/a.log: permission denied" in shy.context.failing
    assert f"u:{pwd.getpwuid(os.geteuid()).pw_name}:r {shy.folder}/a.log" in shy.context.failing
    assert caplog.text.count("cannot read") == 1

    (shy.folder / "a.log").chmod(0o400)
    shy.settle()

    assert shy.lines == [b"1"]
    assert shy.context.failing == ""


def handles() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.slow
@pytest.mark.parametrize("renamed", [False, True])
def test_a_file_that_cannot_be_compared_is_tried_again_and_keeps_no_handle(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, renamed: bool
) -> None:
    rig.write("a.log", b"1\n")
    rig.start()
    rig.settle()
    rig.kill()
    if renamed:
        rig.rename("a.log", "a.log.1")
    rig.write("a.log.1" if renamed else "a.log", b"2\n")

    def rotten(*_: object) -> bool:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as bad:
        bad.setattr(Followed, "is_continued_by", rotten)
        rig.start()
        rig.settle_for(3)
        before = handles()
        rig.settle_for(20)
        assert handles() == before
        assert rig.lines == [b"1"]
    rig.write("b", b"")
    rig.settle()
    assert rig.lines == [b"1", b"2"]


def test_a_directory_that_may_not_be_read_is_told_too(shy: Rig) -> None:
    (shy.folder / "deep").mkdir()
    shy.write("deep/a.log", b"1\n")
    shy.declare("deep/*.log", "deep/b.log")
    (shy.folder / "deep").chmod(0)
    shy.start()
    shy.settle()
    assert f"{shy.folder}/deep" in shy.context.failing
    (shy.folder / "deep").chmod(0o700)
    shy.settle()

    assert shy.lines == [b"1"]
    assert shy.context.failing == ""


@pytest.mark.parametrize("opened", [True, False])
def test_a_directory_below_a_wildcard_is_tried_again(shy: Rig, opened: bool) -> None:
    (shy.folder / "deep").mkdir()
    shy.write("deep/a.log", b"1\n")
    shy.declare("**/*.log")
    (shy.folder / "deep").chmod(0)
    shy.start()
    shy.settle()
    shy.clock.advance(10)
    shy.settle()
    assert f"cannot read {shy.folder}/deep" in shy.context.failing
    (shy.folder / "deep").chmod(0o700)
    if not opened:
        shutil.rmtree(shy.folder / "deep")
    shy.settle()

    assert shy.lines == ([b"1"] if opened else [])
    assert shy.context.failing == ""


def test_what_is_no_regular_file_is_left_alone(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.declare("*")
    os.mkfifo(rig.folder / "pipe")
    (rig.folder / "folder").mkdir()
    rig.write("a.log", b"1\n")
    rig.start()
    rig.settle()
    rig.settle()

    assert rig.lines == [b"1"]
    assert caplog.text.count("is no regular file") == 1


@pytest.mark.slow
def test_a_full_channel_makes_it_wait_but_not_blind(rig: Rig) -> None:
    rig.room = 256 << 10
    rig.declare("a.log", rotated=["a.log.*"], batch=Size("64KiB"))
    lines = [b"%06d %s" % (n, b"x" * 200) for n in range(3000)]
    rig.write("a.log", b"".join(line + b"\n" for line in lines[:1000]))
    rig.start()
    for _ in range(50):
        rig.follower.turn()
    for part, name in ((1, "a.log.1"), (2, "a.log.2")):
        rig.rename("a.log", name)
        more = lines[part * 1000 : part * 1000 + 1000]
        rig.write("a.log", b"".join(line + b"\n" for line in more))
        for _ in range(5):
            rig.follower._next_poll = 0.0
            rig.follower.turn()
        (rig.folder / name).unlink()

    found: list[bytes] = []
    consumer = rig.journal.consumer("out")
    while len(found) < 3000:
        found += rig.take(consumer)
        rig.follower._next_poll = 0.0
        rig.follower.turn()
        rig.follower._watch.wait(0.01)

    assert found == lines


def test_a_put_that_was_refused_is_read_again_from_where_the_journal_stands(rig: Rig) -> None:
    rig.write("a.log", b"1\n2\n")
    rig.start()
    rig.settle()
    (key, stored), *_ = rig.context.positions.items()
    ahead = Progress("log", key, stored.to, b"\2" + bytes(8), stored.identity)
    assert isinstance(rig.context.put(None, [ahead]).result(), Stored)
    rig.write("a.log", b"3\n")
    rig.settle()

    assert rig.lines == [b"1", b"2", b"2", b"3"], "an operator set it back behind the first line"


@pytest.mark.slow
def test_hundreds_of_files_share_puts_and_handles(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flumec.runtime.tail.follow.most_handles", lambda: 64)
    rig.declare("*.log", batch=Size("64KiB"))
    for number in range(200):
        rig.write(f"{number}.log", b"%d first\n" % number)
    before = handles()
    rig.start()
    rig.settle()
    assert rig.puts < 10
    for number in range(200):
        rig.write(f"{number}.log", b"%d second\n" % number)
    rig.rename("7.log", "7")
    rig.settle()
    held = sum(file.descriptor >= 0 for file in rig.follower._registry)
    assert 0 < held <= 64
    assert handles() - before < 64 + 10
    rig.restart()
    rig.settle()

    assert sorted(rig.lines) == sorted(
        b"%d %s" % (n, word) for n in range(200) for word in (b"first", b"second")
    )


@pytest.mark.slow
def test_empty_files_do_not_keep_out_those_that_have_lines(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flumec.runtime.tail.follow.most_handles", lambda: 16)
    rig.declare("*.log")
    for number in range(40):
        rig.write(f"{number}.log", b"")
    rig.write("z.log", b"z\n")
    rig.start()
    rig.settle()
    assert rig.lines == [b"z"]
    for number in range(40):
        rig.write(f"{number}.log", b"%d\n" % number)
    rig.settle()

    assert sorted(rig.lines) == sorted([b"z", *(b"%d" % number for number in range(40))])


@pytest.mark.slow
def test_thousands_of_files_are_met_in_time_that_grows_with_their_number(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flumec.runtime.tail.follow.most_handles", lambda: 64)
    looked = Counter()
    place = Nature.place.fget
    assert place is not None
    monkeypatch.setattr(
        Nature, "place", property(lambda self: (looked.update(["places"]), place(self))[1])
    )
    rig.declare("*.log")
    for number in range(2_000):
        rig.write(f"{number}.log", b"%d\n" % number)
    rig.start()
    rig.settle()

    assert len(rig.lines) == 2_000
    assert looked["places"] < 30 * 2_000


def test_links_that_lead_nowhere_do_not_hide_their_neighbours(rig: Rig) -> None:
    rig.declare("*")
    (rig.folder / "circle").symlink_to("circle")
    (rig.folder / "dangling").symlink_to("nowhere")
    rig.write("a.log", b"1\n")
    rig.start()
    rig.settle()

    assert rig.lines == [b"1"]
    assert f"cannot read {rig.folder}/circle: too many levels" in rig.context.failing
    (rig.folder / "circle").unlink()
    rig.settle()
    assert rig.context.failing == ""


def test_linger_gathers(rig: Rig) -> None:
    rig.declare("a.log", linger=Duration("5s"))
    rig.write("a.log", b"")
    rig.start()
    rig.settle()
    for number in range(4):
        rig.write("a.log", b"%d\n" % number)
        rig.settle_for(5)
        rig.clock.advance(1)
    assert rig.lines == []
    rig.clock.advance(2)
    rig.settle_for(5)
    rig.settle()

    assert rig.lines == [b"0", b"1", b"2", b"3"]
    assert rig.puts == 1


def test_patterns_find_directories_that_come_later(rig: Rig) -> None:
    rig.declare("apps/*/[ab]?.log", "deep/**/x.log")
    rig.start()
    rig.settle()
    for path in ("apps/one/a1.log", "apps/two/b2.log", "deep/x.log", "deep/er/and/er/x.log"):
        (rig.folder / path).parent.mkdir(parents=True, exist_ok=True)
        rig.write(path, path.encode() + b"\n")
    for path in ("apps/one/c1.log", "apps/one/a11.log", "apps/.hidden/a1.log", "deep/.x/x.log"):
        (rig.folder / path).parent.mkdir(parents=True, exist_ok=True)
        rig.write(path, b"not this one\n")
    rig.settle()

    assert sorted(rig.lines) == [
        b"apps/one/a1.log", b"apps/two/b2.log", b"deep/er/and/er/x.log", b"deep/x.log",
    ]  # fmt: skip


def test_without_inotify_files_are_polled(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("flumec.runtime.tail.watch.INotify", _refuse)
    rig.write("a.log", b"1\n")
    rig.start()
    rig.settle()
    rig.write("a.log", b"2\n")
    rig.rename("a.log", "old")
    rig.write("a.log", b"3\n")
    rig.settle()

    assert rig.lines == [b"1", b"2", b"3"]
    assert "too many open files; raise fs.inotify.max_user_instances" in caplog.text


def _refuse(**_: object) -> None:
    raise OSError(24, "Too many open files")


@pytest.mark.slow
def test_it_runs_by_itself_and_hears_of_lines_at_once(rig: Rig) -> None:
    rig.declare("a.log", poll=Duration("1h"))
    rig.clock = SystemClock()
    waits = []
    with rig.running():
        for number in range(20):
            time.sleep(0.02)
            rig.write("a.log", b"%d\n" % number)
            started = time.monotonic()
            while len(rig.lines) <= number and time.monotonic() < started + 20:
                time.sleep(0.001)
            waits.append(time.monotonic() - started)
            if number == 9:
                rig.rename("a.log", "old")
        deadline = time.monotonic() + 20
        while not rig.context.resting and time.monotonic() < deadline:
            time.sleep(0.01)
        assert rig.context.resting

    assert rig.lines == [b"%d" % number for number in range(20)]
    assert sorted(waits)[10] < 10, "with a poll of an hour only inotify can have told"


@pytest.mark.slow
def test_generation_or_birth_tell_reused_inodes_apart(tmp_path: Path) -> None:
    seen = set()
    places = set()
    for _ in range(50):
        path = tmp_path / "a"
        path.write_bytes(b"")
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            seen.add(nature(file.fileno(), status))
            places.add((status.st_dev, status.st_ino))
        path.unlink()

    assert len(seen) == 50
    assert len(places) < 50, "this file system gives no inode out again: the test shows nothing"


def test_an_identity_survives_its_bytes() -> None:
    path = b"/var/log/\xff.log"
    with Path(__file__).open("rb") as file:
        found = nature(file.fileno(), os.fstat(file.fileno()))
    identity = Identity(path, found, b"h" * 16, 4096, b"t" * 16, 2**40, 2**60)

    assert Identity.decode(identity.encode()) == identity


@pytest.mark.parametrize(
    ("limit", "most"),
    [(4, 8), (100, 50), (1024, 512), (1 << 20, 4096), (resource.RLIM_INFINITY, 4096)],
)
def test_handles_are_half_of_what_the_process_may_have(
    limit: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (limit, limit))

    assert most_handles() == most


def test_a_late_answer_to_a_put_touches_no_other_file(tmp_path: Path) -> None:
    watch = Watch(logging.getLogger())
    bell = watch._bell
    watch.close()
    other = os.open(tmp_path / "segment", os.O_RDWR | os.O_CREAT)
    try:
        os.dup2(other, bell)  # as the kernel gives the lowest number that is free
        watch.ring()
        assert (tmp_path / "segment").stat().st_size == 0
    finally:
        os.close(bell)
        if other != bell:
            os.close(other)
