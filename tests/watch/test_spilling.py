"""A real agent whose channel spills: stopped in order it loses nothing, killed only its memory."""

import json
import re
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flumec.runtime.control.client import Client
from flumec.runtime.live.find import ask, places
from flumec.runtime.live.text import lines

from .conftest import Start, until

SCRIPT = """
from pathlib import Path

from flumec.runtime import Agent, Duration, Size
from flumec.runtime.channels import Spill
from flumec.runtime.sinks import FileRoll
from flumec.runtime.sinks.filing import Roll
from flumec.runtime.sources import Seq

numbers = Seq("numbers", total=2_000_000)
spool = Spill("spool", memory=Size("256KiB"), size=Size("64MiB"))
out = FileRoll("out", directory=Path("{out}"), roll=Roll(idle=Duration("300ms")))
agent = Agent("tailer", host="web-1", address="127.0.0.1")
agent.flow(numbers, to=spool)
agent.deliver(spool, out)

if __name__ == "__main__":
    agent.run()
"""
TOTAL = 2_000_000

pytestmark = pytest.mark.slow


def written(folder: Path) -> list[int]:
    """Return the numbers in all published files; each file has them in order."""
    found = []
    for path in folder.glob("*.log"):
        numbers = [int(line) for line in path.read_text().splitlines()]
        assert numbers == sorted(numbers)
        found.append(numbers)
    return [number for numbers in sorted(found) for number in numbers]


def spilled(client: Client) -> dict[str, Any]:
    """Pause the sink as soon as it has read something, and wait until all is put."""
    until(client, lambda state: state["parts"]["out"]["counters"].get("events_read", 0) > 0)
    client.post("/sinks/out/pause")
    until(client, lambda state: state["channels"]["spool"]["put"] == TOTAL)
    until(client, lambda state: state["parts"]["out"]["counters"].get("open_files") == 0)
    state: dict[str, Any] = client.get("/status")["channels"]["spool"]
    assert balanced(state)
    return state


def shown(folder: Path) -> str:
    """Return what `flumec status` says of the channel."""
    said = lines(ask(places([folder / "state"], [])), datetime.now(UTC))
    return next(line for line in said if line.strip().startswith("spool"))


def balanced(channel: dict[str, Any]) -> bool:
    done: int = channel["delivered"] + channel["dropped"] + channel["dead_lettered"]
    return bool(channel["put"] == done + channel["held"])


def test_a_sigterm_loses_nothing(start: Start, tmp_path: Path) -> None:
    script = SCRIPT.replace("{out}", str(tmp_path / "files"))
    agent, client = start(script), Client(tmp_path / "state")
    before = spilled(client)
    assert 0 < before["in_memory"] < before["held"], "it has really spilled"
    assert re.search(r"; [\d.]+KiB in memory, [\d.]+MiB on disk\)", shown(tmp_path))
    assert agent.end(signal.SIGTERM) == 0, json.dumps(agent.output)
    agent = start(script)
    client.post("/sinks/out/resume")
    after = until(client, lambda state: state["channels"]["spool"]["held"] == 0)
    spool = after["channels"]["spool"]
    assert (spool["put"], spool["delivered"], spool["dropped"]) == (TOTAL, TOTAL, 0)
    assert agent.end(signal.SIGTERM) == 0
    assert written(tmp_path / "files") == list(range(TOTAL))


def test_a_sigkill_takes_what_was_in_memory_and_nothing_else(start: Start, tmp_path: Path) -> None:
    script = SCRIPT.replace("{out}", str(tmp_path / "files"))
    agent, client = start(script), Client(tmp_path / "state")
    before = spilled(client)
    assert 0 < before["in_memory"] < before["held"], "it has really spilled"
    agent.end(signal.SIGKILL)
    agent = start(script)
    client.post("/sinks/out/resume")
    after = until(client, lambda state: state["channels"]["spool"]["held"] == 0)
    spool = after["channels"]["spool"]
    assert balanced(spool)
    assert (spool["put"], spool["dropped"]) == (TOTAL, before["in_memory"])
    assert agent.end(signal.SIGTERM) == 0
    numbers = written(tmp_path / "files")
    assert numbers == sorted(set(numbers)), "nothing is doubled, or out of order"
    assert len(numbers) == TOTAL - before["in_memory"]
