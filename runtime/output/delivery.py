"""Delivering a channel's rows into files, exactly once: the loop of sinks that publish files.

Rows are appended to hidden files, one open for each bucket. What is due is finished, intended in
the journal and published, and only then the cursor moves: a crash in between leaves the hidden file
and its intent, or neither. Rows that are read again are compared with the cursor's marks, and
passed over where their bucket is past them.
"""

from bisect import bisect_left
from collections.abc import Sequence

import pyarrow as pa
from flumec.runtime.batch import Column, decode
from flumec.runtime.context import SinkContext
from flumec.runtime.journal.records import Chunk
from flumec.runtime.output import text
from flumec.runtime.output.buckets import Buckets, Group
from flumec.runtime.output.opened import Limits, Opened
from flumec.runtime.output.patience import GivenUp
from flumec.runtime.output.publisher import NotFinished, Place, Publisher
from flumec.runtime.output.store import TakenOver
from flumec.runtime.output.template import Template

_CROWDED = 0.8
"""The share of a channel above which files are rolled early: hidden rows must not fill it."""

_MOST_MARKS = 1_000
"""The most buckets that are ahead of the cursor's low; it is written whole with each roll."""

_LONGEST_READ = 1.0
_LONGEST_DRAIN = 1.0


class Delivery:
    """One sink's work, from its start to its stop."""

    def __init__(
        self, name: str, place: Place, limits: Limits, context: SinkContext, *, newline: bool
    ) -> None:
        self._name = name
        self._place = place
        self._limits = limits
        self._newline = newline
        self._context = context
        self._consumer = context.consumer
        self._buckets: dict[str, Buckets] = {}
        self._read_bytes = 0
        self._files: Publisher

    def run(self) -> None:
        """Deliver until the agent stops, then publish what is open."""
        try:
            self._files = Publisher(self._name, self._place, self._limits, self._context)
            self._files.start_over()
            while not self._context.stopping:
                self._step(self._timeout())
            self._drain()
        except GivenUp as reason:
            self._context.log.warning("stopped with events undelivered: %s", reason)
        except TakenOver as reason:
            self._context.log.error("%s", reason)  # noqa: TRY400 the message says it all
            self._context.fail(str(reason))
            while not self._context.wait(_LONGEST_READ):
                self._context.alive()

    def _drain(self) -> None:
        """Take what the channel still has, within a bound, and publish everything."""
        deadline = self._context.clock.monotonic() + _LONGEST_DRAIN
        while self._step(0) and self._context.clock.monotonic() < deadline:
            pass
        try:
            self._files.publish(list(self._files.open))
        except NotFinished:
            return
        self._files.end()

    def _step(self, timeout: float) -> bool:
        """Read, append, and publish what is due; False when there was nothing to read."""
        self._context.alive()
        chunks = self._consumer.read(timeout)
        try:
            for chunk in chunks:
                self._take(chunk)
            for file in self._files.open:
                self._files.patience.until(file.write)
            self._files.publish(self._due(caught_up=not chunks))
            self._files.pass_over()
        except NotFinished:
            self._files.start_over()
        self._report(busy=bool(chunks))
        return bool(chunks)

    def _timeout(self) -> float:
        due = self._files.open.next_due()
        wait = _LONGEST_READ if due is None else due - self._context.clock.monotonic()
        return min(_LONGEST_READ, max(0.0, wait))

    def _due(self, *, caught_up: bool) -> list[Opened]:
        """Return the files to publish now: by time, or because they hold back the channel."""
        files = self._files.open
        due = files.due(self._context.clock.monotonic())
        lowest = files.lowest()
        if lowest is None or lowest in due:
            return due
        held = self._read_bytes - lowest.read_before
        worth_it = caught_up or held >= self._limits.size
        crowded = self._consumer.fullness > _CROWDED and worth_it
        if crowded or len(self._files.ledger.ahead) > _MOST_MARKS:
            self._context.counters.add("early_rolls")
            due.append(lowest)
        return due

    def _report(self, *, busy: bool) -> None:
        files = self._files
        self._context.counters.set("open_files", len(files.open))
        self._context.counters.set("held_rows", files.position - files.ledger.low)
        self._context.idle(not busy and not len(files.open))

    def _take(self, chunk: Chunk) -> None:
        """Append a chunk's rows to their buckets' files."""
        batch = decode(chunk.body)
        for template, first, end in self._files.note.spans(chunk.first, chunk.end):
            rows = batch.slice(chunk.skip + first - chunk.first, end - first)
            for group in self._split(template, rows, chunk.born):
                self._append(group, first)
        self._read_bytes += chunk.body.size
        self._files.position = chunk.end
        self._files.publish([])

    def _split(self, template: str, rows: pa.RecordBatch, born: int) -> list[Group]:
        if template not in self._buckets:
            self._buckets[template] = Buckets(Template.parse(template))
        return self._buckets[template].split(rows, born)

    def _append(self, group: Group, first: int) -> None:
        """Append a group of a batch that begins at row `first`, but not what is delivered."""
        places: Sequence[int] | memoryview = (
            range(len(group.bodies)) if group.rows is None else _numbers(group.rows)
        )
        start = bisect_left(places, self._files.ledger.mark(group.bucket) - first)
        self._context.counters.add("passed_over", start)
        while start < len(group.bodies):
            file = self._files.file(group.bucket, first + places[start], self._read_bytes)
            bodies = group.bodies.slice(start)
            bodies = bodies.slice(0, self._fitting(file, bodies))
            start += len(bodies)
            lines = text.lines(bodies, newline=self._newline)
            now = self._context.clock.monotonic()
            file.append(lines, len(bodies), first + places[start - 1], now)
            if file.worth_a_write:
                self._files.patience.until(file.write)
            if file.full(self._limits):
                self._files.close(file)

    def _fitting(self, file: Opened, bodies: Column) -> int:
        """Return how many of the bodies still go into the file, at least one."""
        fitting = text.rows_until(bodies, self._limits.size - file.size, newline=self._newline)
        events = self._limits.events
        return fitting if events is None else min(fitting, events - file.rows)


def _numbers(places: Column) -> memoryview:
    """Return the numbers of a uint64 array without nulls, as they lie in memory."""
    view = memoryview(places.buffers()[1]).cast("B")
    return view[8 * places.offset : 8 * (places.offset + len(places))].cast("Q")
