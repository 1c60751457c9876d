"""Delivering a channel's rows into files, exactly once: the loop of sinks that publish files.

Rows are appended to hidden files, one open for each bucket. What is due is finished, intended in
the journal and published, and only then the cursor moves: a crash in between leaves the hidden file
and its intent, or neither. Rows that are read again are compared with the cursor's marks, and
passed over where their bucket is past them.
"""

from bisect import bisect_left
from typing import TYPE_CHECKING

import pyarrow as pa
from flumec.runtime.batch import decode
from flumec.runtime.clock import LOOK
from flumec.runtime.context import SinkContext
from flumec.runtime.formats.format import Format, Rows
from flumec.runtime.journal.records import Chunk
from flumec.runtime.messages.output import OutputSuperseded, OutputTakenOver, Undelivered
from flumec.runtime.output.buckets import Buckets, Split
from flumec.runtime.output.failing import Failing, Undeliverable
from flumec.runtime.output.giving_up import give_up
from flumec.runtime.output.ledger import Ledger
from flumec.runtime.output.opened import Limits, Opened
from flumec.runtime.output.patience import GivenUp, Patience
from flumec.runtime.output.probing import Doubt
from flumec.runtime.output.publisher import NotFinished, Place, Publisher
from flumec.runtime.output.recovery import remember
from flumec.runtime.output.store import Superseded, TakenOver
from flumec.runtime.output.template import PathRule, Template
from flumec.runtime.sinks.filing import CROWDED

if TYPE_CHECKING:
    from flumec.runtime.output.once import Once, Part

_MOST_MARKS = 1_000
"""The most buckets that are ahead of the cursor's low; it is written whole with each roll."""

_READ = 4 << 20
_LONGEST_DRAIN = 1.0


