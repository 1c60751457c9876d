"""A log is rotated between a start's first listing and its first look: it comes first."""

import os
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from flumec.runtime.tail import patterns, scan

from tests.tail.conftest import Rig


class Rotating:
    """`os`, where something happens before the first look at a file, or before each."""

    def __init__(self, happens: Callable[[], None], *, always: bool = False) -> None:
        self.happens = [happens]
        self.always = always

    def __getattr__(self, name: str) -> Any:
        if name == "stat" and self.happens:
            happens = self.happens.pop()
            happens()
            self.happens += [happens] if self.always else []
        return getattr(os, name)


def rotate(rig: Rig, to: str = "a.log.1") -> None:
    """Give the log another name, and begin its successor."""
    rig.rename("a.log", to)
    rig.write("a.log", b"three\n")


def start(rig: Rig, monkeypatch: pytest.MonkeyPatch, happens: Callable[[], None]) -> None:
    """Start the source, with something between its listing and its first look."""
    with monkeypatch.context() as patched:
        patched.setattr(scan, "os", Rotating(happens))
        rig.start()
    rig.settle()


def test_what_a_remembered_log_still_has_comes_before_its_successor(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.declare(rotated=["a.log.*"])
    rig.write("a.log", b"one\n")
    rig.start()
    rig.settle()
    rig.kill()
    rig.write("a.log", b"two\n")

    start(rig, monkeypatch, lambda: rotate(rig))

    assert rig.lines == [b"one", b"two", b"three"]


@pytest.mark.parametrize("rotated", ["a.log.1", "old/a.log.1"])
def test_what_nobody_has_read_yet_comes_before_its_successor(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, rotated: str
) -> None:
    (rig.folder / "old").mkdir()
    rig.declare(rotated=["a.log.*", "old/*"])
    rig.write("a.log", b"one\ntwo\n")

    start(rig, monkeypatch, lambda: rotate(rig, rotated))

    assert rig.lines == [b"one", b"two", b"three"]


def test_a_directory_that_never_stands_still_delays_no_file(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.declare("*.log")
    rig.write("a.log", b"one\n")
    names = (f"{number}.log" for number in count())
    rig.start()
    monkeypatch.setattr(patterns, "os", Rotating(lambda: rig.write(next(names), b""), always=True))
    rig.write("b.log", b"two\n")

    rig.settle_for(1)
    monkeypatch.undo()
    assert str(rig.folder / "b.log") in rig.follower._registry.by_path
    rig.settle()

    assert rig.lines == [b"one", b"two"]
