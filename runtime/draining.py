"""An agent that is to be taken away: nothing comes in any more, and what it holds goes out.

It says so in a file of its state, so that a restart, or a power cut, goes on with it: sources and
receivers do not even start. Sinks that have read all finish at once what else would be rolled in
its time.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from flumec.runtime import logs
from flumec.runtime.disk import Disk
from flumec.runtime.keeping import letters_of
from flumec.runtime.messages.agent import BeingDrained
from flumec.runtime.worker import Role, Worker

if TYPE_CHECKING:
    from flumec.runtime.journals import Journals
    from flumec.runtime.staff import Staff

MARK = "draining"
"""The file in the agent's state directory."""


class Draining:
    """Whether this agent is to run empty, and what is done for it, in the main thread's rounds."""

    def __init__(self, state: Path, disk: Disk, staff: "Staff", journals: "Journals") -> None:
        self._mark, self._disk = state / MARK, disk
        self._staff, self._journals = staff, journals
        self.on = MARK in disk.names(state)
        self._consumers = dict(staff.channels)
        self._letters = {name for worker in staff.consumers for name in letters_of(worker.part)}

    def start(self) -> None:
        """Set the agent's workers to work, without those that bring events in if it drains."""
        if self.on:
            logs.of("agent").warning(BeingDrained())
        self._staff.start(feeding=not self.on)

    def begin(self) -> None:
        """Let nothing more come in, now and after every start, until `cancel`."""
        with contextlib.closing(self._disk.open(self._mark, "write")) as file:
            file.sync()
        self._disk.sync_directory(self._mark.parent)
        self.on = True
        for worker in self._staff.feeders:
            worker.end()

    def cancel(self) -> bool:
        """Let the next start be an ordinary one; return whether one is needed for that."""
        was, self.on = self.on, False
        with contextlib.suppress(FileNotFoundError):
            self._disk.unlink(self._mark)
            self._disk.sync_directory(self._mark.parent)
        return was

    @property
    def told(self) -> dict[str, list[str]] | None:
        """What is shown of it: what still brings events in; None while the agent is not drained."""
        feeding = [worker.name for worker in self._staff.feeders if not worker.ended]
        return {"feeding": feeding} if self.on else None

    def step(self) -> None:
        """Let sinks finish that have read all there is, those of dead letters when no other has."""
        if not self.on or not all(worker.ended for worker in self._staff.feeders):
            return
        holding = list(self._holding())
        rest = [w for w in holding if self._consumers[w.name] not in self._letters]
        for worker in rest or holding:
            if (worker.dry or worker.idle) and not worker.unread():
                worker.end()

    def _holding(self) -> Iterator[Worker]:
        """Yield the sinks at work whose channels hold something."""
        held = {c for (c, _), stats in self._journals.balances().values() if stats.held}
        for worker in self._staff.consumers:
            at_work = worker.role is Role.SINK and not worker.ended
            if at_work and self._consumers[worker.name] in held:
                yield worker
