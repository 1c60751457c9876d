"""What is told to the service manager arrives as sd_notify(3) has it, or costs nothing."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flumec.runtime.clock import SystemClock
from flumec.runtime.notify import Notifier, parse
from flumec.runtime.prolonged import Prolonged


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(5)
        yield listener


def test_variables_are_lines_and_a_value_is_one_line(manager: socket.socket) -> None:
    notifier = Notifier(manager.getsockname())
    assert notifier.send({"READY": "1", "STATUS": "two\nlines = one"})
    assert manager.recv(1000) == b"READY=1\nSTATUS=two lines = one"
    notifier.close()


def test_an_abstract_address_begins_with_an_at_sign() -> None:
    name = f"flumec-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind("\0" + name)
        notifier = Notifier("@" + name)
        assert notifier.send({"READY": "1"})
        assert parse(listener.recv(1000)) == {"READY": "1"}
        notifier.close()


def test_no_manager_or_one_that_went_away_is_no_error(tmp_path: Path) -> None:
    assert not Notifier(None).send({"READY": "1"})
    assert not Notifier(str(tmp_path / "gone")).send({"READY": "1"}, wait=True)


def test_a_manager_that_does_not_read_blocks_nobody(manager: socket.socket) -> None:
    notifier = Notifier(manager.getsockname())
    sent = 0
    while notifier.send({"STATUS": "x" * 1_000}):
        sent += 1
        assert sent < 1_000_000
    notifier.close()


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "2500000"}, 2.5),
        ({"WATCHDOG_USEC": "2500000", "WATCHDOG_PID": "{this}"}, 2.5),
        ({"WATCHDOG_USEC": "2500000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdog_is_that_of_this_process(
    environment: dict[str, str], seconds: float | None
) -> None:
    filled = {name: value.format(this=os.getpid()) for name, value in environment.items()}
    assert Notifier.of_process(filled).watchdog == seconds


def test_a_message_is_parsed_by_its_lines() -> None:
    assert parse(b"READY=1\nnothing\nX=a=b\n") == {"READY": "1", "X": "a=b"}


def test_a_long_recovery_that_works_asks_for_more_time(manager: socket.socket) -> None:
    notifier = Notifier(manager.getsockname())
    with Prolonged(notifier, SystemClock(), "reading its journal", every=0.1):
        assert parse(manager.recv(1000)) == {"STATUS": "reading its journal"}
        end = time.process_time() + 0.2
        while time.process_time() < end:
            pass
        assert parse(manager.recv(1000)) == {"EXTEND_TIMEOUT_USEC": "60000000"}
    notifier.close()


def test_so_does_one_that_only_waits_for_a_slow_disk(
    manager: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "journal").write_bytes(bytes(8192))
    monkeypatch.setattr("flumec.runtime.prolonged.LEAST_WORK", 1000.0)
    notifier = Notifier(manager.getsockname())
    with Prolonged(notifier, SystemClock(), "reading its journal", every=0.1):
        assert "STATUS" in parse(manager.recv(1000))
        (tmp_path / "journal").read_bytes()
        assert parse(manager.recv(1000)) == {"EXTEND_TIMEOUT_USEC": "60000000"}
    notifier.close()


HANGS = """
import sys, time
from flumec.runtime.clock import SystemClock
from flumec.runtime.notify import Notifier
from flumec.runtime.prolonged import Prolonged

with Prolonged(Notifier(sys.argv[1]), SystemClock(), "reading its journal", every=0.05):
    time.sleep(0.5)
"""


@pytest.mark.slow
def test_a_recovery_that_hangs_does_not(manager: socket.socket) -> None:
    # A process of its own: here, threads that other tests have left would count as work.
    subprocess.run([sys.executable, "-c", HANGS, manager.getsockname()], check=True, timeout=60)

    manager.setblocking(False)
    assert parse(manager.recv(1000)) == {"STATUS": "reading its journal"}
    with pytest.raises(BlockingIOError):
        manager.recv(1000)
