"""Exported events into a running agent's channel: each once, whoever is killed on the way."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flumec.runtime.control.client import Client, Unreachable
from test_agent_process import Running

from .conftest import Tool

pytestmark = pytest.mark.slow

AGENT = '''
import os

from flumec.runtime import Agent, Secret, Size
from flumec.runtime.batch import decode, header
from flumec.runtime.channels import File, Memory
from flumec.runtime.component import Ref, Sink
from flumec.runtime.journal.records import Cursor
from flumec.runtime.journal_settings import Journal
from flumec.runtime.sources import Seq


class Gate(Sink, type="gate"):
    """Append bodies and a header to a file, while there is a file `open`."""

    def run(self, context):
        while not context.stopping:
            if not os.path.exists("open"):
                context.wait(0.02)
                continue
            for chunk in context.consumer.read(0.1):
                batch = decode(chunk.body).slice(chunk.skip, chunk.rows)
                sites = header(batch, "site").to_pylist()
                with open(self.name, "ab") as file:
                    for body, site in zip(batch.column("body").to_pylist(), sites):
                        file.write(body[:20].strip(b"x") + b" " + str(site).encode() + b"\\n")
                context.consumer.advance(Cursor(chunk.end, delivered=chunk.rows)).result()


spool = File("spool", size=Size("2MiB"))
safe = File("safe", size=Size("2MiB"), journal=Ref("sealed"))
brief = Memory("brief", size=Size("1MiB"))
agent = Agent("tailer", host="web-1", address="127.0.0.1")
agent.keep(Journal("sealed", directory=DISK, encryption=Secret("key")))
agent.flow(Seq("numbers", total=1, batch=1), to=brief)
agent.deliver(spool, Gate("out"))
agent.deliver(safe, Gate("safe_out"))
agent.deliver(brief, Gate("brief_out"))
agent.run()
'''

Start = Callable[[], Running]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Return a function that starts the agent, whose state is `state` and whose gate is closed."""
    started: list[Running] = []
    disk = tmp_path / "disk" / "sealed"
    disk.parent.mkdir()
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / "key").write_text("k" * 40)

    def start() -> Running:
        script = AGENT.replace("DISK", f"__import__('pathlib').Path({str(disk)!r})")
        (tmp_path / "agent.py").write_text(script)
        credentials = str(tmp_path / "credentials")
        started.append(Running(tmp_path, CREDENTIALS_DIRECTORY=credentials))
        started[-1].until(lambda message: "READY" in message)
        return started[-1]

    yield start
    for running in started:
        running.process.kill()
        running.process.communicate()
        running.socket.close()


def write(path: Path, count: int, size: int = 0) -> Path:
    """Write so many numbered events of about that size."""
    with path.open("w") as file:
        for number in range(count):
            body = f"{number} ".ljust(size, "x")
            file.write(json.dumps({"body": body, "headers": {"site": f"s{number % 3}"}}) + "\n")
    return path


def expected(count: int) -> list[str]:
    return [f"{number}  s{number % 3}" for number in range(count)]


def out(folder: Path, count: int, name: str = "out") -> list[str]:
    """Return what was delivered, once it is so much and no more comes."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        lines = (folder / name).read_text().splitlines() if (folder / name).exists() else []
        if len(lines) >= count:
            break
        time.sleep(0.05)
    time.sleep(0.3)
    return (folder / name).read_text().splitlines()


def put(tool: Tool, folder: Path) -> int:
    """Return how many events were ever put into the channel."""
    count: int = tool("ls", "--json", folder / "state").json["channels"][0]["put"]
    return count


def held(folder: Path) -> int:
    return int(Client(folder / "state").get("/status")["channels"]["spool"]["held"])


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def process(*arguments: str | Path) -> "subprocess.Popen[str]":
    """Start the tool as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "flumec.runtime.channel", *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_its_sink_gets_each_event_once_with_its_headers(
    start: Start, tool: Tool, tmp_path: Path
) -> None:
    start()
    (tmp_path / "open").touch()
    file = write(tmp_path / "in.jsonl", 5)
    said = tool("replay", tmp_path / "state", "spool", file)
    assert (said.status, said.out) == (0, f"5 rows of {file} put into spool\n"), said.err
    assert out(tmp_path, 5) == expected(5)
    again = tool("replay", tmp_path / "state", "spool", file)
    assert (again.status, "was replayed into spool before" in again.err) == (2, True)
    assert tool("replay", tmp_path / "state", "spool", file, "--again").status == 0
    assert out(tmp_path, 10) == expected(5) * 2
    assert tool("verify", tmp_path / "state").status == 0


