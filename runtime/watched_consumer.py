"""A channel's reader as its sink sees it: watched, counted, and handed out with care."""

from collections.abc import Sequence
from concurrent.futures import Future
from hashlib import blake2b
from typing import TYPE_CHECKING

from flumec.runtime.custody import Custody
from flumec.runtime.journal.records import Chunk, Cursor, Intent, Output, Stored, Trouble
from flumec.runtime.worker import Worker

if TYPE_CHECKING:
    from flumec.runtime.journal import Consumer

PAUSED_WAIT = 0.1
"""Seconds after which a consumer that is paused looks whether it still is."""


class WatchedConsumer:
    """A channel's reader whose every read passes the worker's loop and is counted."""

    def __init__(self, consumer: "Consumer", custody: Custody, worker: Worker, life: int) -> None:
        self._consumer = consumer
        self._custody = custody
        self._worker = worker
        self._life = life
        self.channel = consumer.channel
        self.name = consumer.name
        self.seek = custody.seek
        self.oldest_born = consumer.oldest_born
        self.note = consumer.note
        self.row = consumer.row
        self._woken = False

    @property
    def cursor(self) -> Cursor:
        """The newest cursor, as recovered or advanced."""
        return self._consumer.cursor

    @property
    def intents(self) -> Sequence[Intent]:
        """The intents that are not resolved."""
        return self._consumer.intents

    @property
    def intended(self) -> int:
        """How many intents were ever made, by all starts."""
        return self._consumer.intended

    @property
    def repeated(self) -> frozenset[int]:
        """Open intents whose rows another delivers: what of them is not published is not to be."""
        return self._consumer.repeated

    @property
    def epoch(self) -> bytes:
        """The journal's current epoch, 16 bytes; one derived from it in the sink's later lives."""
        if self._life == 1:
            return self._consumer.epoch
        return blake2b(self._consumer.epoch + b"%d" % self._life, digest_size=16).digest()

    @property
    def careful(self) -> bool:
        """Whether what is read should be delivered before more is: it may be what kills."""
        return self._custody.careful

    @property
    def trouble(self) -> Trouble:
        """What is stored of its failures and deaths."""
        return self._consumer.trouble

    @property
    def fullness(self) -> float:
        """The share of the channel's size that is held, 0 to 1."""
        return self._consumer.fullness

    def read(self, timeout: float, max_bytes: int = 8 << 20) -> list[Chunk]:
        """Return what comes next; nothing after `timeout` seconds or a `wake`, as of a stop.

        To a consumer that is paused its channel seems to be empty, so that it finishes what it has
        taken, as it does when nothing comes.
        """
        deadline = self._worker.clock.monotonic() + timeout
        chunks: list[Chunk] = []
        while not chunks:
            self._worker.alive()
            if self._worker.paused:
                self._worker.clock.wait(self._worker.stop, min(timeout, PAUSED_WAIT))
            else:
                with self._worker.waiting():
                    wait = min(timeout, self._worker.clock.look)
                    chunks = self._read(max(0.0, wait), max_bytes)
            if chunks and self._worker.paused:  # meanwhile: what was read is read again later
                self._custody.seek(chunks[0].first)
                chunks = []
            self._worker.dry = not chunks
            timeout = deadline - self._worker.clock.monotonic()
            if timeout <= 0 or self._woken or self._worker.stop.is_set():
                break
        self._woken = False
        self._worker.alive()
        if chunks:
            self._worker.tally.add("events_read", sum(chunk.rows for chunk in chunks))
            self._worker.tally.add("batches_read")
            for tap in self._worker.taps:
                for chunk in chunks:
                    tap.chunk(chunk)
        else:
            self._worker.tally.add("batches_empty")
        return chunks

    def wake(self) -> None:
        """Have a `read` that waits return, or the next one that would; for any thread."""
        self._woken = True
        self._consumer.wake()

    def _read(self, timeout: float, max_bytes: int) -> list[Chunk]:
        if self._custody.stopped:
            if not self._custody.goes_on():
                self._worker.clock.wait(self._worker.stop, timeout)
                return []
            self._worker.say_failing("")
        return self._custody.read(timeout, max_bytes)

    def advance(self, cursor: Cursor) -> Future[Stored]:
        """Store the cursor with the next group; its rows' bodies may be freed after that."""
        return self._worker.owe(self._consumer.advance(cursor))

    def intend(self, outputs: Sequence[Output]) -> Intent:
        """Store an intent to publish; returns after the sync."""
        with self._worker.waiting():
            return self._consumer.intend(outputs)

    def resolve(self, intent: Intent, cursor: Cursor | None) -> Future[Stored]:
        """Close an intent: as committed with its cursor, or, with None, as abandoned."""
        return self._worker.owe(self._consumer.resolve(intent, cursor))
