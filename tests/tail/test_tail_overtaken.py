"""A log is rotated between a start's first listing and its first look at the log."""

import os
from pathlib import Path
from typing import Any

import pytest
from flumec.runtime.component import Size
from flumec.runtime.tail import scan

from tests.tail.conftest import Rig


class Rotating:
    """`os`, where something happens before the first look at a file."""

    def __init__(self, happens: Any) -> None:
        self.happens = [happens]

    def __getattr__(self, name: str) -> Any:
        if name == "stat" and self.happens:
            self.happens.pop()()
        return getattr(os, name)


def test_what_a_remembered_log_still_has_comes_before_its_successor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = Rig(tmp_path)
    rig.declare(batch=Size("4KiB"), rotated=["a.log.*"], rotation="rename")
    rig.write("a.log", b"one\n")
    rig.start()
    rig.settle()
    rig.kill()
    rig.write("a.log", b"two\n")

    def rotate() -> None:
        rig.rename("a.log", "a.log.1")
        rig.write("a.log", b"three\n")

    with monkeypatch.context() as patched:
        patched.setattr(scan, "os", Rotating(rotate))
        rig.start()
    rig.settle()

    assert rig.lines == [b"one", b"two", b"three"]
