"""A bundle on a real host that has only systemd and Debian's python3, and no network."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fleet.hosts.hosts import Hosts
from fleet.hosts.needs import missing

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("bundle hosts"),  # one host for all of them
]

ROOT = Path(__file__).parent.parent
WHEELS = ROOT / "build" / "wheels"
"""Filled once; the second time without network."""

FLOW = """
param room : size = 64MiB

hosts web = ["web1"]
hosts core = ["core1"]

agent tailer on web {{
  source access : taildir {{
    files = ["/var/log/app/access.log"]
  }}

  channel near : file {{
    size = room
  }}

  channel far : file

  sink lines : file_roll {{
    directory = "/srv/lines"

    roll {{
      every = 1s
      idle = 1s
    }}
  }}

  access -> near, far
  near -> lines
}}

agent {other} on web {{
  source numbers : seq

  source posts : http {{
    port = 8080
  }}

  channel few : file

  sink none : null

  numbers -> few
  posts -> few
  few -> none
}}

agent collector on core {{
  channel inbox : file

  sink none : null

  inbox -> none
}}

tailer.far => collector.inbox {{
  port = 4141
}}
"""
LOG = "/var/log/app/access.log"


class Bundles:
    """Builds of the flow, brought to the host as a tar."""

    def __init__(self, work: Path, hosts: Hosts) -> None:
        self.work, self.hosts = work, hosts

    def bring(
        self, name: str, *more: str, other: str = "counter", slim: bool = False, text: str = FLOW,
        flow: str = "ours",
    ) -> str:  # fmt: skip
        """Build and unpack on the host, the runtime's tar beside it; return the folder there."""
        file = self.work / f"{flow}.flow"
        file.write_text(text.format(other=other))
        slimmed = ["--slim"] if slim else []
        flumec("build", file, "-o", self.work / name, "--wheels", WHEELS, *more, *slimmed)
        for tar in (*self.work.glob(f"{name}/web1.tar"), *self.work.glob(f"{name}/flumec*.tar")):
            self.hosts.copy(tar, "web1", f"/root/{name}")
        self.hosts.must("web1", f"cd /root/{name} && tar -xf web1.tar")
        return f"/root/{name}/web1"

    def run(self, command: str, status: int = 0) -> list[str]:
        """Run a command on the host that has to end so; return what it said."""
        done = self.hosts.exec("web1", ["sh", "-c", command], timeout=300, capture_output=True)
        said = (done.stdout + done.stderr).decode()
        assert done.returncode == status, said
        return said.splitlines()

    def pid(self, agent: str) -> str:
        """Return the process of an agent."""
        (pid,) = self.run(f"systemctl show --value -p MainPID flumec-{agent}")
        assert pid != "0"
        return pid

    def wait_for(self, lines: int) -> None:
        """Wait until so many lines were written where they go."""
        count = "cat /srv/lines/* 2>/dev/null | wc -l"
        self.run(
            f"for i in $(seq 300); do [ $({count}) = {lines} ] && exit; sleep 0.2; done; false"
        )


def flumec(*arguments: str | Path) -> None:
    command = [sys.executable, "-m", "flumec.compiler", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bundles]:
    if why := missing():
        pytest.skip(why)
    flumec("wheels", WHEELS)
    with Hosts(f"b{os.getpid()}").session(["web1"], ttl=1200) as hosts:
        hosts.must("web1", f"mkdir -p /var/log/app && echo one >{LOG} && chgrp -R adm /var/log/app")
        hosts.must("web1", "chmod 750 /var/log/app; chmod 640 /var/log/app/*")
        yield Bundles(tmp_path_factory.mktemp("bundles"), hosts)


