"""An agent's process: it starts, drains, survives being killed, and says why it ended."""

import contextlib
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flumec.runtime import notify
from flumec.runtime.credentials import ABSENT

SLOW = pytest.mark.slow

PARTS = '''#!/usr/bin/env python3
"""An agent that a test made."""
import os
import sys
import threading
import time
from pathlib import Path

import pyarrow as pa
from flumec.runtime import Agent, Port, Secret, Size
from flumec.runtime.batch import decode
from flumec.runtime.channels import File
from flumec.runtime.component import Sink, Source, prop
from flumec.runtime.errors import StartError
from flumec.runtime.journal.records import Cursor, Progress


class Ticks(Source, type="ticks"):
    """Make the numbers from 0 to `total`, from where the journal says."""

    total: int = prop("How many.", default=1_000_000)

    def run(self, context):
        if self.total == -1:
            raise ValueError("nobody\\nforesaw this")
        if self.total == -2:
            return
        stored = context.positions.get(b"")
        start = stored.to if stored else b""
        at = int(start or b"0")
        while not context.stopping:
            context.idle(at >= self.total)
            if at >= self.total:
                context.wait(0.05)
                continue
            rows = [b"%d" % n for n in range(at, min(at + 100, self.total))]
            at += len(rows)
            to = b"%d" % at
            batch = pa.record_batch({"body": pa.array(rows, pa.binary())})
            context.put(batch, [Progress(self.name, b"", start, to)]).result()
            start = to


class Paper(Sink, type="paper"):
    """Append lines to a file, and then say so."""

    pause: float = prop("Seconds to wait after each.", default=0.0)

    def run(self, context):
        with open("out", "ab") as out:
            while not context.stopping:
                for chunk in context.consumer.read(0.1):
                    bodies = decode(chunk.body).slice(chunk.skip).column("body").to_pylist()
                    out.write(b"".join(body + b"\\n" for body in bodies))
                    out.flush()
                    context.consumer.advance(Cursor(chunk.end, delivered=chunk.rows))
                    context.wait(self.pause)


class Trouble(Sink, type="trouble"):
    """Read, and then do what the test wants."""

    kind_of: str = prop("What.")

    def run(self, context):
        while not context.consumer.read(0.1):
            if context.stopping:
                return
        if self.kind_of == "start":
            raise StartError("the folder /srv/x is not ours: chown it to flumec")
        if self.kind_of == "bug":
            raise ValueError("nobody\\nforesaw this")
        if self.kind_of == "return":
            return
        if self.kind_of == "hang":
            time.sleep(60)
        if self.kind_of == "fail":
            context.fail("the server says no")
            while not context.wait(1):
                pass


class Listener(Source, type="listener"):
    """Answer each connection with a secret."""

    port: Port = prop("Where.")
    token: Secret = prop("What.", default=Secret("token"))

    def run(self, context):
        token = context.secret(self.token)
        with context.listen(self.name, context.address, self.port) as listener:
            listener.settimeout(0.1)
            while not context.stopping:
                try:
                    connection, _ = listener.accept()
                except TimeoutError:
                    continue
                with connection:
                    connection.sendall(token.encode())

'''

FLOW = """
# see weblogs.flow:12
ticks = Ticks("ticks", total={total})
# see weblogs.flow:14
spool = File("spool", size=Size("1MiB"))
# Kept for years.
# see weblogs.flow:16
out = {sink}

agent = Agent("tailer", host="web-1", address="127.0.0.1", metrics_port={metrics})
agent.flow(ticks, to=spool)
agent.deliver(spool, out)

if __name__ == "__main__":
    agent.run()
"""


def flow(sink: str = 'Paper("out")', total: int = 1_000_000, metrics: int | None = None) -> str:
    return PARTS + FLOW.format(sink=sink, total=total, metrics=metrics)


