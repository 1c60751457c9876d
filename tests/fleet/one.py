"""One host with the agents of a flow on it: built, installed and run by its units."""

import sys
from pathlib import Path

from fleet.hosts.hosts import Hosts
from flumec.compiler.build import compile_text
from flumec.compiler.bundle import write_bundle
from flumec.compiler.emit import emit

NAME = "web1"
_ROOT = Path(__file__).parents[2]
_PYTHON = '#!/bin/sh\nPYTHONPATH=/opt/lib:/opt/src exec /usr/bin/python3 "$@"\n'


class One:
    """The host `web1`, whose agents run on the libraries of this machine."""

    def __init__(self, hosts: Hosts, work: Path) -> None:
        self.hosts = hosts
        self._work = work
        self._built = 0
        hosts.write(NAME, "/opt/python", _PYTHON, 0o755)

    @staticmethod
    def binds() -> list[str]:
        """Return what the host needs of the machine."""
        libraries = next(path for path in sys.path if path.endswith("site-packages"))
        return [f"{libraries}:/opt/lib", f"{_ROOT}:/opt/src/flumec"]

    @property
    def address(self) -> str:
        return self.hosts.host(NAME).address

    def say(self, script: str) -> str:
        return self.hosts.say(NAME, script)

    def must(self, script: str) -> str:
        return self.hosts.must(NAME, script)

    def install(self, flow: str) -> str:
        """Build the flow, install what it is compiled to, start what that changes; return the
        installer's words.
        """
        compiled = compile_text(flow)
        assert compiled.plan is not None, [each.message for each in compiled.diagnostics]
        self._built += 1
        bundle = self._work / str(self._built)
        write_bundle(emit(compiled.plan), bundle)
        self.hosts.copy(bundle / NAME, NAME, f"/opt/bundles/{self._built}")
        apply = f"/opt/bundles/{self._built}/{NAME}/install --apply --python /opt/python"
        return self.hosts.must(NAME, apply, timeout=120)

    def property(self, unit: str, name: str) -> str:
        """Return what systemd knows of a unit."""
        return self.must(f"systemctl show --value -p {name} {unit}")

    def until(self, condition: str, seconds: int = 60) -> None:
        """Wait until a line of shell is true in the host."""
        self.hosts.must(
            NAME,
            f"end=$((SECONDS + {seconds})); until {condition}; do"
            " [ $SECONDS -lt $end ] || exit 1; sleep 0.1; done",
            timeout=seconds + 5,
        )

    def log(self, unit: str) -> str:
        """Return what a unit logged, and systemd about it."""
        return self.say(f"journalctl -q --no-pager -o cat -u {unit}")
