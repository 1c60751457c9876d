"""READY=1 comes when sources listen, and not for an agent that ends; signals may come any time."""

import signal
import socket
import time
from pathlib import Path

import pytest
from flumec.runtime import notify
from test_agent_process import Running, flow, free_port, listening

from .conftest import Start


def told(agent: Running) -> set[str]:
    """Return the names of all that the agent has told its manager."""
    agent.socket.settimeout(0)
    found = {name for message in agent.messages for name in message}
    while True:
        try:
            found |= notify.parse(agent.socket.recv(1 << 20)).keys()
        except BlockingIOError:
            return found


@pytest.mark.slow
def test_a_port_that_is_taken_is_told_instead_of_ready(start: Start, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("open sesame")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        script = listening(taken.getsockname()[1])
        agent = start(script, ready=False, CREDENTIALS_DIRECTORY=str(tmp_path))
        assert agent.end() == 1
    assert "READY" not in told(agent)
    assert agent.output.startswith("ERROR door cannot go on, so the agent ends: `door` cannot lis")


def test_at_ready_the_port_is_open(start: Start, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("open sesame")
    port = free_port()
    start(listening(port), CREDENTIALS_DIRECTORY=str(tmp_path))
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        assert connection.recv(100) == b"open sesame"


@pytest.mark.slow
@pytest.mark.parametrize("tenths", [0, 1, 2, 3, 4, 6, 8, 10])
def test_a_signal_while_it_starts_ends_it_in_order(start: Start, tenths: int) -> None:
    agent = start(flow(total=0), ready=False)
    time.sleep(tenths / 10)
    # Before it minds signals there is nothing to lose: systemd takes that death for an orderly end.
    assert agent.end(signal.SIGTERM) in (0, -signal.SIGTERM)
    assert "Traceback" not in agent.output


@pytest.mark.slow
def test_threads_that_were_there_before_do_not_take_the_signals(start: Start) -> None:
    early = "threading.Thread(target=time.sleep, args=(600,), daemon=True).start()\n\n\nclass Ticks"
    agent = start(flow(total=0).replace("class Ticks", early))
    assert agent.end(signal.SIGTERM) == 0
    assert "SIGTERM: draining" in agent.output
