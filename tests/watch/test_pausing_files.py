"""A paused sink that writes files publishes what it has taken, and leaves nothing half way."""

import json
import signal
import time
from pathlib import Path

import pytest
from flumec.runtime.control.client import Client

from .conftest import Start, until

SCRIPT = """
from pathlib import Path

from flumec.runtime import Agent, Duration, Size
from flumec.runtime.channels import File
from flumec.runtime.sinks import FileRoll
from flumec.runtime.sinks.filing import Roll
from flumec.runtime.sources import Seq

numbers = Seq("numbers", total=3_000_000)
spool = File("spool", size=Size("4MiB"))
out = FileRoll("out", directory=Path("{out}"), roll=Roll(idle=Duration("300ms")))
agent = Agent("tailer", host="web-1", address="127.0.0.1")
agent.flow(numbers, to=spool)
agent.deliver(spool, out)

if __name__ == "__main__":
    agent.run()
"""


def lines(folder: Path) -> list[int]:
    """Return the numbers in all published files, in the order of their rows."""
    files = [path for path in folder.glob("*.log") if not path.name.startswith(".")]
    return sorted(int(line) for path in files for line in path.read_text().splitlines())


@pytest.mark.slow
def test_what_it_took_is_published_and_the_rest_comes_once(start: Start, tmp_path: Path) -> None:
    out = tmp_path / "files"
    agent = start(SCRIPT.replace("{out}", str(out)))
    client = Client(tmp_path / "state")
    until(client, lambda state: state["parts"]["out"]["counters"].get("events_read", 0) > 0)
    client.post("/sinks/out/pause")
    until(client, lambda state: state["parts"]["out"]["counters"].get("open_files") == 0)
    paused = client.get("/status")
    assert paused["parts"]["out"]["failing"] == ""
    until(client, lambda state: state["parts"]["numbers"]["pressed"] > 1)
    before = lines(out)
    assert before == list(range(len(before)))
    assert len(before) == paused["channels"]["spool"]["delivered"] > 0
    time.sleep(0.5)
    assert lines(out) == before
    client.post("/sinks/out/resume")
    until(client, lambda state: state["channels"]["spool"]["delivered"] > len(before))
    assert agent.end(signal.SIGTERM) == 0, json.dumps(agent.output)
    after = lines(out)
    assert after == list(range(len(after)))
