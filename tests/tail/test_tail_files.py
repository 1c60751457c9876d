"""Lines come out once and in order, whatever becomes of the files, the agent running or down."""

import os
import time

import pytest

from tests.tail.conftest import Rig


def numbered(start: int, end: int) -> bytes:
    return b"".join(b"line %06d\n" % n for n in range(start, end))


def expected(start: int, end: int) -> list[bytes]:
    return [b"line %06d" % n for n in range(start, end)]


def test_what_is_there_and_what_comes(rig: Rig) -> None:
    rig.write("a.log", numbered(0, 3))
    rig.start()
    rig.settle()
    rig.write("a.log", numbered(3, 5))
    rig.settle()

    assert rig.lines == expected(0, 5)


def test_a_restart_goes_on_where_the_journal_stands(rig: Rig) -> None:
    rig.write("a.log", numbered(0, 3))
    rig.start()
    rig.settle()
    rig.write("a.log", numbered(3, 5))
    rig.restart()
    rig.settle()

    assert rig.lines == expected(0, 5)


def test_rotation_by_rename_reads_the_old_file_to_its_end_first(rig: Rig) -> None:
    rig.write("a.log", numbered(0, 3))
    rig.start()
    rig.settle()
    rig.write("a.log", numbered(3, 5))
    rig.rename("a.log", "a.log.1")
    rig.write("a.log", numbered(6, 8))
    rig.write("a.log.1", numbered(5, 6))
    rig.settle()

    assert rig.lines == expected(0, 8)


@pytest.mark.parametrize("away", ["renamed", "deleted"])
def test_what_came_to_the_old_file_before_the_new_one_was_begun_comes_first(
    rig: Rig, away: str
) -> None:
    rig.write("a.log", numbered(0, 3))
    rig.start()
    rig.settle()
    with (rig.folder / "a.log").open("ab", buffering=0) as writer:
        if away == "renamed":
            rig.rename("a.log", "old")
        else:
            (rig.folder / "a.log").unlink()
        rig.settle()
        writer.write(numbered(3, 5))
    rig.write("a.log", numbered(5, 8))
    rig.settle()

    assert rig.lines == expected(0, 8)


def test_a_renamed_file_is_read_for_as_long_as_something_comes(rig: Rig) -> None:
    rig.write("a.log", numbered(0, 3))
    rig.start()
    rig.settle()
    rig.rename("a.log", "a.log.1")
    rig.settle()
    rig.clock.advance(9)
    rig.write("a.log.1", numbered(3, 4))
    rig.settle()
    rig.clock.advance(9)
    rig.write("a.log.1", numbered(4, 5))
    rig.rest()

    assert rig.lines == expected(0, 5)
    assert rig.context.positions == {}


def test_a_renamed_file_that_still_matches_is_not_read_again(rig: Rig) -> None:
    rig.declare("a.log*")
    rig.write("a.log", numbered(0, 3))
    rig.start()
    rig.settle()
    for _ in range(2):
        rig.rename("a.log", "a.log.1")
        rig.rest()
        rig.restart()
        rig.rest()
        rig.rename("a.log.1", "a.log")

    assert rig.lines == expected(0, 3)


def test_a_deleted_file_is_read_to_its_end(rig: Rig) -> None:
    rig.write("a.log", numbered(0, 3))
    rig.start()
    rig.settle()
    with (rig.folder / "a.log").open("ab", buffering=0) as writer:
        writer.write(numbered(3, 4))
        (rig.folder / "a.log").unlink()
        rig.settle()
        writer.write(numbered(4, 5) + b"no newline")
        rig.settle()
    rig.rest()

    assert rig.lines == [*expected(0, 5), b"no newline"]
    assert rig.context.positions == {}


