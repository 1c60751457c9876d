"""The pair and its vault on this machine, with clients and faults, for the demo and the tests."""

import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from flumec.compiler.build import compile_fleet
from flumec.compiler.bundle import write_bundle
from flumec.compiler.emit import emit
from flumec.compiler.options import Options
from flumec.compiler.plan import Plan
from flumec.compiler.run import Fleet, Happening, Seen, loopback_addresses
from flumec.runtime.control.client import Client, Unreachable
from verdict import Verdict, judge

HERE = Path(__file__).parent
FEEDS = ("feed@feed-a.example.com", "feed@feed-b.example.com")
VAULT = "book@vault-1.example.com"
PORT = 5140

CLIENTS = {
    "ann": ("--way", "both"),
    "ben": ("--way", "both", "--most", "1", "--own-ids"),
    "cleo": ("--way", "away", "--own-ids"),
    "dora": ("--way", "away", "--most", "3"),
}
"""To both at once or to one while it is there; many events or one; named by the client or not."""

FAULTS = ("kill", "kill", "freeze", "cut", "upgrade")


@dataclass(frozen=True)
class Strike:
    """A fault, whom it met, and what was under way there."""

    kind: str
    agent: str
    seconds: float
    held: int

    def __str__(self) -> str:
        return f"{self.kind:8}{self.agent.partition('@')[2].partition('.')[0]}, {self.held:,} held"


class Scenario:
    """One run of the pair: `work` has its bundle, state, store and the clients' records."""

    def __init__(self, work: Path, seed: int, **sets: str) -> None:
        self.work = work
        self.store = work / "store"
        self.strikes: list[Strike] = []
        self.happenings: list[Happening] = []
        self.last: Mapping[str, Seen] = {}
        self.began = time.monotonic()
        self._chance = random.Random(seed)
        self._kinds = cycle(random.Random(seed).sample(FAULTS, len(FAULTS)))
        self._sets = {"lake": self.store.as_uri(), "roll": "1s", **sets}
        (work / "records").mkdir(parents=True, exist_ok=True)
        self.plan = self._build()
        self.fleet = Fleet(
            work / "dist", self.plan, work / "state", on_happening=self.happenings.append
        )
        self._clients: list[subprocess.Popen[bytes]] = []
        self._thaws: list[threading.Timer] = []

    @property
    def addresses(self) -> dict[str, str]:
        """The machines of the pair, by their first names, as clients reach them."""
        return {
            host.name.partition(".")[0]: f"{agent.address}:{PORT}"
            for host in self.plan.hosts
            for agent in host.agents
            if agent.name == "feed"
        }

    @property
    def records(self) -> list[Path]:
        """What the clients noted."""
        return sorted((self.work / "records").iterdir())

    def start_clients(self) -> None:
        """Let the clients post; every second one has feed-b for its first."""
        for number, (name, how) in enumerate(CLIENTS.items()):
            to = [f"{machine}={address}" for machine, address in self.addresses.items()]
            if number % 2:
                to.reverse()
            command = [sys.executable, str(HERE / "client.py"), "--name", name, *how]
            command += ["--record", str(self.work / "records" / f"{name}.jsonl")]
            command += [word for machine in to for word in ("--to", machine)]
            self._clients.append(subprocess.Popen(command))

    def strike(self) -> Strike:
        """Let one thing go wrong at an agent that is up; it comes back by itself, in its time."""
        kind = next(self._kinds)
        whom = {"cut": FEEDS, "upgrade": (VAULT,)}.get(kind, (*FEEDS, VAULT))
        up: list[str] = []

        def found(agents: Mapping[str, Seen]) -> bool:
            up[:] = [name for name in whom if agents[name].phase == "ready"]
            return bool(up)

        if not self.fleet.wait(found, 60):
            raise SystemExit(f"none of {', '.join(whom)} came back")
        agent = self._chance.choice(up)
        held = self.fleet.agents[agent].held
        doing = {"kill": self.fleet.kill, "freeze": self._freeze, "cut": self._cut}
        doing.get(kind, self._upgrade)(agent)
        strike = Strike(kind, agent, time.monotonic() - self.began, held)
        self.strikes.append(strike)
        return strike

    def finish(self, timeout: float) -> Verdict:
        """Tell the clients to stop, wait until the fleet has drained, stop it and compare."""
        for client in self._clients:
            client.terminate()
        if sum(client.wait(timeout) for client in self._clients):
            raise SystemExit("a client ended with an error")
        for thaw in self._thaws:
            thaw.join()
        idle = self.fleet.wait_idle(timeout)
        self.last = self.fleet.agents
        self.fleet.stop()
        if not idle:
            print(f"the fleet has not drained within {timeout:.0f} s", file=sys.stderr)
        return verdict_on(self.work)

    def abandon(self) -> None:
        """End what still runs, after an error."""
        for client in self._clients:
            client.kill()
            client.wait()
        for thaw in self._thaws:
            thaw.cancel()
        self.fleet.stop(at_once=True)

    def _build(self, **more: str) -> Plan:
        options = Options(sets=self._sets | more)
        compiled = compile_fleet([HERE / "ha_pair.flow"], options, addresses=loopback_addresses)
        if compiled.plan is None:
            raise SystemExit("\n".join(f"{d.span}: {d.message}" for d in compiled.diagnostics))
        write_bundle(emit(compiled.plan), self.work / "dist")
        return compiled.plan

    def _freeze(self, agent: str) -> None:
        """Let a machine hear and say nothing for a while: its connections stand, in silence."""
        self.fleet.kill(agent, signal.SIGSTOP)
        seconds = self._chance.uniform(0.5, 4)
        thaw = threading.Timer(seconds, self.fleet.kill, (agent, signal.SIGCONT))
        self._thaws.append(thaw)
        thaw.start()

    def _cut(self, agent: str) -> None:
        """Let a machine of the pair take what comes and bring nothing to the vault for a while."""
        name, _, host = agent.partition("@")
        seconds = self._chance.uniform(1, 6)
        with suppress(Unreachable):  # it was just killed, or stands still
            Client(self.work / "state" / host / name).post(
                "/sinks/to_book/pause", {"seconds": seconds}
            )

    def _upgrade(self, agent: str) -> None:
        """Install another bundle under a running agent and restart it, as an installer does."""
        self._build(roll=self._chance.choice(("1s", "2s", "1500ms")))
        self.fleet.kill(agent, signal.SIGTERM)


def verdict_on(work: Path) -> Verdict:
    """Compare what a run left behind."""
    state = work / "state" / "vault-1.example.com" / "book"
    export = [sys.executable, "-m", "flumec.runtime.channel", "export", str(state), "late"]
    late = subprocess.run(export, check=True, capture_output=True, text=True).stdout.splitlines()
    records = sorted((work / "records").iterdir())
    return judge(records, work / "store", map(json.loads, late))
