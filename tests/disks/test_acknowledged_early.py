"""An agent whose journal syncs once a second: killed it loses nothing, without power little."""

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
from pathlib import Path

import pytest

from tests.disks.conftest import PATIENCE, Mounts, until
from tests.disks.test_strange_disks import power_cut

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

SCRIPT = """
    from pathlib import Path

    from flumec.runtime import Agent, Duration, Port, Size
    from flumec.runtime.channels import File
    from flumec.runtime.journal_settings import Journal
    from flumec.runtime.sinks import FileRoll
    from flumec.runtime.sinks.filing import Roll
    from flumec.runtime.sources import Http, Taildir

    lines = Taildir("lines", files=({log!r},), batch=Size("4KiB"), poll=Duration("20ms"))
    events = Http("events", port=Port({port}), request_id="Idempotency-Key")
    followed = File("followed", size=Size("64MiB"))
    pushed = File("pushed", size=Size("64MiB"))
    roll = Roll(every=Duration("100ms"))

    agent = Agent("early", host="web-1", address="127.0.0.1")
    agent.keep(Journal("default", sync=Duration("1s")))
    agent.flow(lines, to=followed)
    agent.flow(events, to=pushed)
    agent.deliver(followed, FileRoll("lines_out", directory=Path({out!r}) / "lines", roll=roll))
    agent.deliver(pushed, FileRoll("events_out", directory=Path({out!r}) / "events", roll=roll))

    if __name__ == "__main__":
        agent.run()
"""


