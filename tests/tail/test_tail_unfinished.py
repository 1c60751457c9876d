"""When a last line without a newline becomes an event."""

import os

import pytest

from tests.tail.conftest import Rig

HALF = b"whole\nhalf"


@pytest.mark.slow
def test_it_waits_for_its_end_while_the_file_stands(rig: Rig) -> None:
    rig.write("a.log", HALF)
    rig.start()
    rig.rest(1000)
    rig.restart()
    rig.rest(1000)
    assert rig.lines == [b"whole"]
    rig.write("a.log", b" more\n")
    rig.settle()

    assert rig.lines == [b"whole", b"half more"]


@pytest.mark.parametrize("away", ["rename", "unlink", "replace"])
def test_it_is_emitted_when_the_file_is_gone_and_quiet(rig: Rig, away: str) -> None:
    rig.write("a.log", HALF)
    rig.start()
    rig.settle()
    if away == "rename":
        rig.rename("a.log", "old")
    elif away == "unlink":
        (rig.folder / "a.log").unlink()
    else:
        rig.write("b.log", b"new\n")
        rig.rename("b.log", "a.log")
    rig.settle()
    rig.clock.advance(9)
    rig.settle()
    before = rig.lines.count(b"half")
    rig.clock.advance(2)
    rig.settle()

    assert before == 0
    assert rig.lines.count(b"half") == 1


def test_a_renamed_file_may_still_finish_its_line(rig: Rig) -> None:
    rig.write("a.log", HALF)
    rig.start()
    rig.settle()
    rig.rename("a.log", "old")
    rig.settle()
    rig.clock.advance(9)
    rig.write("old", b" and half\n")
    rig.rest()

    assert rig.lines == [b"whole", b"half and half"]


def test_with_emit_it_comes_once_the_file_is_at_rest(rig: Rig) -> None:
    rig.declare("a.log", unfinished="emit")
    rig.write("a.log", HALF)
    rig.start()
    rig.settle()
    assert rig.lines == [b"whole"]
    assert rig.follower.has_work, "`run --until-idle` must not end before the last line is out"
    rig.rest()
    assert rig.lines == [b"whole", b"half"]
    assert not rig.follower.has_work
    rig.write("a.log", b" more\n")
    rig.restart()
    rig.rest()

    assert rig.lines == [b"whole", b"half", b" more"]


def test_a_file_that_has_long_been_at_rest_need_not_rest_again(rig: Rig) -> None:
    rig.declare("a.log", unfinished="emit")
    rig.write("a.log", HALF)
    os.utime(rig.folder / "a.log", (1_700_000_000, 1_700_000_000))
    rig.start()
    rig.settle()

    assert rig.lines == [b"whole", b"half"]


def test_an_empty_file_has_no_line(rig: Rig) -> None:
    rig.declare("a.log", unfinished="emit")
    rig.write("a.log", b"")
    rig.start()
    rig.rest()
    (rig.folder / "a.log").unlink()
    rig.rest()

    assert rig.lines == []
    assert rig.follower._registry.undecided == {}


def test_a_rotated_file_is_finished_when_it_is_at_rest(rig: Rig) -> None:
    rig.declare("a.log", rotated=["a.log.*"])
    rig.write("a.log.1", HALF)
    rig.write("a.log", HALF)
    rig.start()
    rig.rest()

    assert rig.lines == [b"whole", b"whole", b"half"]
