"""What keeps an agent from its work on a real host: each is said, and cured without a restart."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from fleet.hosts.hosts import Hosts
from fleet.hosts.needs import missing
from fleet.one import NAME, One

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.xdist_group("units")]

FLOW = """
hosts web = ["web1"]

agent edge on web {
  source access : taildir {
    files = ["/var/log/nginx/*.log"]
    poll = 200ms
  }

  source events : http {
    port = 8080
  }

  journal default {
    encryption = secret("vault")
  }

  channel spool : file {
    size = 16MiB
  }

  sink lake : file_roll {
    directory = "/srv/lake"

    roll {
      every = 1s
    }
  }

  access -> spool
  events -> spool
  spool -> lake
}
"""
EDGE = "flumec-edge.service"
SECRET = "/etc/flumec/credentials/vault"
HOLD = 'import socket, time; s = socket.create_server(("", 8080)); time.sleep(999)'
SOON = (
    f"mkdir -p /etc/systemd/system/{EDGE}.d; printf '[Service]\\nTimeoutStartSec=20\\n'"
    f" > /etc/systemd/system/{EDGE}.d/soon.conf; systemctl daemon-reload"
)
CRAWLING = """
cd /var/lib/flumec && mv edge /var/lib/below && mkdir edge /opt/trouble
echo 4 > /opt/trouble/crawl
[ -e /dev/fuse ] || mknod /dev/fuse c 10 229
systemd-run -q --unit=disk python3 /opt/src/flumec/tests/disks/trouble_fs.py \\
  /var/lib/below /var/lib/flumec/edge /opt/trouble
until mountpoint -q /var/lib/flumec/edge; do sleep 0.1; done
"""


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[One]:
    """A host that runs the flow."""
    if reason := missing():
        pytest.skip(reason)
    ours = Hosts(f"s{os.getpid()}")
    work: Path = tmp_path_factory.mktemp("starts")
    with ours.session([NAME], binds=One.binds()):
        made = One(ours, work)
        made.must("install -d -o root -g adm -m 2750 /var/log/nginx")
        made.must("install -d -m 700 /etc/flumec/credentials")
        ours.write(NAME, SECRET, "0123456789abcdef" * 2, 0o600)
        made.install(FLOW)
        yield made


def status_says(one: One, words: str) -> None:
    """Wait until somebody who looks at the unit is told so."""
    one.until(f"systemctl status {EDGE} | grep -q 'Status: .*{words}'", 120)


def works(one: One, line: str) -> None:
    """Wait until what is written now arrives."""
    one.must(f"umask 027; echo {line} >> /var/log/nginx/access.log")
    one.until(f"grep -qsx {line} /srv/lake/* && systemctl is-active -q {EDGE}", 120)


def test_a_secret_that_is_missing_is_named(one: One) -> None:
    one.must(f"mv {SECRET} {SECRET}.aside; systemctl restart --no-block {EDGE}")
    status_says(one, "waits 2s after 3 failed starts: .*the secret `vault` is missing, or empty")
    assert f"put it into {SECRET}, for root alone" in one.log(EDGE)
    one.must(f"mv {SECRET}.aside {SECRET}")
    works(one, "one")


def test_a_recovery_on_a_slow_disk_is_not_killed_while_it_moves(one: One) -> None:
    """A start that takes half a minute, of which systemd waits for twenty seconds."""
    if not Path("/dev/fuse").exists():
        pytest.skip("needs /dev/fuse")
    one.must(f"{SOON}; systemctl stop {EDGE}; {CRAWLING}")
    one.hosts.must(NAME, f"systemctl start {EDGE}", timeout=150)
    assert one.property(EDGE, "NRestarts") == "0"
    began, ready = (
        int(one.property(EDGE, f"{name}TimestampMonotonic"))
        for name in ("ExecMainStart", "ActiveEnter")
    )
    assert ready - began > 22e6
    one.must("rm /opt/trouble/crawl")
    works(one, "slowly")


def test_a_port_that_another_process_has_is_named(one: One) -> None:
    one.must(f"systemctl stop {EDGE} flumec-edge-events.socket")
    one.must(f"systemd-run -q --unit=other python3 -c '{HOLD}'")
    one.until("ss -Hltn sport = :8080 | grep -q .")
    one.must(f"systemctl start --no-block {EDGE}")
    status_says(one, "waits 2s after 3 failed starts: .*the port is taken by another process")
    one.must("systemctl stop other")
    works(one, "two")
    assert one.property("flumec-edge-events.socket", "ActiveState") == "active"
    assert "pid=1," in one.must("ss -Hltnp sport = :8080")


def test_a_folder_that_may_not_be_read_is_named_and_the_rest_works(one: One) -> None:
    one.must(f"chgrp root /var/log/nginx; systemctl restart {EDGE}")
    status_says(one, "access cannot work: cannot read /var/log/nginx: permission denied; allow it:")
    assert one.property(EDGE, "ActiveState") == "active"
    one.must("chgrp adm /var/log/nginx")
    works(one, "three")
