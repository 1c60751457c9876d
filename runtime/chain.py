"""What a batch goes through before the journal: steps, a route, frames of one transaction."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeAlias

import pyarrow as pa
from flumec.runtime.batch import compute as pc
from flumec.runtime.batch import encode, header
from flumec.runtime.frozen import frozen
from flumec.runtime.journal.records import Frame, Outcome, Progress, Put, Received, Stored, TagRun
from flumec.runtime.named import numbered, unnumbered
from flumec.runtime.route import Drop, Optional, Route, Target

if TYPE_CHECKING:
    from flumec.runtime.component import Interceptor
    from flumec.runtime.context import Context

LARGEST_BODY = 8 << 20
"""Bytes of rows in one frame, before a batch becomes several frames of the same put."""

Step: TypeAlias = Callable[[pa.RecordBatch], pa.RecordBatch]
Framing: TypeAlias = Callable[[tuple[str, ...], pa.RecordBatch], Frame]
"""Makes a frame for some channels of a batch that has come through a chain."""


class Flow(Protocol):
    """A chain as the agent's script declares it."""

    @property
    def steps(self) -> "tuple[Interceptor, ...]":
        """The interceptors, in order."""

    @property
    def to(self) -> tuple[Target, ...] | Route:
        """Where it ends."""


class Journal(Protocol):
    """Where puts go: `flumec.runtime.journal.Journal` keeps this protocol."""

    def submit(
        self, put: Put, *, wait: bool = False, stopping: Callable[[], bool] | None = None
    ) -> "Future[Outcome]":
        """Store the whole put, or nothing; the result comes after the sync."""


@frozen
class _End:
    """Steps that are open, and channels; no channel at all is `drop`."""

    steps: tuple[Step, ...]
    required: tuple[str, ...]
    optional: tuple[str, ...]

    @property
    def channels(self) -> tuple[str, ...]:
        return self.required + self.optional


@dataclass(slots=True)
class Parcel:
    """The put that is being made of one batch."""

    framing: Framing
    frames: list[Frame] = field(default_factory=list)
    required: set[str] = field(default_factory=set)
    optional: set[str] = field(default_factory=set)
    filtered: int = 0
    """Rows that a step took out."""
    dropped: int = 0
    """Rows that a route sent nowhere."""

    def add(self, batch: pa.RecordBatch, end: _End) -> None:
        """Take the batch through the end's steps, and make frames of what remains."""
        rows = batch.num_rows
        batch = _through(batch, end.steps)
        self.filtered += rows - batch.num_rows
        if not end.channels:
            self.dropped += batch.num_rows
        elif batch.num_rows:
            self.required.update(end.required)
            self.optional.update(end.optional)
            self.frames += [self.framing(end.channels, part) for part in _parts(batch)]

    def put(
        self,
        progress: Sequence[Progress] = (),
        received: Received | None = None,
        *,
        surely: bool = False,
    ) -> Put:
        """Return it, with the source's progress or with what came by a link."""
        return Put(
            frames=tuple(self.frames),
            progress=tuple(progress),
            received=received,
            optional=frozenset(self.optional - self.required),
            dropped=self.dropped + self.filtered,
            surely=surely,
        )


class _Fork:
    """An open route: which of its ends each row of a batch takes.

    Arms that have equal channels and no steps are one end, so that their rows keep their order.
    """

    def __init__(self, route: Route, open_end: "Callable[..., _End]") -> None:
        self._header = route.header
        self._ends: list[_End] = []
        values: list[str] = []
        numbers: list[int] = []
        for arm in route.arms:
            number = self._number(open_end(arm.steps, arm.to))
            values += arm.values
            numbers += [number] * len(arm.values)
        self._rest = self._number(open_end(route.otherwise.steps, route.otherwise.to))
        self._values = pa.array(values, pa.utf8())
        self._numbers = pa.array(numbers, pa.int32())

    def _number(self, end: _End) -> int:
        if end.steps or end not in self._ends:
            self._ends.append(end)
            return len(self._ends) - 1
        return self._ends.index(end)

    def split(self, batch: pa.RecordBatch) -> Iterator[tuple[pa.RecordBatch, _End]]:
        """Yield the rows of each end; a batch that takes one end as a whole is not copied."""
        known = pc.index_in(header(batch, self._header), value_set=self._values, skip_nulls=True)
        numbers = pc.fill_null(self._numbers.take(known), self._rest)
        present = sorted(pc.unique(numbers).to_pylist())
        if len(present) == 1:
            yield batch, self._ends[present[0]]
            return
        for number in present:
            rows = pc.equal(numbers, pa.scalar(number, numbers.type))
            yield batch.filter(rows), self._ends[number]


