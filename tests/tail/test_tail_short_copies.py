"""Lines that come, and are read, between the copy of a log and its emptying: the copy is short.

It has nothing that was not read where it came from; whoever reads it reads a whole log twice.
"""

import os

import pytest

from tests.tail.conftest import Rig


def numbered(start: int, end: int) -> bytes:
    return b"".join(b"line %06d\n" % n for n in range(start, end))


def expected(start: int, end: int) -> list[bytes]:
    return [b"line %06d" % n for n in range(start, end)]


@pytest.mark.parametrize("lines", [3, 1000], ids=["small", "large"])
@pytest.mark.parametrize("seen", [False, True], ids=["at once", "seen before"])
@pytest.mark.parametrize("restarted", [False, True], ids=["running", "restarted"])
def test_a_copy_that_is_shorter_than_what_was_read(
    rig: Rig, lines: int, seen: bool, restarted: bool
) -> None:
    rig.declare("a.log", rotated=["a.log.*"], rotation="copytruncate")
    rig.write("a.log", numbered(0, lines))
    rig.start()
    rig.settle()
    log, copy = rig.folder / "a.log", rig.folder / "a.log.1"
    content = log.read_bytes()
    if seen:
        copy.write_bytes(content)
        rig.settle()
    rig.write("a.log", numbered(lines, lines + 1))
    rig.settle()
    copy.write_bytes(content)
    if restarted:
        rig.restart()
        rig.settle()
    os.truncate(log, 0)
    rig.write("a.log", numbered(lines + 1, lines + 3))
    rig.rest()
    rig.restart()
    rig.rest()

    assert rig.lines == expected(0, lines + 3)


@pytest.mark.parametrize("lines", [3, 1000], ids=["small", "large"])
def test_emptied_while_down_a_small_copy_alone_is_read_again(rig: Rig, lines: int) -> None:
    rig.declare("a.log", rotated=["a.log.*"], rotation="copytruncate")
    rig.write("a.log", numbered(0, lines))
    rig.start()
    rig.settle()
    (rig.folder / "a.log.1").write_bytes((rig.folder / "a.log").read_bytes())
    rig.write("a.log", numbered(lines, lines + 1))
    rig.settle()
    rig.kill()
    os.truncate(rig.folder / "a.log", 0)
    rig.write("a.log", numbered(lines + 1, lines + 2))
    rig.start()
    rig.rest()

    again = expected(0, lines) if lines == 3 else []
    assert sorted(rig.lines) == sorted([*expected(0, lines + 2), *again])


def test_a_copy_that_is_made_anew_for_each_day(rig: Rig) -> None:
    rig.declare("a.log", rotated=["a.log.*"], rotation="copytruncate")
    rig.start()
    for day in range(4):
        rig.write("a.log", numbered(day * 10, day * 10 + 9))
        rig.settle()
        (rig.folder / f"a.log.{day}").write_bytes((rig.folder / "a.log").read_bytes())
        rig.write("a.log", numbered(day * 10 + 9, day * 10 + 10))
        rig.settle()
        os.truncate(rig.folder / "a.log", 0)
        rig.settle()
    rig.rest()

    assert rig.lines == expected(0, 40)


def test_a_file_of_its_own_is_read_though_another_was_emptied(rig: Rig) -> None:
    rig.declare("a.log", rotated=["a.log.*"], rotation="copytruncate")
    rig.write("a.log", numbered(0, 5))
    rig.start()
    rig.settle()
    rig.write("a.log.1", numbered(5, 7))
    os.truncate(rig.folder / "a.log", 0)
    rig.write("a.log", numbered(7, 8))
    rig.rest()

    assert rig.lines == expected(0, 8)


def test_another_log_with_the_same_long_banner_is_none(rig: Rig) -> None:
    banner = b"".join(b"# column %04d\n" % n for n in range(400))
    rig.declare("*.log", rotation="copytruncate")
    rig.write("a.log", banner + numbered(0, 1000))
    rig.start()
    rig.settle()
    before = len(rig.lines)
    rig.kill()
    os.truncate(rig.folder / "a.log", 0)
    rig.write("b.log", banner + numbered(1000, 1010))
    rig.start()
    rig.rest()

    assert before == 400 + 1000
    assert rig.lines[before:] == [*banner.split(b"\n")[:-1], *expected(1000, 1010)]
