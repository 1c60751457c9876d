"""The fleet's bundles: built here, installed on the hosts, upgraded and rolled back there."""

import subprocess
import sys
from pathlib import Path

from fleet.faults import ALL, STORE, WEB, Fault
from fleet.hosts.hosts import Hosts
from fleet.hosts.processes import HostsError

FLOW = Path(__file__).parent / "fleet.flow"
ROOM = {"first": "64MiB", "second": "72MiB"}
"""The one change: each channel of each agent has a little more room."""

_PYTHON = '#!/bin/sh\nPYTHONPATH=/opt/lib:/opt/src exec /usr/bin/python3 "$@"\n'
_FLUMEC = Path(sys.executable).with_name("flumec")
_ROOT = Path(__file__).parents[2]
_STARTED = "cd /etc/systemd/system && systemctl enable -q --now flumec.target flumec-*"


class Staging:
    """Two bundles that differ by one change, and which of them each host has."""

    def __init__(self, work: Path) -> None:
        self._work = work

    @property
    def binds(self) -> list[str]:
        """What hosts need of the machine: the libraries that agents run on."""
        libraries = next(path for path in sys.path if path.endswith("site-packages"))
        return [f"{libraries}:/opt/lib", f"{_ROOT}:/opt/src/flumec"]

    def build(self) -> None:
        """Build both bundles."""
        for name, room in ROOM.items():
            command = [_FLUMEC, "build", FLOW, "--set", f"room={room}", "-o", self._work / name]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise HostsError(f"{FLOW.name} does not build:\n{done.stderr}")

    def prepare(self, hosts: Hosts) -> None:
        """Make what a bundle assumes: a Python, folders of the store, logs that may be read."""
        for name in ALL:
            hosts.write(name, "/opt/python", _PYTHON, 0o755)
        for lane in ("exact", "again", "posted"):
            hosts.must(STORE, f"mkdir -p /srv/store/{lane}")

    def install(self, hosts: Hosts, name: str, bundle: str) -> None:
        """Copy a host's folder there and run what is in it."""
        hosts.copy(self._work / bundle / name, name, f"/opt/bundles/{bundle}")
        hosts.must(name, f"sh /opt/bundles/{bundle}/{name}/install.sh --python /opt/python")

    def start(self, hosts: Hosts, name: str) -> None:
        """Start what was installed, for this boot and each after it."""
        if name == STORE:
            hosts.must(name, "chown -R flumec: /srv/store")
        if name in WEB:
            hosts.must(name, "gpasswd -a flumec adm")
        hosts.must(name, _STARTED)

    def upgraded(self, hosts: Hosts) -> Fault:
        """Bring the second bundle to every host, receivers before senders."""

        def strike() -> None:
            for name in reversed(ALL):
                self._replace(hosts, name, "second")

        return Fault("upgrade", "all hosts", strike)

    def rolled_back(self, hosts: Hosts, name: str) -> Fault:
        """Bring one host back to the first bundle, which finds what the second one wrote."""
        return Fault("rollback", name, lambda: self._replace(hosts, name, "first"))

    def _replace(self, hosts: Hosts, name: str, bundle: str) -> None:
        self.install(hosts, name, bundle)
        hosts.must(name, "systemctl restart 'flumec-*.service'")
