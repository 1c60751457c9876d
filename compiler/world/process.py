"""One start of one agent, from its journals' recovery to its end: what `runtime/process.py` does,
without the signals, the sockets and the manager of a real machine.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flumec.compiler.world.disk import ProcessDisk
from flumec.compiler.world.fibres import Owner
from flumec.compiler.world.network import Network
from flumec.compiler.world.pulse import WirePulse
from flumec.compiler.world.sockets import Stream
from flumec.runtime import logs
from flumec.runtime.clock import Clock
from flumec.runtime.drain import drain
from flumec.runtime.ending import DRAIN
from flumec.runtime.journal import Identity, JournalFailed
from flumec.runtime.keeping import open_journals
from flumec.runtime.links.pulse import Pulse
from flumec.runtime.site import Site
from flumec.runtime.staff import Staff
from flumec.runtime.watch import EVERY, News

if TYPE_CHECKING:
    from flumec.compiler.world.machine import Machine
    from flumec.runtime.agent import Agent
    from flumec.runtime.journals import Journals

SEGMENT_SIZE = 256 << 10
"""Bytes of a journal's segments: small, so that a test of a few events has several."""

STATES = Path("/var/lib/flumec")
_LONG = 3600.0


class Process(Owner):
    """An agent at work; all of its threads are fibres of this owner."""

    def __init__(self, machine: "Machine", agent: "Agent") -> None:
        super().__init__(f"{agent.name} on {machine.name}")
        self.machine, self.agent = machine, agent
        self.disk = ProcessDisk(machine.disk_of, self, machine.outages, partial(machine.step, self))
        self.reason = ""
        """Why it ended, if nobody told it to."""
        self.staff: Staff | None = None
        self.journals: Journals | None = None
        self._clock: Clock = machine.clock
        self._news = News(self._clock)
        self._told = False
        self._failure: BaseException | None = None

    def run(self, over: Callable[["Process"], None]) -> None:
        """Work until told to end or until something fails; `over` is called at such an end."""
        try:
            self._work()
        except Exception as error:
            self.reason = logs.reason(error)
        over(self)

    def stop(self) -> None:
        """Have it end in order."""
        self._told = True
        self.machine.network.scheduler.rouse()
        self._news.tell()

    @property
    def idle(self) -> bool:
        """Whether its sources have nothing to do."""
        staff = self.staff
        return staff is not None and all(
            worker.idle for worker in staff.workers if worker.role.feeds and worker.begun
        )

    def _work(self) -> None:
        machine, agent = self.machine, self.agent
        state = state_of(agent)
        self.disk.make_directory(state)
        identity = Identity(machine.name, agent.name, "0", "world", machine.identity)
        self.journals = open_journals(
            agent, state, disk=self.disk, clock=self._clock, identity=identity,
            on_failure=self._failed, segment_size=SEGMENT_SIZE,
        )  # fmt: skip
        sockets: Any = WorldSockets(self, machine.network)
        site = Site(
            agent.name, agent.host, agent.address, state, self._clock, self.disk, sockets,
            self.journals, "0/world",
        )  # fmt: skip
        self.staff = staff = Staff(agent, site, self._news.tell)
        machine.staffed(self)
        staff.start()
        self.until(lambda: bool(self._told or staff.dead or self._failure), _LONG * 1e6)
        if staff.dead or self._failure:
            dead = next((worker for worker in staff.dead), None)
            error = self._failure or (dead and dead.error)
            where = "" if dead is None or isinstance(error, JournalFailed) else f"`{dead.name}`: "
            self.reason = f"{where}{logs.reason(error)}" if error else "it ended"
            return
        kept = {each.consumer.name: each.channel.on_disk for each in agent.deliveries}
        rounds: Any = self
        drain(staff, rounds, kept, DRAIN, self.journals.settle)
        self.journals.close()

    def until(self, holds: Callable[[], bool], seconds: float) -> bool:
        """Wait until `holds`, at most so long.

        Not all that an end waits for is news, so it is looked at as often as a real agent does.
        """
        deadline = self._clock.monotonic() + seconds
        while not holds():
            left = deadline - self._clock.monotonic()
            if left <= 0:
                return False
            self._news.wait(min(left, EVERY if self._told else _LONG))
        return True

    def _failed(self, error: BaseException) -> None:
        self._failure = error
        self._news.tell()


def state_of(agent: "Agent") -> Path:
    """Return where on its machine an agent has its state."""
    return STATES / agent.name


class WorldSockets:
    """What `runtime/sockets.py` is to a real agent: where it listens and connects."""

    unused: tuple[str, ...] = ()

    def __init__(self, process: Process, network: Network) -> None:
        self._process, self._network = process, network

    def listen(self, name: str, host: str, port: int, *, declared: str = "port") -> Any:  # noqa: ARG002 the protocol
        """Return a listener at the machine's port, whatever address it is said to have."""
        return self._network.listen(self._process, self._process.machine.name, int(port))

    def pulse(self, raw: Stream, time_out: float, now: float) -> Pulse:
        """Return the signs of life on a connection."""
        patient = self._network.scheduler.patient
        return WirePulse(raw, time_out, now) if patient else Pulse(time_out, now)

    def dialler(
        self,
        host: str,
        port: int,
        clock: Clock,  # noqa: ARG002 the protocol
    ) -> Callable[[float, Callable[[], bool]], Stream]:
        """Return what connects to a port of another machine."""
        process, network = self._process, self._network
        return lambda within, stopping: network.dial(
            process, process.machine.name, host, port, within=within, stopping=stopping
        )
