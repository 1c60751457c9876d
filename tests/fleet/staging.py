"""The fleet's bundles: built here, installed on the hosts, upgraded and rolled back there."""

import subprocess
import sys
from pathlib import Path

from fleet.faults import ALL, STORE, Fault
from fleet.hosts.hosts import Hosts
from fleet.hosts.processes import HostsError

FLOW = Path(__file__).parent / "fleet.flow"
ROOM = {"first": "64MiB", "second": "72MiB"}
"""The one change: each channel of each agent has a little more room."""

_PYTHON = '#!/bin/sh\nPYTHONPATH=/opt/lib:/opt/src exec /usr/bin/python3 "$@"\n'
_FLUMEC = Path(sys.executable).with_name("flumec")
_ROOT = Path(__file__).parents[2]
_CREDENTIALS = "/etc/flumec/credentials"
_RESTARTED = "systemctl restart 'flumec-*.service'"
_APPLY = "--apply --no-start --python /opt/python"
_STARTED = "cd /etc/systemd/system && systemctl enable -q --now flumec.target flumec-*"


class Staging:
    """Two bundles that differ by one change, and which of them each host has."""

    def __init__(self, work: Path) -> None:
        self._work = work
        self._certs = work / "certs"

    @property
    def binds(self) -> list[str]:
        """What hosts need of the machine: the libraries that agents run on."""
        libraries = next(path for path in sys.path if path.endswith("site-packages"))
        return [f"{libraries}:/opt/lib", f"{_ROOT}:/opt/src/flumec"]

    def build(self) -> None:
        """Build both bundles, and make an authority and what it issues."""
        for name, room in ROOM.items():
            self._flumec("build", FLOW, "--set", f"room={room}", "-o", self._work / name)
        self._flumec("certs", "init", "--dir", self._certs)
        self._flumec("certs", "issue", FLOW, "--dir", self._certs)

    def _flumec(self, *arguments: str | Path) -> None:
        done = subprocess.run([_FLUMEC, *arguments], capture_output=True, text=True, check=False)
        if done.returncode:
            raise HostsError(f"flumec {' '.join(map(str, arguments))}:\n{done.stderr}")

    def prepare(self, hosts: Hosts) -> None:
        """Make what a bundle assumes: a Python, folders of the store, logs that may be read."""
        for name in ALL:
            hosts.write(name, "/opt/python", _PYTHON, 0o755)
        for lane in ("exact", "again", "posted"):
            hosts.must(STORE, f"mkdir -p /srv/store/{lane}")

    def install(self, hosts: Hosts, name: str, bundle: str) -> None:
        """Copy a host's folder there and run what is in it."""
        hosts.copy(self._work / bundle / name, name, f"/opt/bundles/{bundle}")
        hosts.must(name, f"/opt/bundles/{bundle}/{name}/install {_APPLY}")

    def certify(self, hosts: Hosts, name: str) -> None:
        """Carry a host's key and certificate there, as a person or a tool for secrets would."""
        for file in (self._certs / "hosts" / name).iterdir():
            hosts.write(name, f"{_CREDENTIALS}/{file.name}", file.read_text(), 0o600)

    def start(self, hosts: Hosts, name: str) -> None:
        """Start what was installed, for this boot and each after it."""
        if name == STORE:
            hosts.must(name, "chown -R flumec: /srv/store")
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

    def renewed(self, hosts: Hosts) -> Fault:
        """Give every host a new key and certificate; old and new ones meet meanwhile."""

        def strike() -> None:
            self._flumec("certs", "renew", "--within", "36500", "--dir", self._certs)
            for name in reversed(ALL):
                self.certify(hosts, name)
                hosts.must(name, _RESTARTED)

        return Fault("certificates renewed", "all hosts", strike)

    def _replace(self, hosts: Hosts, name: str, bundle: str) -> None:
        self.install(hosts, name, bundle)
        hosts.must(name, _RESTARTED)
