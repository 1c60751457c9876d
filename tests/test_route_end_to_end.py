"""Routes, copies, optional and memory channels in a real agent that is killed: who gets what."""

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import textwrap
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from faults.checking import published

SCRIPT = """
    from pathlib import Path

    from flumec.runtime import Agent, Arm, Drop, Duration, Header, Optional, Port, Route, Size
    from flumec.runtime.channels import File, Memory
    from flumec.runtime.interceptors import RegexExtract, RegexFilter, Static
    from flumec.runtime.sinks import FileRoll
    from flumec.runtime.sinks.filing import Roll
    from flumec.runtime.sources import Http

    events = Http("events", port=Port({port}), request_id="Idempotency-Key")
    audit = File("audit", size=Size("4MiB"))
    archive = File("archive", size=Size("1MiB"))
    clicks = Memory("clicks", size=Size("4MiB"))
    other = File("other", size=Size("4MiB"))
    quick = Roll(every=Duration("50ms"))


    def files(name, path=""):
        return FileRoll(name, directory=Path({out!r}) / name, path=path, roll=quick)


    agent = Agent("feed", host="web-1", address="127.0.0.1", columns=("kind", "user", "seen"),
                  metrics_port={metrics})
    agent.flow(
        events,
        RegexFilter("secret", exclude=True),
        RegexExtract(r"user=(\\w+)", into=(Header("user"),)),
        to=Route(
            "kind",
            Arm("audit", to=(audit, Optional(archive))),
            Arm("click", "tap", steps=(Static("seen", "yes"),), to=clicks),
            Arm("noise", to=Drop()),
            otherwise=other,
        ),
    )
    agent.deliver(audit, files("audited"))
    agent.deliver(archive, files("archived"))
    agent.deliver(clicks, files("clicked", "%{{seen}}"))
    agent.deliver(other, files("rest", "%{{user}}"))

    if __name__ == "__main__":
        agent.run()
"""

KINDS = ("audit", "click", "tap", "noise", "new", None)
REQUESTS = 120
PATIENCE = 60.0


def event(number: int) -> dict[str, object]:
    kind = KINDS[number % len(KINDS)]
    user = f"user=u{number % 3} " if number % 2 else ""
    body = f"{number} {user}{'secret' if number % 10 == 9 else ''}{'.' * 9_000}"
    return {"headers": {"kind": kind} if kind else {}, "body": body}


def expected(*kinds: str | None) -> Counter[int]:
    """Return the numbers of all events of these kinds that no filter takes out."""
    numbers = range(REQUESTS * 10)
    return Counter(n for n in numbers if KINDS[n % len(KINDS)] in kinds and n % 10 != 9)


class Feed:
    """The agent's process, and its one client."""

    def __init__(self, folder: Path) -> None:
        ports = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
        self.port, self.metrics = (one.getsockname()[1] for one in ports)
        for one in ports:
            one.close()
        self.folder, self.out = folder, folder / "out"
        script = SCRIPT.format(port=self.port, metrics=self.metrics, out=str(self.out))
        (folder / "feed.py").write_text(textwrap.dedent(script))
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "feed.py", "--state", "state", "--log", "error"]
        self.process = subprocess.Popen(command, cwd=self.folder)

    def end(self, how: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(PATIENCE)

    def post(self, number: int) -> None:
        """Send request `number` until it is answered 200."""
        events = [event(n) for n in range(number * 10, number * 10 + 10)]
        headers = {"Content-Type": "application/json", "Idempotency-Key": str(number)}
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
            try:
                client.request("POST", "/", json.dumps(events), headers)
                if client.getresponse().status == 200:
                    return
            except (OSError, http.client.HTTPException):
                pass
            finally:
                client.close()
            time.sleep(0.05)
        raise AssertionError(f"request {number} was never answered 200")

    def balances(self) -> dict[str, dict[str, int]]:
        """Return each channel's balance by the metrics page, checked to add up."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics}/metrics", timeout=10) as page:
            text = page.read().decode()
        channels: dict[str, dict[str, int]] = {}
        line = (
            r'^flumec_channel_(\w+?)_events(?:_total)?\{channel="(\w+)",journal="\w*"\} ([\d.]+)$'
        )
        for field, channel, value in re.findall(line, text, re.MULTILINE):
            channels.setdefault(channel, {})[field] = int(float(value))
        for name, counts in channels.items():
            done = counts["delivered"] + counts["dropped"] + counts["dead_lettered"]
            assert counts["put"] == done + counts["held"], f"{name} does not balance: {counts}"
        return channels

    def until_empty(self, *channels: str) -> dict[str, dict[str, int]]:
        deadline = time.monotonic() + PATIENCE
        while any((found := self.balances())[name]["held"] for name in channels):
            assert time.monotonic() < deadline, f"what is held is not delivered: {found}"
            time.sleep(0.05)
        return found

    def arrived(self, sink: str) -> Counter[int]:
        found: Counter[int] = Counter()
        for path in published(self.out / sink):
            lines = Path(path).read_text().splitlines()
            found.update(int(line.split()[0]) for line in lines)
        return found


@pytest.fixture
def feed(tmp_path: Path) -> Iterator[Feed]:
    made = Feed(tmp_path)
    yield made
    if made.process is not None and made.process.poll() is None:
        made.process.kill()
        made.process.wait()


@pytest.mark.slow
def test_each_event_goes_where_its_route_says_through_a_kill(feed: Feed) -> None:
    feed.out.mkdir()
    (feed.out / "archived").write_text("a file where the directory is to be")
    feed.start()
    for number in range(REQUESTS // 2):
        feed.post(number)
    feed.end(signal.SIGKILL)
    feed.start()
    for number in range(REQUESTS // 2, REQUESTS):
        feed.post(number)
    channels = feed.until_empty("audit", "clicks", "other")

    assert feed.arrived("audited") == expected("audit")
    assert feed.arrived("rest") == expected("new", None)
    users = {path.parent.name for path in (feed.out / "rest").rglob("*.log")}
    assert users - {".flumec"} == {"_", "u2"}
    clicked, clicks = feed.arrived("clicked"), expected("click", "tap")
    assert clicked <= clicks, "what is in memory may be lost, and is never doubled"
    late = {n for n in clicks if n >= REQUESTS * 5}
    assert late <= clicked.keys(), "nothing of it was lost but by the kill"
    assert {path.parent.name for path in (feed.out / "clicked").glob("[!.]*/*.log")} == {"yes"}

    archive = channels["archive"]
    assert archive["put"] == channels["audit"]["put"] == expected("audit").total()
    assert archive["dropped"] > 0 < archive["held"]
    assert archive["delivered"] == 0
    assert feed.end(signal.SIGTERM) == 0

    (feed.out / "archived").unlink()
    feed.start()
    feed.post(REQUESTS - 1)  # a repetition: nothing is added
    archive = feed.until_empty("archive")["archive"]
    assert feed.arrived("archived") <= expected("audit")
    assert feed.arrived("archived").total() == archive["delivered"]
    assert feed.arrived("audited") == expected("audit")
    assert feed.end(signal.SIGTERM) == 0
