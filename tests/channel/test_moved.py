"""A state directory that was last used on another machine: the agent says so and goes on."""

import logging
from pathlib import Path

import pytest
from flumec.runtime.clock import SystemClock
from flumec.runtime.disk import RealDisk
from flumec.runtime.journal import Identity, Journal
from flumec.runtime.moved import last_opened, tell_if_elsewhere

from .conftest import A


def use(directory: Path, machine: str) -> None:
    journal = Journal.open(
        directory / "journal", disk=RealDisk(), clock=SystemClock(),
        identity=Identity("web-1", "tailer", "1", "", machine),
        channels=[A], sources=[], consumers=[],
    )  # fmt: skip
    journal.close()


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        ("one:boot-1", "one:boot-2", False),
        ("one:boot-1", "two:boot-1", True),
        ("", "two:boot-1", False),
        (":boot-1", ":boot-2", False),
    ],
)
def test_another_machine_is_told_and_another_boot_is_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, before: str, now: str, told: bool
) -> None:
    use(tmp_path, before)
    opened = last_opened(tmp_path / "journal", RealDisk())
    assert opened is not None
    assert (opened.machine, opened.host) == (before, "web-1")
    logging.getLogger("flumec.agent").propagate = True
    with caplog.at_level(logging.WARNING):
        tell_if_elsewhere(tmp_path, RealDisk(), now)
    said = [record.getMessage() for record in caplog.records]
    assert bool(said) is told
    if told:
        assert said[0].startswith(f"{tmp_path} was last used on another machine, by the agent of")


def test_a_new_directory_came_from_nowhere(tmp_path: Path) -> None:
    assert last_opened(tmp_path / "journal", RealDisk()) is None
    tell_if_elsewhere(tmp_path, RealDisk(), "one:boot")


SCRIPT = """
from flumec.runtime import Agent
from flumec.runtime.channels import File
from flumec.runtime.component import Size
from flumec.runtime.sinks import Null
from flumec.runtime.sources import Seq
a = File("a", size=Size("1MiB"))
agent = Agent("tailer", host="web-1", address="127.0.0.1")
agent.flow(Seq("numbers", total=1), to=a)
agent.deliver(a, Null("out"))
agent.run()
"""


@pytest.mark.slow
def test_a_real_agent_says_it_once_and_goes_on(tmp_path: Path) -> None:
    import signal
    import subprocess
    import sys

    state = tmp_path / "state"
    state.mkdir()
    use(state, "another-machine:boot")
    (tmp_path / "agent.py").write_text(SCRIPT)
    said = []
    for _ in range(2):
        with subprocess.Popen(
            [sys.executable, "agent.py", "--state", str(state)],
            cwd=tmp_path, stderr=subprocess.PIPE, text=True,
        ) as agent:  # fmt: skip
            assert agent.stderr is not None
            lines = []
            for line in agent.stderr:
                lines.append(line)
                if "is ready" in line:
                    agent.send_signal(signal.SIGTERM)
            said.append("".join(lines))
        assert agent.returncode == 0
    assert "was last used on another machine, by the agent of web-1" in said[0]
    assert "RT111" in said[0]
    assert "another machine" not in said[1]
