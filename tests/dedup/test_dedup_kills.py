"""Clients that post everything twice, and an agent that is killed: each event is stored once."""

import http.client
import json
import random
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

SCRIPT = """
    from pathlib import Path

    from flumec.runtime import Agent, Duration, Header, Port, Size
    from flumec.runtime.channels import File
    from flumec.runtime.sinks import FileRoll
    from flumec.runtime.sinks.dedup import Dedup
    from flumec.runtime.sinks.filing import Roll
    from flumec.runtime.sources import Http

    events = Http("events", port=Port({port}))
    spool = File("spool", size=Size("8MiB"))
    files = FileRoll("files", directory=Path({out!r}), path="%{{kind}}",
                     roll=Roll(every=Duration("50ms")),
                     dedup=Dedup(key=Header("id"), late="drop"))

    agent = Agent("book", host="vault-1", address="127.0.0.1", columns=("kind", "id"))
    agent.flow(events, to=spool)
    agent.deliver(spool, files)

    if __name__ == "__main__":
        agent.run()
"""


class Book:
    """The agent's process, and its clients."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.out, self.script, self.state = folder / "out", folder / "book.py", folder / "state"
        self.script.write_text(textwrap.dedent(SCRIPT.format(port=self.port, out=str(self.out))))
        self.process = self.start()
        self.answered: list[list[str]] = []
        self.over = threading.Event()

    def start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, self.script, "--state", self.state, "--log", "warning"]
        self.process = subprocess.Popen(command)
        return self.process

    def end(self, how: signal.Signals) -> None:
        self.process.send_signal(how)
        code = self.process.wait(60)
        assert how is signal.SIGKILL or code == 0

    def post(self, ids: list[str]) -> bool:
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        events = [
            {"headers": {"kind": f"k{random.randrange(3)}", "id": one}, "body": one} for one in ids
        ]
        try:
            client.request("POST", "/", json.dumps(events), {"Content-Type": "application/json"})
            return client.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            client.close()

    def client(self, number: int) -> None:
        """Post events until they are taken, and old ones again; a copy may go to another path."""
        turn = 0
        while not self.over.is_set():
            ids = [f"{number}.{turn}.{event}" for event in range(20)]
            while not self.post(ids):
                time.sleep(0.02)
            self.answered.append(ids)
            turn += 1
            old = random.choice(self.answered)
            self.post(random.sample(old, 10))

    def lines(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for path in self.out.glob("*/*.log"):
            found.update(path.read_text().splitlines())
        return found


@pytest.mark.timeout(400)  # each start takes its time where others work as well
@pytest.mark.slow
@pytest.mark.parametrize("kills", [8])
def test_copies_are_left_out_through_kills(tmp_path: Path, kills: int) -> None:
    book = Book(tmp_path)
    try:
        clients = [threading.Thread(target=book.client, args=(number,)) for number in range(4)]
        for thread in clients:
            thread.start()
        for _ in range(kills):
            before = len(book.answered)
            wait_for(lambda before=before: len(book.answered) > before + 40)  # type: ignore[misc]
            book.end(signal.SIGKILL)
            book.start()
        before = len(book.answered)
        wait_for(lambda: len(book.answered) > before + 40)
        book.over.set()
        for thread in clients:
            thread.join(60)
        book.end(signal.SIGTERM)
    finally:
        book.over.set()
        if book.process.poll() is None:
            book.process.kill()
            book.process.wait()

    sent = Counter(one for ids in book.answered for one in ids)
    lines = book.lines()
    assert lines == sent, (sent - lines, lines - sent)


def wait_for(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, "it did not come to hold in time"
        time.sleep(0.01)
