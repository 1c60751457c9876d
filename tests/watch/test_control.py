"""The control socket: private, at any path, made anew after a kill; the port only shows."""

import http.client
import json
import signal
import socket
import stat
from pathlib import Path

import pytest
from flumec.runtime.control import place
from flumec.runtime.control.client import Client, Refused, Unreachable
from flumec.runtime.control.routes import Routes, as_json
from flumec.runtime.control.server import LARGEST_BODY, Server
from flumec.runtime.disk import RealDisk
from test_agent_process import flow, free_port, get

from .conftest import Start, until

LONG = "d" * 120


def test_the_socket_is_its_owners_at_any_path(tmp_path: Path) -> None:
    state = tmp_path / LONG / LONG
    state.mkdir(parents=True)
    with place.listen(state, RealDisk()) as listener:
        assert stat.S_IMODE((state / place.NAME).stat().st_mode) == 0o600
        with place.connect(state, 5) as client:
            accepted, _ = listener.accept()
            accepted.sendall(b"here")
            assert client.recv(10) == b"here"
            accepted.close()
    place.remove(state, RealDisk())
    place.remove(state, RealDisk())
    assert list(state.iterdir()) == []


def test_a_socket_that_was_left_is_replaced_and_a_file_is_not(tmp_path: Path) -> None:
    place.listen(tmp_path, RealDisk()).close()
    with place.listen(tmp_path, RealDisk()), place.connect(tmp_path, 5):
        pass
    (tmp_path / place.NAME).unlink()
    (tmp_path / place.NAME).write_text("precious")
    with pytest.raises(FileExistsError, match="no socket"):
        place.listen(tmp_path, RealDisk())
    assert (tmp_path / place.NAME).read_text() == "precious"


@pytest.fixture
def served(tmp_path: Path) -> Path:
    routes = Routes()
    routes.add("GET", "/things/{name}", lambda request: as_json(dict(request.names)), shown=True)
    routes.add("POST", "/things/{name}", lambda request: as_json([request.body]))
    routes.add("POST", "/broken", lambda _request: 1 // 0)  # type: ignore[arg-type,return-value]
    Server("test", place.listen(tmp_path, RealDisk()), routes)
    return tmp_path


def test_what_is_asked_is_answered(served: Path) -> None:
    client = Client(served)
    assert client.get("/things/a%2Fb?x=1") == {"name": "a/b"}
    assert client.post("/things/x", {"n": [1]}) == [{"n": [1]}]
    assert client.post("/things/x") == [None]


def test_what_cannot_be_asked_is_told(served: Path) -> None:
    client = Client(served)
    with pytest.raises(Refused, match=r"nothing is at /no; here are /things/\{name\}, /broken"):
        client.get("/no")
    with pytest.raises(Refused, match="GET is not possible at /broken: POST is"):
        client.get("/broken")
    with pytest.raises(Unreachable, match="no answer"):
        client.post("/broken")
    assert client.get("/things/still") == {"name": "still"}


@pytest.mark.parametrize(
    ("rest", "status", "reason"),
    [
        ("Content-Length: 3\r\n\r\n{no", 400, "the body must be JSON"),
        (f"Content-Length: {LARGEST_BODY + 1}\r\n\r\n", 413, f"at most {LARGEST_BODY} bytes"),
        ("Transfer-Encoding: chunked\r\n\r\n", 411, "a body needs its Content-Length"),
    ],
)
def test_a_body_that_cannot_be_taken_is_told(
    served: Path, rest: str, status: int, reason: str
) -> None:
    with place.connect(served, 5) as raw, raw.makefile("rb") as answer:
        raw.sendall(f"POST /things/x HTTP/1.1\r\n{rest}".encode())
        assert answer.readline().startswith(f"HTTP/1.1 {status} ".encode())
        assert reason.encode() in answer.read()


def test_where_nobody_listens_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match=f"no agent runs at {tmp_path}"):
        Client(tmp_path).get("/status")
    port = free_port()
    with pytest.raises(Unreachable, match=f"no agent runs at 127.0.0.1:{port}"):
        Client(address=("127.0.0.1", port)).get("/status")


def test_the_port_shows_and_the_socket_steers(start: Start, tmp_path: Path) -> None:
    port = free_port()
    agent = start(flow(total=500, metrics=port))
    inside, outside = Client(tmp_path / "state"), Client(address=("127.0.0.1", port))
    state = until(inside, lambda state: state["channels"]["spool"]["delivered"] == 500)
    assert state["pid"] == outside.get("/status")["pid"] == agent.process.pid
    assert state["wiring"] == {
        "feeds": {"ticks": ["spool"]}, "empties": {"out": "spool"},
        "links_in": {}, "links_out": {},
    }  # fmt: skip
    inside.post("/sinks/out/pause")
    with pytest.raises(Refused, match="nothing is at /sinks/out/resume; here are /metrics"):
        outside.post("/sinks/out/resume")
    assert agent.end(signal.SIGTERM) == 0
    assert not (tmp_path / "state" / place.NAME).exists()


@pytest.mark.slow
def test_after_a_kill_the_next_start_listens_again(start: Start, tmp_path: Path) -> None:
    start(flow(total=0)).end(signal.SIGKILL)
    assert (tmp_path / "state" / place.NAME).is_socket()
    with pytest.raises(Unreachable, match="no agent runs at"):
        Client(tmp_path / "state").get("/status")
    agent = start(flow(total=0))
    assert Client(tmp_path / "state").get("/status")["pid"] == agent.process.pid


@pytest.mark.slow
def test_a_second_agent_on_one_state_leaves_the_firsts_socket(start: Start, tmp_path: Path) -> None:
    first = start(flow(total=0))
    assert start(flow(total=0), ready=False).end() == 1
    assert Client(tmp_path / "state").get("/status")["pid"] == first.process.pid


@pytest.mark.slow
def test_flumes_json_is_at_flumes_path_for_who_asks_for_json(start: Start) -> None:
    port = free_port()
    start(flow(total=0, metrics=port))
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    found = {}
    for accept in ("application/json", "*/*", "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"):
        connection.request("GET", "/metrics", headers={"Accept": accept})
        answer = connection.getresponse()
        found[accept] = (answer.getheader("Content-Type", "").partition(";")[0], answer.read())
    kinds = [kind for kind, _ in found.values()]
    assert kinds == ["application/json", "text/plain", "text/plain"]
    flume = json.loads(found["application/json"][1])
    assert flume.keys() == {"SOURCE.ticks", "CHANNEL.spool", "SINK.out"}
    assert flume.keys() == json.loads(get(port, "/metrics.json")).keys()
    connection.close()


@pytest.mark.slow
def test_a_client_that_says_nothing_holds_nobody_up(start: Start, tmp_path: Path) -> None:
    agent = start(flow(total=0))
    silent: list[socket.socket] = [place.connect(tmp_path / "state", 5) for _ in range(30)]
    assert Client(tmp_path / "state").get("/status")["ready"]
    assert agent.end(signal.SIGTERM) == 0
    for each in silent:
        each.close()
