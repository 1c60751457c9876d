"""A paused sink reads nothing, stays alive, and is resumed by hand, in time, or by a start."""

import signal
import time
import urllib.error
from pathlib import Path

import pytest
from flumec.runtime.control.client import Client, Refused
from test_agent_process import flow, free_port, get, numbers

from .conftest import Start, until


@pytest.mark.slow
def test_a_paused_sink_takes_nothing_more_until_it_is_resumed(start: Start, tmp_path: Path) -> None:
    start(flow(total=30_000))
    client = Client(tmp_path / "state")
    assert client.post("/sinks/out/pause") == {"paused": "out", "seconds": None}
    time.sleep(0.2)  # what it had in hand is written
    before = numbers(tmp_path)
    until(client, lambda state: state["channels"]["spool"]["held"] > 1_000)
    assert numbers(tmp_path) == before
    assert client.get("/status")["parts"]["out"]["resting"] == "paused"
    assert client.post("/sinks/out/resume") == {"resumed": "out", "was_paused": True}
    until(client, lambda state: state["channels"]["spool"]["delivered"] == 30_000)
    assert numbers(tmp_path) == list(range(30_000))


@pytest.mark.slow
def test_a_pause_may_have_an_end(start: Start, tmp_path: Path) -> None:
    start(flow(total=1_000))
    client = Client(tmp_path / "state")
    client.post("/sinks/out/pause", {"seconds": 1.5})
    assert client.get("/status")["parts"]["out"]["resting"].startswith("paused for another ")
    until(client, lambda state: state["channels"]["spool"]["delivered"] == 1_000)
    assert client.get("/status")["parts"]["out"]["resting"] == ""


@pytest.mark.slow
def test_the_watchdog_is_fed_and_the_status_says_so(start: Start, tmp_path: Path) -> None:
    port = free_port()
    agent = start(flow(metrics=port), WATCHDOG_USEC="1000000")
    Client(tmp_path / "state").post("/sinks/out/pause")
    agent.until(lambda message: message.get("STATUS", "").startswith("out is paused; spool 0/s"))
    for _ in range(4):
        agent.until(lambda message: "WATCHDOG" in message, timeout=5)
    assert 'flumec_component_paused{component="out",kind="sink"} 1.0' in get(port, "/metrics")
    with pytest.raises(urllib.error.HTTPError) as caught:
        get(port, "/readyz")
    with caught.value as answer:
        assert b'"why": "paused"' in answer.read()


@pytest.mark.slow
def test_an_end_does_not_wait_for_it_and_a_start_resumes(start: Start, tmp_path: Path) -> None:
    agent = start(flow(total=5_000))
    client = Client(tmp_path / "state")
    client.post("/sinks/out/pause")
    until(client, lambda state: state["channels"]["spool"]["held"] > 0)
    began = time.monotonic()
    assert agent.end(signal.SIGTERM) == 0
    assert time.monotonic() - began < 8
    start(flow(total=5_000))
    until(client, lambda state: state["channels"]["spool"]["delivered"] == 5_000)
    assert numbers(tmp_path) == list(range(5_000))


@pytest.mark.slow
def test_what_memory_holds_goes_out_at_the_end(start: Start, tmp_path: Path) -> None:
    script = flow(total=2_000).replace('spool = File("spool", size=Size("1MiB"))', "spool = M()")
    script = script.replace("class Ticks", "from flumec.runtime.channels import Memory\n"
                            'def M(): return Memory("spool")\n\nclass Ticks')  # fmt: skip
    agent = start(script)
    client = Client(tmp_path / "state")
    client.post("/sinks/out/pause")
    until(client, lambda state: state["channels"]["spool"]["put"] == 2_000)
    assert agent.end(signal.SIGTERM) == 0
    assert numbers(tmp_path) == list(range(2_000))


@pytest.mark.slow
def test_what_cannot_be_paused_is_told(start: Start, tmp_path: Path) -> None:
    start(flow(total=0))
    client = Client(tmp_path / "state")
    with pytest.raises(Refused, match="`tailer` has no sink or link `ticks`; it has out"):
        client.post("/sinks/ticks/pause")
    for seconds in (0, -1, "soon", True):
        with pytest.raises(Refused, match="`seconds` must be"):
            client.post("/sinks/out/pause", {"seconds": seconds})