class Running:
    """An agent's process, and a service manager that listens to it."""

    def __init__(self, folder: Path, *arguments: str, **environment: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        address = str(folder / "notify")
        Path(address).unlink(missing_ok=True)
        self.socket.bind(address)
        self.messages: list[dict[str, str]] = []
        self.output = ""
        self.process = subprocess.Popen(
            [sys.executable, "agent.py", *arguments],
            cwd=folder,
            env={**os.environ, "NOTIFY_SOCKET": address, "STATE_DIRECTORY": str(folder / "state")}
            | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def until(self, holds: Callable[[dict[str, str]], bool], timeout: float = 30) -> dict[str, str]:
        """Wait for a message of which `holds` is true."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline and self.process.poll() is None:
            self.socket.settimeout(0.2)
            with contextlib.suppress(TimeoutError):
                self.messages.append(notify.parse(self.socket.recv(1 << 20)))
                if holds(self.messages[-1]):
                    return self.messages[-1]
        code = self.end()
        raise AssertionError(f"it did not say so: {self.messages[-1:]} {code} {self.output}")

    def until_state(self, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait for a state of which `holds` is true."""
        message = self.until(
            lambda found: notify.STATE in found and holds(json.loads(found[notify.STATE]))
        )
        state: dict[str, Any] = json.loads(message[notify.STATE])
        return state

    def end(self, number: signal.Signals | None = None, timeout: float = 30) -> int:
        """Send a signal, wait for the end, keep the output; return the exit code."""
        if number is not None:
            self.process.send_signal(number)
        try:
            self.output += self.process.communicate(timeout=timeout)[0]
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.output += self.process.communicate()[0]
            raise AssertionError(f"it did not end: {self.output}") from None
        return self.process.returncode


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def start(script: str, *arguments: str, **environment: str) -> Running:
        (tmp_path / "agent.py").write_text(script)
        started.append(Running(tmp_path, *arguments, **environment))
        return started[-1]

    yield start
    for running in started:
        if running.process.poll() is None:
            running.process.kill()
            running.process.communicate()
        running.socket.close()


Run = Callable[..., Running]


def numbers(folder: Path) -> list[int]:
    return [int(line) for line in (folder / "out").read_bytes().splitlines()]


def test_it_is_ready_tells_its_state_and_drains_on_sigterm(run: Run, tmp_path: Path) -> None:
    agent = run(flow())
    assert "READY" in agent.until(lambda message: "READY" in message)
    state = agent.until_state(lambda state: state["channels"]["spool"]["delivered"] > 1_000)
    assert state["pid"] == agent.process.pid
    assert state["agent"] == "tailer"
    assert agent.end(signal.SIGTERM) == 0
    lines = agent.output.splitlines()
    assert lines == [
        "INFO agent `tailer` of web-1 is ready",
        "INFO agent SIGTERM: draining",
        "INFO agent `tailer` has ended",
    ]
    found = numbers(tmp_path)
    assert found == list(range(len(found)))
    assert len(found) > 1_000


@pytest.mark.slow
def test_draining_empties_the_channel_but_stops_the_source(run: Run, tmp_path: Path) -> None:
    agent = run(flow('Paper("out", pause=0.05)'))  # slower than any disk's syncs
    agent.until_state(lambda state: state["channels"]["spool"]["held"] > 100)
    assert agent.end(signal.SIGTERM) == 0
    again = run(flow(total=0))
    state = again.until_state(lambda state: state["ready"])
    spool = state["channels"]["spool"]
    assert (spool["held"], spool["put"]) == (0, len(numbers(tmp_path)))


@pytest.mark.slow
def test_status_says_rate_and_lag(run: Run) -> None:
    agent = run(flow())
    message = agent.until(lambda message: "behind" in message.get("STATUS", ""))
    assert message["STATUS"].startswith("spool ")
    assert " held, " in message["STATUS"]


@pytest.mark.slow
def test_killed_and_started_again_it_loses_nothing(run: Run, tmp_path: Path) -> None:
    total = 30_000
    for kill in range(3):
        agent = run(flow(total=total))
        least = total // 4 * kill
        agent.until_state(lambda state, at=least: state["channels"]["spool"]["put"] > at)
        assert agent.end(signal.SIGKILL) == -signal.SIGKILL
    agent = run(flow(total=total))
    state = agent.until_state(
        lambda state: state["parts"]["ticks"]["idle"] and not state["channels"]["spool"]["held"]
    )
    spool = state["channels"]["spool"]
    assert spool["put"] == spool["delivered"] == total
    assert agent.end(signal.SIGTERM) == 0
    assert sorted(set(numbers(tmp_path))) == list(range(total))


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        pytest.param("start", "the folder /srv/x is not ours: chown it to flumec", marks=SLOW),
        ("bug", r"ValueError: nobody\nforesaw this"),
        pytest.param("return", "it returned although nothing told it to stop", marks=SLOW),
    ],
)
@pytest.mark.slow
def test_a_dead_sink_is_told_and_ends_nothing_else(run: Run, trouble: str, reason: str) -> None:
    agent = run(flow(f'Trouble("out", kind_of="{trouble}")', total=300))
    wanted = f"it died, and begins again: {reason}"
    state = agent.until_state(lambda state: state["parts"]["out"]["failing"] != "")
    assert state["parts"]["out"]["failing"].replace("\n", r"\n") == wanted
    agent.until_state(lambda state: state["channels"]["spool"]["put"] == 300)
    assert agent.end(signal.SIGTERM) == 0
    assert f"WARNING out cannot work for now: {wanted}" in agent.output
    assert "Traceback" not in agent.output


