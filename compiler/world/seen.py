"""What is to be seen of a world: what came out, what was counted, what is under way or broken."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from flumec.compiler.world.channels import lying
from flumec.compiler.world.clock import WorldClock
from flumec.compiler.world.ear import Said
from flumec.compiler.world.errors import Unable
from flumec.compiler.world.events import Event, File, published
from flumec.compiler.world.fibres import Scheduler
from flumec.compiler.world.machine import Machine
from flumec.compiler.world.posted import Request
from flumec.compiler.world.process import Process, state_of
from flumec.compiler.world.stage import folder_of, in_the_open
from flumec.compiler.world.unpacked import unpacked
from flumec.runtime.agent import Agent
from flumec.runtime.sinks.filing import Filing


class Seen:
    """The state of a world, asked in the fleet's own words."""

    def __init__(self, seed: int) -> None:
        self.scheduler = Scheduler(seed)
        self.clock = WorldClock(self.scheduler)
        self.machines: dict[str, Machine] = {}
        self.requests: list[Request] = []
        self.said: Said = []
        """What agents have warned of."""
        self._taken: dict[tuple[str, str, str], list[Event]] = {}
        self._counts: Counter[tuple[str, str, str]] = Counter()
        """What agents that are no more have counted: by agent, component and what."""

    def delivered(self, agent: str, sink: str, host: str | None = None) -> list[Event]:
        """Return what is in a sink's target, as anybody could see it there."""
        found = [event for file in self.files(agent, sink, host) for event in file.events]
        for machine in self.having(agent, host):
            found += self._taken.get((machine.name, agent, sink), ())
        return found

    def files(self, agent: str, sink: str, host: str | None = None) -> list[File]:
        """Return the files in a sink's target; none of a sink that publishes no files."""
        found: list[File] = []
        done: set[tuple[int, str]] = set()
        for machine in self.having(agent, host):
            part = part_of(machine.agents[agent], sink)
            if not isinstance(part, Filing):
                continue
            folder = folder_of(part)
            disk: Any = machine.disk_of(folder)
            if (id(disk), str(folder)) not in done:
                done.add((id(disk), str(folder)))
                for path, content in published(disk, str(folder)):
                    found.append(File(path, content, tuple(unpacked(content, part))))
        return found

    def counted(self, agent: str, component: str, what: str, host: str | None = None) -> int:
        """Return what a component has counted, in all starts of its agents."""
        total = 0
        for machine in self.having(agent, host):
            total += self._counts[machine.name, f"{agent}.{component}", what]
            process = machine.processes.get(agent)
            total += 0 if process is None else counts_of(process).get((component, what), 0)
        return total

    @property
    def at_rest(self) -> bool:
        """Whether all agents run, all clients are answered and all that came in has left."""
        return all(request.answered for request in self.requests) and all(
            not machine.off and self._rests(machine) for machine in self.machines.values()
        )

    @property
    def fates(self) -> list[tuple[str, str, str]]:
        """Agents that ended by themselves, and why: (agent, host, reason)."""
        return [
            (agent, machine.name, reason)
            for machine in self.machines.values()
            for agent, reason in machine.fates
        ]

    @property
    def failing(self) -> list[tuple[str, str, str, str]]:
        """Components that cannot work now, and why: (agent, component, host, reason)."""
        return [
            (process.agent.name, worker.name, machine.name, in_the_open(worker.failing))
            for machine in self.machines.values()
            for process in machine.processes.values()
            for worker in (process.staff.workers if process.staff else ())
            if worker.failing
        ]

    @property
    def down(self) -> list[tuple[str, str]]:
        """Agents that do not run now: (agent, host)."""
        return [
            (agent, machine.name)
            for machine in self.machines.values()
            for agent in machine.agents
            if agent not in machine.processes
        ]

    def held(self, *, unread: bool = False) -> Iterator[tuple[str, str, str, int]]:
        """Yield what channels hold: (agent, channel, host, events).

        Of what nobody reads, as dead letters, only with `unread`.
        """
        for machine in self.machines.values():
            for name, process in machine.processes.items():
                if process.journals is not None:
                    read = {each.channel.name for each in process.agent.deliveries}
                    for channel, (_, stats) in process.journals.balances().items():
                        if stats.held and (unread or channel in read):
                            yield name, channel, machine.name, stats.held

    def holds(self, agent: str, channel: str, host: str | None = None) -> int:
        """Return how many events a channel holds now, whoever reads it."""
        total = 0
        for machine in self.having(agent, host):
            process = machine.processes.get(agent)
            if process is not None and process.journals is not None:
                for name, (_, stats) in process.journals.balances().items():
                    total += stats.held if name.partition("@")[0] == channel else 0
        return total

    def lying(self, agent: str, channel: str, host: str | None = None) -> list[Event]:
        """Return the events that a channel on disk holds now, whoever reads it."""
        found: list[Event] = []
        for machine in self.having(agent, host):
            part = machine.agents[agent]
            for event in lying(part, state_of(part), channel, machine.disk):
                headers = {name: in_the_open(value) for name, value in event.headers.items()}
                found.append(Event(event.body, headers))
        return found

    def drops(self, agent: str, component: str, host: str | None = None) -> dict[str, int]:
        """Return how many events a component has dropped so far, by the reason."""
        part = part_of(self.machine(agent, host).agents[agent], component)
        if part.kind == "channel":  # what its sink takes for a copy counts as dropped there, too
            makes_room = getattr(part, "when_full", None) == "drop_oldest"
            return {"room": self._made_room(agent, component, host)} if makes_room else {}
        reasons = {"unrouted": "events_dropped", "filtered": "events_filtered"}
        if isinstance(part, Filing):
            reasons = {} if part.dedup is None else {"copy": "duplicates"}
            if part.dedup is not None and part.dedup.late == "drop":
                reasons["late"] = "late"
        return {why: self.counted(agent, component, what, host) for why, what in reasons.items()}

    def all_dropped(self) -> Iterator[tuple[str, str, str, int]]:
        """Yield what was dropped: (agent, component, reason, events)."""
        agents = {name: a for m in self.machines.values() for name, a in m.agents.items()}
        for name, agent in agents.items():
            for part in agent.parts:
                if part.kind in ("source", "channel", "sink"):
                    for reason, count in self.drops(name, part.name).items():
                        if count:
                            yield name, part.name, reason, count

    def _made_room(self, agent: str, channel: str, host: str | None) -> int:
        return sum(
            stats.dropped
            for machine in self.having(agent, host)
            if (process := machine.processes.get(agent)) and process.journals is not None
            for name, (_, stats) in process.journals.balances().items()
            if name.partition("@")[0] == channel
        )

    def machine(self, agent: str, host: str | None = None) -> Machine:
        """Return the host of an agent, the first unless it is named; raise Unable."""
        return self.having(agent, host)[0]

    def having(self, agent: str, host: str | None) -> list[Machine]:
        """Return the hosts of an agent, or the one that is named; raise Unable."""
        found = [machine for machine in self.machines.values() if agent in machine.agents]
        if host is None:
            return found
        chosen = [machine for machine in found if machine.name == host]
        if not chosen:
            raise Unable(f"`{agent}` does not run on {host}: {', '.join(m.name for m in found)}")
        return chosen

    def _rests(self, machine: Machine) -> bool:
        running = machine.processes
        if running.keys() != machine.agents.keys():
            return False
        return all(process.idle for process in running.values()) and not any(
            host == machine.name for _, _, host, _ in self.held()
        )


def counts_of(process: Process) -> dict[tuple[str, str], int]:
    """Return what the components of a process have counted, by component and what."""
    workers = process.staff.workers if process.staff else ()
    return {
        (worker.name, what): int(count)
        for worker in workers
        for what, count in worker.tally.counts.items()
    }


def part_of(agent: Agent, name: str) -> Any:
    """Return a component of an agent by its name."""
    return next(part for part in agent.parts if part.name == name)
