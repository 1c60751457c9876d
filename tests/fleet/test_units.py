"""Agents by their units on a real host: watched, hardened, and never refusing a client."""

from collections.abc import Callable
from pathlib import Path

import pytest
from fleet.clients import Knocker, Poster
from fleet.hosts.hosts import Hosts
from fleet.one import One

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

FLOW = """
hosts web = ["web1"]

agent edge on web {{
  metrics_port = 9464

  limits {{
    memory = {memory}
    files = 4096
  }}

  source access : taildir {{
    files = ["/var/log/nginx/*.log"]
    rotated = ["/var/log/nginx/*.log.[0-9]"]
  }}

  source events : http {{
    port = 8080
  }}
{more}
  journal default {{
    encryption = secret("vault")
    compression = zstd
  }}

  channel spool : file {{
    size = 256MiB
  }}

  access -> fingerprint(header.event_id, of = [body]) -> host() -> spool
  events -> fingerprint(header.event_id, of = [body]) -> host() -> spool
}}

agent store on web {{
  channel inbox : file {{
    size = 256MiB
  }}

  sink lake : hdfs {{
    path = "file:///srv/lake/%{{host}}"
    format = text
    max_open = 1

    dedup {{
      key = header.event_id
      late = drop
    }}

    roll {{
      size = 8MiB
      every = 1s
      idle = 1s
    }}
  }}

  inbox -> lake
}}

edge.spool => store.inbox {{
  port = 4141
}}
"""
SECOND_PORT = """
  source others : http {
    port = 8081
  }

  others -> spool
"""
EDGE, STORE = "flumec-edge.service", "flumec-store.service"
LINES = "cat /srv/lake/web1/*.log 2>/dev/null | wc -l"


def flow(more: str = "", memory: str = "512MiB") -> str:
    return FLOW.format(more=more, memory=memory)


@pytest.fixture
def one(hosts: Callable[..., Hosts], tmp_path: Path) -> One:
    """A host that runs the flow above, with an nginx's logs that only `adm` may read."""
    made = One(hosts("web1", binds=One.binds()), tmp_path)
    made.must("install -d -o root -g adm -m 2750 /var/log/nginx; mkdir -p /srv/other /home/ann")
    made.must("install -d -m 700 /etc/flumec/credentials")
    made.hosts.write("web1", "/etc/flumec/credentials/vault", "0123456789abcdef" * 2, 0o600)
    made.install(flow())
    return made


def append(one: One, first: int, last: int) -> None:
    """Append lines to the access log as nginx leaves it: nobody but its group may read it."""
    one.must(f"cd /var/log/nginx && umask 027 && seq -f 'line %.0f' {first} {last} >> access.log")


def test_what_it_needs_is_allowed_and_nothing_else_is_seen(one: One) -> None:
    append(one, 1, 100)
    one.must("cd /var/log/nginx && mv access.log access.log.1")
    append(one, 101, 200)
    one.must("cd /var/log/nginx && mv access.log.1 access.log.2 && mv access.log access.log.1")
    append(one, 201, 300)
    one.until(f"[ $({LINES}) = 300 ]")
    seen = "nsenter -m -t $(systemctl show --value -p MainPID {}) sh -c '{}'"
    assert one.say(seen.format(EDGE, "ls /var /var/lib/flumec /srv /home /root")) == (
        "/home:\n\n/root:\n\n/srv:\n\n/var:\nlib\nlog\ntmp\n\n/var/lib/flumec:\nedge"
    )
    assert one.say(seen.format(STORE, "ls /srv /var/lib/flumec")) == (
        "/srv:\nlake\n\n/var/lib/flumec:\nstore"
    )
    for path in ("/var/log/nginx/x", "/usr/x", "/opt/x", "/srv/x"):
        assert "Read-only file system" in one.say(seen.format(EDGE, f"touch {path}"))
    for unit in (EDGE, STORE):
        log = one.log(unit)
        assert not [word for word in ("WARNING", "ERROR", "RT1") if word in log], log
    assert one.must("systemctl --failed -q --no-legend") == ""
    ours = "/etc/systemd/system/flumec*.{service,socket,target}"
    assert one.must(f"systemd-analyze verify {ours} 2>&1") == ""