class Delivery:
    """One sink's work, from its start to its stop."""

    def __init__(
        self, name: str, place: Place, limits: Limits, context: SinkContext, *,
        format_: Format, workers: int, once: "Once | None" = None,
    ) -> None:  # fmt: skip
        self._name = name
        self._place = place
        self._limits = limits
        self._format = format_
        self._workers = workers
        self._once = once
        self._context = context
        self._consumer = context.consumer
        self._buckets: dict[PathRule, Buckets] = {}
        self._read_bytes = 0
        self._doubt = Doubt(context)
        self._reached = 0
        """The row after the last one that was tried."""
        self._files: Publisher

    def run(self) -> None:
        """Deliver until the agent stops, then publish what is open."""
        try:
            self._files = self._begin()
            try:
                self._files.start_over()
                while not self._context.stopping:
                    self._step(self._timeout())
                self._drain()
            finally:
                self._files.dismiss()
        except GivenUp as reason:
            self._context.log.warning(Undelivered(reason=reason))
        except TakenOver as reason:
            self._context.log.error(OutputTakenOver(reason=reason))  # noqa: TRY400 it says it all
            self._context.fail(str(reason))
            while not self._context.wait(LOOK):
                self._context.alive()

    def _begin(self) -> Publisher:
        """Settle what an earlier start left; while that is not possible rows may be given up."""
        apart = Patience(self._context, Failing(self._context))
        told = ""
        while True:
            try:
                files = Publisher(
                    self._name, self._place, self._limits, self._context,
                    format_=self._format, workers=self._workers, once=self._once,
                )  # fmt: skip
            except Superseded as reason:  # no failure, for which rows would be given up
                if str(reason) != told:
                    self._context.log.error(OutputSuperseded(reason=reason))  # noqa: TRY400
                    self._context.fail(str(reason))
                told = str(reason)
                apart.rest(told)
            except Undeliverable as late:
                failing, cursor = Failing(self._context), self._consumer.cursor
                note = remember(self._context, self._place.directory, self._place.template)
                give_up(self._context, late, None, failing, Ledger(cursor), note, self._split)
                self._doubt.arise()
                self._consumer.advance(self._consumer.cursor).result()
                if self._context.wait(LOOK):
                    raise GivenUp(str(late)) from None
            else:
                if told:
                    self._context.fail("")
                return files

    def _drain(self) -> None:
        """Take what the channel still has, within a bound, and publish everything."""
        deadline = self._context.clock.monotonic() + _LONGEST_DRAIN
        while self._step(0) and self._context.clock.monotonic() < deadline:
            pass
        try:
            self._files.publish(list(self._files.open))
        except (NotFinished, Undeliverable):
            return
        self._files.end()

    def _step(self, timeout: float) -> bool:
        """Read, append, and publish what is due; False when there was nothing to read."""
        self._context.alive()
        chunks = self._consumer.read(timeout, _READ)
        try:
            for chunk in chunks:
                if not self._take(chunk):
                    self._consumer.seek(chunk.first)
                    break
            due = self._due(caught_up=not chunks)
            tried = bool(due or self._files.full)
            self._files.publish(due)
            self._files.pass_over()
            if tried:
                self._doubt.resolve()
            elif not chunks and not len(self._files.open):
                self._doubt.look(self._files.store)
        except NotFinished:
            self._files.start_over()
        except Undeliverable as late:
            self._give_up(late)
        self._report(busy=bool(chunks))
        return bool(chunks)

    def _give_up(self, late: Undeliverable) -> None:
        """Send rows that had their time to the dead letters; read the others again."""
        files = self._files
        files.start_over()
        if give_up(
            self._context, late, self._reached, files.failing, files.ledger, files.note, self._split
        ):
            files.let_go()
            self._doubt.arise()
        else:
            files.patience.rest(str(late))
        files.start_over()

    def _timeout(self) -> float:
        due, clock = self._files.open.next_due(), self._context.clock
        return clock.look if due is None else min(clock.look, max(0.0, due - clock.monotonic()))

    def _due(self, *, caught_up: bool) -> list[Opened]:
        """Return the files to publish now: by time, or because they hold back the channel."""
        files = self._files.open
        if self._consumer.careful:
            return list(files)
        due = files.due(self._context.clock.monotonic())
        lowest = files.lowest()
        if lowest is None or lowest in due:
            return due
        held = self._read_bytes - lowest.read_before
        worth_it = caught_up or held >= self._limits.size
        crowded = self._consumer.fullness > CROWDED and worth_it
        if crowded or len(self._files.ledger.ahead) > _MOST_MARKS:
            self._context.counters.add("early_rolls")
            due.append(lowest)
        elif self._once is not None and self._once.crowded and not due:
            self._context.counters.add("early_rolls")
            due.append(max(files, key=lambda file: file.rows))
        return due

    def _report(self, *, busy: bool) -> None:
        files = self._files
        self._context.counters.set("open_files", len(files.open))
        self._context.counters.set("held_rows", files.position - files.ledger.low)
        if self._once is not None:
            self._once.report()
        self._context.idle(not busy and not len(files.open))

    def _take(self, chunk: Chunk) -> bool:
        """Append a chunk's rows to their buckets' files; False if it is to be read again."""
        self._reached = chunk.end
        batch = decode(chunk.body)
        splits = []
        for template, first, end in self._files.note.spans(chunk.first, chunk.end):
            rows = batch.slice(chunk.skip + first - chunk.first, end - first)
            splits.append((first, self._split(template, rows, chunk.born)))
        if self._once is not None:
            judged = self._judged(chunk, batch, splits)
            if judged is None:
                return False
            splits = judged
        for first, split in splits:
            self._append(split, first)
        self._read_bytes += chunk.body.size
        self._files.position = chunk.end
        self._files.publish([])
        return True

    def _judged(
        self, chunk: Chunk, batch: pa.RecordBatch, splits: "list[Part]"
    ) -> "list[Part] | None":
        """Return a chunk's rows without the copies, None if it is to be read again."""
        once, ledger = self._once, self._files.ledger
        assert once is not None
        rows = batch.slice(chunk.skip, chunk.rows)
        return self._files.patience.until(lambda: once.judge(chunk, rows, splits, ledger))

    def _split(self, template: PathRule, rows: pa.RecordBatch, born: int) -> Split:
        if template not in self._buckets:
            self._buckets[template] = Buckets(Template.parse(*template))
        return self._buckets[template].split(rows, born, self._format.payload(rows))

    def _append(self, split: Split, first: int) -> None:
        """Append a batch that begins at row `first`, but not what of it is delivered."""
        rows = self._format.rows(split.payload)
        now = self._context.clock.monotonic()
        known = 0
        for bucket, begin, end in split.runs:
            mark = self._files.ledger.mark(bucket) - first
            start = bisect_left(split.places, mark, begin, end) if mark > 0 else begin
            known += start - begin
            while start < end:
                file = self._files.file(bucket, first + split.places[start], self._read_bytes)
                if not file.writer.takes(rows):
                    self._files.close(file)
                    continue
                stop = self._room(file, rows, start, end)
                last, size = first + split.places[stop - 1], rows.size(start, stop)
                file.append(rows.piece(start, stop), size, stop - start, last, now)
                if self._once is not None:
                    self._once.stage(split.keys, start, stop, file)
                if file.full(self._limits):
                    self._files.close(file)
                start = stop
        self._files.write_some(rows.size(0, len(split.payload)))
        if known:
            self._context.counters.add("passed_over", known)

    def _room(self, file: Opened, rows: Rows, start: int, end: int) -> int:
        """Return where the file is full, after at least one row, or `end`."""
        stop = rows.filling(start, end, file.room(self._limits))
        events = self._limits.events
        return stop if events is None else min(stop, start + events - file.rows)
