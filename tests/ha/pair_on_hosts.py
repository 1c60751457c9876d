"""The example's pair and vault on real hosts, with clients on a fourth, and what befalls them."""

import random
import shutil
import sysconfig
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from fleet.hosts.hosts import Hosts
from flumec.compiler.build import compile_fleet
from flumec.compiler.bundle import write_bundle
from flumec.compiler.emit import emit
from flumec.compiler.options import Options
from flumec.runtime.channel.__main__ import main as channel_tool
from flumec.runtime.control.client import Client, Unreachable

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "ha_pair"
AGENTS = {"feeda": "feed", "feedb": "feed", "vault": "book"}
NAMES = {
    "feeda": "feed-a.example.com",
    "feedb": "feed-b.example.com",
    "vault": "vault-1.example.com",
}
CLIENTS = {
    "ann": "--way both --most 20",
    "ben": "--way both --most 1 --own-ids",
    "cleo": "--way away --most 20 --own-ids",
    "dora": "--way away --most 3",
}
PYTHON = '#!/bin/sh\nPYTHONPATH=/opt/src:/opt/lib exec /usr/bin/python3 -B "$@"\n'
LINKS = (("feeda", "vault"), ("feedb", "vault"), ("client", "feeda"), ("client", "feedb"))


def binds() -> list[str]:
    """Return what hosts need of this machine: the runtime under test, its libraries, the client."""
    parts = ("runtime", "compiler", "grammar")
    return [
        f"{sysconfig.get_path('purelib')}:/opt/lib",
        f"{EXAMPLE}:/srv/ha_pair",
        *(f"{ROOT / part}:/opt/src/flumec/{part}" for part in parts),
    ]


