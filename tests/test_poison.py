"""A row that kills its sink, by an exception or with the whole process, stops its channel only."""

import http.client
import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

AGENT = '''#!/usr/bin/env python3
"""An agent with a sink that some rows kill."""
import os
import signal
import time

import pyarrow as pa
from flumec.runtime import Agent, Size
from flumec.runtime.batch import decode, header
from flumec.runtime.channels import File, Memory, Spill
from flumec.runtime.component import Ref, Sink, Source, prop
from flumec.runtime.journal.records import Cursor, Progress
from flumec.runtime.letters import REASON, SINK, TRIES


class Ticks(Source, type="ticks"):
    """Make the numbers from 0 to `total`, from where the journal says."""

    total: int = prop("How many.")

    def run(self, context):
        stored = context.positions.get(b"")
        start = stored.to if stored else b""
        at = int(start or b"0")
        while not context.stopping:
            context.idle(at >= self.total)
            if at >= self.total:
                context.wait(0.05)
                continue
            rows = [b"%d" % n for n in range(at, min(at + 5000, self.total))]
            at += len(rows)
            to = b"%d" % at
            batch = pa.record_batch({"body": pa.array(rows, pa.binary())})
            context.put(batch, [Progress(self.name, b"", start, to)]).result()
            start = to


def bodies(chunk):
    return decode(chunk.body).slice(chunk.skip, chunk.rows).column("body").to_pylist()


class Delicate(Sink, type="delicate"):
    """Append lines to a file; some bodies are more than it can take."""

    dies_of: tuple = prop("Bodies.", default=())
    how: str = prop("How it dies.", default="raise")
    dead_letter: Ref | None = prop("Where they go.", default=None)

    def run(self, context):
        with open(self.name, "ab") as out:
            while not context.stopping:
                for chunk in context.consumer.read(0.1):
                    self.take(chunk, context)
                    lines = b"".join(body + b"\\n" for body in bodies(chunk))
                    os.write(out.fileno(), lines)
                    context.consumer.advance(Cursor(chunk.end, delivered=chunk.rows)).result()

    def take(self, chunk, context):
        for body in bodies(chunk):
            if body not in self.dies_of:
                continue
            with open("deaths", "ab") as deaths:
                os.write(deaths.fileno(), body + b"\\n")
            if self.how == "raise":
                raise ValueError(f"cannot take {body!r}")
            if self.how == "disk" and not os.path.exists("mended"):
                raise OSError(28, "No space left on device", "/somewhere")
            if self.how == "hang":
                time.sleep(3600)
            if self.how == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            if self.how == "crash":
                import faulthandler
                faulthandler._sigsegv()


class Post(Sink, type="post"):
    """Write down dead letters."""

    def run(self, context):
        with open(self.name, "ab") as out:
            while not context.stopping:
                for chunk in context.consumer.read(0.1):
                    batch = decode(chunk.body).slice(chunk.skip, chunk.rows)
                    columns = [header(batch, name).to_pylist() for name in (REASON, SINK, TRIES)]
                    tags = [f"{run.row}+{run.count}" for run in chunk.tags]
                    lines = [
                        " | ".join([body.decode(), *said, ",".join(tags)]) + "\\n"
                        for body, *said in zip(bodies(chunk), *columns)
                    ]
                    out.write("".join(lines).encode())
                    out.flush()
                    context.consumer.advance(Cursor(chunk.end, delivered=chunk.rows)).result()


def Spilling(name, size):
    return Spill(name, memory=Size("64KiB"), size=size)


ticks = Ticks("ticks", total={total})
spool = {spool}("spool", size=Size("64MiB"))
other = File("other", size=Size("64MiB"))
late = File("late", size=Size("{late}"))
out = Delicate("out", dies_of={dies_of}, how="{how}", dead_letter={dead_letter})
healthy = Delicate("healthy")
post = Post("post")

agent = Agent("tailer", host="web-1", address="127.0.0.1", metrics_port={port})
agent.flow(ticks, to=[spool, other])
agent.deliver(spool, out)
agent.deliver(other, healthy)
agent.deliver(late, post)
agent.run()
'''

DEATHS = 3


