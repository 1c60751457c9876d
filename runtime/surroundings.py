"""What every component finds around it: the implementations of the protocols in `context`."""

import logging
import socket
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from flumec.runtime import credentials, logs
from flumec.runtime.clock import Clock
from flumec.runtime.component import Secret
from flumec.runtime.context import Consumer, Counters
from flumec.runtime.disk import Disk
from flumec.runtime.journal.records import (
    Chunk,
    Cursor,
    Full,
    Intent,
    Outcome,
    Output,
    Progress,
    Refused,
    Stored,
)
from flumec.runtime.messages.agent import CannotWork
from flumec.runtime.sockets import Sockets
from flumec.runtime.watched_disk import WatchedDisk
from flumec.runtime.worker import Worker

if TYPE_CHECKING:
    import pyarrow as pa
    from flumec.runtime.agent import Flow
    from flumec.runtime.journal import Journal

LONGEST_WAIT = 1.0
"""Seconds of one wait before the watchdog hears of it; longer ones are made of several."""

PAUSED_WAIT = 0.1
"""Seconds after which a consumer that is paused looks whether it still is."""


@dataclass(frozen=True, slots=True)
class Site:
    """What all components of one process share."""

    agent: str
    host: str
    address: str
    state: Path
    clock: Clock
    disk: Disk
    sockets: Sockets
    journal: "Journal"


class Surroundings:
    """The part of a context that all kinds of components have."""

    def __init__(self, site: Site, worker: Worker) -> None:
        self.agent = site.agent
        self.host = site.host
        self.address = site.address
        self.state = site.state
        self.clock = site.clock
        self.disk: Disk = WatchedDisk(site.disk, worker.waiting)
        self.journal = site.journal
        self.log: logging.Logger = logs.of(worker.name)
        self.counters: Counters = worker.tally
        self._sockets = site.sockets
        self._worker = worker

    @property
    def stopping(self) -> bool:
        """Whether the component is to finish what it has and return.

        Asking counts as passing the loop: whoever waits elsewhere asks in between.
        """
        self._worker.alive()
        self._worker.say_begun()
        return self._worker.stop.is_set()

    def wait(self, seconds: float) -> bool:
        """Sleep until `seconds` have passed or the agent stops; return `stopping`."""
        deadline = self.clock.monotonic() + seconds
        while not self.stopping:
            left = deadline - self.clock.monotonic()
            if left <= 0:
                return False
            self.clock.wait(self._worker.stop, min(left, LONGEST_WAIT))
        return True

    def alive(self) -> None:
        """Tell the watchdog that the component's loop has passed."""
        self._worker.alive()

    def waiting(self) -> AbstractContextManager[None]:
        """Say that the component waits for something outside, in any of its threads."""
        return self._worker.waiting()

    def idle(self, idle: bool) -> None:
        """Say whether the component has nothing more to do for now."""
        self._worker.say_idle(idle)

    def fail(self, reason: str) -> None:
        """Say that the component cannot work for now; "" when it can again."""
        if reason and reason != self._worker.failing:
            self.log.warning(CannotWork(reason=reason))
        elif not reason and self._worker.failing:
            self.log.info("works again")
        self._worker.say_failing(reason)

    def secret(self, secret: Secret) -> str:
        """Read a credential of the host; raise StartError that says where it was looked for."""
        return credentials.read(secret)

    def listen(self, name: str, host: str, port: int) -> socket.socket:
        """Return the listening socket that systemd passed by `name`, else bind (host, port)."""
        listener = self._sockets.listen(name, host, port)
        self._worker.say_begun()
        return listener


class SourceSurroundings(Surroundings):
    """A source's context: its chains, and the counters that Flume has for every source."""

    def __init__(
        self, site: Site, worker: Worker, columns: Sequence[str], flows: "Sequence[Flow]"
    ) -> None:
        from flumec.runtime.chain import Feed

        super().__init__(site, worker)
        self.columns = columns
        self._feed = Feed(flows, site.journal, self)

    @property
    def positions(self) -> Mapping[bytes, Progress]:
        """The stored position of each of this source's keys."""
        with self._worker.waiting():
            return self.journal.positions(self._worker.name)

    def put(
        self,
        batch: "pa.RecordBatch | None",
        progress: Sequence[Progress] = (),
        *,
        wait: bool = True,
    ) -> Future[Outcome]:
        """Send a batch through the chains into the journal; the result comes after the sync."""
        self._worker.alive()
        rows = 0 if batch is None else batch.num_rows
        if rows:
            self.counters.add("events_received", rows)
            self.counters.add("batches_received")
            for tap in self._worker.taps:
                tap.batch(cast("pa.RecordBatch", batch))
        if wait:
            self._worker.putting = self.clock.monotonic()
        try:
            result = self._feed.put(batch, progress, wait)
        finally:
            if wait:
                self._worker.putting = None
        self._worker.owe(result).add_done_callback(lambda done: self._count(done, rows))
        self._worker.alive()
        return result

    def _count(self, done: Future[Outcome], rows: int) -> None:
        if done.cancelled() or done.exception() is not None:
            self.counters.add("put_failures")
            return
        match done.result():
            case Stored() if rows:
                self.counters.add("events_accepted", rows)
                self.counters.add("batches_accepted")
            case Full():
                self.counters.add("channel_full")
            case Refused():
                self.counters.add("puts_refused")


class ConsumerSurroundings(Surroundings):
    """The context of a sink or of the sending end of a link."""

    def __init__(self, site: Site, worker: Worker) -> None:
        super().__init__(site, worker)
        consumer = site.journal.consumer(worker.name)
        worker.unread = lambda: consumer.unread
        self.consumer: Consumer = WatchedConsumer(consumer, worker)


class ReceiverSurroundings(Surroundings):
    """The context of the receiving end of links."""

    def __init__(
        self, site: Site, worker: Worker, links: Mapping[str, tuple[str, tuple[str, ...]]]
    ) -> None:
        super().__init__(site, worker)
        self._links = links

    @property
    def links(self) -> Mapping[str, tuple[str, tuple[str, ...]]]:
        """The links that come in here: name -> (digest of the wire, channels that rows go to)."""
        return self._links


class WatchedConsumer:
    """A channel's reader whose every read passes the worker's loop and is counted."""

    def __init__(self, consumer: Consumer, worker: Worker) -> None:
        self._consumer = consumer
        self._worker = worker
        self.channel = consumer.channel
        self.name = consumer.name
        self.seek = consumer.seek

    @property
    def cursor(self) -> Cursor:
        """The newest cursor, as recovered or advanced."""
        return self._consumer.cursor

    @property
    def intents(self) -> Sequence[Intent]:
        """The intents that are not resolved."""
        return self._consumer.intents

    @property
    def epoch(self) -> bytes:
        """The journal's current epoch, 16 bytes."""
        return self._consumer.epoch

    @property
    def fullness(self) -> float:
        """The share of the channel's size that is held, 0 to 1."""
        return self._consumer.fullness

    def read(self, timeout: float, max_bytes: int = 8 << 20) -> list[Chunk]:
        """Return what comes next; nothing after `timeout` seconds, or when the agent stops.

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
                    chunks = self._consumer.read(min(timeout, LONGEST_WAIT), max_bytes)
            if chunks and self._worker.paused:  # meanwhile: what was read is read again later
                self._consumer.seek(chunks[0].first)
                chunks = []
            self._worker.dry = not chunks
            timeout = deadline - self._worker.clock.monotonic()
            if timeout <= 0 or self._worker.stop.is_set():
                break
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
