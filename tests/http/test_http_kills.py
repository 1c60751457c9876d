"""An agent that is killed under load has every event that it answered 200, each exactly once."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(400)  # each start takes its time where others work as well

SCRIPT = """
    from pathlib import Path

    from flumec.runtime import Agent, Duration, Port, Size
    from flumec.runtime.channels import File
    from flumec.runtime.sinks import FileRoll
    from flumec.runtime.sinks.filing import Roll
    from flumec.runtime.sources import Http

    events = Http("events", port=Port({port}), request_id="Idempotency-Key")
    spool = File("spool", size=Size("1MiB"))
    files = FileRoll("files", directory=Path({out!r}), path="%{{kind}}",
                     roll=Roll(every=Duration("50ms")))

    agent = Agent("feed", host="web-1", address="127.0.0.1", columns=("kind",))
    agent.flow(events, to=spool)
    agent.deliver(spool, files)

    if __name__ == "__main__":
        agent.run()
"""


class Feed:
    """The agent's process, and what its clients see of it."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.out = folder / "out"
        self.script = folder / "feed.py"
        self.state = folder / "state"
        self.script.write_text(textwrap.dedent(SCRIPT.format(port=self.port, out=str(self.out))))
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, self.script, "--state", self.state, "--log", "warning"]
        self.process = subprocess.Popen(command)

    def end(self, how: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(how)
        code = self.process.wait(60)
        assert how is signal.SIGKILL or code == 0

    def post(self, events: list[dict[str, object]], name: str) -> int:
        """Send one request; 0 when there was no answer."""
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        headers = {"Content-Type": "application/json", "Idempotency-Key": name}
        try:
            client.request("POST", "/", json.dumps(events), headers)
            return client.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            client.close()

    def lines(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for path in self.out.glob("*/*.log"):
            found.update(path.read_text().splitlines())
        return found


@contextmanager
def running(feed: Feed) -> Iterator[Feed]:
    feed.start()
    try:
        yield feed
    finally:
        if feed.process is not None and feed.process.poll() is None:
            feed.process.kill()
            feed.process.wait()


@pytest.mark.slow
@pytest.mark.parametrize("kills", [1, 8])
def test_clients_that_repeat_until_200_are_stored_exactly_once(tmp_path: Path, kills: int) -> None:
    answered: set[str] = set()
    sent: set[str] = set()
    over = threading.Event()

    def client(number: int, feed: Feed) -> None:
        turn = 0
        while not over.is_set():
            name = f"{number}.{turn}"
            bodies = [f"{name}.{event}" for event in range(3)]
            events = [{"headers": {"kind": f"k{number % 3}"}, "body": body} for body in bodies]
            sent.update(bodies)
            while feed.post(events, name) != 200:
                time.sleep(0.02)
            answered.update(bodies)
            turn += 1

    with running(Feed(tmp_path)) as feed:
        clients = [threading.Thread(target=client, args=(n, feed)) for n in range(8)]
        for thread in clients:
            thread.start()
        for _ in range(kills):
            before = len(answered)
            wait_for(lambda before=before: len(answered) > before + 100)
            feed.end(signal.SIGKILL)
            feed.start()
        before = len(answered)
        wait_for(lambda: len(answered) > before + 100)
        over.set()
        for thread in clients:
            thread.join(60)
        feed.end(signal.SIGTERM)

    assert answered == sent
    assert feed.lines() == Counter(sent)


@pytest.mark.slow
def test_a_full_channel_is_503_until_its_sink_makes_room(tmp_path: Path) -> None:
    in_the_way = tmp_path / "out"
    in_the_way.write_text("a file where the sink's directory is to be")
    with running(Feed(tmp_path)) as feed:
        wait_for(lambda: feed.post([], "none") == 200)
        stored, status = [], 200
        while status == 200:
            body = f"{len(stored)}.{os.urandom(10_000).hex()}"
            status = feed.post([{"headers": {"kind": "k"}, "body": body}], f"{len(stored)}")
            stored.append(body)
        assert status == 503
        assert len(stored) > 20

        in_the_way.unlink()
        last = [{"headers": {"kind": "k"}, "body": stored[-1]}]
        wait_for(lambda: feed.post(last, f"{len(stored) - 1}") == 200)
        feed.end(signal.SIGTERM)

    assert feed.lines() == Counter(stored)


def wait_for(holds: object) -> None:
    assert callable(holds)
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, "it did not come to hold in time"
        time.sleep(0.01)
