"""Whether a put may come in now: the disk has room, and its channels, or rows make it."""

from collections.abc import Callable
from functools import partial
from threading import Condition, Lock

from flumec.runtime.clock import Clock
from flumec.runtime.frozen import frozen
from flumec.runtime.journal.dropping import Droppers
from flumec.runtime.journal.prepare import Plan, Preparer
from flumec.runtime.journal.room import Need, Room, Taken
from flumec.runtime.journal.writer import DISK, Writer

_LOOK_UP_S = 0.25


@frozen
class Admission:
    """Takes the room of puts, in the threads that put."""

    lock: Lock
    changed: Condition
    clock: Clock
    room: Room
    droppers: Droppers
    preparer: Preparer
    writer: Writer

    def admit(self, plan: Plan, ended: Callable[[], bool], *, wait: bool) -> str | Taken:
        """Take room; return the channels that were taken, or the name of a full one."""
        may_drop, required = True, self.droppers.last(plan.required)
        while True:
            with self.lock:
                optional = plan.optional
                if self.writer.disk_full and not plan.needs_disk:
                    optional = self.preparer.off_disk(optional)
                elif self.writer.disk_full and not (wait and self._await_disk(ended)):
                    return DISK
                needs = {**required, **optional}
                if not (may_drop and self.droppers.would_do(required, optional)):
                    dropping = required if may_drop else {}
                    taken = self.room.take(
                        required, optional, wait=wait,
                        stopping=partial(self._interrupted, ended, dropping),
                        on_disk=self._on_disk,
                    )  # fmt: skip
                    full = isinstance(taken, str) and wait and not ended()
                    if not (full and may_drop and self.droppers.would_do(required, {})):
                        return taken
            may_drop = self.droppers.make_room(needs)

    def _on_disk(self) -> bool:
        """Whether what may lie in memory or on disk is to be tried on the disk."""
        return not self.writer.disk_full

    def _interrupted(self, ended: Callable[[], bool], needs: Need) -> bool:
        """Say whether waiting for room is of no use: at the end, or as dropping makes room."""
        return ended() or self.droppers.would_do(needs, {})

    def _await_disk(self, ended: Callable[[], bool]) -> bool:
        """Wait until the disk may have room; False when the caller is to stop. The lock is held."""
        while self.writer.disk_full:
            if ended():
                return False
            self.clock.wait(self.changed, _LOOK_UP_S)
        return True