class Feed:
    """The chains of one source; what they make of a batch is one transaction.

    Interceptors run, and frames are encoded, in the thread that calls `put`.
    """

    def __init__(self, flows: Sequence[Flow], journal: Journal, context: "Context") -> None:
        self._journal = journal
        self._context = context
        self._chains = [(self._steps(flow.steps), self._finish(flow.to)) for flow in flows]

    def put(
        self,
        batch: pa.RecordBatch | None,
        progress: Sequence[Progress] = (),
        wait: bool = True,
        *,
        surely: bool = False,
    ) -> "Future[Outcome]":
        """Send a batch through every chain; store what comes out and the progress as one put.

        A batch of which nothing remains stores the progress alone. What a route dropped and what
        was filtered out are counted when the put is stored, once for each chain that did it.
        `surely` has it synced at once, also where the journal is synced only so often.
        """
        parcel = self._parcel(batch, _fresh)
        put = parcel.put(progress, surely=surely)
        return self._submit(put, parcel, wait, lambda: self._context.stopping)

    def taken(self, batch: pa.RecordBatch, tags: Sequence[TagRun], born: int) -> Parcel:
        """Send what came by a link through every chain: the events keep their tags and their age.

        Raise what a step raises.
        """
        return self._parcel(numbered(batch), partial(_kept, tags, born))

    def receive(
        self, parcel: Parcel, received: Received, stopping: Callable[[], bool]
    ) -> "Future[Outcome]":
        """Store what is left of a link's rows as one put with the memory of all of them."""
        return self._submit(parcel.put(received=received), parcel, True, stopping)

    def _parcel(self, batch: pa.RecordBatch | None, framing: Framing) -> Parcel:
        parcel = Parcel(framing)
        if batch is not None and batch.num_rows:
            for steps, end in self._chains:
                self._send(batch, steps, end, parcel)
        return parcel

    def _submit(
        self, put: Put, parcel: Parcel, wait: bool, stopping: Callable[[], bool]
    ) -> "Future[Outcome]":
        result = self._journal.submit(put, wait=wait, stopping=stopping)
        if put.dropped:
            result.add_done_callback(lambda done: self._count(done, parcel))
        return result

    @staticmethod
    def _send(
        batch: pa.RecordBatch, steps: tuple[Step, ...], end: _End | _Fork, parcel: Parcel
    ) -> None:
        rows = batch.num_rows
        batch = _through(batch, steps)
        parcel.filtered += rows - batch.num_rows
        if isinstance(end, _End):
            parcel.add(batch, end)
        elif batch.num_rows:
            for part, arm in end.split(batch):
                parcel.add(part, arm)

    def _count(self, result: "Future[Outcome]", parcel: Parcel) -> None:
        failed = result.cancelled() or result.exception() is not None
        if failed or not isinstance(result.result(), Stored):
            return
        for reason in ("filtered", "dropped"):
            if count := getattr(parcel, reason):
                self._context.counters.add(f"events_{reason}", count)

    def _steps(self, steps: "Sequence[Interceptor]") -> tuple[Step, ...]:
        return tuple(step.open(self._context) for step in steps)

    def _finish(self, to: tuple[Target, ...] | Route) -> _End | _Fork:
        return _Fork(to, self._end) if isinstance(to, Route) else self._end((), to)

    def _end(self, steps: "Sequence[Interceptor]", to: tuple[Target, ...]) -> _End:
        """Open an end; a channel that is named as required and as optional is required."""
        required = [t.name for t in to if not isinstance(t, Optional | Drop)]
        optional = [t.channel.name for t in to if isinstance(t, Optional)]
        return _End(
            self._steps(steps),
            tuple(dict.fromkeys(required)),
            tuple(dict.fromkeys(name for name in optional if name not in required)),
        )


def _through(batch: pa.RecordBatch, steps: tuple[Step, ...]) -> pa.RecordBatch:
    for step in steps:
        if batch.num_rows == 0:
            break
        batch = step(batch)
    return batch


def _fresh(channels: tuple[str, ...], batch: pa.RecordBatch) -> Frame:
    """Make a frame of events that this journal is the first to store."""
    return Frame(channels, batch.num_rows, encode(batch))


def _kept(
    tags: Sequence[TagRun], born: int, channels: tuple[str, ...], batch: pa.RecordBatch
) -> Frame:
    """Make a frame of numbered events that another journal stored, in `born`, under `tags`."""
    plain, kept = unnumbered(batch, tags)
    return Frame(channels, plain.num_rows, encode(plain), born, kept)


def _parts(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Yield the batch in parts that fit into a frame, in order; one row is never divided."""
    if batch.nbytes <= LARGEST_BODY or batch.num_rows == 1:
        yield batch
        return
    middle = batch.num_rows // 2
    yield from _parts(batch.slice(0, middle))
    yield from _parts(batch.slice(middle))
