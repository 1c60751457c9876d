"""One channel that several consumers share: who has which rows, and what nobody has yet."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from threading import Condition, RLock
from typing import TYPE_CHECKING

from flumec.runtime.journal.assigning import AssignOp
from flumec.runtime.journal.consumer import Consumer
from flumec.runtime.journal.lanes import GroupState, Lease
from flumec.runtime.journal.live import LiveChannel, Shared
from flumec.runtime.journal.ops import Op
from flumec.runtime.journal.parts import part
from flumec.runtime.journal.ranges import union
from flumec.runtime.journal.reading import Reader
from flumec.runtime.journal.records import Chunk, Cursor, Ranges, TagRun
from flumec.runtime.journal.shared_ledger import SharedLedger
from flumec.runtime.journal.state import ConsumerState
from flumec.runtime.journal.waiting import Held

if TYPE_CHECKING:
    from flumec.runtime.journal.member import Member

_NOBODY = 0xFFFF


class Sharing:
    """The rows of a channel, taken by the members of its group. Any thread may call any method.

    `lock` is held while rows change hands; the journal's own lock may be taken within it.
    """

    def __init__(self, shared: Shared, live: LiveChannel, group: GroupState) -> None:
        self.lock = RLock()
        self.turn = Condition(shared.lock)
        """Notified when a member may take what it might not before."""
        self.changes = 0
        """How often that happened; guarded by the journal's lock."""
        self.members: list[Member] = []
        self.may_take: Callable[[str], bool] = lambda _: True
        self.patience: Callable[[str], float] = lambda _: math.inf
        """Seconds after which a member that may not take rows might, if it is told of nothing."""
        self.took: Callable[[str, int], None] = lambda _, __: None
        """Told who has taken how many bytes."""
        self.delivered: Callable[[str], None] = lambda _: None
        """Told who has delivered something."""
        self._shared = shared
        self._live = live
        self._group = GroupState(group.next, group.pool)
        self._front = _Front(shared, live, group.next)
        self._again = Again(shared, live)
        self._unsaid: list[tuple[int, Lease]] = []
        self._last: Member | None = None

    @property
    def unread(self) -> bool:
        """Whether there are rows that no member has."""
        return bool(self._group.pool) or self._front.unread

    @property
    def arrived(self) -> bool:
        """Whether something came since `take`; asked with the journal's lock held."""
        return bool(self._group.pool) or self._front.arrived

    def take(self, member: "Member", max_bytes: int) -> list[Chunk]:
        """Give a member rows that nobody has, as its lane numbers them: the oldest first."""
        with self.lock:
            chunks = list(self._from_pool(member, max_bytes))
            if not chunks:
                chunks = [self._give(member, c) for c in self._front.read(0, max_bytes)]
        if chunks:
            self.took(member.name, sum(chunk.body.size for chunk in chunks))
        return chunks

    def put_back(self, rows: Ranges) -> None:
        """Have rows of a member be anybody's."""
        with self.lock:
            self._group.pool = union(self._group.pool, rows)
            self._last = None
        self.tell()

    def tell(self) -> None:
        """Have members look again whether they may take rows."""
        with self._shared.lock:
            self.changes += 1
            self.turn.notify_all()
            self._live.arrived.notify_all()

    def store(self, *ops: Op) -> None:
        """Queue operations, behind what of all assignments is not stored; `lock` is held.

        In the order in which rows were given: else a crash could keep a younger one alone.
        """
        said = self._assigned(urgent=False)
        with self._shared.lock:
            for op in (*said, *ops):
                self._shared.writer.enqueue(op)

    def secure(self) -> None:
        """Have all assignments on the disk."""
        with self.lock:
            said = self._assigned(urgent=True)
            with self._shared.lock:
                for op in said:
                    self._shared.writer.enqueue(op)
        for op in said:
            op.future.result()

    def _assigned(self, *, urgent: bool) -> list[AssignOp]:
        unsaid, self._unsaid = self._unsaid, []
        return [AssignOp(leases=unsaid, urgent=urgent)] if unsaid else []

    def passed(self, done: Iterable[Lease]) -> int:
        """Return the bytes that are free as a member has done rows of its lane; `lock` is held."""
        return self._front.passed((lease.row, lease.last) for lease in done)

    def oldest_born(self) -> int | None:
        """Return when the oldest row was put that is not done; None where there is none."""
        return self._front.oldest_born()

    def close(self) -> None:
        """Close the files that are read."""
        with self.lock:
            self._front.close()
            self._again.close()

    def _from_pool(self, member: "Member", max_bytes: int) -> Iterator[Chunk]:
        """Yield what was given back, the oldest first."""
        while self._group.pool and max_bytes > 0:
            first, end = self._group.pool[0]
            chunk = self._again.next(first, end)
            number = member.lane.next(first, follows=False)
            self._last = None
            if chunk is None:  # rows of other channels: nobody has anything to do with them
                self._lease(member, Lease(number, first, end - first))
                member.forget(((number, number + end - first),))
                continue
            max_bytes -= chunk.body.size
            self._lease(member, Lease(number, first, chunk.end - first))
            yield renumbered(chunk, number + chunk.first - first)

    def _give(self, member: "Member", chunk: Chunk) -> Chunk:
        """Lease what was read; with the rows of other channels before it, if they are between."""
        leases, follows = member.lane.leases, self._last is member
        number = member.lane.next(chunk.first, follows=follows)
        lease = Lease(number, chunk.first, chunk.rows)
        if follows and leases and number - leases[-1].lane == chunk.first - leases[-1].row:
            lease = Lease(leases[-1].end, leases[-1].last, chunk.end - leases[-1].last)
        self._lease(member, lease)
        self._last = member
        return renumbered(chunk, number)

    def _lease(self, member: "Member", lease: Lease) -> None:
        member.lane.take(lease)
        self._group.take(lease)
        if self._unsaid and self._unsaid[-1][0] == member.number:
            said = self._unsaid[-1][1]
            if said.end == lease.lane and said.last == lease.row:
                lease = Lease(said.lane, said.row, said.rows + lease.rows)
                self._unsaid.pop()
        self._unsaid.append((member.number, lease))


