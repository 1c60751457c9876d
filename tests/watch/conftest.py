"""Running agents that the tests of this folder watch and steer."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flumec.runtime.control.client import Client
from test_agent_process import Running

Start = Callable[..., Running]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Run a script in `tmp_path`, its state in `tmp_path/state`; wait until it is ready."""
    started: list[Running] = []

    def run(script: str, *arguments: str, ready: bool = True, **environment: str) -> Running:
        (tmp_path / "agent.py").write_text(script)
        started.append(Running(tmp_path, *arguments, **environment))
        if ready:
            started[-1].until(lambda message: "READY" in message)
        return started[-1]

    yield run
    for running in started:
        if running.process.poll() is None:
            running.process.kill()
            running.process.communicate()
        running.socket.close()


def until(client: Client, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Ask for the agent's state until `holds` is true of it."""
    deadline = time.monotonic() + 30
    while not holds(state := client.get("/status")):
        assert time.monotonic() < deadline, state
        time.sleep(0.05)
    return state
