"""A running agent is asked through its control socket: to skip the row it stopped at, to drop."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flumec.runtime.control.client import Client
from flumec.runtime.journal import ChannelSpec
from test_agent_process import Running

from .conftest import State, Tool

pytestmark = pytest.mark.slow

AGENT = '''
from flumec.runtime import Agent, Size
from flumec.runtime.batch import decode
from flumec.runtime.channels import File
from flumec.runtime.component import Sink
from flumec.runtime.journal.records import Cursor
from flumec.runtime.sources import Seq


class Delicate(Sink, type="delicate"):
    """Append bodies to a file; 3 is more than it can take."""

    def run(self, context):
        while not context.stopping:
            for chunk in context.consumer.read(0.1):
                batch = decode(chunk.body).slice(chunk.skip, chunk.rows)
                for body in batch.column("body").to_pylist():
                    if body == b"3":
                        raise ValueError("three is too much")
                    with open("out", "ab") as file:
                        file.write(body + b"\\\\n")
                context.consumer.advance(Cursor(chunk.end, delivered=chunk.rows)).result()


spool = File("spool", size=Size("1MiB"))
agent = Agent("tailer", host="web-1", address="127.0.0.1")
agent.flow(Seq("numbers", total=8, batch=1), to=spool)
agent.deliver(spool, Delicate("out"))
agent.run()
'''.replace("\\\\n", "\\n")


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Callable[[], Client]]:
    """Return a function that starts the agent, whose state is `tmp_path/state`."""
    started: list[Running] = []

    def start() -> Client:
        (tmp_path / "agent.py").write_text(AGENT)
        started.append(Running(tmp_path))
        started[-1].until(lambda message: "READY" in message)
        return Client(tmp_path / "state")

    yield start
    for running in started:
        running.process.kill()
        running.process.communicate()
        running.socket.close()


def until(client: Client, holds: Callable[[dict[str, object]], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds(client.get("/status")):
        assert time.monotonic() < deadline, client.get("/status")
        time.sleep(0.05)


def stopped(status: dict[str, object]) -> bool:
    return "stopped before row" in json.dumps(status)


def delivered(status: dict[str, object]) -> bool:
    channels = status["channels"]
    assert isinstance(channels, dict)
    return bool(channels["spool"]["held"] == 0 and channels["spool"]["put"] == 8)


def test_the_row_that_a_channel_stopped_at_is_skipped_while_the_agent_runs(
    agent: Callable[[], Client], tool: Tool, tmp_path: Path
) -> None:
    client = agent()
    until(client, stopped)
    said = tool("skip", tmp_path / "state", "spool", "--row", "4", "--to", tmp_path / "poison")
    assert said.status == 2
    assert "`spool` is not stopped before row 4" in said.err
    assert not (tmp_path / "poison").exists()
    said = tool("skip", tmp_path / "state", "spool", "--row", "3", "--to", tmp_path / "poison")
    assert said.status == 0, said.err
    until(client, delivered)
    assert not stopped(client.get("/status"))
    assert json.loads((tmp_path / "poison").read_text())["body"] == "3"
    assert sorted((tmp_path / "out").read_text().split()) == ["0", "1", "2", "4", "5", "6", "7"]
    shown = tool("ls", "--json", tmp_path / "state").json["channels"][0]
    assert [shown[n] for n in ("put", "delivered", "dropped", "held")] == [8, 7, 1, 0]
    assert tool("verify", tmp_path / "state").status == 0


def test_a_removed_channel_is_dropped_while_the_agent_runs(
    agent: Callable[[], Client], tool: Tool, tmp_path: Path
) -> None:
    state = State(tmp_path / "state")
    state.open(ChannelSpec("old", 1 << 20, durable=True))
    state.put("old")
    state.close()
    agent()
    said = tool("drop", state.path, "old")
    assert (said.status, said.out[:20]) == (0, "dropped 2 rows of ol")
    shown = tool("ls", "--json", state.path).json
    assert ([each["name"] for each in shown["channels"]], shown["dropped_with_channels"]) == (
        ["spool"],
        2,
    )
    assert "is in the bundle" in tool("drop", state.path, "spool").err
    assert "stop that agent first" in tool("drop", state.path, "spool", "--force").err
