"""What a sink takes back is closed in the journal before its hidden file goes, however slow it is.

A start takes an intended file that is not hidden any more for published: a crash in between would
lose its rows.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flumec.runtime.disk import Bytes, DiskFile, Mode
from flumec.runtime.testing.crash_disk import CrashDisk
from flumec.runtime.testing.surviving import EVERYTHING
from spooled import OUT, STATE

from .test_giving_up import OF_A, check, deliver, deliver_all, filled, folder_of_a

SLOW = 0.05
"""Seconds that a write of the journal takes: whoever does not wait for it is far ahead of it."""


@dataclass
class SlowFile:
    """A file whose writes take their time."""

    file: DiskFile

    def __getattr__(self, verb: str) -> Any:
        return getattr(self.file, verb)

    def write(self, buffers: Sequence[Bytes], offset: int) -> None:
        time.sleep(SLOW)
        self.file.write(buffers, offset)


class Unplugged(CrashDisk):
    """Once `watched`, its journal is slow, and the power goes after one of a sink's removals."""

    watched = False
    removals = 0
    last = 0
    """After which removal the power goes, from 1."""
    after: CrashDisk | None = None

    def open(self, path: Path, mode: Mode = "read") -> DiskFile:
        file = super().open(path, mode)
        slow = self.watched and path.is_relative_to(STATE)
        return SlowFile(file) if slow else file  # type: ignore[return-value]

    def unlink(self, path: Path) -> None:
        super().unlink(path)
        self.removals += self.watched and path.is_relative_to(OUT)
        if self.removals == self.last and self.after is None:
            self.after = self.reboot(EVERYTHING)


@pytest.mark.parametrize("last", [1, 2])
def test_a_file_that_is_taken_back_is_not_removed_before_its_intent_is_closed(last: int) -> None:
    disk = Unplugged()
    filled(disk)
    disk.watched, disk.last = True, last
    assert deliver(disk, folder_of_a) is None
    assert disk.after is not None
    deliver_all(disk.after, folder_of_a)
    assert check(disk.after) == OF_A