@pytest.mark.parametrize(
    ("total", "reason"),
    [
        (-1, r"ValueError: nobody\nforesaw this"),
        pytest.param(-2, "it returned although nothing told it to stop", marks=SLOW),
    ],
)
def test_a_dead_source_ends_the_process_with_one_line(run: Run, total: int, reason: str) -> None:
    agent = run(flow(total=total))
    assert agent.end() == 1
    wanted = f"ERROR ticks (weblogs.flow:12) cannot go on, so the agent ends: {reason} [RT102]"
    assert agent.output.splitlines()[1:] == [wanted]


@pytest.mark.slow
def test_the_traceback_is_there_at_level_debug_on_one_line(run: Run) -> None:
    agent = run(flow(total=-1), "--log", "debug")
    assert agent.end() == 1
    (traceback,) = [li for li in agent.output.splitlines() if li.startswith("DEBUG agent Trace")]
    assert "agent.py" in traceback


@pytest.mark.slow
def test_a_component_that_cannot_work_is_told_and_does_not_delay_the_end(run: Run) -> None:
    agent = run(flow('Trouble("out", kind_of="fail")'))
    state = agent.until_state(lambda state: bool(state["parts"]["out"]["failing"]))
    assert state["parts"]["out"]["failing"] == "the server says no"
    began = time.monotonic()
    assert agent.end(signal.SIGTERM) == 0
    assert time.monotonic() - began < 8
    assert "WARNING out cannot work for now: the server says no" in agent.output


@pytest.mark.slow
def test_a_second_signal_ends_at_once(run: Run) -> None:
    agent = run(flow('Trouble("out", kind_of="hang")'))
    agent.until_state(lambda state: state["channels"]["spool"]["put"] > 0)
    agent.process.send_signal(signal.SIGINT)
    agent.until(lambda message: "STOPPING" in message)
    assert agent.end(signal.SIGINT, timeout=10) == 128 + signal.SIGINT
    assert "SIGINT again: ending at once" in agent.output


@pytest.mark.slow
def test_the_watchdog_is_fed_only_while_every_worker_passes_its_loop(run: Run) -> None:
    watched = {"WATCHDOG_USEC": "1000000"}
    healthy = run(flow(total=0), **watched)
    healthy.until(lambda message: "READY" in message)
    for _ in range(4):
        healthy.until(lambda message: "WATCHDOG" in message, timeout=10)
    assert healthy.end(signal.SIGTERM) == 0
    hung = run(flow('Trouble("out", kind_of="hang")'), **watched)
    hung.until_state(lambda state: state["channels"]["spool"]["put"] > 0)
    deadline = time.monotonic() + 3
    last = time.monotonic()
    while time.monotonic() < deadline:
        message = hung.until(lambda _: True)
        last = time.monotonic() if "WATCHDOG" in message else last
    assert time.monotonic() - last > 1.5
    hung.end(signal.SIGKILL)
    assert "ERROR out has not passed its loop for" in hung.output


@pytest.mark.slow
def test_without_a_place_for_its_state_it_says_how_to_run_it(run: Run) -> None:
    agent = run(flow(), STATE_DIRECTORY="")
    assert agent.end() == 1
    assert agent.output.count("\n") == 1
    assert "to run it by hand: python3 agent.py --state ./tailer-state" in agent.output
    by_hand = run(flow(total=0), "--state", "here", STATE_DIRECTORY="")
    by_hand.until(lambda message: "READY" in message)
    assert by_hand.end(signal.SIGINT) == 0