class Again:
    """Reads rows that were read before; for one thread at a time."""

    def __init__(self, shared: Shared, live: LiveChannel) -> None:
        self._reader = Reader(shared, live, 0)
        self._frame: Chunk | None = None

    def next(self, first: int, end: int) -> Chunk | None:
        """Return the first part of a frame between two rows; None if there is none."""
        frame = self._frame
        if frame is None or not frame.first <= first < frame.end:
            if self._reader.position != first:
                self._reader.seek(first)
            frame = self._frame = self._reader.frame()
        if frame is None or frame.first >= end:
            return None
        start, stop = max(first, frame.first), min(end, frame.end)
        return frame if (start, stop) == (frame.first, frame.end) else part(frame, start, stop)

    def close(self) -> None:
        """Close the file that is read."""
        self._frame = None
        self._reader.close()


class _Front(Consumer):
    """Reads what no member had, and knows which frames are held."""

    _ledger: SharedLedger

    def __init__(self, shared: Shared, live: LiveChannel, row: int) -> None:
        start = Cursor(live.state.low)
        super().__init__(shared, ConsumerState(_NOBODY, b"", "", "", _NOBODY, start), live)
        self._ledger = SharedLedger(start.low, live.state.gaps)
        self.seek(row)
        self._entered = row <= start.low

    @property
    def position(self) -> int:
        """The row after the last that was read."""
        return self._waiting[0].first if self._waiting else self._reader.position

    @property
    def arrived(self) -> bool:
        """Whether something came since the last read; asked with the journal's lock held."""
        return bool(self._waiting) or self._reader.arrived()

    def read(self, timeout: float, max_bytes: int = 8 << 20) -> list[Chunk]:
        """Return what comes next; the frames that members had already are entered before."""
        self._enter_had()
        return super().read(timeout, max_bytes)

    def passed(self, done: Iterable[tuple[int, int]]) -> int:
        """Note that rows are done; return the bytes that it frees."""
        self._enter_had()
        freed = self._ledger.do(done)
        low = self._ledger.low
        self._cursor = Cursor(low)
        with self._shared.lock:
            self._live.taken_bytes = self._ledger.bytes
            if isinstance(self._live.memory, Held):
                self._live.memory.release(low)
                for first, end in union((), [(f, e) for f, e, _ in freed if e > low]):
                    self._live.memory.drop(first, end)
        return sum(size for _, _, size in freed)

    def _enter_had(self) -> None:
        if not self._entered:
            self._entered = True
            self._enter(self._reader.position)


def renumbered(chunk: Chunk, number: int) -> Chunk:
    """Return a chunk whose first row has another number; its rows' own tags are said in full."""
    if chunk.first == number:
        return chunk
    tags = chunk.tags
    if tags is None:
        tags = (TagRun(chunk.epoch, chunk.first - chunk.skip, chunk.skip + chunk.rows),)
    return replace(chunk, first=number, tags=tags)