class Early:
    """The agent, a log that grows, and clients that post and remember when they were answered."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.folder = folder
        self.log = folder / "lines.log"
        self.log.touch()
        self.out = folder / "out"
        self.state = folder / "state"
        self.written = 0
        self.sent: set[str] = set()
        self.answered: dict[str, float] = {}
        self.over = threading.Event()
        self.repeats = True
        self.process: subprocess.Popen[bytes] | None = None
        self.threads = [threading.Thread(target=self._write)]
        self.threads += [threading.Thread(target=self._client, args=(n,)) for n in range(4)]

    def start(self) -> None:
        script = SCRIPT.format(log=str(self.log), port=self.port, out=str(self.out))
        (self.folder / "early.py").write_text(textwrap.dedent(script))
        command = [sys.executable, "early.py", "--state", str(self.state), "--log", "warning"]
        with (self.folder / "stderr").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, stderr=log)

    def traffic(self) -> None:
        for thread in self.threads:
            thread.start()

    def stop_traffic(self) -> None:
        self.over.set()
        for thread in self.threads:
            if thread.ident is not None:
                thread.join(PATIENCE)

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(PATIENCE)

    def arrived(self, what: str) -> Counter[str]:
        found: Counter[str] = Counter()
        for path in (self.out / what).glob("*.log"):
            found.update(line.split()[0] for line in path.read_text().splitlines())
        return found

    def said(self) -> str:
        return (self.folder / "stderr").read_text()

    def _write(self) -> None:
        while not self.over.wait(0.01):
            with self.log.open("a") as file:
                for number in range(self.written, self.written + 20):
                    file.write(f"{number} {os.urandom(40).hex()}\n")
            self.written += 20

    def _client(self, client: int) -> None:
        turn = 0
        while not self.over.is_set():
            names = [f"{client}.{turn}.{event}" for event in range(2)]
            self.sent.update(names)
            while not self._post(names, f"{client}.{turn}"):
                if self.over.is_set():
                    return
                time.sleep(0.02)
            self.answered.update(dict.fromkeys(names, time.monotonic()))
            turn += 1

    def _post(self, names: list[str], request: str) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        headers = {"Content-Type": "application/json", "Idempotency-Key": request}
        try:
            connection.request("POST", "/", json.dumps([{"body": name} for name in names]), headers)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


@pytest.fixture
def early(tmp_path: Path) -> Iterator[Early]:
    made = Early(tmp_path)
    yield made
    made.stop_traffic()
    if made.process is not None and made.process.poll() is None:
        made.process.kill()
        made.process.wait()


def lines_arrive_once(early: Early) -> None:
    until(lambda: len(early.arrived("lines")) >= early.written, early.said)
    assert early.arrived("lines") == Counter(str(number) for number in range(early.written))


def test_killed_under_load_it_loses_and_doubles_nothing(early: Early) -> None:
    early.start()
    early.traffic()
    for _ in range(8):
        before = len(early.answered)
        until(lambda before=before: len(early.answered) > before + 150, early.said)
        early.end(signal.SIGKILL)
        early.start()
    before = len(early.answered)
    until(lambda: len(early.answered) > before + 150, early.said)
    early.stop_traffic()
    lines_arrive_once(early)
    until(lambda: set(early.answered) <= set(early.arrived("events")), early.said)
    assert early.end() == 0
    assert set(early.answered) <= set(early.arrived("events")) <= early.sent
    assert set(early.arrived("events").values()) == {1}


def test_without_power_a_file_is_read_again_and_clients_lose_no_more_than_the_end(
    early: Early, mounts: Mounts
) -> None:
    disk = mounts.ext4(256)
    early.state = disk / "state"
    early.traffic()
    ends: list[float] = []
    for _ in range(3):
        early.start()
        before = len(early.answered)
        until(lambda before=before: len(early.answered) > before + 150, early.said)
        time.sleep(3.0)  # several syncs
        power_cut(disk)
        assert early.process is not None
        assert early.process.wait(PATIENCE) == 1
        ends.append(time.monotonic())
        mounts.again(disk)
    early.start()
    before = len(early.answered)
    until(lambda: len(early.answered) > before + 150, early.said)
    early.stop_traffic()
    lines_arrive_once(early)
    assert early.end() == 0
    assert set(early.arrived("events").values()) == {1}
    missing = early.answered.keys() - early.arrived("events").keys()
    ages = [
        min(end for end in ends if end > said) - said for said in map(early.answered.get, missing)
    ]
    oldest = max(ages, default=0.0)
    print(f"{len(early.answered)} answered, {len(missing)} lost, the oldest {oldest:.2f} s before")
    assert oldest < 3.0  # a second, and what a sync and an end take here


ORDERLY = """
    from pathlib import Path

    from flumec.runtime import Agent, Duration, Size
    from flumec.runtime.channels import File, Memory
    from flumec.runtime.journal_settings import Journal
    from flumec.runtime.sinks import FileRoll
    from flumec.runtime.sinks.filing import Roll
    from flumec.runtime.sources import Taildir

    lines = Taildir("lines", files=({log!r},), poll=Duration("20ms"))
    disk, memory = File("disk", size=Size("64MiB")), Memory("memory", size=Size("64MiB"))
    out, roll = Path({out!r}), Roll(every=Duration("100ms"))

    agent = Agent("early", host="web-1", address="127.0.0.1")
    agent.keep(Journal("default", sync=Duration("4s")))
    agent.flow(lines, to=(disk, memory))
    agent.deliver(disk, FileRoll("disk_out", directory=out / "disk", roll=roll))
    agent.deliver(memory, FileRoll("memory_out", directory=out / "memory", roll=roll))

    if __name__ == "__main__":
        agent.run()
"""


def test_ended_in_order_it_delivers_what_waits_for_a_sync(early: Early) -> None:
    script = ORDERLY.format(log=str(early.log), out=str(early.out))
    (early.folder / "early.py").write_text(textwrap.dedent(script))
    command = [sys.executable, "early.py", "--state", str(early.state)]
    with (early.folder / "stderr").open("ab") as log:
        early.process = subprocess.Popen(command, cwd=early.folder, stderr=log)
    early.log.write_text("first\n")
    until(lambda: early.arrived("disk") and early.arrived("memory"), early.said)
    with early.log.open("a") as more:
        more.write("last\n")
    segment = max((early.state / "journal").glob("*.seg"))
    until(lambda: b"last" in segment.read_bytes(), early.said)  # written, and not synced
    assert early.end() == 0, early.said()
    for where in ("disk", "memory"):
        assert early.arrived(where) == Counter(["first", "last"]), where