def test_nobody_is_refused_while_agents_die_and_are_replaced(one: One) -> None:
    where = (one.hosts.namespace, "web1", one.address)
    clients = [Knocker(*where, port, 0.02) for port in (8080, 4141)]
    poster = Poster(*where, 8080, 0.02)
    for client in (*clients, poster):
        client.start()
    for unit in (EDGE, STORE):
        for _ in range(3):
            one.must(f"systemctl kill -s KILL {unit}")
            one.until(f"systemctl is-active -q {unit}")
        one.must(f"systemctl restart {unit}")
    one.must("systemctl restart flumec.target")
    one.until(f"systemctl is-active -q {EDGE} && systemctl is-active -q {STORE}")
    for more in (SECOND_PORT, ""):
        one.install(flow(more))
        one.until(f"systemctl is-active -q {EDGE}")
        assert bool(one.must("ss -Hltn sport = :8081")) == bool(more)
    for client in (*clients, poster):
        client.stop()
    attempts = [attempt for client in (*clients, poster) for attempt in client.attempts]
    longest = max(seconds for _, seconds in poster.waits)
    print(f"{len(attempts)} attempts, longest wait of a post {longest:.1f} s")
    assert [each for each in attempts if each.outcome == "refused"] == []
    assert len(poster.answered) > 20


def test_an_agent_that_hangs_is_killed_and_comes_back(one: One) -> None:
    one.hosts.write("web1", f"/etc/systemd/system/{EDGE}.d/soon.conf", "[Service]\nWatchdogSec=3\n")
    one.must(f"systemctl daemon-reload; systemctl restart {EDGE}")
    one.must(f"systemctl kill -s STOP {EDGE}")
    one.until(f'[ "$(systemctl show --value -p NRestarts {EDGE})" = 1 ]')
    one.until(f"systemctl is-active -q {EDGE}")
    assert "Watchdog timeout" in one.log(EDGE)


def test_an_agent_that_cannot_start_says_why_and_is_cured_by_a_restart(one: One) -> None:
    one.must(f"systemctl stop {EDGE}; cd /var/lib/flumec/edge && mv journal aside && touch journal")
    one.must(f"systemctl start --no-block {EDGE}")
    one.until(f"systemctl status {EDGE} | grep -q 'Status:.*failed starts: .*journal'")
    assert one.property(EDGE, "ActiveState") == "activating"
    one.must("cd /var/lib/flumec/edge && rm journal && mv aside journal")
    one.must(f"systemctl restart {EDGE}")
    assert one.property(EDGE, "ActiveState") == "active"
    assert one.say("ls /run/flumec/edge/starts").endswith("No such file or directory") or (
        '"failed": 1' in one.say("cat /run/flumec/edge/starts")
    )


def test_told_to_end_it_ends_in_time_with_what_it_has_delivered(one: One) -> None:
    append(one, 1, 5000)
    one.until(f"[ $({LINES}) -gt 0 ]")
    one.must("systemctl stop flumec.target")
    one.must(f"systemctl stop {EDGE} {STORE}")  # waits for what the target began
    for unit in (EDGE, STORE):
        assert one.property(unit, "Result") == "success"
        assert "has ended" in one.log(unit)
    assert one.must("ss -Hltn sport = :8080") == ""


def test_a_folder_that_was_replaced_is_seen_by_a_new_start_of_its_own(one: One) -> None:
    append(one, 1, 10)
    one.until(f"[ $({LINES}) = 10 ]")
    one.must("cd /var/log && mv nginx nginx.old && install -d -o root -g adm -m 2750 nginx")
    append(one, 11, 20)
    one.until(f"[ $({LINES}) = 20 ]")
    assert "[RT122]" in one.log(EDGE)
    assert one.property(EDGE, "Result") == "success"