@pytest.mark.parametrize("where", ["state", "disk/sealed"])
def test_an_encrypted_journal_elsewhere_takes_it_without_a_key(
    start: Start, tool: Tool, tmp_path: Path, where: str
) -> None:
    start()
    (tmp_path / "open").touch()
    file = write(tmp_path / "in.jsonl", 3)
    said = tool("replay", tmp_path / where, "safe", file)
    assert said.status == 0, said.err
    assert out(tmp_path, 3, "safe_out") == expected(3)


def test_a_memory_channel_takes_nothing(start: Start, tool: Tool, tmp_path: Path) -> None:
    start()
    said = tool("replay", tmp_path / "state", "brief", write(tmp_path / "in.jsonl", 3))
    assert "has no channel `brief`; it has: spool, safe. Memory channels are not on the disk" in (
        said.err
    )


def test_a_full_channel_is_waited_for_and_a_stop_says_how_far_it_is(
    start: Start, tool: Tool, tmp_path: Path
) -> None:
    start()
    file = write(tmp_path / "in.jsonl", 400, 20_000)
    replay = process("replay", tmp_path / "state", "spool", file)
    until(lambda: held(tmp_path) > 50)
    time.sleep(2.5)  # longer than a piece waits for room
    stored = held(tmp_path)
    assert replay.poll() is None
    assert stored * 20_000 <= 2 << 20
    replay.send_signal(signal.SIGINT)
    _, said = replay.communicate(timeout=30)
    assert replay.returncode == 130
    assert said == (
        f"stopped: {stored} rows of {file} are through; the same command goes on with event "
        f"{stored + 1}\n"
    )
    (tmp_path / "open").touch()
    on = tool("replay", tmp_path / "state", "spool", file, "--from", str(stored + 1))
    assert on.status == 0, on.err
    assert f"{400 - stored} rows of {file} put into spool" in on.out
    assert out(tmp_path, 400) == expected(400)


def test_whoever_is_killed_each_event_is_there_once(
    start: Start, tool: Tool, tmp_path: Path
) -> None:
    agent = start()
    file = write(tmp_path / "in.jsonl", 1000, 5_000)
    replay = process("replay", tmp_path / "state", "spool", file)
    until(lambda: held(tmp_path) > 50)
    replay.kill()
    replay.communicate()
    (tmp_path / "open").touch()
    before = put(tool, tmp_path)
    replay = process("replay", tmp_path / "state", "spool", file)
    until(lambda: put(tool, tmp_path) > before)  # it speaks to the agent, and not to its journal
    os.kill(agent.process.pid, signal.SIGKILL)
    agent.process.wait()
    start()
    _, said = replay.communicate(timeout=60)
    assert replay.returncode == 0, said
    found = out(tmp_path, 1000)
    assert sorted(set(found)) == sorted(expected(1000))
    assert put(tool, tmp_path) == 1000
    assert "was replayed" in tool("replay", tmp_path / "state", "spool", file).err


def test_a_lost_answer_doubles_nothing(
    start: Start, tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start()
    (tmp_path / "open").touch()
    file = write(tmp_path / "in.jsonl", 1000, 5_000)
    real, lost = Client.post, []

    def post(self: Client, path: str, body: object = None) -> object:
        answer = real(self, path, body)
        if len(lost) % 2 == 0:
            lost.append(answer)
            raise Unreachable("the connection was cut")
        lost.append(None)
        return answer

    monkeypatch.setattr(Client, "post", post)
    said = tool("replay", tmp_path / "state", "spool", file)
    assert said.status == 0, said.err
    assert len(lost) >= 8
    assert out(tmp_path, 1000) == expected(1000)


def test_ls_has_the_agents_word_on_why_its_sink_does_nothing(
    start: Start, tool: Tool, tmp_path: Path
) -> None:
    start()
    client = Client(tmp_path / "state")
    assert tool("ls", "--json", tmp_path / "state").json["trouble"] == []
    client.post("/sinks/out/pause", {})
    until(lambda: bool(tool("ls", "--json", tmp_path / "state").json["trouble"]))
    (line,) = tool("ls", "--json", tmp_path / "state").json["trouble"]
    assert line.startswith("out is paused")
    assert line in tool("ls", tmp_path / "state").lines


def test_what_is_no_piece_is_refused(start: Start, tmp_path: Path) -> None:
    start()
    client = Client(tmp_path / "state")
    for body in (b"", b"{", b'{"progress": [], "frames": [{}]}\n', b'{"frames": 1}\nx', b"[]\n"):
        with pytest.raises(Exception, match=r"it is no piece|Expecting value|column"):
            client.post("/channels/spool/replay", body)
    with pytest.raises(Exception, match="has no channel `brief` on disk; it has spool, safe"):
        client.post("/channels/brief/replay", b"")
    assert held(tmp_path) == 0
