"""Fleets in `flumec run`: a link to several peers that are killed; a full store behind two hops."""

import http.client
import json
import os
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from faults.checking import published
from flumec.compiler.build import compile_text
from flumec.compiler.bundle import write_bundle
from flumec.compiler.emit import emit
from flumec.compiler.options import Options
from flumec.compiler.plan import Plan
from flumec.compiler.run import Fleet, loopback_addresses

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400), pytest.mark.usefixtures("loopback")]

PATIENCE = 120.0

PEERS = """
hosts web = ["web-1"]

hosts core = ["core-1", "core-2"]

agent tailer on web {
  source access : taildir {
    files = ["LOGS/access.log"]
  }

  channel spool : file {
    size = 16MiB
  }

  access -> spool
}

agent collector on core {
  channel inbox : file {
    size = 16MiB
  }

  sink files : file_roll {
    directory = "STORE/${host.name}"

    roll {
      every = 500ms
    }
  }

  inbox -> files
}

tailer.spool => collector.inbox {
  port = PORT
  policy = POLICY
  in_doubt = wait
  back_off = 500ms
  tls = mutual
}
"""

HOPS = """
hosts web = ["web-1"]

hosts core = ["core-1"]

hosts vault = ["vault-1"]

agent edge on web {
  source access : taildir {
    files = ["LOGS/access.log"]
  }

  source posts : http {
    port = HTTP
  }

  channel spool : file {
    size = 1MiB
  }

  access -> spool
  posts -> spool
}

agent collector on core {
  channel inbox : file {
    size = 4MiB
  }
}

agent keeper on vault {
  channel inbox : file {
    size = 4MiB
  }

  sink files : file_roll {
    directory = "STORE"

    roll {
      every = 500ms
    }
  }

  inbox -> files
}

edge.spool => collector.inbox {
  port = PORT
  tls = mutual
}

collector.inbox => keeper.inbox {
  port = PORT
  tls = mutual
}
"""


def free_port() -> str:
    with socket.create_server(("127.71.0.1", 0)) as probe:
        return str(probe.getsockname()[1])


def compiled(folder: Path, text: str, **values: str) -> Plan:
    """Compile a fleet for this machine, and write its bundle."""
    for name, value in {"STORE": str(folder / "store"), "PORT": free_port(), **values}.items():
        text = text.replace(name, value)
    result = compile_text(text, options=Options(), addresses=loopback_addresses)
    assert result.plan is not None, result.diagnostics
    write_bundle(emit(result.plan), folder / "dist")
    return result.plan


def stored(folder: Path) -> Counter[bytes]:
    """Return the lines of all published files below a folder."""
    found = Counter[bytes]()
    for path in published(folder):
        found.update(Path(path).read_bytes().splitlines())
    return found


def until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Return a log that is empty."""
    path = tmp_path / "logs" / "access.log"
    path.parent.mkdir()
    path.touch()
    return path


class Writing:
    """Somebody who appends lines to a log, until told that it is enough."""

    def __init__(self, log: Path) -> None:
        self.lines = 0
        self._log = log
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()

    def enough(self) -> Counter[bytes]:
        """Return what was written."""
        self._stop.set()
        self._thread.join()
        return Counter(b"%d" % number for number in range(self.lines))

    def _write(self) -> None:
        while not self._stop.wait(0.05):
            lines = range(self.lines, self.lines + 100)
            with self._log.open("ab") as out:
                out.write(b"".join(b"%d\n" % number for number in lines))
            self.lines += 100


@pytest.mark.parametrize("policy", ["failover", "balance"])
def test_whichever_peer_or_sender_is_killed_each_row_is_at_one_peer_once(
    tmp_path: Path, log: Path, policy: str
) -> None:
    store = tmp_path / "store"
    plan = compiled(tmp_path, PEERS, LOGS=str(log.parent), POLICY=policy)
    ones = ("collector@core-1", "tailer@web-1", "collector@core-2")
    with Fleet(tmp_path / "dist", plan, tmp_path / "state") as fleet:
        assert fleet.wait_ready(PATIENCE)
        writing = Writing(log)
        until(lambda: sum(stored(store).values()) > 1_000, "nothing arrives")
        for name in ones:
            before = fleet.agents[name].starts
            pid = fleet.agents[name].pid
            assert pid is not None
            os.kill(pid, signal.SIGSTOP)  # for longer than a peer is waited for
            time.sleep(1.0)
            assert fleet.kill(name) is not None
            assert fleet.wait(lambda seen, n=name, b=before: seen[n].starts > b, PATIENCE)  # type: ignore[misc]
            time.sleep(2.0)
        written = writing.enough()
        until(lambda: len(stored(store)) == len(written), "not all arrives")
        assert fleet.wait_idle(PATIENCE)
    found = {name: stored(store / name) for name in ("core-1", "core-2")}
    assert found["core-1"] + found["core-2"] == written
    assert all(found.values()), "one of them got nothing"


class Posting:
    """A client that posts numbered events, one after the other, and keeps what was answered 200."""

    def __init__(self, port: int) -> None:
        self.port, self.taken, self.number = port, Counter[bytes](), 0
        self.retry_after = ""

    def post(self, lines: int) -> int:
        bodies = [b"post %07d %s" % (self.number + at, b"x" * 200) for at in range(lines)]
        client = http.client.HTTPConnection("127.71.0.1", self.port, timeout=PATIENCE)
        events = [{"headers": {}, "body": body.decode()} for body in bodies]
        client.request("POST", "/", json.dumps(events), {"Content-Type": "application/json"})
        answer = client.getresponse()
        answer.read()
        client.close()
        if answer.status == 200:
            self.taken.update(bodies)
            self.number += lines
        self.retry_after = answer.headers.get("Retry-After", "")
        return answer.status


def test_a_store_that_is_away_holds_a_file_and_clients_two_hops_before_it(
    tmp_path: Path, log: Path
) -> None:
    """9 MiB of channels are full; the log's place stays, clients hear 503, and nothing is lost."""
    store, away = tmp_path / "store", tmp_path / "store-away"
    lines = [b"line %07d %s" % (number, b"." * 200) for number in range(80_000)]
    log.write_bytes(b"")
    port = int(free_port())
    plan = compiled(tmp_path, HOPS, LOGS=str(log.parent), HTTP=str(port))
    with Fleet(tmp_path / "dist", plan, tmp_path / "state") as fleet:
        assert fleet.wait_ready(PATIENCE)
        client = Posting(port)
        assert client.post(3) == 200
        until(lambda: stored(store) == client.taken, "nothing arrives")
        store.rename(away)
        store.touch()  # no directory any more
        with log.open("ab") as out:
            out.write(b"\n".join(lines) + b"\n")

        until(lambda: client.post(50) == 503, "the pressure does not reach the clients")
        assert int(client.retry_after) >= 1
        time.sleep(3.0)
        assert client.post(50) == 503
        put = {name: seen.channels for name, seen in fleet.agents.items()}
        held = sum(one["held"] for channels in put.values() for one in channels.values())
        assert held < len(lines), "more than the channels have room for"
        for name, channel in (
            ("edge@web-1", "spool"), ("collector@core-1", "inbox"), ("keeper@vault-1", "inbox")
        ):  # fmt: skip
            full = put[name][channel]
            assert full["held_bytes"] > full["size"] / 2, (name, full)
        assert fleet.kill("edge@web-1") is not None
        store.unlink()
        away.rename(store)

        whole = Counter(lines) + client.taken
        until(lambda: len(stored(store)) >= len(whole), "not all arrives")
        assert fleet.wait_idle(PATIENCE)
    assert stored(store) == whole
