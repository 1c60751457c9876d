"""A real ansible installs a fleet over ssh on real hosts: in order, once, not past a failure."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from fleet.hosts.hosts import Hosts

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

FLOW = """\
param room : size = 8MiB

hosts web = inventory("hosts.ini", group = "web")
hosts core = inventory("hosts.ini", group = "core")

agent tailer on web {
  source numbers : seq {
    total = 1000
  }

  channel spool : file {
    size = room
  }

  numbers -> host() -> spool
}

agent collector on core {
  channel inbox : file {
    size = room
  }

  sink files : file_roll {
    directory = "/srv/numbers"

    roll {
      every = 1s
      idle = 1s
    }
  }

  inbox -> files
}

tailer.spool => collector.inbox {
  port = 4141
}
"""
SSHD = """\
mkdir -p /run/sshd /root/.ssh /etc/ssh
ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/key <<< y >/dev/null
systemd-run -q --unit=sshd /usr/sbin/sshd -D -f /dev/null -h /etc/ssh/key \
  -o UsePAM=no -o AuthorizedKeysFile=/root/.ssh/authorized_keys -o PidFile=none
until ss -Hltn sport = :22 | grep -q .; do sleep 0.1; done
"""
PYTHON = '#!/bin/sh\nPYTHONPATH=/opt/lib:/opt/src exec /usr/bin/python3 "$@"\n'
BIN = Path(sys.executable).parent
NAMES = ("web1", "web2", "core1")


class Site:
    """Hosts with ssh, and ansible on a machine beside them."""

    def __init__(self, hosts: Hosts, work: Path) -> None:
        self.hosts, self.work = hosts, work
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", work / "key"], check=True
        )
        for name in NAMES:
            hosts.write(name, "/root/.ssh/authorized_keys", (work / "key.pub").read_text(), 0o600)
            hosts.write(name, "/opt/python", PYTHON, 0o755)
            hosts.must(name, SSHD)
        address = {name: hosts.host(name).address for name in NAMES}
        (work / "fleet.flow").write_text(FLOW)
        (work / "hosts.ini").write_text(
            f"[web]\nweb1 ansible_host={address['web1']}\nweb2 ansible_host={address['web2']}\n"
            f"[core]\ncore1 ansible_host={address['core1']}\n"
        )

    def build(self, room: str) -> None:
        command = [BIN / "flumec", "build", "fleet.flow", "-o", "dist", "--playbook",
                   "--set", f"room={room}"]  # fmt: skip
        subprocess.run(command, cwd=self.work, check=True)

    def ansible(self) -> tuple[int, str]:
        """Run the playbook; return the exit status and what it said."""
        with tempfile.TemporaryDirectory(prefix="ssh") as sockets:  # whose paths must be short
            environment = {**os.environ, "HOME": str(self.work), "ANSIBLE_NOCOLOR": "1",
                           "ANSIBLE_SSH_CONTROL_PATH_DIR": sockets}  # fmt: skip
            done = subprocess.run(
                ["nsenter", f"--net=/run/netns/{self.hosts.namespace}", BIN / "ansible-playbook",
                 "-i", "dist/inventory.yml", "dist/playbook.yml", "-u", "root",
                 "--private-key", "key", "-e", json.dumps({"options": "--python /opt/python"}),
                 "--ssh-common-args",
                 "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null"],
                cwd=self.work, env=environment, capture_output=True, text=True, check=False,
            )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    def bundle(self, name: str) -> str:
        return self.hosts.say(name, "readlink /opt/flumec/current || echo none")


@pytest.fixture
def site(hosts: Callable[..., Hosts], tmp_path: Path) -> Site:
    for tool in ("/usr/sbin/sshd", "ssh", str(BIN / "ansible-playbook")):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is needed: openssh-server, openssh-client, pip install .[dev]")
    libraries = next(path for path in sys.path if path.endswith("site-packages"))
    root = Path(__file__).parents[2]
    binds = [f"{libraries}:/opt/lib", f"{root}:/opt/src/flumec"]
    return Site(hosts(*NAMES, binds=binds), tmp_path)


def recap(said: str) -> dict[str, tuple[int, ...]]:
    """Return what changed and what failed, by host."""
    pattern = r"^(\w+) +: ok=\d+ +changed=(\d+) +unreachable=(\d+) +failed=(\d+)"
    return {
        name: tuple(map(int, numbers)) for name, *numbers in re.findall(pattern, said, re.MULTILINE)
    }


def test_a_fleet_is_installed_in_order_once_and_not_past_a_failure(site: Site) -> None:
    site.build("8MiB")
    status, said = site.ansible()
    assert status == 0, said
    assert said.index("PLAY [Wave 1 of 1 host]") < said.index("PLAY [Wave 2 of 2 hosts]")
    assert {name: numbers[1:] for name, numbers in recap(said).items()} == dict.fromkeys(
        NAMES, (0, 0)
    )
    lines = "cat /srv/numbers/* 2>/dev/null | wc -l"
    site.hosts.must("core1", f"until [ $({lines}) = 2000 ]; do sleep 0.2; done", timeout=60)
    first = {name: site.bundle(name) for name in NAMES}

    status, said = site.ansible()
    assert (status, recap(said)) == (0, dict.fromkeys(NAMES, (0, 0, 0))), said

    # What --check finds on one host keeps all as they are.
    site.build("16MiB")
    site.hosts.must("web2", "mv /opt/python /opt/aside")
    status, said = site.ansible()
    assert status != 0
    assert "PLAY [Wave" not in said, said
    assert {name: site.bundle(name) for name in NAMES} == first
    site.hosts.must("web2", "mv /opt/aside /opt/python")

    # What fails in a wave leaves the later ones as they are.
    # (Another installer holds the lock there, which a check does not need.)
    site.hosts.must("core1", "systemd-run -q --unit=other flock /opt/flumec/lock sleep infinity")
    status, said = site.ansible()
    assert status != 0
    assert "PLAY [Wave 2" not in said, said
    assert "another installer is at work" in said
    assert {name: site.bundle(name) for name in NAMES} == first
    site.hosts.must("core1", "systemctl stop other")
    status, said = site.ansible()
    assert status == 0, said
    assert not [name for name in NAMES if site.bundle(name) == first[name]]
    for name in NAMES:
        drift = "/opt/flumec/current/bin/python -m flumec.runtime.drift"
        assert site.hosts.must(name, drift).endswith("as it was installed")
