"""A fleet that runs: machines, wires and time, and what may be done to them."""

import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from flumec.compiler import plan
from flumec.compiler.world.chance import drawn
from flumec.compiler.world.declared import declared
from flumec.compiler.world.ear import heard
from flumec.compiler.world.errors import Unable
from flumec.compiler.world.events import Event
from flumec.compiler.world.fibres import Owner
from flumec.compiler.world.machine import RESTART, Machine
from flumec.compiler.world.network import Network
from flumec.compiler.world.posted import CLIENT, Request
from flumec.compiler.world.process import Process
from flumec.compiler.world.seen import Seen, counts_of, part_of
from flumec.compiler.world.stage import folder_of, staged
from flumec.compiler.world.steps import Steps
from flumec.compiler.world.tailed import TailedFiles
from flumec.compiler.world.threads import simulated
from flumec.runtime.sinks.filing import Filing
from flumec.runtime.sources.http import Http
from flumec.runtime.sources.taildir import Taildir
from flumec.runtime.testing import NOTHING, CrashDisk, Survival

SETTLED = 4.0
"""Seconds for which nothing must be under way for a fleet to be at rest: files are polled."""

_LOOK = 0.5
_RARER = 0.05
"""Looks become rarer, by this share of the time that has passed."""


class World(Seen):
    """All hosts of a plan in this process; to be used in a `with`, one at a time.

    The same plan, seed and calls give the same course of things.
    """

    def __init__(self, fleet: plan.Plan, seed: int = 0, *, real_sinks: bool = False) -> None:
        super().__init__(seed)
        self.steps = Steps()
        self.network = Network(self.scheduler, self.steps)
        self._plan, self._seed, self._real_sinks = fleet, seed, real_sinks
        self._exit = ExitStack()
        self._elsewhere = CrashDisk()
        self._clients = Owner("clients")
        self.network.name(CLIENT, CLIENT)

    def __enter__(self) -> Self:
        try:
            self._begin()
        except BaseException:
            self._exit.close()
            raise
        return self

    def _begin(self) -> None:
        self._exit.enter_context(simulated(self.scheduler))
        root = self._root()
        self.said = self._exit.enter_context(heard(self.clock, root))
        self._exit.enter_context(drawn(self._seed))
        for host in self._plan.hosts:
            self.machines[host.name] = self._placed(host, root)
        looks = (self.scheduler.longest_look, *(_silence(host) / 6 for host in self._plan.hosts))
        self.scheduler.longest_look = min(looks)
        for machine in self.machines.values():
            machine.boot()

    def _root(self) -> Path:
        """Return where the hosts' files are; it is there where somebody follows files."""
        agents = (declared(agent) for host in self._plan.hosts for agent in host.agents)
        if not any(isinstance(part, Taildir) for agent in agents for part in agent.parts):
            return Path("/no-files")
        made = tempfile.TemporaryDirectory(prefix="flumec-world-")
        return Path(self._exit.enter_context(made))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        try:
            for machine in self.machines.values():
                for name in list(machine.processes):
                    machine.kill(name, silently=True)
            self.scheduler.kill(self._clients)
        finally:
            self._exit.close()

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.scheduler.until(lambda: False, self.scheduler.now + seconds)

    def until(self, holds: Callable[[], bool], seconds: float) -> bool:
        """Let time pass until `holds`, at most so long."""
        return self.scheduler.until(holds, self.scheduler.now + seconds)

    def look(self, seconds: float) -> None:
        """Let time pass until it is worth another look at what there is, at most so long: the more
        the longer nothing has happened.
        """
        self.advance(min(_LOOK, seconds))
        stirred = self.scheduler.stirred
        longer = min(self.scheduler.calm * _RARER, seconds) - _LOOK
        if longer > 0:
            self.until(lambda: self.scheduler.stirred > stirred, longer)

    def rest(self, seconds: float) -> bool:
        """Let time pass until nothing is under way any more; False after so long."""
        start = self.scheduler.now
        deadline, since = start + seconds, None
        while self.scheduler.now < deadline:
            look = _LOOK
            if not self.at_rest:
                since = None
                look += (self.scheduler.now - start) * _RARER
            elif since is None:
                since = self.scheduler.now
            elif self.scheduler.now - since >= SETTLED:
                return True
            self.advance(min(look, deadline - self.scheduler.now))
        return self.at_rest

    def send(
        self, agent: str, source: str, events: Sequence[Event], host: str | None = None, *,
        file: str | None = None,
    ) -> None:  # fmt: skip
        """Have events come to a source from outside, as they come to its kind."""
        self.scheduler.stir()
        machine = self.machine(agent, host)
        part = part_of(machine.agents[agent], source)
        if isinstance(part, Http):
            request = Request(part, events, f"request {len(self.requests) + 1}")
            self.requests.append(request)
            self.scheduler.spawn(
                self._clients, "client",
                lambda: request.run(self.network, self._clients, machine.address),
            )  # fmt: skip
        elif isinstance(part, Taildir):
            if any(event.headers for event in events):
                raise Unable(f"`{agent}.{source}` reads lines, and a line has no headers")
            path = machine.files.first(part) if file is None else file
            if not machine.files.follows(part, path):
                raise Unable(f"`{agent}.{source}` follows no file `{path}`")
            machine.files.append(path, [event.body for event in events], self.clock.now_ns())
        else:
            raise Unable(f"nothing can be sent to `{agent}.{source}`: it is a `{part.type}`")

    def rotate(self, agent: str, source: str, host: str | None = None) -> None:
        """Have the file that a source follows renamed, and a new one begun."""
        machine = self.machine(agent, host)
        part = part_of(machine.agents[agent], source)
        if not isinstance(part, Taildir):
            raise Unable(f"`{agent}.{source}` follows no files: it is a `{part.type}`")
        path = machine.files.first(part)
        if not machine.files.path(path).exists():
            raise Unable(f"nothing has written `{path}` on {machine.name} yet: there is no file")
        self.scheduler.rouse()
        machine.files.rotate(path, self.clock.now_ns())

    def kill(self, agent: str, host: str | None = None, *, down: float | None = RESTART) -> None:
        """Kill an agent; it is started again after `down` seconds, or with None by `start`."""
        machine = self.machine(agent, host)
        machine.kill(agent)
        if down is not None:
            self.scheduler.after(down, lambda: machine.start(agent))

    def start(self, agent: str, host: str | None = None) -> None:
        """Start an agent that is down."""
        self.machine(agent, host).start(agent)

    def cut_power(
        self, host: str, survival: Survival = NOTHING, *, down: float | None = RESTART
    ) -> None:
        """Cut a machine's power; it is back after `down` seconds, or with None by `boot`."""
        machine = self.machines[host]
        machine.cut_power(survival)
        if down is not None:
            self.scheduler.after(down, machine.boot)

    def cut(self, agent: str, channel: str) -> None:
        """Let nothing come through a link, named by its sending channel, in either direction."""
        for start, end in self.wires(agent, channel):
            self.network.cut(start, end)
            self.network.cut(end, start)

    def heal(self, agent: str, channel: str) -> None:
        """Let everything come through again."""
        self.scheduler.stir()
        for start, end in self.wires(agent, channel):
            self.network.heal(start, end)
            self.network.heal(end, start)

    def wires(self, agent: str, channel: str) -> list[tuple[str, str]]:
        """Return the hosts that a link leads from and to."""
        found = [
            (host.name, peer.host)
            for host in self._plan.hosts
            for each in host.agents
            if each.name == agent
            for half in each.senders
            if half.channel == channel
            for peer in half.peers
        ]
        if not found:
            raise Unable(f"no link begins at `{agent}.{channel}`")
        return found

    def outage(self, agent: str, sink: str, seconds: float) -> None:
        """Let a sink's target be out of reach for so long, for all hosts."""
        for machine in self.having(agent, None):
            part = part_of(machine.agents[agent], sink)
            if not isinstance(part, Filing):
                raise Unable(f"`{agent}.{sink}` has no target that could be away: `{part.type}`")
            machine.outages.begin(folder_of(part), seconds)
        self.scheduler.rouse()
        self.scheduler.after(seconds, self.scheduler.rouse)

    def _placed(self, host: plan.Host, root: Path) -> Machine:
        """Return a machine with its agents, which are not started."""
        files = TailedFiles(root / host.name)
        machine = Machine(
            host.name, host.address, network=self.network, clock=self.clock,
            elsewhere=self._elsewhere, files=files, steps=self.steps,
        )  # fmt: skip
        machine.over = self._remember
        for agent in host.agents:
            take = self._take(host.name, agent.name)
            made = staged(declared(agent), take, files, real=self._real_sinks)
            machine.agents[agent.name] = made
            machine.folders += (str(folder_of(p)) for p in made.parts if isinstance(p, Filing))
        return machine

    def _take(self, host: str, agent: str) -> Callable[[str, Sequence[Event]], None]:
        def take(sink: str, events: Sequence[Event]) -> None:
            self._taken.setdefault((host, agent, sink), []).extend(events)
            self.steps.note("published", (host,))

        return take

    def _remember(self, process: Process) -> None:
        """Keep the counts of a process that ends."""
        for (component, what), count in counts_of(process).items():
            where = f"{process.agent.name}.{component}"
            self._counts[process.machine.name, where, what] += count


def _silence(host: plan.Host) -> float:
    """Return after how many seconds of silence a link of a host is given up, the shortest."""
    halves = [each.values for agent in host.agents for each in agent.senders]
    halves += [each.values for agent in host.agents for each in agent.receivers]
    return min((float(values.get("time_out", 15.0)) for values in halves), default=15.0)


__all__ = ["Unable", "World"]
