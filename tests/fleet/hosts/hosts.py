"""Several real systemd hosts on one machine: each with its init, address and disk."""

import contextlib
import ipaddress
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from fleet.hosts import cgroups
from fleet.hosts.disk import make_disk, mount_small, remove_disks, unmount_small, write_names
from fleet.hosts.processes import GUEST_PATH, HostsError, Process
from fleet.hosts.reach import Reach
from fleet.hosts.state import Bind, Host, Shelf
from fleet.hosts.switch import Switch

_HERE = Path(__file__).parent
_HALT = signal.SIGRTMIN + 3
"""What systemd takes for `halt`."""


class Hosts(Reach):
    """A set of hosts with a label; sets with different labels run side by side."""

    def __init__(self, label: str) -> None:
        self._shelf = Shelf(label)
        self._switch = Switch(f"hosts-{label}")
        self._children: list[subprocess.Popen[bytes]] = []
        self._launched: dict[str, float] = {}

    @property
    def known(self) -> dict[str, Host]:
        """All hosts by name, those too whose power is off."""
        return self._shelf.state.hosts

    @property
    def cuts(self) -> list[tuple[str, str | None]]:
        return self._shelf.state.cuts

    def host(self, name: str) -> Host:
        if name not in self.known:
            raise HostsError(f"there is no host {name!r}, but {', '.join(self.known)}")
        return self.known[name]

    @property
    def namespace(self) -> str:
        """The network namespace of the switch, where the machine has an address among the hosts."""
        return self._switch.name

    def root(self, name: str) -> Path:
        """Return a host's disk, as the machine sees it; also while the power is off."""
        self.host(name)
        return self._shelf.folder / name / "root"

    # From nothing to running hosts, and back.

    def up(
        self,
        names: Sequence[str],
        *,
        binds: Sequence[str] = (),
        small: Mapping[str, int] | None = None,
        subnet: str = "10.99.0.0/24",
        ttl: float = 3600,
        owner: int | None = None,
    ) -> Self:
        """Bring hosts up; those that are up are left alone.

        `small` says of how many MiB a host's /var/lib is, where it is to be filled: an ext4 file
        system of its own. The machine itself is on the switch too, at the subnet's last address.
        """
        if os.geteuid():
            raise HostsError("bringing hosts up needs root")
        for name in names:
            if not re.fullmatch(r"[a-z][a-z0-9]{0,7}", name):
                raise HostsError(f"{name}: a host's name is 1 to 8 of a-z 0-9, a letter first")
        shared = [Bind.parse(each) for each in binds]
        with self._shelf.locked():
            try:
                if fresh := not self._shelf.load():
                    self._shelf.begin(subnet)
                self._start_watch(ttl, owner)
                state = self._shelf.state
                if fresh:
                    self._switch.make(state.subnet)
                state.binds = shared or state.binds
                state.small |= small or {}
                self._add(names)
                begun = [name for name in names if not self.known[name].up]
                for name in begun:  # all at once, and then wait for all
                    self._launch(name)
                for name in begun:
                    self._wait_booted(name)
            except BaseException:
                sys.stderr.write(self.consoles())
                self._teardown(kill=True)
                raise
        return self

    def _add(self, names: Sequence[str]) -> None:
        net = ipaddress.ip_network(self._shelf.state.subnet)
        for name in names:
            if name not in self.known:
                index = 1 + max((host.index for host in self.known.values()), default=0)
                self.known[name] = Host(index, str(net[index]))
                make_disk(self._shelf.folder / name, name)
        for name in self.known:
            addresses = {each: host.address for each, host in self.known.items()}
            write_names(self._shelf.folder / name, addresses)
        self._shelf.save()

    def down(self, *, kill: bool = False) -> None:
        """End everything and remove it; fine when nothing is up."""
        if self._shelf.load():
            with self._shelf.locked():
                self._teardown(kill=kill)

    @contextlib.contextmanager
    def session(self, names: Sequence[str], **options: Any) -> Iterator[Self]:
        """Have hosts for a while; they go too when this process is killed."""
        self.down(kill=True)
        self.up(names, owner=os.getpid(), **options)
        try:
            yield self
        finally:
            self.down(kill=True)

    def _teardown(self, *, kill: bool) -> None:
        if not self._shelf.load():
            return
        state = self._shelf.state
        if not kill:
            for host in state.hosts.values():
                if host.up and host.init:  # all at the same time
                    os.kill(host.init.pid, _HALT)
        for name, host in state.hosts.items():
            if not kill and host.init:
                host.init.gone_within(20)
            self._halt(name, kill=True)
        cgroups.drop(state.cgroups)
        self._switch.remove()
        if state.watch and state.watch.alive and state.watch.pid != os.getpid():
            os.kill(state.watch.pid, signal.SIGTERM)
        for name in state.small:
            unmount_small(self._shelf.folder / name, "var/lib")
        remove_disks(self._shelf.folder)
        self._shelf.forget()

    # One host.

    def start(self, name: str) -> None:
        """Switch a host on; it boots from its disk."""
        with self._shelf.locked():
            if not self.host(name).up:
                self._launch(name)
                self._wait_booted(name)

    def stop(self, name: str, *, kill: bool = False) -> None:
        """Shut a host down in order; or all its processes die at once, and its disk stays.

        What the kernel had in its page cache stays too: of a real power cut this shows what it does
        to processes, connections and /run, and not what it does to data that was never synced.
        """
        with self._shelf.locked():
            self._halt(name, kill=kill)

    def reboot(self, name: str, *, kill: bool = False) -> None:
        self.stop(name, kill=kill)
        self.start(name)

    def _launch(self, name: str) -> None:
        host, state = self.host(name), self._shelf.state
        cgroups.drop(state.cgroups, name)  # of an earlier boot that ended by itself
        self._switch.plug(name, state.hosts, state.subnet)
        self._switch.cut(state.hosts, state.cuts)
        state.cgroups, groups = cgroups.make(self._switch.name, name)
        self._shelf.save()
        folder = self._shelf.folder / name
        if name in state.small:
            mount_small(folder, "var/lib", state.small[name])
        surroundings = {"PATH": GUEST_PATH, "HOST_DIR": str(folder), "HOST_CGROUPS": groups,
                        "HOST_BINDS": "\n".join(map(str, state.binds))}  # fmt: skip
        spaces = ("--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child")
        with (folder / "console.log").open("ab") as log:
            child = subprocess.Popen(
                ["nsenter", f"--net=/run/netns/{self._switch.namespace(name)}",
                 "unshare", *spaces, "bash", _HERE / "boot.sh"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=surroundings,
                start_new_session=True, cwd="/",
            )  # fmt: skip
        self._children.append(child)
        self._launched[name] = time.monotonic()
        host.init = _only_child(child, name)
        self._shelf.save()

    def _wait_booted(self, name: str, seconds: float = 60) -> None:
        host, began = self.host(name), self._launched.get(name, time.monotonic())
        assert host.init is not None
        bus = Path(f"/proc/{host.init.pid}/root/run/systemd/private")
        while (left := began + seconds - time.monotonic()) > 0:
            if not host.up:
                raise HostsError(f"host {name} died while booting")
            if bus.exists():
                host.boot = self.say(name, "systemctl is-system-running --wait", timeout=left)
                if host.boot in {"running", "degraded"}:
                    host.boot_seconds = round(time.monotonic() - began, 2)
                    return
            time.sleep(0.02)
        jobs = self.say(name, "systemctl list-jobs", timeout=5)
        raise HostsError(f"host {name} did not boot in {seconds} s; it still has to do:\n{jobs}")

    def _halt(self, name: str, *, kill: bool) -> None:
        host = self.host(name)
        if host.init and host.up:
            if not kill:
                os.kill(host.init.pid, _HALT)
            if kill or not host.init.gone_within(30):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(host.init.pid, signal.SIGKILL)
                host.init.gone_within(10)
        host.init = None
        for child in self._children:
            child.poll()
        self._switch.unplug(name)
        cgroups.drop(self._shelf.state.cgroups, name)

    # Links.

    def cut(self, a: str, b: str | None = None, *, one_way: bool = False) -> None:
        """Lose what a and b send each other, or what a sends b; or pull a's cable."""
        with self._shelf.locked():
            for name in filter(None, (a, b)):
                self.host(name)
            wanted = [(a, b)] if b is None or one_way else [(a, b), (b, a)]
            self.cuts.extend(cut for cut in wanted if cut not in self.cuts)
            self._switch.cut(self.known, self.cuts)

    def heal(self, a: str | None = None, b: str | None = None) -> None:
        """Undo what was cut: all of it, of one host, or of a pair."""
        named = {name for name in (a, b) if name}
        with self._shelf.locked():
            self.cuts[:] = [cut for cut in self.cuts if not named <= {*cut}]
            self._switch.cut(self.known, self.cuts)

    def consoles(self) -> str:
        """Return what the hosts' consoles said last."""
        texts = []
        for name in self.known if self._shelf.load() else ():
            console = self._shelf.folder / name / "console.log"
            if console.exists() and (tail := console.read_text(errors="replace")[-2000:]):
                texts.append(f"--- console of {name}\n{tail}\n")
        return "".join(texts)

    # The end, whatever becomes of us.

    def _start_watch(self, ttl: float, owner: int | None) -> None:
        """Have a process take all down after `ttl` seconds, or when its owner has ended."""
        state = self._shelf.state
        if state.watch and state.watch.alive:
            os.kill(state.watch.pid, signal.SIGTERM)
        command = [sys.executable, "-m", "fleet.hosts", "--label", self._shelf.label]
        child = subprocess.Popen(
            [*command, "watch", str(ttl), *([str(owner)] if owner else [])],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True, cwd="/",
            env={**os.environ, "PYTHONPATH": str(_HERE.parent.parent),
                 "HOSTS_BASE": str(self._shelf.folder.parent)},
        )  # fmt: skip
        self._children.append(child)
        state.watch = Process.of(child.pid)
        self._shelf.save()

    def watch(self, ttl: float, owner: int | None) -> None:
        """Take all down after a while, or when the owner has ended."""
        end, process = time.monotonic() + ttl, Process.of(owner) if owner else None
        while time.monotonic() < end and (self._shelf.folder / "state.json").exists():
            if owner and not (process and process.alive):
                break
            time.sleep(0.25)
        self.down(kill=True)


def _only_child(parent: subprocess.Popen[bytes], name: str) -> Process:
    """Return the one child of unshare, which is the PID 1."""
    children, end = Path(f"/proc/{parent.pid}/task/{parent.pid}/children"), time.monotonic() + 10
    while parent.poll() is None and time.monotonic() < end:
        found = children.read_text().split()
        if found and (process := Process.of(int(found[0]))):
            return process
        time.sleep(0.005)
    parent.kill()
    raise HostsError(f"host {name} did not start; its console log says why")
