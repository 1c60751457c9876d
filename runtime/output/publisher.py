"""From hidden files to published ones: finish, intend, publish, and only then move the cursor."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING

from flumec.runtime.context import SinkContext
from flumec.runtime.formats.format import Format
from flumec.runtime.frozen import frozen
from flumec.runtime.journal.records import Cursor, Intent, Output, Stored
from flumec.runtime.messages.output import HiddenFileStays
from flumec.runtime.output.crew import Crew, Step
from flumec.runtime.output.failing import Failing, Undeliverable
from flumec.runtime.output.giving_up import in_time
from flumec.runtime.output.ledger import Ledger
from flumec.runtime.output.names import file_name
from flumec.runtime.output.note import Note
from flumec.runtime.output.opened import Limits, Opened, OpenFiles
from flumec.runtime.output.patience import Patience
from flumec.runtime.output.recovery import Open, begin_keys, remember, settle
from flumec.runtime.output.store import Hidden, Store, Unavailable, Unknown
from flumec.runtime.output.template import PathRule

if TYPE_CHECKING:
    from flumec.runtime.output.once import Once

_WORTH_WRITING = 1 << 20
"""Bytes a worker that may wait: until a file is finished it makes no difference where they are."""

_MOST_HELD = 64 << 20
"""Bytes that formats may hold back, in all files together."""


class NotFinished(Exception):  # noqa: N818 a step back, not an error
    """What was hidden cannot be trusted any more; its rows must be read again."""


@frozen
class Place:
    """Where a sink writes: the directory, the rule for folders below it, what is around names."""

    directory: str
    template: PathRule
    prefix: str
    suffix: str
    open_store: Open


class Publisher:
    """The open files of one sink, and what of its rows is delivered."""

    def __init__(
        self, name: str, place: Place, limits: Limits, context: SinkContext, *,
        format_: Format, workers: int, once: "Once | None" = None,
    ) -> None:  # fmt: skip
        self.failing = Failing(context)
        self.patience = Patience(context, self.failing)
        self.open = OpenFiles(limits)
        self.full: list[Opened] = []
        self._finishing = Patience(context, self.failing)
        self._place = place
        self._format = format_
        self._workers = workers
        self._once = once
        self._crew = Crew(workers, context)
        self._ratio = 1.0
        self._context = context
        self._consumer = context.consumer
        self._writer = (context.host, context.agent, name)
        self._waiting = 0
        self._late = Undeliverable("")
        self._stored: Future[Stored] | None = None
        try:
            self._begin()
        except BaseException:
            self._crew.dismiss()
            raise

    def _begin(self) -> None:
        """Settle what an earlier start left."""
        where, opened = (self._place.directory, self._place.template), self._place.open_store
        note = remember(self._context, *where)

        def settled(abandon: bool) -> tuple[Store, Note]:
            return settle(self._context, note, *where, opened, abandon=abandon)

        self.store, self.note = in_time(self._consumer, self.patience, settled)
        self.note = self.patience.until(lambda: begin_keys(self._context, self.note, self._once))
        self.ledger = Ledger(self._consumer.cursor)
        self.position: int = self.ledger.low

    def file(self, bucket: str, row: int, read_bytes: int) -> Opened:
        """Return the bucket's open file; a new one begins at `row`."""
        file = self.open.get(bucket)
        if file is None:
            self.publish(self.open.crowded)
            hidden = self.patience.until(self.store.create)
            file = self._begun(bucket, hidden, row, read_bytes)
            self.open.add(file)
        return file

    def _begun(self, bucket: str, hidden: Hidden, row: int, read_bytes: int) -> Opened:
        """Return a new file; how well its rows are compressed is guessed from the last one."""
        now = self._context.clock.monotonic()
        exact, writer = self._format.exact, self._format.writer()
        return Opened(bucket, hidden, writer, row, now, read_bytes, self._ratio, exact)

    def write_some(self, size: int) -> None:
        """Note that `size` bytes more wait to be written, and write all once they are many."""
        self._waiting += size
        if self._waiting < _WORTH_WRITING * self._workers:
            return
        self._waiting = 0
        files = [*self.open, *self.full]
        self._each(files, Opened.write)
        held = sum(file.held for file in files)
        if held > _MOST_HELD:
            files.sort(key=lambda file: -file.held)
            most = files[: 1 + len(files) // 2]
            self._each(most, Opened.press)

    def _each(self, files: Sequence[Opened], step: Step) -> None:
        """Do it for every file, in the crew's threads, and again until it is done."""
        failed = self._crew.each(files, step)
        while failed:
            self.patience.pause(failed[0][1])
            failed = self._crew.each([file for file, _ in failed], step)
        self.patience.over()

    def close(self, file: Opened) -> None:
        """Take a file that is full out of the open ones; the next `publish` takes it along."""
        self.open.take(file)
        self.full.append(file)
        if len(self.full) >= self.open.limits.max_open:
            self.publish([])

    def publish(self, files: Sequence[Opened]) -> None:
        """Publish open files and those that are full, with one intent; then move the cursor.

        Raise NotFinished when their content can't be made durable, GivenUp when the agent stops
        before it was possible, TakenOver when it never will be.
        """
        files = [*self.full, *files]
        if not files:
            return
        self._finish(files)
        outputs = [self._output(file) for file in files]
        if self._once is not None:
            self._seal(self._once, files, outputs)
        intent = self._consumer.intend(outputs)
        pairs = [(output.hidden, output.final) for output in outputs]
        while not self._published(intent, pairs):
            self._withdraw(intent, files, outputs)
        self.failing.over()
        self._deliver(intent, files)
        self._context.counters.add("bytes_published", sum(file.size for file in files))
        self._context.counters.add("files_published", len(files))

    def _deliver(self, intent: Intent, files: Sequence[Opened]) -> None:
        """Close an intent: these files of it are published."""
        closed = {id(file) for file in files}
        self.full = [file for file in self.full if id(file) not in closed]
        for file in files:
            self.open.discard(file)
        self.ledger.deliver([(file.bucket, file.last + 1) for file in files], self._low())
        rows = sum(file.rows for file in files)
        if self._once is not None:
            self._once.remembered(self._stored)
            self._once.commit()
        self._stored = self._consumer.resolve(intent, self._cursor(rows))

    def _published(self, intent: Intent, pairs: Sequence[tuple[str, str]]) -> bool:
        """Publish; False if they could not be for too long."""

        def step() -> None:  # both: that the mark stands already does not say that it works again
            self.store.mark(intent.number)
            self.store.publish(pairs)

        try:
            self.patience.until(step)
        except Undeliverable as late:
            self._late = late
            return False
        return True

    def _withdraw(self, intent: Intent, files: Sequence[Opened], outputs: Sequence[Output]) -> None:
        """Take back what is hidden still, and raise; return, later, where nobody can tell now."""
        try:
            hidden = [self.store.is_hidden(output.hidden) for output in outputs]
            out = [output.final for output, still in zip(outputs, hidden, strict=True) if not still]
            self.store.confirm(out)
        except (OSError, Unknown):
            hidden = []
        if not any(hidden):
            self.patience.rest(str(self._late))
            return
        if all(hidden):
            self._consumer.resolve(intent, None).result()
        else:
            self._deliver(intent, [f for f, still in zip(files, hidden, strict=True) if not still])
            self.end()  # what is removed before its intent is closed would count as published
        raise Undeliverable(str(self._late), frozenset([outputs[hidden.index(True)].bucket]))

    def pass_over(self) -> None:
        """Move the cursor over rows that needed no file, being delivered already."""
        low = self._low()
        if low > self.ledger.low:
            self.ledger.deliver([], low)
            self._stored = self._consumer.advance(self._cursor(0))

    def let_go(self) -> None:
        """Store the cursor, which moves over what was set aside."""
        self._stored = self._consumer.advance(self._cursor(0))

    def start_over(self) -> None:
        """Forget what is hidden, and read again from the first row that is not delivered."""
        for file in self.open.clear() + self.full:
            try:
                file.hidden.discard()
            except OSError as error:
                self._context.log.warning(HiddenFileStays(name=file.hidden.name, reason=error))
        self.full = []
        if self._once is not None:
            self._once.abandon()
        self.position = self.ledger.low
        self._consumer.seek(self.position)

    def end(self) -> None:
        """Wait until the newest cursor is stored."""
        if self._stored is not None:
            self._stored.result()

    def dismiss(self) -> None:
        """End the threads; nothing may be written after it."""
        self._crew.dismiss()
        if self._once is not None:
            self._once.close()

    def _finish(self, files: Sequence[Opened]) -> None:
        self._each(files, Opened.complete)
        self._ratio = files[-1].ratio
        try:
            self._make_durable(files)
            self._when_available(self.store.secure)
        except (OSError, Unknown) as error:
            self._finishing.pause(error)
            raise NotFinished from error
        self._finishing.over()

    def _make_durable(self, files: Sequence[Opened]) -> None:
        """Finish every file; those whose place can't be worked in wait as they are."""
        while failed := self._crew.each(files, lambda file: file.hidden.finish()):
            for _, error in failed:
                if not isinstance(error, Unavailable):
                    raise error
            self._finishing.pause(failed[0][1])
            files = [file for file, _ in failed]

    def _when_available(self, step: Callable[[], None]) -> None:
        """Make a step; while its place can't be worked in, what is hidden waits as it is."""
        while True:
            try:
                step()
            except Unavailable as reason:
                self._finishing.pause(reason)
            else:
                return

    def _output(self, file: Opened) -> Output:
        """Describe a file; once it is published, its bucket's rows below `end` are delivered."""
        name = file_name(
            self._writer, file.first, file.last, self._consumer.epoch,
            self._place.suffix, prefix=self._place.prefix,
        )  # fmt: skip
        final = f"{file.bucket}/{name}" if file.bucket else name
        return Output(
            file.bucket, file.first, file.last + 1, file.rows, file.hidden.name, final, file.size
        )

    def _low(self) -> int:
        """Return the first row that is read and not published, or will be read next."""
        low: int = min([self.position, *(file.first for file in (*self.open, *self.full))])
        return low

    def _cursor(self, rows: int) -> Cursor:
        self.note = self.note.above(self.ledger.low)
        dropped = 0
        if self._once is not None:
            self.note = replace(self.note, memory=self._once.memory)
            dropped = self._once.passed(self.ledger)
        return replace(self.ledger.cursor(self.note.stored, rows), dropped=dropped)

    def _seal(self, once: "Once", files: Sequence[Opened], outputs: Sequence[Output]) -> None:
        """Make the keys durable of what is about to be intended."""
        try:
            once.seal(files, outputs)
        except OSError as error:
            self._finishing.pause(error)
            raise NotFinished from error
