"""A real agent that sends to several real ones; each is killed and started as a test wants."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from faults.checking import published

LINK = "tailer.spool => collector.inbox"

TAILER = '''
import pyarrow as pa
from flumec.runtime import Agent, Balance, Duration, Failover, Header, Size
from flumec.runtime.channels import File
from flumec.runtime.component import Source, prop
from flumec.runtime.journal.records import Progress
from flumec.runtime.links import All, ArrowSender, Hashed, Peer


class Ticks(Source, type="ticks"):
    """Make the numbers from 0 to `total`, from where the journal says."""

    total: int = prop("How many.")
    rate: int = prop("How many a second.")

    def run(self, context):
        stored = context.positions.get(b"")
        start = stored.to if stored else b""
        at = int(start or b"0")
        while not context.stopping:
            context.idle(at >= self.total)
            if at >= self.total:
                context.wait(0.05)
                continue
            rows = [b"%d" % n for n in range(at, min(at + max(1, self.rate // 50), self.total))]
            at += len(rows)
            to = b"%d" % at
            users = pa.array(["u%d" % (int(row) % 7) for row in rows])
            batch = pa.record_batch({"body": pa.array(rows, pa.binary()), "h.user": users})
            context.put(batch, [Progress(self.name, b"", start, to)]).result()
            start = to
            context.wait(0.02)


ticks = Ticks("ticks", total=TOTAL, rate=RATE)
spool = File("spool", size=Size("SIZE"))
PEERS
agent = Agent("tailer", host="web-1", address="127.0.0.1", columns=["user"])
agent.flow(ticks, to=spool)
agent.deliver(spool, GROUP)
agent.run()
'''

COLLECTOR = """
from flumec.runtime import Agent, Duration, Port, Size
from flumec.runtime.channels import File
from flumec.runtime.links import ArrowReceiver
from flumec.runtime.sinks import FileRoll
from flumec.runtime.sinks.filing import Roll

feed = ArrowReceiver("from_tailer", port=Port(PORT), bind="127.0.0.1")
inbox = File("inbox", size=Size("SIZE"))
out = FileRoll("out", directory="OUT", roll=Roll(every=Duration("300ms")))
agent = Agent("collector", host="NAME", address="127.0.0.1", columns=["user"])
agent.receive(feed, link="tailer.spool => collector.inbox", wire="w", to=inbox)
agent.deliver(inbox, out)
agent.run()
"""


class Several:
    """A tailer and its collectors, named core-1, core-2 and so on, in the order of preference."""

    def __init__(
        self, folder: Path, group: str, *, peers: int = 2, total: int, rate: int = 20_000,
        settings: str = 'back_off=Duration("300ms")', size: str = "64MiB", inbox: str = "64MiB",
    ) -> None:  # fmt: skip
        self.folder, self.total = folder, total
        self.names = [f"core-{number + 1}" for number in range(peers)]
        self.ports = {name: _free_port() for name in self.names}
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.scripts: dict[str, Path] = {}
        self._values = {"TOTAL": str(total), "RATE": str(rate), "SIZE": size, "SETTINGS": settings}
        self._group = group
        for name in self.names:
            text = COLLECTOR.replace("PORT", str(self.ports[name])).replace("NAME", name)
            text = text.replace("SIZE", inbox).replace("OUT", str(folder / f"{name}-out"))
            self._write(name, text)
        self.write_tailer(self.names)

    def write_tailer(self, names: list[str], group: str | None = None) -> None:
        """Have the sender know these peers."""
        text = TAILER.replace("PEERS", "\n".join(self._peer(name) for name in names))
        members = ", ".join(name.replace("-", "_") for name in names)
        text = text.replace("GROUP", (group or self._group).replace("PEERS", members))
        for key, value in self._values.items():
            text = text.replace(key, value)
        self._write("tailer", text)

    def _peer(self, name: str) -> str:
        return (
            f'{name.replace("-", "_")} = ArrowSender("to_{name}", link="{LINK}", wire="w", '
            f'peers=(Peer("{name}", "127.0.0.1", {self.ports[name]}),), SETTINGS)'
        )

    def _write(self, name: str, text: str) -> None:
        self.scripts[name] = self.folder / f"{name}.py"
        self.scripts[name].write_text(text)

    def start(self, *names: str) -> None:
        """Start agents, all without names."""
        for name in names or (*self.names, "tailer"):
            log = (self.folder / f"{name}.log").open("ab")
            self.running[name] = subprocess.Popen(
                [sys.executable, str(self.scripts[name]), "--state", str(self.folder / name)],
                cwd=self.folder, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def kill(self, name: str) -> None:
        """Kill an agent."""
        self.running[name].kill()
        self.running[name].wait()

    def stop(self, name: str) -> None:
        """Have an agent end in an orderly way."""
        self.running[name].send_signal(signal.SIGTERM)
        assert self.running[name].wait(40) == 0, self.log(name)

    def freeze(self, name: str) -> None:
        """Have an agent fall silent; its connections stay."""
        self.running[name].send_signal(signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        """Have it go on."""
        self.running[name].send_signal(signal.SIGCONT)

    def end(self) -> None:
        """Kill all that run."""
        for name in self.running:
            with suppress(ProcessLookupError):
                self.kill(name)

    def log(self, name: str) -> str:
        """Return what an agent said in all its lives."""
        return (self.folder / f"{name}.log").read_text()

    def status(self) -> tuple[str, dict[str, Any]]:
        """Return what `flumec status` shows of the sender, and what it says of it as JSON."""
        shown, said = (
            subprocess.run(
                [sys.executable, "-m", "flumec.compiler", "status", *more,
                 "--state", str(self.folder / "tailer")],
                capture_output=True, text=True, check=False,
            ).stdout
            for more in ([], ["--json"])
        )  # fmt: skip
        return shown, json.loads(said)[0]["state"]

    def got(self, name: str) -> Counter[int]:
        """Return what a collector has published."""
        found = Counter[int]()
        for path in published(self.folder / f"{name}-out"):
            with suppress(FileNotFoundError):
                found.update(int(line) for line in Path(path).read_text().split())
        return found

    @property
    def everything(self) -> Counter[int]:
        """Return what all collectors have published."""
        return sum((self.got(name) for name in self.names), Counter[int]())

    def until(self, holds: Callable[[], bool], patience: float = 90) -> float:
        """Wait until something holds; return how long that took."""
        began = time.monotonic()
        while not holds():
            if time.monotonic() - began > patience:
                raise AssertionError(self.log("tailer")[-4000:])
            time.sleep(0.2)  # looking reads all that came
        return time.monotonic() - began

    def whole(self) -> bool:
        """Say whether everything is published at least once."""
        return len(self.everything) == self.total


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
