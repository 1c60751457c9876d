"""What every component finds around it: the implementations of the protocols in `context`."""

import logging
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, cast

from flumec.runtime import credentials, logs
from flumec.runtime.component import Secret
from flumec.runtime.context import Consumer, Counters
from flumec.runtime.custody import Custody
from flumec.runtime.disk import Disk
from flumec.runtime.journal.records import (
    Attempt,
    Chunk,
    Full,
    Outcome,
    Progress,
    Refused,
    Stored,
)
from flumec.runtime.letters import Letters
from flumec.runtime.messages.agent import CannotWork
from flumec.runtime.messages.letters import Poison
from flumec.runtime.site import Site
from flumec.runtime.sockets import Dial
from flumec.runtime.watched_consumer import WatchedConsumer
from flumec.runtime.watched_disk import WatchedDisk
from flumec.runtime.worker import Role, Worker

if TYPE_CHECKING:
    import pyarrow as pa
    from flumec.runtime.agent import Flow
    from flumec.runtime.journal import Consumer as JournalConsumer
    from flumec.runtime.journal import Journal
    from flumec.runtime.links.intake import Intake
    from flumec.runtime.links.pulse import Pulse


class Surroundings:
    """The part of a context that all kinds of components have."""

    def __init__(self, site: Site, worker: Worker) -> None:
        self.agent = site.agent
        self.host = site.host
        self.address = site.address
        self.state = site.state
        self.clock = site.clock
        self.disk: Disk = WatchedDisk(site.disk, worker.waiting)
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
        return self._sleep(seconds, self.clock.wait)

    def rest(self, seconds: float) -> bool:
        """Sleep before another try of what just failed; return `stopping`."""
        return self._sleep(seconds, self.clock.pause)

    def _sleep(self, seconds: float, block: Callable[[threading.Event, float], bool]) -> bool:
        deadline = self.clock.monotonic() + seconds
        while not self.stopping:
            left = deadline - self.clock.monotonic()
            if left <= 0:
                return False
            block(self._worker.stop, min(left, self.clock.look))
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

    def dialler(self, host: str, port: int) -> Dial:
        """Return what connects to a port of another host."""
        return self._sockets.dialler(host, port, self.clock)

    def pulse(self, raw: socket.socket, time_out: float) -> "Pulse":
        """Return the signs of life on a connection that has just been made."""
        return self._sockets.pulse(raw, time_out, self.clock.monotonic())


