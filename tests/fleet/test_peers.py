"""A link gets a peer more and a peer less by upgrades on real hosts, which are then rolled back."""

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from fleet.agents import accounts
from fleet.hosts.hosts import Hosts
from fleet.one import One
from fleet.verdict import judge
from flumec.compiler.build import compile_text
from flumec.compiler.bundle import write_bundle
from flumec.compiler.emit import emit

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.xdist_group("peers")]

FLOW = """
hosts web = ["web1"]
hosts core = [{core}]

agent tailer on web {{
  source access : taildir {{
    files = ["/var/log/nginx/*.log"]
    poll = 100ms
  }}

  channel spool : file {{
    size = 32MiB
  }}

  access -> spool
}}

agent collector on core {{
  channel inbox : file {{
    size = 32MiB
  }}

  sink lines : file_roll {{
    directory = "/srv/lines"

    roll {{
      every = 1s
    }}
  }}

  inbox -> lines
}}

tailer.spool => collector.inbox {{
  port = 4141
  policy = balance
  in_doubt = wait
  time_out = 5s
  back_off = 1s
}}
"""
ONE, TWO = '"core1"', '"core1", "core2"'
NAMES = ("web1", "core1", "core2")
PYTHON = '#!/bin/sh\nPYTHONPATH=/opt/lib:/opt/src exec /usr/bin/python3 "$@"\n'
WRITE = """
mkdir -p /var/log/nginx
cat > /opt/write.sh <<'END'
n=0
while [ ! -e /opt/enough ]; do
  for i in 1 2 3 4 5 6 7 8 9 10; do n=$((n+1)); echo "line $n"; done >> /var/log/nginx/access.log
  sleep 0.05
done
END
systemd-run -q --unit=writer sh /opt/write.sh
"""


class Site:
    """A web host whose log grows all the time, and two collectors."""

    def __init__(self, hosts: Hosts, work: Path) -> None:
        self.hosts, self._work = hosts, work
        self._bundles = 0
        for name in NAMES:
            hosts.write(name, "/opt/python", PYTHON, 0o755)
        hosts.must("web1", WRITE)

    def install(self, core: str, *names: str) -> None:
        """Bring hosts to a bundle, in the order in which they are named."""
        compiled = compile_text(FLOW.format(core=core))
        assert compiled.plan is not None, compiled.diagnostics
        self._bundles += 1
        bundle = self._work / str(self._bundles)
        write_bundle(emit(compiled.plan), bundle)
        for name in names:
            place = f"/opt/bundles/{self._bundles}"
            self.hosts.copy(bundle / name, name, place)
            self.hosts.must(
                name, f"{place}/{name}/install --apply --python /opt/python", timeout=120
            )

    def rollback(self, *names: str) -> None:
        for name in names:
            back = "/opt/flumec/current/install --rollback --python /opt/python"
            self.hosts.must(name, back, timeout=120)

    def stored(self, name: str) -> list[bytes]:
        folder = self.hosts.root(name) / "srv/lines"
        files = [path for path in folder.glob("*") if path.is_file()]
        return [line for path in files for line in path.read_bytes().splitlines()]

    def written(self) -> list[bytes]:
        return (self.hosts.root("web1") / "var/log/nginx/access.log").read_bytes().splitlines()

    def goes_on(self, *names: str) -> None:
        """Wait until each of these collectors gets what is written from now on."""
        before = {name: len(self.stored(name)) for name in names}
        end = time.monotonic() + 60
        while not all(len(self.stored(name)) > before[name] for name in names):
            assert time.monotonic() < end, Counter(names)
            time.sleep(0.2)

    def held(self) -> int:
        return sum(account.held for account in accounts(self.hosts))

    def finish(self) -> None:
        """End the writing, and hold what was written against what is stored."""
        self.hosts.must(
            "web1", "touch /opt/enough; while systemctl is-active -q writer; do :; done"
        )
        end = time.monotonic() + 60
        while len(self.stored("core1")) + len(self.stored("core2")) < len(self.written()):
            assert time.monotonic() < end, self.held()
            time.sleep(0.2)
        stored = [*self.stored("core1"), *self.stored("core2")]
        lane = judge("lines", "exactly once", self.written(), stored)
        print(lane)
        assert lane.good, lane.examples
        assert self.held() == 0


@pytest.fixture
def site(hosts: Callable[..., Hosts], tmp_path: Path) -> Site:
    return Site(hosts(*NAMES, binds=One.binds()), tmp_path)


def test_a_peer_more_and_back_and_a_peer_less_and_back(site: Site) -> None:
    site.install(ONE, "core1", "web1")
    site.goes_on("core1")
    site.install(TWO, "core2", "core1", "web1")  # a peer more
    site.goes_on("core1", "core2")
    site.rollback("core1", "web1")  # core2 stays, and nobody sends to it any more
    site.goes_on("core1")
    site.rollback("core1", "web1")  # forward again
    site.goes_on("core1", "core2")
    site.install(ONE, "web1", "core1")  # a peer less
    site.goes_on("core1")
    site.rollback("core1", "web1")
    site.goes_on("core1", "core2")
    site.finish()