@dataclass
class Trial:
    """An agent in a folder, started again whenever it is killed, as systemd would."""

    folder: Path
    starts: int = 0
    outputs: list[str] = field(default_factory=list)

    def write(
        self,
        *dies_of: bytes,
        how: str = "raise",
        letters: bool = False,
        total: int = 12_000,
        late: str = "1MiB",
        spool: str = "File",
        port: int | None = None,
    ) -> None:
        """Write the agent."""
        script = AGENT
        for name, value in {
            "total": total, "dies_of": dies_of, "how": how, "late": late, "port": port,
            "spool": spool, "dead_letter": 'Ref("late")' if letters else None,
        }.items():  # fmt: skip
            script = script.replace("{" + name + "}", str(value))
        (self.folder / "agent.py").write_text(script)

    def until(self, holds: Callable[[], bool], timeout: float = 60) -> None:
        """Run it, again and again, until something holds; then end it in an orderly way."""
        deadline = time.monotonic() + timeout
        while True:
            self.starts += 1
            process = subprocess.Popen(
                [sys.executable, "agent.py", "--state", "state"],
                cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            )  # fmt: skip
            try:
                done = False
                while process.poll() is None and not done and time.monotonic() < deadline:
                    time.sleep(0.05)
                    done = holds()
                if process.poll() is None:
                    process.send_signal(signal.SIGTERM)
                    self.outputs.append(process.communicate(timeout=30)[0])
                    assert done, self.outputs[-1]
                    # it may not have got so far that it heard the signal as one to drain
                    assert process.returncode in (0, -signal.SIGTERM), self.outputs[-1]
                    return
            finally:
                process.kill()
            self.outputs.append(process.communicate()[0])

    def lines(self, name: str) -> list[str]:
        """Return the lines of a file, none if it is not there."""
        path = self.folder / name
        return path.read_text().splitlines() if path.exists() else []

    def numbers(self, name: str) -> list[int]:
        """Return what a sink wrote."""
        return [int(line) for line in self.lines(name)]


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    return Trial(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("spool", ["File", "Memory", "Spilling"])
def test_an_exception_at_a_row_three_times_stops_its_channel_only(trial: Trial, spool: str) -> None:
    port = free_port()
    trial.write(b"7013", spool=spool, port=port)
    trial.until(lambda: is_stopped(port, 7013) and len(trial.lines("healthy")) == 12_000)
    assert trial.lines("deaths") == ["7013"] * DEATHS
    assert trial.numbers("healthy") == list(range(12_000))
    assert trial.numbers("out") == list(range(7013))
    (said,) = [line for line in trial.outputs[-1].splitlines() if line.startswith("ERROR")]
    assert said == (
        "ERROR out row 7013 of channel `spool`: it killed its sink 3 times: "
        "ValueError: cannot take b'7013' [RT602]"
    )


@pytest.mark.slow
def test_it_stays_stopped_and_another_program_may_try_again(trial: Trial) -> None:
    trial.write(b"13")
    trial.until(
        lambda: len(trial.lines("deaths")) >= DEATHS and len(trial.lines("healthy")) == 12_000
    )
    port = free_port()
    trial.write(b"13", port=port)  # another program: one more try
    trial.until(lambda: len(trial.lines("deaths")) > DEATHS and is_stopped(port, 13))
    trial.until(lambda: is_stopped(port, 13))  # the same: none
    assert trial.lines("deaths") == ["13"] * (DEATHS + 1)
    trial.write(b"14", port=port)  # 13 is cured, 14 is not
    trial.until(lambda: "14" in trial.lines("deaths"))
    assert trial.numbers("out") == list(range(14))


@pytest.mark.slow
@pytest.mark.parametrize("spool", ["File", "Spilling"])
def test_poison_goes_to_the_dead_letters_and_all_others_are_delivered(
    trial: Trial, spool: str
) -> None:
    trial.write(b"0", b"7013", b"7014", b"11999", letters=True, spool=spool)
    trial.until(lambda: len(trial.lines("post")) == 4 and len(trial.lines("out")) == 11_996)
    assert sorted(trial.numbers("out")) == [
        n for n in range(12_000) if n not in (0, 7013, 7014, 11999)
    ]
    assert trial.lines("post") == [
        f"{row} | it killed its sink 3 times: ValueError: cannot take b'{row}' "
        f"| web-1/tailer/out | 3 | {row}+1"
        for row in (0, 7013, 7014, 11999)
    ]
    assert set(Counter(trial.lines("deaths")).values()) == {DEATHS}


@pytest.mark.slow
@pytest.mark.parametrize("how", ["kill", "crash"])
def test_a_process_that_dies_with_a_row_gets_rid_of_it(trial: Trial, how: str) -> None:
    trial.write(b"3333", how=how, letters=True)
    trial.until(lambda: len(trial.lines("post")) == 1 and len(trial.lines("out")) >= 11_999, 120)
    assert trial.lines("post") == [
        "3333 | it killed its sink 3 times: its process died | web-1/tailer/out | 3 | 3333+1"
    ]
    assert trial.numbers("out") == [n for n in range(12_000) if n != 3333]
    assert set(trial.numbers("healthy")) == set(range(12_000))
    assert len(trial.lines("deaths")) <= 6


@pytest.mark.slow
def test_a_process_that_dies_with_a_row_stops_that_channel(trial: Trial) -> None:
    port = free_port()
    trial.write(b"3333", how="crash", port=port)

    def stopped() -> bool:
        return len(set(trial.lines("healthy"))) == 12_000 and is_stopped(port, 3333)

    trial.until(stopped, 120)
    assert "ERROR out row 3333 of channel `spool`" in trial.outputs[-1]
    assert trial.numbers("out") == list(range(3333))
    assert len(trial.lines("deaths")) <= 6


@pytest.mark.slow
def test_an_error_of_the_disk_is_no_rows_fault(trial: Trial) -> None:
    trial.write(b"77", how="disk", letters=True)
    mended = trial.folder / "mended"

    def holds() -> bool:
        if len(trial.lines("deaths")) > DEATHS + 1:
            mended.touch()
        return len(trial.lines("out")) == 12_000

    trial.until(holds)
    assert trial.numbers("out") == list(range(12_000))
    assert not trial.lines("post")


@pytest.mark.slow
@pytest.mark.parametrize("how", ["hang", "disk"])
def test_a_sink_that_hangs_or_has_no_place_stops_no_other(trial: Trial, how: str) -> None:
    trial.write(b"77", how=how)
    process = subprocess.Popen([sys.executable, "agent.py", "--state", "state"], cwd=trial.folder)
    try:
        deadline = time.monotonic() + 60
        while len(trial.lines("healthy")) < 12_000 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()
    assert trial.numbers("healthy") == list(range(12_000))
    assert set(trial.lines("deaths")) == {"77"}
    assert all(row < 77 for row in trial.numbers("out"))


def free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def is_stopped(port: int, row: int) -> bool:
    """Whether /readyz says that the channel is stopped before a row."""
    try:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
                content = answer.read()
        except urllib.error.HTTPError as refusal:
            content = refusal.read()
    except (OSError, http.client.HTTPException):  # it may die in the middle of its answer
        return False
    said: str = json.loads(content).get("reasons", {}).get("out", "")
    return said.startswith(f"stopped before row {row} of channel `spool`, as it killed its sink 3")
