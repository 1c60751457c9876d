"""Two sources and three channels, of which one that is required is full, and one that is optional.

Whatever `when_full` says, each event of the first source is in both of its required channels or in
neither, and the second source goes on.
"""

import http.client
import json
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flumec.runtime.control.client import Client, Unreachable

pytestmark = [pytest.mark.slow, pytest.mark.timeout(200)]

SCRIPT = """
    from pathlib import Path

    from flumec.runtime import Agent, Duration, Port, Size
    from flumec.runtime.channels import File, Memory
    from flumec.runtime.route import Optional
    from flumec.runtime.sinks import FileRoll
    from flumec.runtime.sinks.filing import Roll
    from flumec.runtime.sources import Http, Taildir

    def follow(name):
        log = str(Path({folder!r}, name + ".log"))
        return Taildir(name, files=(log,), batch=Size("4KiB"), poll=Duration("100ms"))

    def files(name):
        every = Roll(every=Duration("50ms"))
        return FileRoll("to_" + name, directory=Path({folder!r}, name), roll=every)

    first = {first}
    required = File("required", events=300, when_full={when_full!r})
    memory, side = Memory("memory"), File("side", events=100)
    other = File("other")

    agent = Agent("both", host="web-1", address="127.0.0.1")
    agent.flow(first, to=[required, memory, Optional(side)])
    agent.flow(follow("second"), to=other)
    for channel in (required, memory, side, other):
        agent.deliver(channel, files(channel.name))

    if __name__ == "__main__":
        agent.run()
"""
BLOCKED = ("required", "side")


class Both:
    """The agent, whose sinks of two channels cannot work until they are let."""

    def __init__(self, folder: Path, when_full: str, first: str = 'follow("first")') -> None:
        self.folder = folder
        self.written: dict[str, list[str]] = {"first": [], "second": []}
        for name in self.written:
            (folder / f"{name}.log").touch()
        for name in BLOCKED:
            (folder / name).write_text("in the way")
        script = SCRIPT.format(folder=str(folder), when_full=when_full, first=first)
        (folder / "both.py").write_text(textwrap.dedent(script))
        command = [sys.executable, "both.py", "--state", str(folder / "state")]
        self.process = subprocess.Popen(command, cwd=folder)

    def write_in_parts(self, *, waiting: bool) -> None:
        """Have the first log grow by 2,000 lines, of which each hundred is stored before the next.

        A put that is larger than a channel has room once that is empty. Without `waiting` only the
        first hundred is stored for sure.
        """
        for part in range(20):
            self.write("first", 100)
            if waiting or not part:
                self.until(lambda: self.put == len(self.written["first"]))

    @property
    def put(self) -> int:
        """How many events the required channel has had."""
        channels = self.channels
        return int(channels["required"]["put"]) if channels else 0

    def lines(self, name: str, count: int) -> list[str]:
        """Make lines, each like no other."""
        known = self.written[name]
        new = [f"{name} {len(known) + n:05d} {'.' * 40}" for n in range(count)]
        known += new
        return new

    def write(self, name: str, count: int) -> None:
        text = "".join(f"{line}\n" for line in self.lines(name, count))
        with (self.folder / f"{name}.log").open("a") as log:
            log.write(text)

    @property
    def channels(self) -> dict[str, dict[str, Any]]:
        """What each channel holds, and has had."""
        try:
            found: dict[str, dict[str, Any]] = Client(self.folder / "state").get("/status")
        except Unreachable:
            return {}
        return found["channels"]

    def until(self, holds: Callable[[], object]) -> None:
        deadline = time.monotonic() + 40
        while not holds():
            assert self.process.poll() is None
            assert time.monotonic() < deadline, self.channels
            time.sleep(0.05)

    def is_at_rest(self) -> bool:
        """Whether nothing more is put for a while, with some put."""
        before = self.channels
        time.sleep(0.6)
        after = self.channels
        return bool(before) and before["required"]["put"] == after["required"]["put"] > 0

    def let(self, name: str) -> None:
        (self.folder / name).unlink()

    def arrived(self, name: str) -> Counter[str]:
        found: Counter[str] = Counter()
        if (self.folder / name).is_dir():
            for path in (self.folder / name).glob("*.log"):
                found.update(path.read_text().splitlines())
        return found

    def second_goes_on(self) -> None:
        """Require that the other source's lines arrive now."""
        self.write("second", 200)
        self.until(lambda: self.arrived("other") == Counter(self.written["second"]))

    def same_in_both(self) -> list[str]:
        """Require that both required channels had the same; return it, in its order."""
        self.until(self.is_at_rest)
        channels = self.channels
        put = channels["required"]["put"]
        assert channels["memory"]["put"] == put
        self.until(lambda: self.arrived("memory").total() == put)
        stored = self.written["first"][:put]
        assert self.arrived("memory") == Counter(stored)
        return stored

    def ends_well(self) -> None:
        """Require that the optional channel has what it had room for, and counted the rest."""
        self.let("side")
        self.until(lambda: self.channels["side"]["held"] == 0)
        side = self.channels["side"]
        assert side["put"] == len(self.written["first"]) == side["delivered"] + side["dropped"]
        assert side["delivered"] > 0 < side["dropped"]
        assert self.arrived("side").total() == side["delivered"]
        assert not self.arrived("side") - Counter(self.written["first"])
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(40) == 0


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., Both]]:
    made: list[Both] = []

    def start(*arguments: str) -> Both:
        made.append(Both(tmp_path, *arguments))
        return made[-1]

    yield start
    for both in made:
        if both.process.poll() is None:
            both.process.kill()
            both.process.wait()


