"""Running commands in a host and putting files there, as root beside its services."""

import subprocess
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fleet.hosts.processes import GUEST_PATH, HostsError
from fleet.hosts.state import Host

_WRITE = """
mkdir -p "$(dirname "$1")" && cat > "$1.new" && chmod "$2" "$1.new" && mv "$1.new" "$1"
"""


class Reach(ABC):
    """What can be done in hosts that are up."""

    @abstractmethod
    def host(self, name: str) -> Host:
        """Return a host by name, or refuse one that isn't there."""

    def command(self, name: str, command: Sequence[str | Path]) -> list[str | Path]:
        """Return how the machine runs a command in a host, as root beside its services."""
        init = self.host(name).init
        if init is None or not init.alive:
            raise HostsError(f"host {name} is down")
        spaces = ("--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup")
        clean = ("/usr/bin/env", "-i", f"PATH={GUEST_PATH}", "HOME=/root", "LANG=C.UTF-8")
        return ["nsenter", "--target", str(init.pid), *spaces, "--", *clean, "SYSTEMD_PAGER=cat",
                *command]  # fmt: skip

    def exec(
        self, name: str, command: Sequence[str | Path], *, timeout: float = 60, **options: Any
    ) -> subprocess.CompletedProcess[Any]:
        """Run a command in a host; past its time it is ended there, and its exit code is 124."""
        if "input" not in options:
            options.setdefault("stdin", subprocess.DEVNULL)
        # By a process in the host: killing nsenter would leave the command running.
        bounded = ["timeout", "--foreground", "-k", "2", f"{timeout:.3f}", *command]
        options.setdefault("check", False)
        return subprocess.run(self.command(name, bounded), **options)  # noqa: PLW1510 see above

    def say(self, name: str, script: str, *, timeout: float = 60) -> str:
        """Run a line of shell in a host; return what it printed, errors too."""
        done = self.exec(name, ["bash", "-c", script], timeout=timeout, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # fmt: skip
        return str(done.stdout).strip()

    def must(self, name: str, script: str, *, timeout: float = 60) -> str:
        """Do as `say` does, and raise what it printed where it fails."""
        done = self.exec(name, ["bash", "-c", script], timeout=timeout, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # fmt: skip
        if done.returncode:
            raise HostsError(f"{name}: {script}: exit {done.returncode}: {done.stdout.strip()}")
        return str(done.stdout).strip()

    def write(self, name: str, path: str, text: str, mode: int = 0o644) -> None:
        """Write a file in a host, whole."""
        script = ["bash", "-c", _WRITE, "sh", path, f"{mode:o}"]
        done = self.exec(name, script, input=text, text=True)
        if done.returncode:
            raise HostsError(f"{name}: cannot write {path}")

    def copy(self, source: Path, name: str, folder: str) -> None:
        """Copy a file or a tree into a folder of a host, keeping its modes."""
        pack = ["tar", "-C", source.parent, "-cf", "-", source.name]
        unpack = ["sh", "-c", 'mkdir -p "$1" && tar -C "$1" --no-same-owner -xf -', "sh", folder]
        with subprocess.Popen(pack, stdout=subprocess.PIPE) as packing:
            unpacked = self.exec(name, unpack, stdin=packing.stdout)
        if packing.returncode or unpacked.returncode:
            raise HostsError(f"could not copy {source} to {name}:{folder}")