def test_a_bundle_through_its_life(web: Bundles) -> None:
    first = web.bring("first")
    *coming, last = web.run(f"{first}/install --check")
    assert "to start   flumec-tailer.service" in coming
    assert last.endswith("can be installed")
    assert web.run(f"{first}/install --apply")[-1].endswith(" runs")
    web.wait_for(1)
    processes = {agent: web.pid(agent) for agent in ("tailer", "counter")}
    assert web.run(f"{first}/install --apply")[-1].endswith("runs already: nothing to do")
    assert {agent: web.pid(agent) for agent in processes} == processes
    for whom in ("", "setpriv --reuid nobody --clear-groups "):
        said = web.run(f"{whom}/opt/flumec/current/install --check")
        assert [line.partition("bundle")[0] for line in said] == ["web1: "]
        assert said[-1].endswith("is installed and runs")

    second = web.bring("second", "--set", "room=72MiB", slim=True)
    said = web.run(f"{second}/install --apply")
    assert [line.split(",")[0] for line in said if line.startswith("restarted")] == [
        "restarted  flumec-tailer.service"
    ]
    assert web.pid("counter") == processes["counter"]
    web.run(f"echo two >>{LOG}")
    web.wait_for(2)

    web.run("/opt/flumec/current/install --rollback")
    web.run(f"echo three >>{LOG}")
    web.wait_for(3)
    assert web.pid("counter") == processes["counter"]

    third = web.bring("third", other="adder")
    coming = web.run(f"{third}/install --check")
    units = ("flumec-counter.service", "flumec-counter-posts.socket")
    assert [line.split()[2] for line in coming if line.startswith("to stop ")] == list(units)
    places = {line.split()[2] for line in coming if line.startswith("to remove ")}
    assert {f"/etc/systemd/system/{unit}" for unit in units} <= places
    said = web.run(f"{third}/install --apply")
    assert any(line.startswith("stopped    flumec-counter.service") for line in said)
    assert places == {line.split()[1] for line in said if line.startswith("removed    /etc/")}
    assert web.pid("adder")

    said = web.run("/opt/flumec/current/install --remove --purge", status=2)
    assert any("/var/lib/flumec/tailer: 3 in `far`" in line for line in said), said
    assert web.pid("tailer")
    assert web.run("/opt/flumec/current/install --remove")[-1].startswith("flumec is removed; what")
    assert web.run("ls /opt /etc/systemd/system | grep flumec", status=1) == []
    again = web.run(f"{third}/install --apply")
    assert again[-1].endswith(" runs")
    web.run(f"echo four >>{LOG}")
    web.wait_for(4)
    gone = web.run("/opt/flumec/current/install --remove --purge --lose-undelivered")
    assert gone[-1] == "flumec is removed"
    assert web.run("ls /var/lib /opt /etc | grep flumec", status=1) == []


def test_what_is_not_as_it_must_be_is_said_before_anything_is_changed(web: Bundles) -> None:
    folder = web.bring("checked")
    web.run("chmod 600 /var/log/app/access.log && chown root /var/log/app/access.log")
    said = web.run(f"{folder}/install --apply", status=1)
    assert "may not read /var/log/app/access.log" in said[0]
    assert said[-1].endswith("nothing was changed")
    web.run("chmod 640 /var/log/app/access.log")
    web.run("mkdir -p /opt/flumec && mount -t tmpfs -o size=100m tmpfs /opt/flumec")
    said = web.run(f"{folder}/install --check", status=1)
    assert "/opt/flumec needs" in said[0]
    web.run("umount /opt/flumec && rm -r /opt/flumec")
    web.run("rm /root/checked/flumec-runtime-*")
    said = web.run(f"{folder}/install --apply", status=1)
    assert "is not beside the bundle's folder" in said[0]
    assert web.run("ls /etc/systemd/system | grep flumec", status=1) == []


def test_a_host_whose_power_failed_is_whole_after_the_next_try(web: Bundles) -> None:
    folder = web.bring("cut")
    for seconds in ("1.0", "2.5", "4.0"):
        web.run(f"systemd-run -q {folder}/install --apply; sleep {seconds}")
        web.hosts.stop("web1", kill=True)
        web.hosts.start("web1")
    assert web.run(f"{folder}/install --apply")[-1].endswith(("runs", "nothing to do"))
    assert web.run(f"{folder}/install --apply")[-1].endswith("nothing to do")
    assert web.run("find /opt/flumec /etc -name '.flumec-*'") == []
    web.pid("tailer")
    web.run(f"{folder}/install --remove --purge --lose-undelivered")


TEAM = """
hosts shared = ["web1"]

agent stranger on shared {{
  source numbers : seq

  channel few : file

  sink none : null

  numbers -> few
  few -> none
}}
"""


def test_another_team_is_not_stopped_unasked_and_nothing_of_ours_stays_listed(web: Bundles) -> None:
    ours = web.bring("ours")
    web.run(f"{ours}/install --apply")
    theirs = web.bring("theirs", text=TEAM, flow="theirs", slim=True)
    for command in ("--check", "--apply"):
        said = web.run(f"{theirs}/install {command}", status=1)
        assert any("`tailer` of ours.flow runs here, and this bundle is built" in e for e in said)
        assert any("`flumec build ours.flow theirs.flow -o DIST`; or say" in each for each in said)
    tailer = web.pid("tailer")
    both = web.bring("both", str(web.work / "ours.flow"), text=TEAM, flow="theirs", slim=True)
    web.run(f"{both}/install --apply")
    assert web.pid("tailer") == tailer
    said = web.run(f"{theirs}/install --apply --replace")
    assert any(line.startswith("stopped    flumec-tailer.service") for line in said)
    web.run("systemctl kill -s KILL flumec-stranger")
    web.run("/opt/flumec/current/install --remove --purge --lose-undelivered")
    assert web.run("systemctl list-units --all --no-legend 'flumec*'") == []
