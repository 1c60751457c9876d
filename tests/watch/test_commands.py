"""status, top, tap, pause and resume of agents that run, and what they say when none does."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from flumec.compiler.cli import main
from flumec.runtime.control.client import Client
from test_agent_process import flow, free_port

from .conftest import Start, until


class Said(NamedTuple):
    """What a command said, and its exit status."""

    output: str
    error: str
    status: int


Flumec = Callable[..., Said]


@pytest.fixture
def call(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Flumec:
    def run(*arguments: str) -> Said:
        where = () if "--metrics" in arguments else ("--state", str(tmp_path / "state"))
        with pytest.raises(SystemExit) as ended:
            main([*arguments, *where])
        assert isinstance(ended.value.code, int)
        return Said(*capsys.readouterr(), ended.value.code)

    return run


def failure(said: Said) -> str:
    assert said.status == 2
    assert said.output == ""
    return said.error.removeprefix("error: ")


@pytest.mark.slow
def test_a_fleet_in_a_few_lines_and_what_is_paused(
    start: Start, call: Flumec, tmp_path: Path
) -> None:
    agent = start(flow(total=2_000))
    until(
        Client(tmp_path / "state"), lambda state: state["channels"]["spool"]["delivered"] == 2_000
    )
    result = call("status")
    assert re.fullmatch(
        rf"web-1/tailer  up since \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\dZ \(\S+s\), "
        rf"process {agent.process.pid}\n"
        r"  spool  in \S+/s, out \S+/s; nothing held\n",
        result.output,
    ), result.output
    assert result.status == 0
    assert call("pause", "tailer.out").output == (
        "web-1/tailer.out is paused until `flumec resume tailer.out`, or until the agent ends\n"
    )
    result = call("status")
    assert result.status == 1
    assert result.output.endswith("  out is paused\n")
    assert call("resume", "web-1/tailer.out").output == "web-1/tailer.out goes on\n"
    assert call("resume", "tailer.out").output == "web-1/tailer.out was not paused\n"
    assert "for 2h, or until" in call("pause", "tailer.out", "--for", "2h").output


@pytest.mark.slow
def test_a_port_far_away_tells_the_same(start: Start, call: Flumec) -> None:
    port = free_port()
    start(flow(total=0, metrics=port))
    result = call("status", "--metrics", f"127.0.0.1:{port}", "--json")
    (told,) = json.loads(result.output)
    assert (told["name"], told["state"]["ready"]) == ("web-1/tailer", True)


@pytest.mark.slow
def test_top_is_a_table_with_the_way_of_the_pressure(
    start: Start, call: Flumec, tmp_path: Path
) -> None:
    start(flow())
    call("pause", "tailer.out")
    until(Client(tmp_path / "state"), lambda state: state["parts"]["ticks"]["pressed"] > 1)
    headings, row, *below = call("top", "--once").output.splitlines()
    assert headings.split() == [
        "agent", "channel", "in", "out", "held", "bytes", "full", "behind", "emptied", "by",
    ]  # fmt: skip
    assert row.split()[:2] == ["web-1/tailer", "spool"]
    assert row.rstrip().endswith("out (paused)")
    assert below[0].rstrip() == "web-1/tailer.out is paused"
    assert re.match(
        r"back-pressure: web-1/tailer.ticks waits ← web-1/tailer.spool is \d+% full ← out is pau",
        below[1],
    )


@pytest.mark.slow
def test_on_a_terminal_top_goes_on_until_it_is_interrupted(start: Start, tmp_path: Path) -> None:
    start(flow(total=100))
    controller, terminal = pty.openpty()
    command = [sys.executable, "-m", "flumec.compiler", "top", "--every", "0.2"]
    top = subprocess.Popen(
        [*command, "--state", str(tmp_path / "state")],
        stdin=terminal, stdout=terminal, stderr=terminal,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "140"},
    )  # fmt: skip
    os.close(terminal)
    seen, deadline = b"", time.monotonic() + 30
    while seen.count(b"tailer") < 3:
        assert time.monotonic() < deadline, seen
        seen += os.read(controller, 65_536)
    top.send_signal(signal.SIGINT)
    with os.fdopen(controller, "rb", buffering=0) as rest:
        try:
            while rest.read(65_536):
                pass
        except OSError:  # the other end is closed
            pass
    assert top.wait(timeout=20) == 130


@pytest.mark.slow
def test_tap_shows_events_to_people_and_to_machines(start: Start, call: Flumec) -> None:
    start(flow(total=2_000_000))
    text = call("tap", "tailer.out", "-n", "2").output
    assert re.fullmatch(r"(row \d+, \d+ bytes\n  \d+\n){2}", text), text
    lines = call("tap", "web-1/tailer.spool", "-n", "3", "--json").output.splitlines()
    assert [json.loads(line).keys() for line in lines] == [{"headers", "size", "body"}] * 3


@pytest.mark.slow
def test_what_is_not_there_is_told_with_what_is(start: Start, call: Flumec) -> None:
    start(flow(total=0))
    for arguments, said in (
        (("tap", "tailer"), "`tailer` is not AGENT.NAME or HOST/AGENT.NAME"),
        (("tap", "tailer.no"), "web-1/tailer has no `no`; it has out, ticks, spool"),
        (("tap", "other.out"), "no agent `other` answers; those that do: web-1/tailer"),
        (("tap", "web-9/tailer.out"), "no agent `web-9/tailer` answers"),
        (("pause", "tailer.ticks"), "`tailer` has no sink or link `ticks`; it has out"),
        (("pause", "tailer.out", "--for", "soon"), "--for: "),
        (("status", "--metrics", "core-1"), "invalid value for '--metrics': `core-1` is not"),
    ):
        assert failure(call(*arguments)).startswith(said), arguments


def test_where_no_agent_is_it_says_so(call: Flumec, tmp_path: Path) -> None:
    (tmp_path / "states").mkdir()
    nowhere = f"no agent keeps its state in {tmp_path}/state: there is no such folder; did you mean"
    for arguments in (("status",), ("drain", "tailer")):
        said = failure(call(*arguments))
        assert said.startswith(f"{nowhere} `{tmp_path}/states`?; name a fleet's by --state")
        assert ("--metrics" in said) == (arguments == ("status",)), "a drain asks nobody far away"
    (tmp_path / "state" / "web-1" / "tailer" / "journal").mkdir(parents=True)
    result = call("status")
    assert result.output.startswith("web-1/tailer  does not answer: no agent runs at ")
    assert failure(call("tap", "tailer.out")).startswith("no agent runs at ")
