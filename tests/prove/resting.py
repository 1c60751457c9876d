"""Channels whose readers rest, as an operator or a slow store may have them; so channels get full.

Each read of a channel is a step of its own, and each start of its agent: from any of them on it
may rest.
"""

from collections.abc import Callable, Iterator
from functools import partial

from flumec.compiler.world import World
from flumec.compiler.world.process import Process
from flumec.compiler.world.steps import Place
from flumec.runtime.worker import Worker

Channel = tuple[str, str, str]
"""An agent, its channel, and the host."""


class Rests:
    """Of a whole world. They outlive what reads: a new process has to keep to them as well."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._until: dict[Channel, float] = {}
        for machine in world.machines.values():
            machine.staffed = self._staffed

    @staticmethod
    def place(channel: Channel) -> Place:
        """Return where the reads of a channel are counted."""
        return ("reads", *channel)

    def begin(self, channel: Channel, seconds: float) -> None:
        """Have nothing read from a channel for so long."""
        agent, name, host = channel
        self._until[channel] = self._world.scheduler.now + seconds
        process = self._world.machines[host].processes.get(agent)
        for worker in _readers(process, name) if process else ():
            worker.pause(seconds)

    def _staffed(self, process: Process) -> None:
        for name in dict.fromkeys(_declared(each.name) for each in process.agent.channels):
            channel = process.agent.name, name, process.machine.name
            step = partial(self._world.steps.take, self.place(channel))
            step()
            left = self._until.get(channel, 0.0) - self._world.scheduler.now
            for worker in _readers(process, name):
                worker.tap(_Reads(step))  # type: ignore[arg-type] what a worker wants of one
                if left > 0:
                    worker.pause(left)


class _Reads:
    """Notes that something was read, and looks at nothing."""

    def __init__(self, step: Callable[[], None]) -> None:
        self._step = step

    def chunk(self, _chunk: object) -> None:
        self._step()


def _readers(process: Process, name: str) -> Iterator[Worker]:
    """Yield what reads a channel: a sink, the members of a group, what sends to each peer."""
    staff = process.staff
    for worker in staff.consumers if staff else ():
        if staff and _declared(staff.channels[worker.name]) == name:
            yield worker


def _declared(channel: str) -> str:
    """Return the channel of the file: one with a copy for each peer is several to its agent."""
    return channel.partition("@")[0]
