"""Puts under way: a bounded number of bytes, in order, settled when the journal has answered."""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import pyarrow as pa
from flumec.runtime.frozen import frozen
from flumec.runtime.journal.records import Full, Outcome, Progress, Refused, Stored
from flumec.runtime.messages.tail import ReadsAgain
from flumec.runtime.tail.file import Followed, Window

if TYPE_CHECKING:
    from flumec.runtime.context import SourceContext

MOST_BYTES = 8 << 20
"""Bytes of lines that may be read and not yet synced."""


@frozen
class _Flight:
    files: Sequence[tuple[Followed, bytes]]
    """The files whose lines it carries, and where it leads each."""
    size: int
    lines: int
    result: "Future[Outcome]"


class Flights:
    """Sends puts without waiting for their sync.

    When a channel is full, a thread of its own waits for room, first come, first served with other
    sources, and nothing else is sent: so the source can still see its files rotate meanwhile.
    """

    def __init__(self, context: "SourceContext", ring: Callable[[], None], window: Window) -> None:
        self._context = context
        self._ring = ring
        self._window = window
        """What the next put may have."""
        self._flights: deque[_Flight] = deque()
        self._bytes = 0
        self._waiting: Future[Outcome] | None = None
        self._waiter: ThreadPoolExecutor | None = None

    def __bool__(self) -> bool:
        return bool(self._flights)

    def has_room(self) -> bool:
        """Whether another put may be sent now."""
        waits = self._waiting is not None and not self._waiting.done()
        fits = self._bytes + len(self._window.data) <= MOST_BYTES or not self._flights
        return fits and not waits

    def send(
        self,
        batch: pa.RecordBatch | None,
        progress: Sequence[Progress],
        files: Sequence[tuple[Followed, bytes]],
    ) -> None:
        """Send lines with their progress; the files count as under way until settled."""
        size = 0 if batch is None else batch.nbytes
        result = self._context.put(batch, progress, wait=False)
        if result.done() and isinstance(result.result(), Full):
            result = self._waiting = self._wait_for_room(batch, progress)
        for file, _ in files:
            file.flights += 1
        self._bytes += size
        lines = 0 if batch is None else batch.num_rows
        self._flights.append(_Flight(files, size, lines, result))
        result.add_done_callback(lambda _: self._ring())

    def _wait_for_room(
        self, batch: pa.RecordBatch | None, progress: Sequence[Progress]
    ) -> "Future[Outcome]":
        if self._waiter is None:
            self._waiter = ThreadPoolExecutor(1, "waits for room")
        return self._waiter.submit(lambda: self._context.put(batch, progress, wait=True).result())

    def settle(self) -> list[Followed]:
        """Take in the answers that are there; return files whose lines must be read again.

        Raises what a put raised.
        """
        failed: list[Followed] = []
        while self._flights and self._flights[0].result.done():
            flight = self._flights.popleft()
            self._bytes -= flight.size
            outcome = flight.result.result()
            if isinstance(outcome, Refused):
                self._context.log.warning(ReadsAgain(reason=outcome.reason))
                first = not any(file.failed for file, _ in flight.files)
                if flight.lines and first:  # those behind it are refused as it was
                    self._window.pace.refused(flight.lines)
            elif isinstance(outcome, Stored):
                self._window.pace.stored()
            for file, to in flight.files:
                file.flights -= 1
                if isinstance(outcome, Stored):
                    file.stored = to
                else:
                    file.failed = True
                if file.failed and not file.flights:
                    failed.append(file)
        return failed

    def close(self) -> None:
        """Let go of the thread that waits for room; the agent is stopping."""
        if self._waiter is not None:
            self._waiter.shutdown()
