"""Real agents with a group of sinks, and what each of its members has published."""

import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

AGENT = '''#!/usr/bin/env python3
"""An agent whose events a group of sinks shares."""
import os

import pyarrow as pa
from flumec.runtime import Agent, Balance, Duration, Failover, Size
from flumec.runtime.batch import decode
from flumec.runtime.channels import File, Memory
from flumec.runtime.component import Sink, Source, prop
from flumec.runtime.journal.records import Cursor, Progress
from flumec.runtime.sinks import FileRoll, Hdfs
from flumec.runtime.sinks.filing import Roll


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
            rows = [b"%d" % n for n in range(at, min(at + self.rate // 20, self.total))]
            at += len(rows)
            to = b"%d" % at
            hosts = pa.array(["%d" % (int(row) % 3) for row in rows])
            batch = pa.record_batch({"body": pa.array(rows, pa.binary()), "h.host": hosts})
            context.put(batch, [Progress(self.name, b"", start, to)]).result()
            start = to
            context.wait(0.05)


class Paced(Sink, type="paced"):
    """Append lines to a file of its name, so many seconds for each chunk."""

    pace: float = prop("Seconds.", default=0.0)
    dies_of: bytes = prop("A body that kills it.", default=b"")

    def run(self, context):
        with open(self.name, "ab") as out:
            while not context.stopping:
                chunks = context.consumer.read(0.2, 1)
                context.idle(not chunks)
                for chunk in chunks:
                    rows = decode(chunk.body).slice(chunk.skip, chunk.rows)
                    bodies = rows.column("body").to_pylist()
                    if self.dies_of in bodies:
                        with open("deaths", "ab") as deaths:
                            os.write(deaths.fileno(), self.name.encode() + b"\\n")
                        raise ValueError("cannot take it")
                    os.write(out.fileno(), b"".join(body + b"\\n" for body in bodies))
                    context.consumer.advance(Cursor(chunk.end, delivered=chunk.rows)).result()
                    context.wait(self.pace)


ticks = Ticks("ticks", total={total}, rate={rate})
spool = {channel}("spool", size=Size("64MiB"))
{sinks}
agent = Agent("gateway", host="edge-1", address="127.0.0.1", columns=["host"])
agent.flow(ticks, to=spool)
agent.deliver(spool, {group})
agent.run()
'''


@dataclass
class Fleet:
    """One agent in a folder, killed and started as a test wants; its members write below it."""

    folder: Path
    process: "subprocess.Popen[str] | None" = None
    starts: int = 0

    def write(
        self, group: str, sinks: Sequence[str], *, total: int, rate: int = 20_000,
        channel: str = "File",
    ) -> None:  # fmt: skip
        """Write the agent; `sinks` are statements."""
        script = AGENT
        for name, value in {
            "total": total, "rate": rate, "group": group, "sinks": "\n".join(sinks),
            "channel": channel,
        }.items():  # fmt: skip
            script = script.replace("{" + name + "}", str(value))
        (self.folder / "agent.py").write_text(script)

    def start(self) -> None:
        """Start the agent."""
        self.starts += 1
        log = (self.folder / f"log-{self.starts}").open("w")
        self.process = subprocess.Popen(
            [sys.executable, "agent.py", "--state", "state"],
            cwd=self.folder, stdout=log, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    @property
    def log(self) -> str:
        """What the agent said in all its lives."""
        logs = [self.folder / f"log-{n}" for n in range(1, self.starts + 1)]
        return "".join(path.read_text() for path in logs)

    def kill(self) -> None:
        """Kill the agent, if it runs."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        """Have it end in an orderly way."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)

    def until(self, holds: Callable[[], bool], timeout: float = 110) -> None:
        """Wait until something holds."""
        deadline = time.monotonic() + timeout
        while not holds():
            assert self.process is not None
            assert self.process.poll() is None, self.log
            assert time.monotonic() < deadline, self.log
            time.sleep(0.1)

    def place(self, member: str) -> Path:
        """Return where a member's files lie, on something that can be taken away."""
        return self.folder / member / "mount" / "out"

    def take_away(self, member: str) -> None:
        """Have a member's file system go, as an unmounted one."""
        mount = self.folder / member / "mount"
        mount.rename(mount.with_name("away"))
        mount.touch()

    def bring_back(self, member: str) -> None:
        """Have it come back."""
        mount = self.folder / member / "mount"
        mount.unlink()
        mount.with_name("away").rename(mount)

    def published(self, member: str) -> Counter[int]:
        """Return the numbers that a member has published."""
        try:
            return self._published(member)
        except FileNotFoundError:  # a folder of its own that went while it was looked through
            return self.published(member)

    def _published(self, member: str) -> Counter[int]:
        found: Counter[int] = Counter()
        for mount in ("mount", "away"):
            root = self.folder / member / mount
            if root.is_dir():
                for path in root.rglob("*.log"):
                    if ".flumec" not in path.parts:
                        found.update(int(line) for line in path.read_text().split())
        return found

    def lines(self, member: str) -> list[int]:
        """Return the numbers that a paced member has written, in their order."""
        path = self.folder / member
        return [int(line) for line in path.read_text().split()] if path.is_file() else []

    def everything(self, *members: str) -> Counter[int]:
        """Return what all have published."""
        return sum((self.published(member) for member in members), Counter())


def roll(name: str, folder: Path, path: str = "", **how: str) -> str:
    """Return the statement that makes a member."""
    said = ", ".join(f'{key}=Duration("{value}")' for key, value in how.items())
    return f'{name} = FileRoll("{name}", directory="{folder}", path="{path}", roll=Roll({said}))'