@pytest.mark.slow
def test_an_inode_that_is_given_out_again_is_another_file(rig: Rig) -> None:
    inodes = set()
    for number in range(20):
        rig.write("a.log", numbered(number * 10, number * 10 + 10))
        inodes.add((rig.folder / "a.log").stat().st_ino)
        if number:
            rig.restart()
        else:
            rig.start()
        rig.settle()
        rig.rest()
        rig.kill()
        (rig.folder / "a.log").unlink()
    rig.start()

    assert rig.lines == expected(0, 200)
    assert len(inodes) < 20, "this file system gives no inode out again: the test shows nothing"


def test_an_inode_that_is_given_out_again_while_the_agent_runs(rig: Rig) -> None:
    rig.start()
    for number in range(20):
        rig.write("a.log", numbered(number * 10, number * 10 + 10))
        rig.settle()
        (rig.folder / "a.log").unlink()
        rig.rest()

    assert rig.lines == expected(0, 200)
    assert rig.context.positions == {}


def test_truncated_and_grown_beyond_the_old_size_while_the_agent_was_down(rig: Rig) -> None:
    rig.write("a.log", numbered(0, 3))
    rig.start()
    rig.settle()
    rig.kill()
    (rig.folder / "a.log").write_bytes(numbered(3, 100))
    rig.start()
    rig.settle()

    assert rig.lines == expected(0, 100)
    assert rig.counts["truncations"] == 1


def test_truncated_and_grown_while_the_agent_runs(rig: Rig) -> None:
    rig.write("a.log", numbered(0, 3))
    rig.start()
    rig.settle()
    (rig.folder / "a.log").write_bytes(numbered(3, 100))
    rig.settle()
    (rig.folder / "a.log").write_bytes(numbered(100, 101))
    rig.settle()
    (rig.folder / "a.log").write_bytes(b"")
    rig.settle()
    rig.write("a.log", numbered(101, 102))
    rig.settle()

    assert rig.lines == expected(0, 102)
    assert rig.counts["truncations"] == 3