def test_a_source_waits_for_a_full_channel_and_no_other_has_more(run: Callable[..., Both]) -> None:
    both = run("block")
    both.write_in_parts(waiting=False)
    stored = both.same_in_both()
    assert 0 < len(stored) < 600
    both.second_goes_on()
    assert both.same_in_both() == stored
    both.let("required")
    whole = Counter(both.written["first"])
    both.until(lambda: both.arrived("required") == both.arrived("memory") == whole)
    both.second_goes_on()
    both.ends_well()


def test_the_oldest_make_room_in_one_channel_and_are_in_the_other(run: Callable[..., Both]) -> None:
    both = run("drop_oldest")
    both.write_in_parts(waiting=True)
    assert both.same_in_both() == both.written["first"]
    both.second_goes_on()
    both.let("required")
    both.until(lambda: both.channels["required"]["held"] == 0)
    required = both.channels["required"]
    assert required["dropped"] > 0
    assert required["put"] == required["delivered"] + required["dropped"]
    assert both.arrived("required").total() == required["delivered"]
    assert both.written["first"][-1] in both.arrived("required")
    both.ends_well()


def test_what_is_refused_is_in_none_and_what_is_repeated_in_both(run: Callable[..., Both]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    both = run("reject", f'Http("first", port=Port({port}), request_id="Idempotency-Key")')
    number, status = 0, 200
    both.until(lambda: post(port, [], "none") == 200)
    while status == 200:
        lines = both.lines("first", 50)
        status = post(port, lines, f"{number}")
        number += 1
    assert status == 503
    assert both.same_in_both() == both.written["first"][:-50]
    both.second_goes_on()
    assert post(port, lines, f"{number - 1}") == 503
    assert both.same_in_both() == both.written["first"][:-50]
    both.let("required")
    both.until(lambda: post(port, lines, f"{number - 1}") == 200)
    whole = Counter(both.written["first"])
    both.until(lambda: both.arrived("required") == both.arrived("memory") == whole)
    both.ends_well()


def post(port: int, lines: list[str], request: str) -> int:
    """Send a request; 0 when there was no answer."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {"Content-Type": "application/json", "Idempotency-Key": request}
    try:
        client.request("POST", "/", json.dumps([{"body": line} for line in lines]), headers)
        return client.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        client.close()