@pytest.mark.slow
def test_a_state_that_cannot_be_made_is_one_clear_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    agent = run(flow(), STATE_DIRECTORY=str(tmp_path / "file" / "state"))
    assert agent.end() == 1
    assert agent.output == (
        f"ERROR agent `tailer` cannot run: its state cannot be kept in {tmp_path}/file/state: "
        f"{tmp_path}/file: Not a directory; give the agent's user a directory that it may "
        "write [RT103]\n"
    )


@pytest.mark.slow
def test_a_state_that_another_process_has_open_is_one_clear_line(run: Run) -> None:
    first = run(flow(total=0))
    first.until(lambda message: "READY" in message)
    second = run(flow(total=0))
    assert second.end() == 1
    assert second.output.startswith("ERROR agent `tailer` cannot run: ")
    assert second.output.count("\n") == 1


@pytest.mark.slow
def test_a_failed_sync_ends_the_process_without_another_write(run: Run, tmp_path: Path) -> None:
    breaking = (
        "from flumec.runtime.disk import RealFile\n"
        "def sync(self, real=RealFile.sync):\n"
        "    if Path('break').exists():\n"
        "        raise OSError(5, 'Input/output error')\n"
        "    real(self)\n"
        "RealFile.sync = sync\n"
    )
    agent = run(flow().replace("\nclass Ticks", breaking + "\n\nclass Ticks"))
    agent.until_state(lambda state: state["channels"]["spool"]["put"] > 0)
    (tmp_path / "break").touch()
    assert agent.end() == 1
    last = agent.output.splitlines()[-1]
    assert last.startswith("ERROR journal nothing more can be stored, so the agent ends: ")
    assert "Input/output error" in last


def listening(port: int) -> str:
    flow = """
door = Listener("door", port=Port({port}))
spool = File("spool")
agent = Agent("gate", host="web-1", address="127.0.0.1")
agent.flow(door, to=spool)

if __name__ == "__main__":
    agent.run()
"""
    return PARTS + flow.format(port=port)


def ask(port: int) -> bytes:
    deadline = time.monotonic() + 20
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                return connection.recv(100)
        except ConnectionRefusedError:
            assert time.monotonic() < deadline
            time.sleep(0.02)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


@pytest.mark.slow
def test_it_binds_its_declared_port_and_reads_its_secret(run: Run, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("sesame\n")
    port = free_port()
    agent = run(listening(port), CREDENTIALS_DIRECTORY=str(tmp_path))
    assert ask(port) == b"sesame"
    assert agent.end(signal.SIGTERM) == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("folder", "said"),
    [("", "CREDENTIALS_DIRECTORY is not set"), ("nowhere", "no file nowhere/token")],
)
def test_a_missing_secret_is_one_clear_line(run: Run, folder: str, said: str) -> None:
    agent = run(listening(free_port()), CREDENTIALS_DIRECTORY=folder)
    assert agent.end() == 1
    assert agent.output.count("\n") == 1
    assert said in agent.output


