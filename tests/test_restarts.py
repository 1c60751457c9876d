"""Starts in a row that came to nothing wait longer, say why, and are forgotten when it works."""

import json
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from flumec.runtime.clock import SystemClock, Waitable
from flumec.runtime.disk import RealDisk
from flumec.runtime.notify import Notifier, parse
from flumec.runtime.restarts import MOST, NAME, Restarts
from flumec.runtime.signals import Signals
from test_agent_process import Running, flow


class Told:
    """Stands for `Signals`: one that has come, or none."""

    def __init__(self, told: signal.Signals | None = None) -> None:
        self.told = told

    def on_told(self, heard: Callable[[], None]) -> None:
        if self.told:
            heard()


class Patient(SystemClock):
    """A clock that does not wait, and remembers for how long it was to."""

    def __init__(self) -> None:
        self.waited: list[float] = []

    def wait(self, waitable: Waitable, timeout: float | None = None) -> bool:
        assert isinstance(waitable, threading.Event)
        assert timeout is not None
        self.waited.append(timeout)
        return waitable.is_set()


def begin(
    folder: Path | None, told: signal.Signals | None = None, notifier: Notifier | None = None
) -> tuple[Restarts, float, bool]:
    """Return the starts so far, how long this one waited, and whether it goes on."""
    clock = Patient()
    restarts = Restarts(folder, RealDisk(), clock)
    goes_on = restarts.wait(notifier or Notifier(None), cast("Signals", Told(told)))
    return restarts, sum(clock.waited), goes_on


def test_each_start_in_a_row_waits_twice_as_long(tmp_path: Path) -> None:
    waited = [begin(tmp_path)[1] for _ in range(12)]
    assert waited == [0, 0, 1, 2, 4, 8, 16, 32, MOST, MOST, MOST, MOST]


def test_one_that_was_steady_begins_anew(tmp_path: Path) -> None:
    for _ in range(5):
        last, _, _ = begin(tmp_path)
    last.forget()
    assert [begin(tmp_path)[1] for _ in range(3)] == [0, 0, 1]


def test_it_says_what_the_last_one_died_of(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(5)
        begin(tmp_path)
        begin(tmp_path)[0].note("the port is taken\nby nginx")
        begin(tmp_path, notifier=Notifier(manager.getsockname()))
        said = parse(manager.recv(1000))
        begin(tmp_path, notifier=Notifier(manager.getsockname()))
        then = parse(manager.recv(1000))
    assert said == {
        "STATUS": "waits 1s after 2 failed starts: the port is taken by nginx",
        "EXTEND_TIMEOUT_USEC": "91000000",
    }
    assert then["STATUS"] == (
        "waits 2s after 3 failed starts: it was killed, or ended without a word"
    )


def test_told_to_end_while_it_waits_it_ends_and_the_next_start_is_free(tmp_path: Path) -> None:
    for _ in range(8):
        begin(tmp_path)
    _, waited, goes_on = begin(tmp_path, signal.SIGTERM)
    assert (waited, goes_on) == (MOST, False)
    assert begin(tmp_path)[1] == 0


@pytest.mark.parametrize(
    "content",
    ["", "no JSON", "[]", "{}", '{"failed": "many", "reason": ""}', '{"failed": -3, "reason": ""}'],
)
def test_what_it_cannot_read_is_as_if_there_were_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / NAME).write_text(content)
    assert begin(tmp_path)[1] == 0
    assert json.loads((tmp_path / NAME).read_text())["failed"] == 1


def test_without_a_folder_or_room_in_it_nobody_waits(tmp_path: Path) -> None:
    for folder in (None, tmp_path / "missing"):
        assert [begin(folder)[1] for _ in range(4)] == [0, 0, 0, 0]


@pytest.mark.slow
def test_an_agent_that_cannot_run_waits_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "agent.py").write_text(flow(total=-1))
    (tmp_path / "run").mkdir()
    environment = {"RUNTIME_DIRECTORY": str(tmp_path / "run")}
    for _ in range(2):
        assert Running(tmp_path, **environment).end() == 1
    third = Running(tmp_path, **environment)
    said = third.until(lambda found: "failed starts" in found.get("STATUS", ""))
    assert "ticks: ValueError: nobody foresaw this" in said["STATUS"]
    assert third.end(signal.SIGTERM) == 0
    assert "[RT118]" in third.output
    assert not (tmp_path / "run" / NAME).exists()
