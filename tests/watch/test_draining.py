"""An agent that is drained takes nothing more, delivers all it has, and stays so by restarts."""

import signal
import time
from pathlib import Path

import pytest
from flumec.runtime.clock import SystemClock
from flumec.runtime.control.client import Client
from flumec.runtime.control.place import NAME
from flumec.runtime.live.draining import CannotDrain, Drain, Wanted, cancel
from test_agent_process import flow, numbers

from .conftest import Start, until

FILES = """
from pathlib import Path

from flumec.runtime import Agent, Duration, Size
from flumec.runtime.channels import File
from flumec.runtime.sinks import FileRoll
from flumec.runtime.sinks.filing import Roll
from flumec.runtime.sources import Seq

numbers = Seq("numbers")
spool = File("spool", size=Size("64MiB"))
{letters}
out = FileRoll("out", directory=Path("{out}"), roll=Roll(every=Duration("1h"), idle=Duration("1h")))
agent = Agent("tailer", host="web-1.example.com", address="127.0.0.1")
agent.flow(numbers, to=spool)
agent.deliver(spool, out)
{hold}

if __name__ == "__main__":
    agent.run()
"""


def drain(folder: Path, *names: str, patience: float = 30.0, stop: bool = False) -> tuple[int, str]:
    command = Drain(Wanted([folder / "state"], names, patience, stop=stop), SystemClock())
    said = list(command.run())
    return command.status, "\n".join(said)


def written(folder: Path) -> list[int]:
    files = [path for path in (folder / "out").rglob("*") if path.is_file()]
    hidden = [path for path in files if path.name.startswith(".")]
    assert hidden == []
    return sorted(int(line) for path in files for line in path.read_bytes().splitlines())


def test_all_that_was_taken_is_delivered_and_nothing_more_is_taken(
    start: Start, tmp_path: Path
) -> None:
    agent = start(flow(total=1_000_000))
    client = Client(tmp_path / "state")
    until(client, lambda state: state["channels"]["spool"]["put"] > 100)
    status, said = drain(tmp_path, "tailer")
    assert (status, said.splitlines()[0]) == (0, "web-1/tailer takes nothing more")
    assert said.endswith("web-1/tailer holds nothing")
    put = client.get("/status")["channels"]["spool"]["put"]
    assert numbers(tmp_path) == list(range(put))
    time.sleep(0.2)
    assert client.get("/status")["channels"]["spool"]["put"] == put
    assert client.get("/healthz")
    assert agent.end(signal.SIGTERM) == 0


@pytest.mark.slow
def test_a_restart_goes_on_with_it_until_it_is_taken_back(start: Start, tmp_path: Path) -> None:
    agent = start(flow(total=1_000_000))
    client = Client(tmp_path / "state")
    until(client, lambda state: state["channels"]["spool"]["put"] > 100)
    client.post("/sinks/out/pause")
    client.post("/drain")
    until(client, lambda state: not state["draining"]["feeding"])
    put = client.get("/status")["channels"]["spool"]["put"]
    agent.end(signal.SIGKILL)
    agent = start(flow(total=1_000_000))
    assert drain(tmp_path, "web-1")[0] == 0
    assert client.get("/status")["channels"]["spool"]["put"] == put
    assert numbers(tmp_path) == list(range(put))
    wanted = Wanted([tmp_path / "state"], ["web-1/tailer"], 30.0)
    assert list(cancel(wanted)) == ["web-1/tailer takes events again after its next start"]
    assert list(cancel(wanted)) == ["web-1/tailer was not being drained"]
    assert agent.end(signal.SIGTERM) == 0
    assert "it is being drained: nothing comes in, what it holds goes out [RT120]" in agent.output
    start(flow(total=1_000_000))
    until(client, lambda state: state["channels"]["spool"]["put"] > put + 100)


@pytest.mark.slow
def test_files_that_would_be_rolled_in_an_hour_are_finished_at_once(
    start: Start, tmp_path: Path
) -> None:
    agent = start(FILES.format(letters="", hold="", out=tmp_path / "out"))
    client = Client(tmp_path / "state")
    until(client, lambda state: state["channels"]["spool"]["put"] > 1_000)
    status, said = drain(tmp_path, "tailer", stop=True)
    assert (status, said.splitlines()[-1]) == (0, "web-1.example.com/tailer is ended")
    assert agent.end() == 0
    found = written(tmp_path)
    assert found == list(range(len(found)))
    assert len(found) > 1_000


@pytest.mark.slow
def test_it_says_what_holds_it(start: Start, tmp_path: Path) -> None:
    start(flow(total=5_000))
    client = Client(tmp_path / "state")
    client.post("/sinks/out/pause")
    until(client, lambda state: state["channels"]["spool"]["held"] > 0)
    status, said = drain(tmp_path, "tailer", patience=1.5)
    assert status == 1
    assert "goes out by out" in said.splitlines()[-1]
    assert "out is paused" in said.splitlines()[-1]
    client.post("/sinks/out/resume")
    assert drain(tmp_path, "tailer")[0] == 0


@pytest.mark.slow
def test_it_is_taken_back_of_one_that_has_ended(start: Start, tmp_path: Path) -> None:
    wanted = Wanted([tmp_path / "state"], ["state"], 30.0)
    agent = start(flow(total=100))
    client = Client(tmp_path / "state")
    client.post("/drain")
    (tmp_path / "state" / NAME).unlink()
    with pytest.raises(CannotDrain, match="does not answer"):  # it runs, so it is to be asked
        list(cancel(wanted))
    agent.end(signal.SIGKILL)

    assert list(cancel(wanted)) == ["state has ended, and takes events again after its next start"]
    assert list(cancel(wanted)) == ["state was not being drained"]
    start(flow(total=100))
    assert client.get("/status")["draining"] is None


@pytest.mark.slow
def test_who_is_not_there_is_told(start: Start, tmp_path: Path) -> None:
    start(flow(total=0))
    with pytest.raises(CannotDrain, match="no host `core-1` here; there are web-1/tailer"):
        drain(tmp_path, "core-1")


@pytest.mark.slow
def test_a_channel_that_nobody_reads_holds_it_and_is_named(start: Start, tmp_path: Path) -> None:
    letters = {"letters": 'left = File("left", size=Size("1MiB"))', "out": tmp_path / "out"}
    agent = start(FILES.format(hold='agent.flow(Seq("few", total=10), to=left)\nagent.hold(left)',
                               **letters))  # fmt: skip
    client = Client(tmp_path / "state")
    until(client, lambda state: state["channels"]["left"]["put"] == 10)
    status, said = drain(tmp_path, "tailer", patience=60)
    assert status == 1
    assert "left holds 10 rows" in said
    assert "nobody reads it" in said
    assert agent.process.poll() is None
