"""The weblogs fleet on this machine, with traffic and with kills, for the demo and the tests."""

import random
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from flumec.compiler.build import compile_fleet
from flumec.compiler.bundle import write_bundle
from flumec.compiler.emit import emit
from flumec.compiler.options import Options
from flumec.compiler.plan import Plan
from flumec.compiler.run import Fleet, Happening, Seen, loopback_addresses, member_name
from verdict import Verdict, judge

HERE = Path(__file__).parent
HOSTS = ("web-1.example.com", "web-2.example.com")


@dataclass(frozen=True)
class Kill:
    """A kill that counted: something was under way."""

    agent: str
    seconds: float
    pid: int
    phase: str
    held: int
    lag: float


class Scenario:
    """One run of the fleet: `work` holds its logs, its bundle, its state and its store."""

    def __init__(
        self, work: Path, on_line: Callable[[str, str], None] = lambda _agent, _line: None
    ) -> None:
        self.work = work
        self.logs = {host: work / "logs" / host for host in HOSTS}
        self.store = work / "store"
        self.happenings: list[Happening] = []
        self.kills: list[Kill] = []
        self.last: Mapping[str, Seen] = {}
        self.metrics: Mapping[str, str] = {}
        self.began = time.monotonic()
        self.plan = self._build()
        self.fleet = Fleet(
            work / "dist",
            self.plan,
            work / "state",
            on_line=on_line,
            on_happening=self.happenings.append,
        )
        self._traffic: list[subprocess.Popen[bytes]] = []

    def _build(self) -> Plan:
        """Compile the example for this machine: loopback addresses, our own log folders."""
        for directory in self.logs.values():
            directory.mkdir(parents=True, exist_ok=True)
        inventory = self.work / "hosts.ini"
        lines = [f"{host} log_dir={directory}" for host, directory in self.logs.items()]
        inventory.write_text("\n".join(["[web]", *lines, ""]))
        options = Options(sets={"inventory": str(inventory), "lake": self.store.as_uri()})
        compiled = compile_fleet([HERE / "weblogs.flow"], options, addresses=loopback_addresses)
        if compiled.plan is None:
            raise SystemExit("\n".join(f"{d.span}: {d.message}" for d in compiled.diagnostics))
        write_bundle(emit(compiled.plan), self.work / "dist")
        return compiled.plan

    def start_traffic(self, lines: int, seconds: float, rotations: int) -> None:
        """Let each web host's log grow by `lines` lines over `seconds`."""
        for host, directory in self.logs.items():
            self._traffic.append(
                subprocess.Popen(
                    [sys.executable, str(HERE / "traffic.py"), str(directory), "--host", host,
                     "--lines", str(lines), "--seconds", str(seconds),
                     "--rotations", str(rotations)]
                )
            )  # fmt: skip

    @property
    def writing(self) -> bool:
        """Whether a log is still growing."""
        return any(process.poll() is None for process in self._traffic)

    def kill(
        self, choose: Callable[[Mapping[str, Seen]], list[str]], timeout: float
    ) -> Kill | None:
        """Kill one of the agents that `choose` names, once it names one; None if it never did."""
        candidates: list[str] = []

        def found(agents: Mapping[str, Seen]) -> bool:
            candidates[:] = choose(agents)
            return bool(candidates)

        if not self.fleet.wait(found, timeout):
            return None
        name = random.choice(candidates)
        seen = self.fleet.agents[name]
        pid = self.fleet.kill(name)
        if pid is None or seen.pid != pid:
            return None
        lag = max((channel["lag"] for channel in seen.channels.values()), default=0.0)
        kill = Kill(name, time.monotonic() - self.began, pid, phase(seen), seen.held, lag)
        self.kills.append(kill)
        return kill

    def finish(self, timeout: float) -> Verdict:
        """Wait until the logs are written and the fleet has drained; stop it and compare."""
        for process in self._traffic:
            if process.wait(timeout=timeout):
                raise SystemExit("the traffic ended with an error")
        idle = self.fleet.wait_idle(timeout)
        self.last = self.fleet.agents
        self.metrics = self._scrape()
        self.fleet.stop()
        if not idle:
            print(f"the fleet has not drained within {timeout:.0f} s", file=sys.stderr)
        return judge(self.logs, self.store)

    def _scrape(self) -> dict[str, str]:
        """Return what each agent's /metrics says, as a Prometheus server would get it."""
        texts = {}
        for host in self.plan.hosts:
            for agent in host.agents:
                with urlopen(
                    f"http://{agent.address}:{agent.metrics_port}/metrics", timeout=10
                ) as page:
                    texts[member_name(agent)] = page.read().decode()
        return texts

    def abandon(self) -> None:
        """End what still runs, after an error."""
        for process in self._traffic:
            if process.poll() is None:
                process.kill()
                process.wait()
        self.fleet.stop(at_once=True)


def busy(agents: Mapping[str, Seen]) -> list[str]:
    """Return the agents that are ready and hold events."""
    return [name for name, seen in agents.items() if seen.phase == "ready" and seen.held > 0]


def phase(seen: Seen) -> str:
    """Say in a few words what a kill interrupts."""
    return (
        "a roll open"
        if seen.name.startswith("collector")
        else "events not yet acknowledged by the collector"
    )