class SourceSurroundings(Surroundings):
    """A source's context: its chains, and the counters that Flume has for every source."""

    def __init__(
        self, site: Site, worker: Worker, columns: Sequence[str], flows: "Sequence[Flow]"
    ) -> None:
        from flumec.runtime.chain import Feed

        super().__init__(site, worker)
        self.columns = columns
        self._journals = site.journals
        self.feed = Feed(flows, site.journals.fed_by(worker.name), self)

    @property
    def positions(self) -> Mapping[bytes, Progress]:
        """The stored position of each of this source's keys."""
        with self._worker.waiting():
            return self._journals.positions(self._worker.name)

    def put(
        self,
        batch: "pa.RecordBatch | None",
        progress: Sequence[Progress] = (),
        *,
        wait: bool = True,
        surely: bool = False,
    ) -> Future[Outcome]:
        """Send a batch through the chains into the journal; the result comes after the sync, which
        `surely` comes at once.
        """
        self._worker.alive()
        rows = 0 if batch is None else batch.num_rows
        if rows:
            self.received(cast("pa.RecordBatch", batch))
        if wait:
            self._worker.putting = self.clock.monotonic()
        try:
            result = self.feed.put(batch, progress, wait, surely=surely)
        finally:
            if wait:
                self._worker.putting = None
        self.owed(result, rows)
        self._worker.alive()
        return result

    def received(self, batch: "pa.RecordBatch") -> None:
        """Count events before the chain, and show them to who looks."""
        self.counters.add("events_received", batch.num_rows)
        self.counters.add("batches_received")
        for tap in self._worker.taps:
            tap.batch(batch)

    def owed(self, result: Future[Outcome], rows: int) -> Future[Outcome]:
        """Count what becomes of a put of `rows` events, and have the journal owe its result."""
        self._worker.owe(result).add_done_callback(lambda done: self._count(done, rows))
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

    _stopped = "The channel keeps the row and what follows"
    """What becomes of rows where one is poison that can be taken nowhere."""

    def __init__(self, site: Site, worker: Worker) -> None:
        super().__init__(site, worker)
        self.journal = site.journals.of(site.journals.channel_of(worker.name))
        consumer = self.journal.consumer(worker.name)
        if consumer.aside:
            consumer.advance(consumer.cursor)  # over those that it begins with: their room is free
        after = getattr(worker.part, "give_up", None)
        self.letters = Letters(
            self.journal, consumer, getattr(worker.part, "dead_letter", None), self,
            give_up=None if after is None else float(after.duration),
        )  # fmt: skip
        left = self._left(consumer) if worker.role is Role.SINK else None
        self.custody = Custody(consumer, left, site.program, site.turn, self._poison)
        worker.unread = lambda: self.custody.unread
        self._lives = 1
        self.consumer: Consumer = WatchedConsumer(consumer, self.custody, worker, self._lives)
        worker.wake = self.consumer.wake

    def fail(self, reason: str) -> None:
        """Say that the component cannot work for now; a channel that is stopped stays so."""
        if reason:
            self.custody.release()
        if not self.custody.stopped:
            super().fail(reason)

    def live_again(self) -> None:
        """Make everything ready for the sink's next life; the older ones are fenced off by it."""
        self._lives += 1
        consumer = self.journal.consumer(self._worker.name)
        self.custody.begin(survived=lambda: self.fail(""))
        self.consumer = WatchedConsumer(consumer, self.custody, self._worker, self._lives)
        self._worker.wake = self.consumer.wake

    def attend(self) -> None:
        """Nobody else waits for what this consumer has."""

    def give_back(self) -> None:
        """Give others what they can deliver: there are none."""

    def _left(self, consumer: "JournalConsumer") -> tuple[int, int] | None:
        """Return the rows that a process which was killed may have died of; None if it was not."""
        if self.journal.closed or not consumer.durable or not consumer.unread:
            return None
        return consumer.cursor.low, self.journal.epochs()[-1].first

    def _poison(self, chunk: Chunk, suspect: Attempt) -> bool:
        """Take a row away that kills its sink, or stop its channel."""
        row = self.journal.consumer(self._worker.name).row(chunk.first)
        died = f"it killed its sink {suspect.count} times: {suspect.error}"
        if self.letters.channel is not None:
            return self.letters.send(chunk, [chunk.first], died, suspect.count)
        self.log.error(Poison(row=row, channel=self.consumer.channel, reason=died))
        super().fail(
            f"stopped before row {row} of channel `{self.consumer.channel}`, as {died}. "
            f"{self._stopped}; skip it (`flumec channel skip`), or give the sink a `dead_letter` "
            "channel"
        )
        return False


class ReceiverSurroundings(Surroundings):
    """The context of the receiving end of links.

    `links` are those that come in here: name -> (digest of the wire, channels that rows go to), the
    channels empty for a link that leads to a source, which is then in `intakes`.
    """

    def __init__(
        self,
        site: Site,
        worker: Worker,
        links: Mapping[str, tuple[str, tuple[str, ...]]],
        intakes: "Mapping[str, Intake]",
    ) -> None:
        super().__init__(site, worker)
        self.links = links
        self.intakes = intakes
        self._journals = site.journals
        self.journal = self.journal_of(next(iter(links)))

    def journal_of(self, link: str) -> "Journal":
        """Return the journal that remembers what of a link is here, and holds its channels."""
        channels = self.links[link][1]
        return self._journals.of(channels[0]) if channels else self.intakes[link].journal
