"""An agent on disks as they are: full, read-only, dying, without inodes, gone."""

import fcntl
import os
import shutil
import signal
import struct
from pathlib import Path

import pytest

from tests.disks.conftest import Mounts, Tailer, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

_SHUTDOWN = 0x8004587D
"""EXT4_IOC_SHUTDOWN and XFS_IOC_GOINGDOWN: nothing reaches the disk, and writes and syncs fail."""
_LOSE_WHAT_IS_NOT_SYNCED = 2

KINDS = pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs"])
DYING = pytest.mark.parametrize("kind", ["ext4", "xfs"])
"""btrfs knows no such order."""


def power_cut(where: Path) -> None:
    """Take a mounted file system its disk, with all that was not synced."""
    descriptor = os.open(where, os.O_RDONLY)
    fcntl.ioctl(descriptor, _SHUTDOWN, struct.pack("I", _LOSE_WHAT_IS_NOT_SYNCED))
    os.close(descriptor)


def test_a_full_disk_is_said_and_drained(tailer: Tailer, mounts: Mounts) -> None:
    disk = mounts.tmpfs(4)
    tailer.state = disk / "state"
    tailer.out.write_text("a file where the sink's directory is to be")
    tailer.write(20_000, size=600)
    tailer.start()
    tailer.says("no room on the disk of")
    assert tailer.process is not None
    assert tailer.process.poll() is None

    tailer.out.unlink()
    tailer.all_arrive()
    assert tailer.end() == 0


@KINDS
def test_a_disk_that_others_filled_has_room_again(
    tailer: Tailer, mounts: Mounts, kind: str
) -> None:
    disk = mounts.of(kind, 24)
    tailer.state, tailer.out = disk / "state", disk / "out"
    tailer.write(2_000)
    tailer.start()
    tailer.all_arrive()
    filler = disk / "filler"
    with filler.open("wb") as file, pytest.raises(OSError, match="No space"):
        while True:
            file.write(b"x" * 65_536)
            file.flush()
    tailer.write(8_000, size=800)
    tailer.says("no room on the disk of")
    filler.unlink()
    tailer.all_arrive()
    assert tailer.end() == 0


@pytest.mark.parametrize("kind", ["tmpfs", "ext4", "xfs"])
def test_killed_and_started_on_a_full_disk_it_drains(
    tailer: Tailer, mounts: Mounts, kind: str
) -> None:
    disk = mounts.tmpfs(24) if kind == "tmpfs" else mounts.of(kind, 24)
    mounts.fill(disk, but=20 << 20)
    tailer.state = disk / "state"
    tailer.out.write_text("in the way")
    tailer.write(80_000, size=500)
    segment = 8 << 20  # its share for the reserve holds the last group, which a start copies
    tailer.start(segment)
    tailer.says("no room on the disk of")
    for _ in range(2):
        tailer.end(signal.SIGKILL)
        tailer.start(segment)
    tailer.out.unlink()
    tailer.all_arrive()
    assert tailer.end() == 0


def test_killed_on_a_full_disk_that_copies_on_write_it_wants_room(
    tailer: Tailer, mounts: Mounts
) -> None:
    """On btrfs a reserve cannot be written twice: the start says so, and loses nothing."""
    disk = mounts.of("btrfs", 24)
    mounts.fill(disk, but=20 << 20)
    tailer.state = disk / "state"
    tailer.out.write_text("in the way")
    tailer.write(80_000, size=500)
    tailer.start()
    tailer.says("no room on the disk of")
    tailer.end(signal.SIGKILL)
    tailer.start()
    tailer.out.unlink()
    if tailer.refuses(starts=2):
        assert "give it room, and start again: nothing that was acknowledged is lost" in tailer.said
        (disk / "filler").unlink()
        os.sync()  # only then there is room: such a disk frees with its next transaction
        tailer.start()
    tailer.all_arrive()
    assert tailer.end() == 0


