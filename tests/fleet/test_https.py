"""An https source by its units on a real host: its credentials, their renewal, and who gets in."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from fleet.hosts.hosts import Hosts
from fleet.hosts.needs import missing
from fleet.one import NAME, One
from flumec.compiler.certs.authority import Authority

LACKING = missing("curl", "openssl")
pytestmark = [
    pytest.mark.slow, pytest.mark.timeout(600),
    pytest.mark.skipif(LACKING is not None, reason=LACKING or ""),
]  # fmt: skip

FLOW = """
hosts web = ["web1"]

agent gateway on web {
  source events : http {
    port = 8443
    tls = mutual
    request_id = "Idempotency-Key"
  }

  channel spool : file

  sink files : file_roll {
    directory = "/srv/lake"

    roll {
      every = 200ms
    }
  }

  events -> spool
  spool -> files
}
"""
UNIT = "flumec-gateway.service"
CREDENTIALS = "/etc/flumec/credentials"
CURL = (
    "curl -sS --max-time 30 --cacert /root/ca --cert /root/cert --key /root/key "
    "-H Content-Type:application/json https://web1:8443/"
)
CLIENT = f"""#!/bin/bash
# Posts one event after the other, each until it is answered 200, and notes what else came of it.
n=0
while [ ! -e /run/over ]; do
  n=$((n + 1))
  until {CURL} -f -o /dev/null -H "Idempotency-Key: $1.$n" -d '[{{"body": "'$1.$n'"}}]'; do
    echo $? >> /root/failed
    sleep 0.05
  done
  echo $1.$n >> /root/answered.$1
done
"""
REFUSED = "7"
"""What curl ends with where nobody listens."""


@pytest.fixture
def authority() -> Authority:
    return Authority.make("fleet")


@pytest.fixture
def one(hosts: Callable[..., Hosts], tmp_path: Path, authority: Authority) -> One:
    """A host with the agent above, and what a client on it needs."""
    made = One(hosts(NAME, binds=One.binds()), tmp_path)
    made.must(f"install -d -m 700 {CREDENTIALS}")
    client = authority.issue(["client"])
    for name, content in (
        ("ca", authority.certificate), ("cert", client.certificate), ("key", client.key),
    ):  # fmt: skip
        made.hosts.write(NAME, f"/root/{name}", content.decode(), 0o600)
    made.hosts.write(NAME, f"{CREDENTIALS}/flumec-ca", authority.certificate.decode(), 0o600)
    made.hosts.write(NAME, "/opt/client", CLIENT, 0o755)
    give(made, authority)
    made.install(FLOW)
    return made


def give(one: One, authority: Authority) -> None:
    """Bring the host a new certificate and its key, as a person does."""
    issued = authority.issue(["web1", one.address])
    one.hosts.write(NAME, f"{CREDENTIALS}/flumec-cert", issued.certificate.decode(), 0o600)
    one.hosts.write(NAME, f"{CREDENTIALS}/flumec-key", issued.key.decode(), 0o600)


def test_clients_are_never_refused_and_lose_nothing_while_certificates_are_renewed(
    one: One, authority: Authority
) -> None:
    clients = ("ann", "bob", "eve")
    for client in clients:
        one.must(f"systemd-run -q --unit client-{client} /opt/client {client}")
    shown = set()
    for _ in range(3):
        one.until("sleep 1")
        give(one, authority)
        one.must("systemctl try-restart 'flumec-*.service'")
        one.until(f"systemctl is-active -q {UNIT}")
        look = "openssl s_client -connect web1:8443 </dev/null 2>/dev/null | openssl x509 -serial"
        shown.add(one.must(f"{look} -noout"))
    one.until("sleep 1")
    one.must("touch /run/over")
    for client in clients:
        one.until(f"! systemctl is-active -q client-{client}")

    answered = one.must("cat /root/answered.*").split()
    failed = Counter(one.say("cat /root/failed 2>/dev/null").split())
    print(f"{len(answered)} posts answered over {len(shown)} renewals, curl's failures: {failed}")
    assert len(shown) == 3
    assert failed[REFUSED] == 0
    stored = "find /srv/lake -type f -not -path '*/.*' -exec cat {} +"
    one.until(f"[ $({stored} | wc -l) -ge {len(answered)} ]")
    assert Counter(one.must(stored).split()) == Counter(answered)
    assert "Traceback" not in one.log(UNIT)


def test_who_has_no_certificate_does_not_get_in_and_the_log_says_so(one: One) -> None:
    unproven = CURL.replace("--cert /root/cert --key /root/key", "")
    assert "certificate required" in one.say(f"{unproven} -d '[]' 2>&1")
    assert "this port speaks TLS" in one.say(f"{CURL.replace('https', 'http')} -d '[]' 2>&1")
    assert one.must(f"{CURL} -d '[]' -o /dev/null -w '%{{http_code}}'") == "200"
    one.until(f"journalctl -u {UNIT} | grep -q 'it shows no certificate.*RT354'")


def test_with_another_key_it_says_so_and_listens_to_nobody(one: One, authority: Authority) -> None:
    other = authority.issue(["web1"]).key.decode()
    one.hosts.write(NAME, f"{CREDENTIALS}/flumec-key", other, 0o600)
    one.must(f"systemctl restart --no-block {UNIT}")
    one.until(f"journalctl -u {UNIT} | grep -q 'flumec-key is not that of the certificate in'")
    assert one.say(f"{CURL} --max-time 2 -d '[]' 2>&1").startswith("curl: (28)")
    assert "Traceback" not in one.log(UNIT)

    give(one, authority)
    one.must(f"systemctl restart {UNIT}")
    assert one.must(f"{CURL} -d '[]' -o /dev/null -w '%{{http_code}}'") == "200"