@pytest.mark.slow
def test_an_empty_secret_is_as_good_as_none(run: Run, tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(ABSENT)
    agent = run(listening(free_port()), CREDENTIALS_DIRECTORY=str(tmp_path))
    assert agent.end() == 1
    assert "the secret `token` is missing, or empty: put it into /etc/flumec" in agent.output


@pytest.mark.slow
def test_a_taken_port_names_the_holder(run: Run, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("sesame")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        agent = run(listening(port), CREDENTIALS_DIRECTORY=str(tmp_path))
        assert agent.end() == 1
    assert f"`door` cannot listen on 127.0.0.1:{port}" in agent.output
    assert f"taken by process {os.getpid()} (" in agent.output


@pytest.mark.slow
def test_a_taken_metrics_port_is_called_as_it_is_declared(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        agent = run(flow(total=0, metrics=taken.getsockname()[1]))
        assert agent.end() == 1
    assert "stop it or choose another `metrics_port`" in agent.output.splitlines()[-1]
    assert agent.output.count("\n") == 1


@pytest.mark.slow
def test_sockets_are_taken_by_name_and_connections_wait(tmp_path: Path) -> None:
    (tmp_path / "agent.py").write_text(listening(1))
    (tmp_path / "token").write_text("sesame")
    other = socket.create_server(("127.0.0.1", 0))
    door = socket.create_server(("127.0.0.1", 0))
    launch = (
        "import os, sys\n"
        f"os.dup2({other.fileno()}, 103); os.dup2({door.fileno()}, 104)\n"
        "os.dup2(103, 3); os.dup2(104, 4)\n"
        "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='2', LISTEN_FDNAMES='x:door')\n"
        "os.execv(sys.executable, [sys.executable, 'agent.py', '--state', 'state'])\n"
    )
    with other, door, socket.create_connection(door.getsockname()) as early:
        process = subprocess.Popen(
            [sys.executable, "-c", launch],
            cwd=tmp_path,
            pass_fds=(other.fileno(), door.fileno()),
            env={**os.environ, "CREDENTIALS_DIRECTORY": str(tmp_path)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            early.settimeout(20)
            assert early.recv(100) == b"sesame"
            assert process.stdout is not None
            said = next(line for line in process.stdout if "nobody listens" in line)
            assert "at the socket `x`, so who connects there waits for ever" in said
        finally:
            process.terminate()
            assert process.communicate(timeout=20)
            assert process.returncode == 0


def get(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        text: str = answer.read().decode()
    return text


@pytest.mark.slow
def test_metrics_balance_in_prometheus_and_in_flumes_json(run: Run) -> None:
    port = free_port()
    agent = run(flow(total=5_000, metrics=port))
    agent.until_state(
        lambda state: state["parts"]["ticks"]["idle"] and not state["channels"]["spool"]["held"]
    )
    lines = [li for li in get(port, "/metrics").splitlines() if not li.startswith("#")]
    values = {key: float(value) for key, _, value in (li.rpartition(" ") for li in lines)}
    spool = {
        name: values[f'flumec_channel_{name}{{channel="spool",journal="default"}}']
        for name in (
            *("put_events_total", "delivered_events_total", "dropped_events_total"),
            *("dead_lettered_events_total", "held_events", "lag_seconds"),
        )
    }
    assert spool["put_events_total"] == 5_000
    assert spool["put_events_total"] == sum(spool.values()) - spool["put_events_total"]
    assert values['flumec_source_events_accepted_total{component="ticks"}'] == 5_000
    assert values['flumec_sink_events_read_total{component="out"}'] == 5_000
    flume = json.loads(get(port, "/metrics.json"))
    assert flume["SOURCE.ticks"]["EventAcceptedCount"] == "5000"
    assert flume["CHANNEL.spool"]["EventPutSuccessCount"] == "5000"
    assert flume["CHANNEL.spool"]["ChannelSize"] == "0"
    assert flume["SINK.out"]["EventDrainSuccessCount"] == "5000"
    assert json.loads(get(port, "/readyz")) == {"ok": True, "reasons": {}}
    assert json.loads(get(port, "/healthz"))["ok"]
    assert agent.end(signal.SIGTERM) == 0


@pytest.mark.slow
def test_readiness_names_the_component_that_cannot_work(run: Run) -> None:
    port = free_port()
    agent = run(flow('Trouble("out", kind_of="fail")', metrics=port))
    agent.until_state(lambda state: bool(state["parts"]["out"]["failing"]))
    with pytest.raises(urllib.error.HTTPError) as caught:
        get(port, "/readyz")
    with caught.value as answer:
        assert answer.code == 503
        assert json.loads(answer.read())["reasons"] == {"out": "the server says no"}
    assert agent.end(signal.SIGTERM) == 0


@pytest.mark.slow
def test_a_scraper_that_hangs_up_leaves_no_trace_in_the_log(run: Run) -> None:
    port = free_port()
    agent = run(flow(total=0, metrics=port))
    agent.until(lambda message: "READY" in message)
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", port)) as scraper:
            scraper.sendall(b"GET /metrics HTTP/1.1\r\n\r\n" * 20)
            reset = struct.pack("ii", 1, 0)
            scraper.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
    assert "flumec_agent_ready 1.0" in get(port, "/metrics")
    assert agent.end(signal.SIGTERM) == 0
    assert [line for line in agent.output.splitlines() if not line.startswith("INFO agent ")] == []


@pytest.mark.slow
def test_metrics_are_for_this_machine_alone(run: Run) -> None:
    port = free_port()
    script = flow(total=0, metrics=port).replace('address="127.0.0.1"', 'address="127.71.0.9"')
    agent = run(script)
    agent.until(lambda message: "READY" in message)
    with socket.create_connection(("127.71.0.9", port)), pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
    assert agent.end(signal.SIGTERM) == 0
