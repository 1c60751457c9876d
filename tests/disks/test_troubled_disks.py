"""An agent on disks that fail or dawdle: quotas, EIO where it is read, written or synced, FUSE."""

import signal
import socket
import time

import pytest
from flumec.runtime import notify

from tests.disks.conftest import Mounts, Tailer, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ENDS = "nothing more can be stored, so the agent ends"


def test_a_quota_of_the_state_is_said_and_drained(tailer: Tailer, mounts: Mounts) -> None:
    tailer.state = mounts.quota(24) / "state"
    tailer.out.write_text("in the way")
    tailer.write(80_000, size=500)
    segment = 8 << 20  # its share for the reserve holds the last group, which a start copies
    tailer.start(segment)
    tailer.says("no room on the disk of")
    assert tailer.process is not None
    assert tailer.process.poll() is None
    tailer.end(signal.SIGKILL)
    tailer.start(segment)
    tailer.out.unlink()
    tailer.all_arrive()
    assert tailer.end() == 0
    assert "Traceback" not in tailer.said


def test_a_quota_of_the_store_is_said_and_waited_for(tailer: Tailer, mounts: Mounts) -> None:
    bounded = mounts.quota(4)
    tailer.out = bounded / "out"
    filler = bounded / "filler"
    tailer.write(100)
    tailer.start()
    tailer.all_arrive()
    with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match="quota"):
        while True:
            file.write(b"x" * 65_536)
    tailer.write(20_000, size=400)
    tailer.says("the quota is used up: raise it or make room")
    mounts.run("btrfs", "qgroup", "limit", "none", str(bounded))
    tailer.all_arrive()
    assert tailer.end() == 0


def test_rows_that_cannot_be_read_wait_until_they_can(tailer: Tailer, mounts: Mounts) -> None:
    disk = mounts.troubled()
    tailer.state = disk.where / "state"
    tailer.out.write_text("in the way")
    tailer.write(20_000, size=600)
    tailer.start()
    tailer.says("a part of the path is a file")
    tailer.stores(8 << 20)
    tailer.end(signal.SIGKILL)
    tailer.start()
    until(lambda: tailer.said.count("is ready") == 2, lambda: tailer.said)
    disk.meets("read")
    tailer.out.unlink()
    tailer.says("Input/output error: rows of the journal cannot be read back: look at its disk")
    assert tailer.process is not None
    assert tailer.process.poll() is None
    disk.is_well()
    tailer.all_arrive()
    assert tailer.end() == 0
    assert "Traceback" not in tailer.said


def test_a_journal_that_cannot_be_read_is_no_start(tailer: Tailer, mounts: Mounts) -> None:
    disk = mounts.troubled()
    tailer.state = disk.where / "state"
    tailer.write(1_000)
    tailer.start()
    tailer.all_arrive()
    tailer.end(signal.SIGKILL)
    disk.meets("read")
    tailer.start()
    assert tailer.ends() == 1
    assert f"{tailer.state} cannot be opened: Input/output error" in tailer.said
    assert "Nothing is lost by that" in tailer.said
    assert "Traceback" not in tailer.said
    disk.is_well()
    tailer.write(1_000)
    tailer.start()
    tailer.all_arrive()
    assert tailer.end() == 0


@pytest.mark.parametrize("verb", ["write", "sync"])
def test_a_journal_that_cannot_be_written_ends_the_agent(
    tailer: Tailer, mounts: Mounts, verb: str
) -> None:
    disk = mounts.troubled()
    tailer.state = disk.where / "state"
    for _ in range(3):
        tailer.write(2_000)
        tailer.start()
        until(lambda: len(tailer.arrived()) > tailer.written - 1_000, lambda: tailer.said)
        disk.meets(verb)
        tailer.write(500)
        assert tailer.ends() == 1
        assert ENDS in tailer.said
        assert "Input/output error" in tailer.said
        disk.is_well()
    tailer.start()
    tailer.all_arrive()
    assert tailer.end() == 0
    assert "Traceback" not in tailer.said


@pytest.mark.parametrize("verb", ["write", "sync"])
def test_a_store_that_cannot_be_written_is_waited_for(
    tailer: Tailer, mounts: Mounts, verb: str
) -> None:
    disk = mounts.troubled()
    tailer.out = disk.where / "out"
    tailer.write(2_000)
    tailer.start()
    tailer.all_arrive()
    disk.meets(verb)
    tailer.write(2_000)
    tailer.says("the disk reports an error: look at the kernel's log")
    disk.is_well()
    tailer.all_arrive()
    assert tailer.end() == 0


def test_a_disk_that_promised_more_than_it_has_ends_the_agent(
    tailer: Tailer, mounts: Mounts
) -> None:
    """What a thin disk has no room for fails when it is written back: at a sync, or before."""
    disk = mounts.thin(48, 256)
    tailer.state = disk / "state"
    tailer.write(1_000)
    tailer.start()
    tailer.all_arrive()
    filler = disk.parent / "disk-0" / "filler"
    with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
        while True:
            file.write(b"x" * 65_536)
    tailer.write(20_000, size=600)
    assert tailer.ends() == 1
    assert ENDS in tailer.said
    assert "Traceback" not in tailer.said
    filler.unlink()
    mounts.again(disk)
    tailer.start()
    tailer.all_arrive()
    assert tailer.end() == 0


def test_a_file_system_whose_server_dies_ends_the_agent(tailer: Tailer, mounts: Mounts) -> None:
    disk = mounts.troubled()
    tailer.state = disk.where / "state"
    tailer.write(2_000)
    tailer.start()
    tailer.all_arrive()
    disk.end()
    tailer.write(1_000)
    assert tailer.ends() == 1
    assert ENDS in tailer.said
    assert "Traceback" not in tailer.said
    disk.again()
    tailer.start()
    tailer.all_arrive()
    assert tailer.end() == 0


def test_a_disk_whose_syncs_take_forever_is_waited_for_and_said(
    tailer: Tailer, mounts: Mounts
) -> None:
    """A sync of 40 s, under a watchdog of 12 s: nobody kills the agent, and all is stored."""
    disk = mounts.troubled()
    tailer.state = disk.where / "state"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tailer.folder / "notify"))
        manager.settimeout(30)
        tailer.write(2_000)
        tailer.start(NOTIFY_SOCKET=str(tailer.folder / "notify"), WATCHDOG_USEC=str(12_000_000))
        tailer.all_arrive()
        disk.meets("slow", "40")
        tailer.write(2_000)
        fed, ready, longest, statuses = time.monotonic(), False, 0.0, []
        over = time.monotonic() + 45
        while time.monotonic() < over:
            told = notify.parse(manager.recv(1 << 20))
            ready = ready or "READY" in told
            statuses.append(told.get("STATUS", ""))
            if "WATCHDOG" in told:
                longest, fed = max(longest, time.monotonic() - fed), time.monotonic()
        assert ready
        assert longest < 12
        assert any("disk is slow: a sync has taken 3" in status for status in statuses)
        disk.is_well()
        tailer.all_arrive()
    tailer.says("journal its disk is slow: a sync has taken")
    assert tailer.end() == 0
    assert "has not passed its loop" not in tailer.said
