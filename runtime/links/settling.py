"""A sender's progress on its way to disk: few cursors, and what is durable of them."""

from typing import TYPE_CHECKING

from flumec.runtime.journal.records import Cursor

if TYPE_CHECKING:
    from concurrent.futures import Future

    from flumec.runtime.clock import Clock
    from flumec.runtime.context import Consumer
    from flumec.runtime.journal.records import Stored
    from flumec.runtime.links.ledger import Ledger

EVERY = 0.1
"""Seconds between two cursors, so that acknowledgements don't cost the journal a sync each."""


class Settling:
    """Stores how far the ledger is, one cursor at a time, and tells it when that is durable."""

    def __init__(self, consumer: "Consumer", ledger: "Ledger", clock: "Clock") -> None:
        self._consumer = consumer
        self._ledger = ledger
        self._clock = clock
        self._low = ledger.low
        self._memory = ledger.memory
        self._pending: Future[Stored] | None = None
        self._next = 0.0

    @property
    def done(self) -> bool:
        """Whether all that is acknowledged is durable."""
        return self._pending is None and self._low == self._ledger.low

    def finish(self) -> None:
        """Store how far the ledger is, and return when that is durable."""
        while not self.done:
            if self._pending is not None:
                self._pending.result()
            self.tend(hurry=True)

    def tend(self, *, hurry: bool = False) -> int:
        """Store a cursor if it is time; return how many rows it settles.

        Called by the one thread that reads the channel, with the ledger's lock held. Never blocks.
        """
        if self._pending is not None:
            if not self._pending.done():
                return 0
            self._pending.result()
            self._pending = None
            self._ledger.durable, self._ledger.noted = self._low, self._memory
        now = self._clock.monotonic()
        if self._low == self._ledger.low or (now < self._next and not hurry):
            return 0
        self._next = now + EVERY
        self._low, self._memory = self._ledger.low, self._ledger.memory
        delivered = self._ledger.delivered()
        note = self._memory.pack()
        self._pending = self._consumer.advance(Cursor(self._low, delivered=delivered, note=note))
        return delivered
