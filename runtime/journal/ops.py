"""What the writer's queue holds: operations, judged against the state in order, and recorded."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from flumec.runtime.journal.codec import Encoder
from flumec.runtime.journal.entries import (
    Kind,
    record,
)
from flumec.runtime.journal.group import Group
from flumec.runtime.journal.layout import GROUP_HEADER, SECTOR
from flumec.runtime.journal.packing import Key
from flumec.runtime.journal.records import (
    Chunk,
)
from flumec.runtime.journal.room import Want
from flumec.runtime.journal.segment import SegmentState
from flumec.runtime.journal.state import State
from flumec.runtime.journal.synced import MARK_BOUND

NO_CHANNEL = 0xFFFF
"""In a LEFT_OUT record: the rows went nowhere because a route or filter said so."""

RECORD_BOUND = 256
"""More than a record takes besides what it carries."""


@dataclass(slots=True)
class Batch:
    """The operations of one group being judged: what to write, and what follows the sync."""

    state: State
    segment: SegmentState
    now_ns: int
    key: Key | None = None
    """What encrypts bodies."""
    group: Group = field(default_factory=Group)
    chunks: list[tuple[int, Chunk]] = field(default_factory=list)
    given_back: list[tuple[int, Want]] = field(default_factory=list)
    lows: list[tuple[int, int]] = field(default_factory=list)
    gaps: list[int] = field(default_factory=list)
    """Channels of which rows were dropped."""
    results: list["Answered"] = field(default_factory=list)
    unlogged: set[int] = field(default_factory=set)
    """The first rows of chunks of which nothing is written: memory channels' alone."""


@dataclass(slots=True, kw_only=True)
class Op:
    """An operation and the future that hears of it after the sync."""

    future: "Future[Any]" = field(default_factory=Future)

    @property
    def plain(self) -> bool:
        """Whether the last runtime can read its records."""
        return True

    @property
    def bound(self) -> int:
        """The most bytes that its records and bodies take in a group."""
        return RECORD_BOUND

    @property
    def forces(self) -> bool:
        """Whether a journal that syncs now and then syncs it at once: somebody stands on it."""
        return True

    @property
    def early(self) -> bool:
        """Whether such a journal answers it once it is written; else after the next sync."""
        return False

    def judge(self, batch: Batch) -> Any:
        """Test it, change the state, add its records; return the future's result."""
        raise NotImplementedError


Answered = tuple[Op, Any]
"""An operation that was judged, and its future's result."""


@dataclass(slots=True)
class AskOp(Op):
    """A question about the state, answered as of the sync of everything before it."""

    question: Callable[[State], Any]

    @property
    def bound(self) -> int:
        """Nothing is recorded."""
        return 0

    @property
    def forces(self) -> bool:
        """It changes nothing."""
        return False

    @property
    def early(self) -> bool:
        """Whoever goes on from the answer puts behind what it rests on."""
        return True

    def judge(self, batch: Batch) -> Any:
        """Answer."""
        return self.question(batch.state)


def left_out(channel: int, rows: int) -> bytes:
    """Return the record of rows without room in a channel, or dropped (NO_CHANNEL)."""
    out = Encoder()
    out.u16(channel)
    out.u64(rows)
    return record(Kind.LEFT_OUT, out.data)


def group_bound(ops: list[Op]) -> int:
    """Return the most bytes that a group of these operations takes."""
    return GROUP_HEADER + MARK_BOUND + SECTOR + sum(op.bound for op in ops)