@DYING
def test_after_a_failed_sync_it_ends_and_goes_on_from_what_is_surely_there(
    tailer: Tailer, mounts: Mounts, kind: str
) -> None:
    """The disk dies under the journal: what was acknowledged is there when it is back."""
    disk = mounts.of(kind, 64)
    tailer.state = disk / "state"
    for _ in range(3):
        tailer.write(3_000)
        tailer.start()
        until(lambda: len(tailer.arrived()) > tailer.written - 2_000, lambda: tailer.said)
        power_cut(disk)
        tailer.write(500)
        assert tailer.ends() == 1
        assert "nothing more can be stored, so the agent ends" in tailer.said
        mounts.again(disk)
    tailer.start()
    tailer.all_arrive()
    assert tailer.end() == 0


@DYING
def test_a_store_that_loses_its_disk_is_waited_for(
    tailer: Tailer, mounts: Mounts, kind: str
) -> None:
    """The disk dies under the sink: what was published is there, and the rest comes later."""
    disk = mounts.of(kind, 64)
    tailer.out = disk / "out"
    tailer.write(3_000)
    tailer.start()
    until(tailer.arrived, lambda: tailer.said)
    power_cut(disk)
    tailer.write(3_000)
    tailer.says("the disk reports an error: look at the kernel's log")
    assert tailer.process is not None
    assert tailer.process.poll() is None
    tailer.end(signal.SIGKILL)
    mounts.again(disk)
    tailer.start()
    tailer.all_arrive()
    assert tailer.end() == 0


def test_a_file_system_that_turns_read_only_ends_the_agent(tailer: Tailer, mounts: Mounts) -> None:
    disk = mounts.ext4(64)
    tailer.state = disk / "state"
    tailer.write(2_000)
    tailer.start()
    tailer.all_arrive()
    mounts.remount(disk, "abort")  # as ext4 does when it finds itself damaged
    tailer.write(1_000)
    assert tailer.ends() == 1
    assert "Read-only file system" in tailer.said or "Input/output error" in tailer.said
    mounts.again(disk)
    tailer.start()
    tailer.all_arrive()
    assert tailer.end() == 0


@KINDS
def test_a_state_on_a_read_only_file_system_is_no_start(
    tailer: Tailer, mounts: Mounts, kind: str
) -> None:
    disk = mounts.of(kind, 16)
    mounts.remount(disk, "ro")
    tailer.state = disk / "state"
    tailer.start()
    assert tailer.ends() == 1
    assert "Read-only file system" in tailer.said
    assert "Traceback" not in tailer.said


def test_without_inodes_a_name_has_no_room(tailer: Tailer, mounts: Mounts) -> None:
    disk = mounts.ext4(64, "-N", "64")
    tailer.state, tailer.out = disk / "state", disk / "out"
    tailer.write(1_000)
    tailer.start()
    tailer.all_arrive()
    names = 0
    with pytest.raises(OSError, match="No space"):
        while True:
            (disk / f"filler-{names}").touch()
            names += 1
    tailer.write(8_000, size=400)
    tailer.says("no room on the disk of")
    for number in range(names):
        (disk / f"filler-{number}").unlink()
    tailer.all_arrive()
    assert tailer.end() == 0


@KINDS
def test_nothing_of_ours_is_executed_from_a_state(
    tailer: Tailer, mounts: Mounts, kind: str
) -> None:
    disk = mounts.of(kind, 64, "noexec,nosuid,nodev")
    tailer.state, tailer.out = disk / "state", disk / "out"
    tailer.write(3_000)
    tailer.start()
    tailer.all_arrive()
    assert tailer.end() == 0


def test_a_state_that_is_removed_under_the_agent_ends_it(tailer: Tailer, mounts: Mounts) -> None:
    tailer.write(1_000)
    tailer.start()
    tailer.all_arrive()
    shutil.rmtree(tailer.state)
    tailer.write(20_000, size=400)
    assert tailer.ends() == 1
    assert "nothing more can be stored, so the agent ends" in tailer.said
    assert "Traceback" not in tailer.said


def test_a_second_agent_on_one_state_refuses(tailer: Tailer, mounts: Mounts) -> None:
    tailer.write(1_000)
    tailer.start()
    tailer.all_arrive()
    first = tailer.process
    assert first is not None
    tailer.start()
    assert tailer.ends() == 1
    assert f"is in use by process {first.pid}: stop that agent first" in tailer.said
    tailer.process = first
    tailer.write(1_000)
    tailer.all_arrive()
    assert tailer.end() == 0
