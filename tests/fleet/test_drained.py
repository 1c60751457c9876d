"""docs/leaving.md on a real host: its agents are units with sockets, and nothing wakes them."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from fleet.agents import accounts
from fleet.clients import Poster
from fleet.hosts.hosts import Hosts
from fleet.one import NAME, One

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.xdist_group("units")]

FLOW = """
hosts web = ["web1"]

agent edge on web {
  source access : taildir {
    files = ["/var/log/nginx/*.log"]
  }

  source events : http {
    port = 8080
    request_id = "Idempotency-Key"
  }

  channel spool : file {
    size = 32MiB
  }

  access -> spool
  events -> spool
}

agent store on web {
  channel inbox : file {
    size = 32MiB
  }

  sink lake : file_roll {
    directory = "/srv/lake"

    roll {
      every = 1h
      idle = 1h
    }
  }

  inbox -> lake
}

edge.spool => store.inbox {
  port = 4141
}
"""
UNITS = ("flumec-edge.service", "flumec-store.service")
SOCKETS = ("flumec-edge-events.socket", "flumec-store-from_edge.socket")
DRAIN = "/opt/flumec/current/bin/python -m flumec.runtime.control drain --for 60s"
CONNECT = 'import socket; socket.create_connection(("web1", 8080), 5)'


@pytest.fixture
def one(hosts: Callable[..., Hosts], tmp_path: Path) -> One:
    made = One(hosts(NAME, binds=One.binds()), tmp_path)
    made.must("install -d -o root -g adm -m 2750 /var/log/nginx")
    made.install(FLOW)
    return made


def states(one: One, *units: str) -> list[str]:
    """Return whether units run, and whether they would at boot."""
    return [
        f"{one.property(unit, 'ActiveState')} {one.say(f'systemctl is-enabled {unit}')}"
        for unit in units
    ]


def listening(one: One) -> list[str]:
    return one.must("ss -HltnO '( sport = :8080 or sport = :4141 )' | awk '{print $4}'").split()


def is_refused(one: One) -> bool:
    return "ConnectionRefusedError" in one.say(f"python3 -c '{CONNECT}' 2>&1")


def until_put(one: One, rows: int) -> None:
    """Wait until so many rows have come in."""
    end = time.monotonic() + 60
    while sum(each.put for each in accounts(one.hosts) if each.channel == "spool") < rows:
        assert time.monotonic() < end
        time.sleep(0.1)


def test_what_is_drained_is_empty_refuses_and_is_not_woken(one: One) -> None:
    poster = Poster(one.hosts.namespace, NAME, one.address, 8080, 0.02)
    poster.start()
    one.must("umask 027; seq -f 'line %.0f' 1 5000 > /var/log/nginx/access.log")

    # Told to take nothing more it refuses at once, and so it does after a kill and a power cut.
    said = one.must(f"{DRAIN} edge")
    assert "web1/edge: flumec-edge-events.socket closed" in said
    assert "web1/edge holds nothing" in said
    assert is_refused(one)
    one.must(f"systemctl kill -s KILL {UNITS[0]}")
    one.until(f"systemctl is-active -q {UNITS[0]}")
    assert listening(one) == ["*:4141"]
    assert is_refused(one)
    one.hosts.reboot(NAME, kill=True)
    one.until(f"systemctl is-active -q {UNITS[0]} && systemctl is-active -q {UNITS[1]}")
    assert listening(one) == ["*:4141"]
    assert is_refused(one)

    # Installed once more it is left as it is, and that is said.
    process = one.property(UNITS[0], "MainPID")
    said = one.install(FLOW)
    assert f"{UNITS[0]} is being drained, and is left as it is" in said
    assert "runs already: nothing to do" in said
    assert one.property(UNITS[0], "MainPID") == process
    assert listening(one) == ["*:4141"]

    # Taken back it serves those who have been trying all the time.
    one.must("umask 027; seq -f 'line %.0f' 5001 9000 >> /var/log/nginx/access.log")
    assert one.must(f"{DRAIN} edge --cancel") == "web1/edge takes events again"
    before = len(poster.answered)
    poster.until_answered(before + 10)
    poster.stop()
    assert poster.given_up == []
    until_put(one, 9000 + len(poster.answered))

    # Drained and ended it stays so; clients are refused, and what they were answered is stored.
    said = one.must(f"{DRAIN} web1 --stop")
    assert said.endswith("web1/store is ended, and does not start at boot any more")
    gone = ["inactive disabled"] * 2
    assert states(one, *UNITS) == states(one, *SOCKETS) == gone
    assert is_refused(one)
    one.hosts.reboot(NAME)
    assert states(one, *UNITS) == states(one, *SOCKETS) == gone
    one.install(FLOW)
    assert states(one, *UNITS) == states(one, *SOCKETS) == gone
    stored = one.must("cat /srv/lake/*").splitlines()
    lines = [f"line {number}" for number in range(1, 9001)]
    assert sorted(stored) == sorted(lines + poster.answered)

    assert "flumec is removed" in one.must("/opt/flumec/current/install --remove --purge")
    assert one.say("systemctl list-units -a --no-legend 'flumec*'; ls /opt/flumec") == (
        "ls: cannot access '/opt/flumec': No such file or directory"
    )
