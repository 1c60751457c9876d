"""The commands of docs/operating.md run, as they stand there, on the fleet that it describes."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flumec.compiler.build import lint_text
from flumec.runtime.control.client import Client, Unreachable

from .conftest import until

PAGE = (Path(__file__).parents[2] / "docs" / "operating.md").read_text()
FENCES = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
(FLOW,) = [text for kind, text in FENCES if kind == "flow"]
COMMANDS = [line for kind, text in FENCES if kind == "sh" for line in text.splitlines()]
BY_HAND = "python3 -m flumec.runtime.control"


def test_its_flow_is_clean() -> None:
    assert lint_text(FLOW).diagnostics == ()


def test_its_links_lead_somewhere() -> None:
    folder = Path(__file__).parents[2] / "docs"
    assert [
        each for each in re.findall(r"\]\(([^)#]+)\)", PAGE) if not (folder / each).exists()
    ] == []


@pytest.fixture
def environment() -> dict[str, str]:
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


@pytest.fixture
def fleet(tmp_path: Path, environment: dict[str, str]) -> Iterator[Path]:
    (tmp_path / "fleet.flow").write_text(FLOW)
    with (tmp_path / "log").open("w") as log:
        run = subprocess.Popen(
            ["flumec", "run", "fleet.flow", "--state", "state"],
            cwd=tmp_path, env=environment, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        client = Client(tmp_path / "state" / "web-1.example.com" / "tailer")
        try:
            for _ in range(600):
                try:
                    client.get("/status")
                    break
                except Unreachable:
                    assert run.poll() is None, (tmp_path / "log").read_text()
                    subprocess.run(["sleep", "0.1"], check=True)
            until(client, lambda state: state["channels"]["spool"]["put"] > 0)
            yield tmp_path
        finally:
            run.terminate()
            run.wait(timeout=60)


@pytest.mark.slow
@pytest.mark.usefixtures("loopback")
@pytest.mark.xdist_group("demo")
def test_its_commands_run(fleet: Path, environment: dict[str, str]) -> None:
    by_hand = [
        command.replace("flumec", BY_HAND, 1).replace("python3", sys.executable)
        for command in COMMANDS
        if re.match(r"flumec (status|tap|pause|resume)\b", command)
        and "status --state state --js" not in command
    ]
    for command in COMMANDS + by_hand:
        if command.startswith("curl") and not shutil.which("curl"):
            continue
        ran = subprocess.run(
            command, shell=True, cwd=fleet, env=environment,
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, (command, ran.stdout, ran.stderr)
        assert ran.stderr == "", command
        assert ran.stdout or BY_HAND[8:] in command, command


@pytest.mark.slow
@pytest.mark.usefixtures("loopback")
@pytest.mark.xdist_group("demo")
def test_by_hand_what_is_wrong_is_one_line(tmp_path: Path) -> None:
    for arguments, said in (
        (["status"], "error: no agent keeps its state in "),
        (["tap", "tailer.out", "-n", "many"], "argument -n"),
        (["pause", "tailer.out", "--for", "soon"], "argument --for"),
    ):
        ran = subprocess.run(
            [sys.executable, "-m", "flumec.runtime.control", *arguments, "--state", str(tmp_path)],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert ran.returncode == 2
        assert said in ran.stderr
        assert "Traceback" not in ran.stderr
