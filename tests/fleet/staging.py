"""The fleet's bundles: built here with their libraries, installed on hosts that have none."""

import subprocess
import sys
from pathlib import Path

from fleet.faults import ALL, Fault
from fleet.hosts.hosts import Hosts
from fleet.hosts.processes import HostsError

FLOW = Path(__file__).parent / "fleet.flow"
ROOM = {"first": "64MiB", "second": "72MiB"}
"""The one change: each channel of each agent has a little more room."""

_WHEELS = Path(__file__).parents[2] / "build" / "wheels"
"""Filled once, from the package index; after that nothing here needs a network."""
_FLUMEC = Path(sys.executable).with_name("flumec")
_CREDENTIALS = "/etc/flumec/credentials"
_BROUGHT = "/opt/brought"
_DRIFT = "found=$(/opt/flumec/current/bin/python -m flumec.runtime.drift 2>&1) || echo $found"
_RESTARTED = "systemctl restart 'flumec-*.service'"


class NoWheelsError(HostsError):
    """The libraries are not here yet, and cannot be had."""


class Staging:
    """Two bundles that differ by one change, and an authority for their certificates."""

    def __init__(self, work: Path) -> None:
        self._work = work
        self._certs = work / "certs"

    def build(self) -> None:
        """Build both bundles, and make an authority and what it issues."""
        try:
            self._flumec("wheels", _WHEELS, FLOW)
        except HostsError as problem:
            raise NoWheelsError(str(problem)) from None
        for name, room in ROOM.items():
            given = ("--wheels", _WHEELS, "--set", f"room={room}")
            self._flumec("build", FLOW, *given, "-o", self._work / name)
        self._flumec("certs", "init", "--dir", self._certs)
        self._flumec("certs", "issue", FLOW, "--dir", self._certs)

    def _flumec(self, *arguments: str | Path) -> None:
        done = subprocess.run([_FLUMEC, *arguments], capture_output=True, text=True, check=False)
        if done.returncode:
            raise HostsError(f"flumec {' '.join(map(str, arguments))}:\n{done.stderr}")

    def certify(self, hosts: Hosts, name: str) -> None:
        """Carry a host's key and certificate there, as a person or a tool for secrets would."""
        for file in (self._certs / "hosts" / name).iterdir():
            hosts.write(name, f"{_CREDENTIALS}/{file.name}", file.read_text(), 0o600)

    def install(self, hosts: Hosts, name: str, bundle: str) -> str:
        """Carry a host's tar there, and the runtime's once; return what the installer said."""
        place = f"{_BROUGHT}/{bundle}"
        hosts.copy(self._work / bundle / f"{name}.tar", name, place)
        for runtime in (self._work / bundle).glob("flumec-runtime-*.tar"):
            if not (hosts.root(name) / place.lstrip("/") / runtime.name).exists():
                hosts.copy(runtime, name, place)
        hosts.must(name, f"tar -C {place} -xf {place}/{name}.tar")
        return hosts.must(name, f"{place}/{name}/install --apply", timeout=300)

    def upgraded(self, hosts: Hosts) -> Fault:
        """Bring the second bundle to every host, receivers before senders."""

        def strike() -> None:
            for name in reversed(ALL):
                self.install(hosts, name, "second")

        return Fault("upgrade", "all hosts", strike)

    def rolled_back(self, hosts: Hosts, name: str) -> Fault:
        """Bring one host back to the bundle before, which finds what the second one wrote."""

        def strike() -> None:
            hosts.must(name, "/opt/flumec/current/install --rollback", timeout=300)

        return Fault("rollback", name, strike)

    def drifted(self, hosts: Hosts) -> list[str]:
        """Return what is not on a host as its bundle put it there, as the host itself sees it."""
        said = {name: hosts.say(name, _DRIFT, timeout=120) for name in ALL}
        return [f"{name}: {text}" for name, text in said.items() if text]

    def renewed(self, hosts: Hosts) -> Fault:
        """Give every host a new key and certificate; old and new ones meet meanwhile."""

        def strike() -> None:
            self._flumec("certs", "renew", "--within", "36500", "--dir", self._certs)
            for name in reversed(ALL):
                self.certify(hosts, name)
                hosts.must(name, _RESTARTED)

        return Fault("certificates renewed", "all hosts", strike)
