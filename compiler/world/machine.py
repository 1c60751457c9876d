"""One machine of a world: its disk, its files, its agents, and who starts them again."""

from collections.abc import Callable
from pathlib import Path

from flumec.compiler.world.clock import WorldClock
from flumec.compiler.world.disk import Outages
from flumec.compiler.world.fibres import Killed
from flumec.compiler.world.network import Network
from flumec.compiler.world.process import STATES, Process
from flumec.compiler.world.stage import ELSEWHERE
from flumec.compiler.world.steps import Steps
from flumec.compiler.world.tailed import TailedFiles
from flumec.runtime.agent import Agent
from flumec.runtime.disk import Disk
from flumec.runtime.output.template import OURS
from flumec.runtime.testing import NOTHING, CrashDisk, Survival

RESTART = 1.0
"""Seconds after which an agent that ended by itself is started again."""


_ELSEWHERE = f"{ELSEWHERE}/"


class Machine:
    """A host of the plan."""

    def __init__(
        self, name: str, address: str, *, network: Network, clock: WorldClock,
        elsewhere: CrashDisk, files: TailedFiles, steps: Steps,
    ) -> None:  # fmt: skip
        self.name, self.address = name, address
        self.network, self.clock = network, clock
        self.files, self.steps = files, steps
        self.disk = CrashDisk()
        self.outages = Outages(clock.monotonic)
        self.agents: dict[str, Agent] = {}
        self.folders: list[str] = []
        """The directories that its sinks publish in, whose changes are steps of their own."""
        self.processes: dict[str, Process] = {}
        """What runs now, by the agents' names."""
        self.fates: list[tuple[str, str]] = []
        """Agents that ended although nobody told them to, and why."""
        self.doom: int | None = None
        """After how many changes of its disk from now its next process is killed."""
        self.staffed: Callable[[Process], None] = lambda _: None
        """Called when a process has its workers, before they begin."""
        self.over: Callable[[Process], None] = lambda _: None
        self.off = False
        self._elsewhere = elsewhere
        self._boots = 0
        self._written = Path()
        """The directory of the journal that was written last."""
        network.name(name, address)

    @property
    def identity(self) -> str:
        """Which machine it is, and which boot of it."""
        return f"{self.name}:{self._boots}"

    def start(self, name: str) -> None:
        """Start an agent, unless it runs."""
        if name in self.processes or self.off:
            return
        self.network.scheduler.rouse()
        process = Process(self, self.agents[name])
        self.processes[name] = process
        self.network.scheduler.spawn(process, name, lambda: process.run(self._ended))

    def kill(self, name: str, *, silently: bool = False) -> bool:
        """Kill an agent where it is: its disk stays as it was written. Return whether it ran."""
        process = self.processes.pop(name, None)
        if process is None:
            return False
        self._end(process, silently=silently)
        return True

    def cut_power(self, survival: Survival = NOTHING) -> None:
        """Let all agents end at once, and of the disk stay what was synced, and what survives."""
        for name in list(self.processes):
            self.kill(name, silently=True)
        self.disk = self.disk.reboot(survival)
        self._boots += 1
        self.off = True

    def boot(self) -> None:
        """Let power be back, and all agents start."""
        self.off = False
        for name in self.agents:
            self.start(name)

    def disk_of(self, path: Path) -> Disk:
        """Return the disk that a path is on."""
        return self._elsewhere if f"{path}/".startswith(_ELSEWHERE) else self.disk

    def step(self, process: Process, path: Path, names: bool) -> None:
        """Let a process change the disk, or be killed right before."""
        self.network.scheduler.stir()
        names = names and OURS not in path.parts
        self._write(path)
        within = [folder for folder in self.folders if f"{path}/".startswith(f"{folder}/")]
        self.steps.take((self.name,), publishes=names and bool(within))
        for folder in within:
            self.steps.take((self.name, folder), publishes=names)
        if self.doom is not None:
            self.doom -= 1
            if self.doom < 0:
                self.doom = None
                self.processes.pop(process.agent.name, None)
                self._end(process)
                self._again(process.agent.name)
                raise Killed(process.name)

    def _write(self, path: Path) -> None:
        """Note where something is written into another journal than before."""
        if f"{path}/".startswith(f"{STATES}/") and path.parent != self._written:
            self._written = path.parent
            self.steps.note("parted", (self.name,))

    def _ended(self, process: Process) -> None:
        """Note an end that came by itself, and have the agent start again."""
        self.processes.pop(process.agent.name, None)
        self._end(process)
        if process.reason:
            self.fates.append((process.agent.name, process.reason))
            self._again(process.agent.name)

    def _end(self, process: Process, *, silently: bool = False) -> None:
        self.network.scheduler.rouse()
        self.over(process)
        self.network.end(process, silently=silently)
        self.network.scheduler.kill(process)
        process.disk.close_all()

    def _again(self, name: str) -> None:
        self.network.scheduler.after(RESTART, lambda: self.start(name))