class Pair:
    """Four hosts: feeda, feedb and vault have the example's agents, client posts."""

    def __init__(self, hosts: Hosts, work: Path, seed: int, **sets: str) -> None:
        self.hosts = hosts
        self.said: list[str] = []
        self._work = work
        self._chance = random.Random(seed)
        self._sets = {"roll": "1s", **sets}
        self._mending: list[tuple[float, Callable[[], None]]] = []
        self._bundles = 0
        self._began = time.monotonic()

    def install(self) -> None:
        """Bring the bundle to its hosts, and start what it has."""
        bundle = self._build()
        for host in AGENTS:
            self.hosts.write(host, "/opt/python", PYTHON, 0o755)
            self._install(host, bundle)
            self.hosts.must(
                host, "cd /etc/systemd/system && systemctl enable -q --now flumec.target flumec-*"
            )

    def start_clients(self) -> None:
        """Let the clients post; every second one has feedb for its first."""
        self.hosts.must("client", "mkdir -p /var/lib/records")
        for number, (name, how) in enumerate(CLIENTS.items()):
            to = [
                f"--to {host}={self.hosts.host(host).address}:5140" for host in ("feeda", "feedb")
            ]
            order = " ".join(reversed(to) if number % 2 else to)
            self.hosts.must(
                "client",
                f"systemd-run -q --unit={name} -p TimeoutStopSec=150 python3 -B "
                f"/srv/ha_pair/client.py --name {name} {how} {order} --pause 0.1 "
                f"--record /var/lib/records/{name}.jsonl",
            )

    # What can befall them. What comes back by itself does so while the next fault is there.

    def kill(self) -> str:
        """An agent dies; its socket stays."""
        host = self._any(AGENTS)
        self.hosts.say(host, f"systemctl kill -s KILL flumec-{AGENTS[host]}.service")
        return f"kill the agent of {host}"

    def power(self) -> str:
        """A host loses its power, and is switched on again."""
        host = self._any(AGENTS)
        self.hosts.stop(host, kill=True)
        self._mend(1, 6, lambda: self.hosts.start(host))
        return f"{host} is without power"

    def cut(self) -> str:
        """What two hosts send each other is lost, or what one of them sends."""
        one, two = self._chance.sample(self._chance.choice(LINKS), 2)
        one_way = self._chance.random() < 0.5
        self.hosts.cut(one, two, one_way=one_way)
        self._mend(2, 12, lambda: self.hosts.heal(one, two))
        return f"cut {one} {'→' if one_way else '↔'} {two}"

    def cable(self) -> str:
        """A host's cable is pulled."""
        host = self._chance.choice(("feeda", "feedb"))
        self.hosts.cut(host)
        self._mend(2, 8, lambda: self.hosts.heal(host))
        return f"pull {host}'s cable"

    def upgrade(self) -> str:
        """The vault gets another bundle, and its agent is restarted."""
        host = self._any(("vault",))
        self._install(host, self._build(roll=self._chance.choice(("2s", "1500ms"))))
        self.hosts.must(host, "systemctl restart --no-block flumec-book.service")
        return "upgrade the vault"

    def strike(self, kinds: Sequence[str]) -> None:
        """Let one of these things happen, and note it with what was under way."""
        held = self.held()
        done = getattr(self, self._chance.choice(kinds))()
        under_way = ", ".join(f"{host} {count:,}" for host, count in held.items())
        self.said.append(f"{time.monotonic() - self._began:5.1f} s: {done} (held: {under_way})")
        print("  " + self.said[-1], flush=True)

    def wait(self, seconds: float) -> None:
        """Let time pass; what is due comes back."""
        end = time.monotonic() + seconds
        while True:
            now = time.monotonic()
            for due in [each for each in self._mending if each[0] <= now]:
                self._mending.remove(due)
                due[1]()
            if now >= end:
                return
            time.sleep(0.1)

    def finish(self, timeout: float) -> Path:
        """Mend all, let clients and channels come to an end; return what is to be judged."""
        for _, mend in self._mending:
            mend()
        self._mending = []
        self.hosts.heal()
        self.hosts.must("client", f"systemctl stop {' '.join(CLIENTS)}", timeout=200)
        end = time.monotonic() + timeout
        while (held := self.held()) != dict.fromkeys(AGENTS, 0):
            assert time.monotonic() < end, f"not drained in {timeout} s: {held}"
            time.sleep(0.5)
        return self._collected()

    def held(self) -> dict[str, int]:
        """Return what each agent that answers says that its channels hold, but for late ones."""
        held = {}
        for host in AGENTS:
            with suppress(Unreachable):  # by its socket in its state, which the machine sees too
                channels = Client(self._state(host)).get("/status")["channels"]
                held[host] = sum(c["held"] for name, c in channels.items() if name != "late")
        return held

    def _collected(self) -> Path:
        """Copy the records and the store, and export what came late."""
        shutil.copytree(self.hosts.root("client") / "var/lib/records", self._work / "records")
        shutil.copytree(self.hosts.root("vault") / "srv/trades", self._work / "store")
        export = [
            "export",
            str(self._state("vault")),
            "late",
            "--to",
            str(self._work / "late.jsonl"),
        ]
        assert channel_tool(export) == 0
        return self._work

    def _state(self, host: str) -> Path:
        return self.hosts.root(host) / "var/lib/flumec" / AGENTS[host]

    def _any(self, hosts: Sequence[str] | dict[str, str]) -> str:
        """Return one of these hosts; switched on first, where it is without power."""
        host = self._chance.choice(list(hosts))
        if not self.hosts.host(host).up:
            self.hosts.start(host)
        return host

    def _mend(self, least: float, most: float, how: Callable[[], None]) -> None:
        self._mending.append((time.monotonic() + self._chance.uniform(least, most), how))

    def _build(self, **more: str) -> Path:
        addresses = {name: self.hosts.host(host).address for host, name in NAMES.items()}
        options = Options(sets=self._sets | more)
        compiled = compile_fleet([EXAMPLE / "ha_pair.flow"], options, addresses=lambda _: addresses)
        assert compiled.plan is not None, compiled.diagnostics
        self._bundles += 1
        bundle = self._work / f"bundle-{self._bundles}"
        write_bundle(emit(compiled.plan), bundle)
        return bundle

    def _install(self, host: str, bundle: Path) -> None:
        self.hosts.copy(bundle / NAMES[host], host, f"/opt/{bundle.name}")
        self.hosts.must(
            host,
            f"/opt/{bundle.name}/{NAMES[host]}/install --apply --no-start --python /opt/python",
        )
