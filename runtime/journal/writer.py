"""The one thread that appends: it judges what is queued, writes a group, syncs it, then tells.

Where a journal syncs now and then, what a source puts is told once it is written.
"""

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from threading import Condition, Lock, Thread

from flumec.runtime import logs
from flumec.runtime.clock import Clock
from flumec.runtime.journal import spill
from flumec.runtime.journal.appender import Appender
from flumec.runtime.journal.errors import JournalFailed, StateError, writing_failed
from flumec.runtime.journal.log import DiskFull, Log
from flumec.runtime.journal.ops import RECORD_BOUND, Batch, Op, group_bound
from flumec.runtime.journal.packing import Key
from flumec.runtime.journal.putting import PutOp
from flumec.runtime.journal.records import Full
from flumec.runtime.journal.space import Space
from flumec.runtime.journal.state import State
from flumec.runtime.journal.unsynced import Unsynced
from flumec.runtime.messages.agent import DiskIsFull

_GROUP_OPS = 4096
_RETRY_S = 1.0
"""How often puts that wait for a full disk are tried again."""

DISK = "disk"
"""The name that `Full` gives when it is the disk, not a channel, that has no room."""


class Writer:
    """Groups of operations, one at a time. `lock` guards the queue and the state."""

    def __init__(  # noqa: PLR0917 its parts, once, in the journal's constructor
        self,
        state: State,
        log: Log,
        space: Space,
        clock: Clock,
        lock: Lock,
        key: Key | None,
        unsynced: Unsynced,
        publish: Callable[[Batch], bool],
        on_failure: Callable[[BaseException], None] | None,
    ) -> None:
        self._state = state
        self._log = log
        self._space = space
        self._clock = clock
        self._lock = lock
        self._key = key
        self._unsynced = unsynced
        unsynced.room.on_lack = self.hurry
        self._publish = publish
        self._on_failure = on_failure
        self._spilling = sum(each.spill is not None for each in state.channels.values())
        self._queue: deque[Op] = deque()
        self._queued = Condition(lock)
        self._stalled: list[PutOp] = []
        self._closing = False
        self.failure: BaseException | None = None
        self._full_until = 0.0
        self._full_is_said = False
        self.before_close: Callable[[Appender], None] = lambda _: None
        """Called in the thread once everything is written, before the Close record."""
        self._thread = Thread(target=self._run, name="journal", daemon=True)

    @property
    def ended(self) -> bool:
        """Whether nothing is stored any more."""
        return self._closing or self.failure is not None

    @property
    def disk_full(self) -> bool:
        """Whether a put found the disk full a moment ago; after that one may try again."""
        return self._clock.monotonic() < self._full_until

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def enqueue(self, op: Op) -> None:
        """Queue an operation, or fail its future if the writer has ended; with the lock held."""
        if self.ended:
            op.future.set_exception(self.failure or JournalFailed("the journal is closed"))
            return
        self._queue.append(op)
        self._queued.notify()

    def hurry(self) -> None:
        """Sync at once what is written, as somebody wants the room; with the lock held."""
        if self._unsynced:
            self._unsynced.hurry()
            self._queued.notify()

    def sync_each(self) -> None:
        """Sync each group from now on; called in the thread."""
        self._unsynced.every = None

    def close(self) -> None:
        """Write what is queued and the Close record, and end the thread."""
        with self._lock:
            self._closing = True
            self._queued.notify()
        self._thread.join()
        self._space.close()

    def _run(self) -> None:
        ops: list[Op] = []
        try:
            self._space.free(self._log.segment.number)
            self._log.keep_reserves()  # of what was just freed
            while (ops := self._gather()) or not self._is_over():
                if ops:
                    self._cycle(ops)
                if self._unsynced.is_due(self._log.unsynced):
                    self._settle()
            self._settle()
            for put in self._stalled:
                put.future.set_result(Full(DISK))
            self.before_close(Appender(self._log, self._roll))
            self._log.close(self._state.next_row)
        except BaseException as error:
            self._fail(error, ops)

    def _is_over(self) -> bool:
        with self._lock:
            return self._closing and not self._queue

    def _gather(self) -> list[Op]:
        """Return what one group is to hold; nothing when it is time to sync, or at the end."""
        with self._lock:
            while not self._queue and not self._closing:
                if self._unsynced.is_due(self._log.unsynced):
                    return []
                self._clock.wait(self._queued, self._patience())
                if self._stalled:
                    break
            ops: list[Op] = [] if self._closing and not self._queue else [*self._stalled]
            if ops:
                self._stalled.clear()
            size = sum(op.bound for op in ops)
            while self._queue and len(ops) < _GROUP_OPS:
                size += self._queue[0].bound
                if ops and size > self._log.share:
                    break
                ops.append(self._queue.popleft())
            return ops

    def _patience(self) -> float | None:
        """Return in how many seconds something is to be done although nothing comes."""
        due = self._unsynced.due_in()
        if not self._stalled:
            return due
        return _RETRY_S if due is None else min(due, _RETRY_S)

    def _cycle(self, ops: list[Op]) -> None:
        """Write one group, and answer what need not wait for its sync."""
        if self._unsynced and self._log.unsynced + self._bound(ops) > self._log.share:
            self._settle()
        self._keep_refused(ops)
        ops = self._with_room(ops)
        with self._lock:
            first_row = self._state.next_row
            batch = Batch(self._state, self._log.segment, self._clock.now_ns(), self._key)
            batch.results = [(op, op.judge(batch)) for op in ops]
            if batch.group.parts:
                batch.group.parts += spill.note(self._state)
        if batch.group.parts:
            self._log.write(batch.group, first_row)
        shown, answered = self._unsynced.add(batch)
        if shown is not None:
            with self._lock:
                self._publish(shown)
        for op, result in answered:
            op.future.set_result(result)

    def _settle(self) -> None:
        """Sync what is written, show and answer it, and free what it frees.

        Nothing may have been judged that is not written.
        """
        if not self._unsynced:
            return
        end = self._log.sync()
        with self._lock:
            batches, answered = self._unsynced.take()
            self._log.segment.end = end
            in_memory = [self._publish(batch) for batch in batches]
        self._log.let_go(all(in_memory))
        for op, result in answered:
            op.future.set_result(result)
        if any(self._space.is_due(batch.lows, batch.gaps) for batch in batches):
            self._space.free(self._log.segment.number)

    def _keep_refused(self, ops: list[Op]) -> None:
        """Leave the segment, if the last runtime could read it, before what it can't read.

        So that it says so after a rollback. A full disk is no reason to stop.
        """
        if not all(op.plain for op in ops) and self._log.leave_plain():
            with suppress(DiskFull):
                self._roll(self._bound(ops))

    def _with_room(self, ops: list[Op]) -> list[Op]:
        """Make room for a group of `ops` in a segment; return those for which there is room."""
        puts = [op for op in ops if isinstance(op, PutOp) and op.stores]
        if self._fits(ops) and not (puts and self._log.reserved):
            return ops
        try:
            self._roll(self._bound(ops))
        except DiskFull:
            held = {id(put) for put in self._hold_back(puts)}
            rest = [op for op in ops if id(op) not in held]
            if not self._fits(rest):
                self._roll_small(self._bound(rest))
            return rest
        return ops

    def _fits(self, ops: list[Op]) -> bool:
        return self._log.fits(self._bound(ops)) or not any(op.bound for op in ops)

    def _bound(self, ops: list[Op]) -> int:
        """Return the most bytes that a group takes, with what is said of channels that spill."""
        return group_bound(ops) + self._spilling * RECORD_BOUND

    def _roll(self, bound: int, *, small: bool = False) -> None:
        self._settle()
        self._log.roll(self._log.segment.number + 1, bound, small=small)
        with self._lock:
            self._state.segments[self._log.segment.number] = self._log.segment
        self._space.free(self._log.segment.number)
        self._log.keep_reserves()
        if not small:
            self._full_until = 0.0
            if self._full_is_said:
                self._full_is_said = False
                logs.of("journal").info(
                    "there is room on the disk of %s again", self._log.directory
                )

    def _roll_small(self, bound: int) -> None:
        try:
            self._roll(bound, small=True)
        except DiskFull:
            raise StateError(
                f"{self._log.directory}: the disk is full, and so is the journal's reserve; "
                "give it room, and start again: nothing that was acknowledged is lost"
            ) from None

    def _hold_back(self, puts: list[PutOp]) -> list[PutOp]:
        """Answer puts for which the disk has no room, and return them.

        Those that wait are tried again. One that needs the disk for optional channels only goes on
        without these.
        """
        self._full_until = self._clock.monotonic() + _RETRY_S
        if not self._full_is_said:
            self._full_is_said = True
            logs.of("journal").warning(DiskIsFull(directory=str(self._log.directory)))
        held = [put for put in puts if put.needs_disk]
        full: list[PutOp] = []
        for put in held:
            stopping = put.stopping is not None and put.stopping()
            (self._stalled if put.wait and not stopping else full).append(put)
        with self._lock:
            batch = Batch(self._state, self._log.segment, 0)
            for put in full:
                put.give_up(batch.given_back)
            for put in puts:
                if not put.needs_disk:
                    batch.given_back += put.leave_disk()
            self._publish(batch)
        for put in full:
            put.future.set_result(Full(DISK))
        return held

    def _fail(self, error: BaseException, ops: list[Op]) -> None:
        """Acknowledge nothing any more: what a failed sync left on the disk is unknown."""
        failure = (
            error if isinstance(error, StateError) else writing_failed(self._log.directory, error)
        )
        with self._lock:
            self.failure = failure
            unanswered = [op for op, _ in self._unsynced.unanswered]
            waiting = [*unanswered, *ops, *self._stalled, *self._queue]
            self._queue.clear()
            self._publish(Batch(self._state, self._log.segment, 0))
        self._log.abandon()
        for op in waiting:
            if not op.future.done():
                op.future.set_exception(failure)
        if self._on_failure is not None:
            self._on_failure(failure)