def test_unread_bytes_of_an_emptied_file_are_counted(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    rig.write("a.log", numbered(0, 3) + b"half")
    rig.start()
    rig.settle()
    (rig.folder / "a.log").write_bytes(b"")
    rig.settle()

    assert rig.counts["bytes_lost"] == 4
    assert "4 bytes not yet read" in caplog.text


@pytest.mark.slow
@pytest.mark.parametrize("glob", ["a.log", "a.log*"])
@pytest.mark.parametrize("down", [False, True])
def test_ten_days_of_copytruncate(rig: Rig, glob: str, down: bool) -> None:
    rig.declare(glob, rotation="copytruncate")
    rig.start()
    for day in range(10):
        rig.write("a.log", numbered(day * 1000, day * 1000 + 900))
        rig.settle()
        rig.write("a.log", numbered(day * 1000 + 900, day * 1000 + 1000))
        if down:
            rig.kill()
        for old in range(day, 0, -1):
            rig.rename(f"a.log.{old}", f"a.log.{old + 1}")
        rig.copy_truncate("a.log", "a.log.1")
        if down:
            rig.start()
        rig.settle()
        rig.rest()

    assert rig.lines == expected(0, 10_000)
    assert rig.counts["truncations"] == 10
    assert "bytes_lost" not in rig.counts


def test_short_copies_of_copytruncate_are_copies_too(rig: Rig) -> None:
    rig.declare("a.log*", rotation="copytruncate")
    rig.write("a.log", numbered(0, 3))
    rig.start()
    rig.settle()
    (rig.folder / "a.log.1").write_bytes((rig.folder / "a.log").read_bytes())
    rig.settle()
    rig.write("a.log", numbered(3, 4))
    rig.settle()
    rig.copy_truncate("a.log", "a.log.1")
    rig.write("a.log", numbered(4, 6))
    rig.rest()
    rig.restart()
    rig.rest()

    assert rig.lines == expected(0, 6)


def test_a_backup_copy_is_not_read_again(rig: Rig) -> None:
    rig.declare("a.log*")
    rig.write("a.log", numbered(0, 1000))
    rig.start()
    rig.settle()
    (rig.folder / "a.log.bak").write_bytes((rig.folder / "a.log").read_bytes())
    rig.write("a.log", numbered(1000, 1001))
    rig.rest()
    rig.write("a.log", numbered(1001, 1002))
    rig.restart()
    rig.rest()

    assert rig.lines == expected(0, 1002)


def test_files_that_begin_alike_are_not_taken_for_copies(rig: Rig) -> None:
    banner = b"server 1.2 starting\n"
    rig.declare("a.log*")
    rig.write("a.log", banner)
    rig.start()
    rig.settle()
    rig.rename("a.log", "a.log.1")
    rig.write("a.log", banner + b"ready\n")
    rig.rest()

    assert rig.lines == [banner[:-1], banner[:-1], b"ready"]


def test_rotated_while_the_agent_was_down(rig: Rig) -> None:
    rig.write("a.log", numbered(0, 3))
    rig.start()
    rig.settle()
    rig.kill()
    rig.write("a.log", numbered(3, 5))
    rig.rename("a.log", "yesterday")
    rig.write("a.log", numbered(5, 7))
    rig.start()
    rig.rest()
    rig.write("yesterday", b"nobody reads this any more\n")
    rig.rest()

    assert rig.lines == expected(0, 7)


def test_rotated_twice_while_the_agent_was_down(rig: Rig) -> None:
    rig.declare("a.log", rotated=["a.log.[0-9]"])
    rig.write("a.log", numbered(0, 3))
    rig.start()
    rig.settle()
    rig.kill()
    rig.write("a.log", numbered(3, 5))
    rig.rename("a.log", "a.log.2")
    time.sleep(0.02)
    rig.write("a.log.1", numbered(5, 7))
    time.sleep(0.02)
    rig.write("a.log", numbered(7, 9))
    rig.start()
    rig.rest()
    rig.restart()
    rig.rest()

    assert rig.lines == expected(0, 9)


def test_rotated_files_are_read_oldest_first(rig: Rig) -> None:
    rig.declare("a.log", rotated=["a.log.*"])
    for age, start in ((3, 0), (1, 2000), (2, 1000)):
        rig.write(f"a.log.{age}", numbered(start, start + 1000))
        os.utime(rig.folder / f"a.log.{age}", (1_700_000_000 - age, 1_700_000_000 - age))
    rig.write("a.log", numbered(3000, 4000))
    rig.start()
    rig.settle()

    assert rig.lines == expected(0, 4000)


def test_what_cannot_be_found_is_told_and_counted(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    rig.write("a.log", numbered(0, 3) + b"half a line")
    rig.start()
    rig.settle()
    rig.write("a.log", b", more")
    rig.settle()
    rig.write("a.log", b"!\nand the next half")
    rig.settle()
    rig.kill()
    (rig.folder / "a.log").unlink()
    rig.write("b.log", b"another\n")
    rig.start()
    rig.settle()

    assert rig.lines == [*expected(0, 3), b"half a line, more!"]
    assert rig.counts["files_lost"] == 1
    assert rig.counts["bytes_lost"] == len(b"and the next half")
    assert "were not read and are lost" in caplog.text


def test_a_vanished_file_is_remembered_for_thirty_days(rig: Rig) -> None:
    rig.write("a.log", numbered(0, 3))
    rig.start()
    rig.settle()
    rig.kill()
    rig.rename("a.log", "../elsewhere")
    rig.start()
    rig.settle()
    assert len(rig.context.positions) == 1
    rig.rename("../elsewhere", "a.log")
    rig.write("a.log", numbered(3, 4))
    rig.settle()
    assert rig.lines == expected(0, 4)
    rig.kill()
    rig.rename("a.log", "../elsewhere")
    rig.clock.advance(31 * 24 * 3600)
    rig.start()
    rig.settle()
    assert rig.context.positions == {}


def test_a_file_system_that_was_restored_elsewhere_is_known_by_its_content(rig: Rig) -> None:
    rig.write("a.log", numbered(0, 1000))
    rig.start()
    rig.settle()
    rig.kill()
    data = (rig.folder / "a.log").read_bytes()
    (rig.folder / "a.log").unlink()
    rig.write("b.log", b"takes the inode\n")
    rig.write("a.log", data + numbered(1000, 1001))
    rig.start()
    rig.settle()

    assert rig.lines == expected(0, 1001)


def test_what_no_pattern_means_any_more_is_left_alone(rig: Rig) -> None:
    rig.declare("*.log")
    rig.write("a.log", numbered(0, 3))
    rig.write("b.log", b"")
    rig.start()
    rig.settle()
    rig.kill()
    rig.declare("b.log")
    rig.write("a.log", b"not for us\n")
    rig.start()
    rig.settle()

    assert rig.lines == expected(0, 3)
    assert rig.context.positions == {}


def test_skip_to_end_begins_behind_the_last_line_and_only_once(rig: Rig) -> None:
    rig.declare("*.log", skip_to_end=True)
    rig.write("a.log", numbered(0, 3) + b"begun")
    rig.start()
    rig.settle()
    rig.write("a.log", b" and ended\n")
    rig.kill()
    rig.write("b.log", b"new\n")
    rig.start()
    rig.settle()

    assert sorted(rig.lines) == [b"begun and ended", b"new"]


def test_a_second_name_of_a_file_is_not_a_second_file(rig: Rig) -> None:
    rig.declare("*.log")
    rig.write("a.log", numbered(0, 3))
    (rig.folder / "b.log").symlink_to("a.log")
    os.link(rig.folder / "a.log", rig.folder / "c.log")
    rig.start()
    rig.settle()
    (rig.folder / "a.log").unlink()
    rig.write("c.log", numbered(3, 4))
    rig.rest()
    rig.write("c.log", numbered(4, 5))
    rig.restart()
    rig.rest()

    assert rig.lines == expected(0, 5)


def test_a_link_that_is_pointed_elsewhere(rig: Rig) -> None:
    rig.declare("current")
    rig.write("x.1", numbered(0, 3))
    (rig.folder / "current").symlink_to("x.1")
    rig.start()
    rig.settle()
    rig.write("x.1", numbered(3, 4))
    rig.write("x.2", numbered(4, 5))
    (rig.folder / "current").unlink()
    (rig.folder / "current").symlink_to("x.2")
    rig.settle()
    rig.rename("x.2", "x.3")
    rig.write("x.2", numbered(5, 6))
    rig.rest()

    assert rig.lines == expected(0, 6)


def test_a_copy_that_is_written_over_an_older_copy(rig: Rig) -> None:
    rig.declare("a.log*", rotation="copytruncate")
    rig.start()
    for day in range(4):
        rig.write("a.log", numbered(day * 1000, day * 1000 + 900))
        rig.settle()
        rig.write("a.log", numbered(day * 1000 + 900, day * 1000 + 1000))
        rig.copy_truncate("a.log", "a.log.1")
        rig.rest()

    assert rig.lines == expected(0, 4000)


def test_an_emptied_file_is_no_copy_of_its_own_copy(rig: Rig) -> None:
    rig.declare("a.log*", rotation="copytruncate")
    rig.start()
    rig.write("a.log", b"banner\n" + numbered(0, 3))
    rig.settle()
    rig.copy_truncate("a.log", "a.log.1")
    rig.write("a.log", b"banner\n")
    rig.settle()

    assert rig.lines == [b"banner", *expected(0, 3), b"banner"]


def test_emptied_while_down_and_grown_with_the_same_beginning(rig: Rig) -> None:
    beginning = b"# the same in every file\n" * 200
    rig.write("a.log", beginning + numbered(0, 500))
    rig.start()
    rig.settle()
    rig.kill()
    (rig.folder / "a.log").write_bytes(beginning + numbered(500, 2000))
    rig.start()
    rig.settle()

    assert [line for line in rig.lines if line.startswith(b"line")] == expected(0, 2000)
