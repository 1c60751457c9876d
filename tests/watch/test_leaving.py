"""docs/leaving.md on a fleet that runs: a sender leaves, a receiver leaves, no event is missing."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flumec.runtime.control.client import Client, Unreachable

from .conftest import until

PAGE = (Path(__file__).parents[2] / "docs" / "leaving.md").read_text()
COMMANDS = re.findall(r"^ *(flumec (?:drain|plan) [^`\n]*--state state)$", PAGE, re.MULTILINE)
FLOW = """\
hosts web = [{web}]
hosts core = ["{core}"] {{
  address = "127.71.9.9"
}}

agent tailer on web {{
  source numbers : seq

  channel spool : file {{
    size = 4MiB
  }}

  numbers -> host() -> spool
}}

agent {agent} on core {{
  channel inbox : file

  sink files : file_roll {{
    directory = "{out}"

    roll {{
      every = 1h
      idle = 1h
    }}
  }}

  inbox -> files
}}

tailer.spool => {agent}.inbox {{
  port = 4141
}}
"""
ENVIRONMENT = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


def flow(web: str, core: str, agent: str, out: Path) -> str:
    return FLOW.format(web=web, core=core, agent=agent, out=out)


def call(folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, shell=True, cwd=folder, env=ENVIRONMENT,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def client(folder: Path, agent: str) -> Client:
    asked = Client(folder / "state" / agent)
    deadline = time.monotonic() + 60
    while True:
        try:
            asked.get("/status")
        except Unreachable:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        else:
            return asked


@contextmanager
def running(folder: Path, *command: str) -> Iterator[None]:
    with (folder / "log").open("a") as log:
        run = subprocess.Popen(
            command, cwd=folder, env=ENVIRONMENT, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            yield
        finally:
            run.terminate()
            run.wait(timeout=60)


def put(folder: Path, host: str) -> int:
    state = client(folder, f"{host}/tailer").get("/status")
    return int(state["channels"]["spool"]["put"])


def lines(out: Path) -> list[int]:
    found = [path for path in out.rglob("*") if path.is_file()]
    assert not [path for path in found if path.name.startswith(".")]
    return sorted(int(line) for path in found for line in path.read_bytes().splitlines())


@pytest.mark.slow
@pytest.mark.usefixtures("loopback")
@pytest.mark.xdist_group("demo")
@pytest.mark.timeout(300)
def test_a_sender_and_then_a_receiver_leave_and_no_event_is_missing(tmp_path: Path) -> None:
    both, one = '"web-1", "web-2"', '"web-1"'
    first, second = tmp_path / "first", tmp_path / "second"
    (tmp_path / "fleet.flow").write_text(flow(both, "core-1", "collector", first))
    (tmp_path / "without-web-2.flow").write_text(flow(one, "core-1", "collector", first))
    (tmp_path / "moved.flow").write_text(flow(one, "core-2", "vault", second))
    assert call(tmp_path, "flumec build fleet.flow -o dist").returncode == 0
    drain, plan = COMMANDS

    with running(tmp_path, "flumec", "run", "fleet.flow", "--state", "state"):
        for host in ("web-1", "web-2"):
            until(client(tmp_path, f"{host}/tailer"),
                  lambda state: state["channels"]["spool"]["delivered"] > 1_000)  # fmt: skip
        said = call(tmp_path, drain)
        assert (said.returncode, said.stderr) == (0, "")
        assert said.stdout.endswith("web-2/tailer holds nothing\n")
        total = put(tmp_path, "web-2")
        assert put(tmp_path, "web-1") > 1_000
    said = call(tmp_path, plan)
    assert said.returncode == 1
    assert "web-2: what runs there goes on until it is drained and stopped" in said.stdout
    assert "tailer.spool on web-2. Its host leaves the fleet. Holds nothing." in said.stdout

    # The sender has the bundle without core-1; core-1 goes on with the one that it has.
    with running(tmp_path, "flumec", "run", "moved.flow", "--state", "state"):
        until(client(tmp_path, "core-2/vault"),
              lambda state: state["channels"]["inbox"]["put"] > 1_000)  # fmt: skip
        with running(tmp_path, "python3", SCRIPT, "--state", "state/core-1/collector"):
            client(tmp_path, "core-1/collector")
            said = call(tmp_path, "flumec drain core-1 --state state --stop")
            assert (said.returncode, said.stderr) == (0, "")
            assert said.stdout.endswith("core-1/collector is ended\n")
        said = call(tmp_path, "flumec drain web-1 core-2 --state state")
        assert (said.returncode, said.stderr) == (0, "")
        order = re.findall(r"^(\S+) takes nothing more$", said.stdout, re.MULTILINE)
        assert order == ["web-1/tailer", "core-2/vault"]
        every = put(tmp_path, "web-1")
    assert sorted(lines(first) + lines(second)) == sorted([*range(every), *range(total)])


SCRIPT = "dist/core-1/agents/collector.py"
