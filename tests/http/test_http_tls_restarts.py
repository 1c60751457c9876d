"""Renewed by a restart, as on a host: connections wait in the socket, and nothing is lost.

`flumec run` holds the sockets as systemd does, and a credential is what it was when the agent
started.
"""

import http.client
import json
import signal
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flumec.compiler.build import compile_text
from flumec.compiler.bundle import write_bundle
from flumec.compiler.certs.authority import Authority
from flumec.compiler.emit import emit
from flumec.compiler.options import Options
from flumec.compiler.run import Fleet, loopback_addresses
from flumec.compiler.run.vouching import CLIENT

pytestmark = pytest.mark.timeout(300)

FLOW = """
param store : path

hosts web = ["gateway-1"]

agent gateway on web {{
  source events : http {{
    port = {port}
    tls = mutual
    request_id = "Idempotency-Key"
  }}

  channel spool : file

  sink files : file_roll {{
    directory = "${{store}}"

    roll {{
      every = 100ms
    }}
  }}

  events -> spool
  spool -> files
}}
"""
AGENT, ADDRESS = "gateway@gateway-1", "127.71.0.1"


class Client:
    """Posts one event after the other, each until it is answered 200."""

    def __init__(self, number: int, port: int, files: Path, stop: threading.Event) -> None:
        self._number, self._port, self._files, self._stop = number, port, files, stop
        self.stored: list[str] = []
        self.refused = 0
        self.repeated = 0
        self._connection: http.client.HTTPSConnection | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def join(self) -> None:
        self._thread.join(60)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        turn = 0
        while not self._stop.is_set():
            turn += 1
            name = f"{self._number}.{turn}"
            while not self._posted(name):
                self.repeated += 1
                time.sleep(0.02)
            self.stored.append(name)
            time.sleep(0.01)
        if self._connection is not None:
            self._connection.close()

    def _posted(self, name: str) -> bool:
        headers = {"Content-Type": "application/json", "Idempotency-Key": name}
        try:
            if self._connection is None:
                self._connection = self._connect()
            self._connection.request("POST", "/", json.dumps([{"body": name}]), headers)
            answer = self._connection.getresponse()
            answer.read()
        except ConnectionRefusedError:
            self.refused += 1
        except (OSError, http.client.HTTPException):  # the agent went while it was asked
            pass
        else:
            if answer.status == 200:
                return True
        if self._connection is not None:
            self._connection.close()
        self._connection = None
        return False

    def _connect(self) -> http.client.HTTPSConnection:
        context = ssl.create_default_context(cafile=self._files / "flumec-ca")
        context.load_cert_chain(self._files / "flumec-cert", self._files / "flumec-key")
        return http.client.HTTPSConnection(ADDRESS, self._port, timeout=30, context=context)


@pytest.fixture
def fleet(tmp_path: Path, loopback: None) -> Iterator[Any]:
    with socket.create_server((ADDRESS, 0)) as probe:
        port = probe.getsockname()[1]
    options = Options(sets={"store": str(tmp_path / "store")})
    compiled = compile_text(FLOW.format(port=port), options=options, addresses=loopback_addresses)
    assert compiled.plan is not None, compiled.diagnostics
    assert compiled.diagnostics == ()
    write_bundle(emit(compiled.plan), tmp_path / "dist")
    with Fleet(tmp_path / "dist", compiled.plan, tmp_path / "state") as running:
        running.port = port  # type: ignore[attr-defined]
        assert running.wait_ready(60)
        yield running


@pytest.mark.slow
@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGKILL], ids=["restarts", "kills"])
def test_clients_that_post_over_renewals_are_never_refused_and_each_event_is_there_once(
    by: signal.Signals, fleet: Any, tmp_path: Path
) -> None:
    authority = Authority.make("renewed")
    (folder,) = (fleet._folder / "credentials").iterdir()
    client_files = tmp_path / "state" / CLIENT
    trusted = (client_files / "flumec-ca").read_bytes() + authority.certificate
    for place in (folder, client_files):  # both trust the old authority and the new one
        replace(place / "flumec-ca", trusted)
    stop = threading.Event()
    clients = [Client(n, fleet.port, client_files, stop) for n in range(4)]

    for turn in range(1, 4):
        time.sleep(1)
        issued = authority.issue(["gateway-1", ADDRESS])
        replace(folder / "flumec-key", issued.key)
        replace(folder / "flumec-cert", issued.certificate)
        fleet.kill(AGENT, by)
        assert fleet.wait(lambda s, n=turn: s[AGENT].starts > n and s[AGENT].phase == "ready", 60)
    time.sleep(1)
    stop.set()
    for client in clients:
        client.join()
    assert fleet.wait_idle(60)

    stored = [name for client in clients for name in client.stored]
    files = [path for path in (tmp_path / "store").rglob("*") if path.is_file()]
    found = [
        line for path in files if ".flumec" not in path.parts
        for line in path.read_text().splitlines()
    ]  # fmt: skip
    refused = sum(client.refused for client in clients)
    repeated = sum(client.repeated for client in clients)
    print(f"{len(stored)} posted, {refused} refused, {repeated} repeated over {turn} renewals")
    assert refused == 0
    assert Counter(found) == Counter(stored)


def replace(path: Path, content: bytes) -> None:
    new = path.with_name(f".{path.name}")
    new.write_bytes(content)
    new.rename(path)
