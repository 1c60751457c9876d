"""One connection of a sender, from its Welcome to its end."""

import threading
from typing import TYPE_CHECKING

from flumec.runtime.links.burying import bury
from flumec.runtime.links.faults import Disconnected
from flumec.runtime.links.framing import frame
from flumec.runtime.links.messages import Bye, Data, Farewell, Ping
from flumec.runtime.links.sender_session import AFTER

if TYPE_CHECKING:
    from flumec.runtime.context import SenderContext
    from flumec.runtime.journal.records import Chunk
    from flumec.runtime.links.connection import Connection
    from flumec.runtime.links.ledger import Ledger
    from flumec.runtime.links.messages import Reject
    from flumec.runtime.links.numbering import Numbering
    from flumec.runtime.links.parcel import Parcel
    from flumec.runtime.links.pulse import Pulse
    from flumec.runtime.links.sender_session import SenderSession
    from flumec.runtime.links.settling import Settling

BUSY = 0.05
"""Seconds to wait for rows while acknowledgements are to come or to be settled."""
READ = 8 << 20
"""Bytes to read from the channel at once."""


class Forwarding:
    """Two threads: the caller reads the channel and sends, another takes what the receiver says.

    `change` guards session and ledger, and is notified of each message; nothing blocks while it is
    held.
    """

    def __init__(
        self,
        *,
        connection: "Connection",
        pulse: "Pulse",
        session: "SenderSession",
        ledger: "Ledger",
        settling: "Settling",
        context: "SenderContext",
        numbering: "Numbering",
    ) -> None:
        self._connection = connection
        self._pulse = pulse
        self._session = session
        self._ledger = ledger
        self._settling = settling
        self._context = context
        self._numbering = numbering
        self._hindered = session.hindered
        self._change = threading.Condition()
        self._fault: BaseException | None = None
        self._idle = False

    def run(self, drain: float) -> None:
        """Forward until the agent stops, then wait up to `drain` seconds for acknowledgements.

        Raise the LinkFault that ended it earlier.
        """
        listener = threading.Thread(target=self._listen, name="link-acks", daemon=True)
        listener.start()
        try:
            self._context.consumer.seek(self._ledger.low)
            while not self._context.stopping:
                self._pass()
            self._drain(drain)
        finally:
            self._connection.close("this end is done")
            listener.join()
            rejected = tuple((each.first, each.end) for each in self._session.rejected)
            self._numbering.parted(self._ledger.done, rejected)

    def _pass(self) -> None:
        self._tend()
        while self._session.rejected:
            self._bury(self._session.rejected[0])
        busy = bool(self._ledger.under_way) or not self._settling.done
        wait = BUSY if busy or not self._idle else self._patience
        chunks = self._context.consumer.read(wait, READ)
        self._idle = not chunks and not busy
        self._context.idle(self._idle)
        for chunk in chunks:
            for named in self._numbering.named(chunk, self._ledger.memory):
                self._forward(named)

    @property
    def _patience(self) -> float:
        """Seconds to wait for rows with nothing under way; `_listen` ends it with what is news."""
        clock = self._context.clock
        return max(0.0, min(clock.look, self._pulse.next - clock.monotonic()))

    def _bury(self, reject: "Reject") -> None:
        """Make dead letters of what the receiver rejects, and read on where the sending was."""
        if not bury(self._context, reject.first, reject.end, reject.text):
            raise Disconnected("what was rejected could not become dead letters")
        with self._change:
            self._session.rejected.popleft()
            self._ledger.bury(reject.epoch, reject.first, reject.end)
            end = self._ledger.end
        self._context.consumer.seek(end)

    def _forward(self, chunk: "Chunk") -> None:
        messages = self._session.parcels(chunk)
        while not self._context.stopping:
            with self._change:
                message = next(messages, None)
            if message is None:
                return
            self._send(*message)

    def _send(self, data: Data, parcel: "Parcel") -> None:
        """Send a frame as soon as there is credit; not at all once the agent stops."""
        parts = frame(data, parcel.body)
        size = sum(len(part) for part in parts)
        while not self._context.stopping:
            self._tend()
            with self._change:
                if self._session.may_send(size):
                    self._numbering.sends(data.end)
                    self._session.sent(data, size)
                    break
                if self._fault is None:
                    self._context.clock.wait(self._change, BUSY)
        else:
            return
        self._connection.transmit(parts)
        self._context.counters.add("events_sent", data.rows)
        self._context.counters.add("bytes_sent", size)

    def _tend(self, *, hurry: bool = False) -> None:
        """Do what is due: raise what ended the connection, settle, ping, feed the watchdog."""
        self._context.alive()
        with self._change:
            if self._fault is not None:
                raise self._fault
            settled = self._settling.tend(hurry=hurry)
            unacknowledged = self._ledger.rows_under_way
            cured, self._hindered = self._hindered, self._session.hindered
        if cured and not self._hindered:
            self._context.fail("")
            self._context.counters.set("rejected_events", 0)
        self._context.counters.set("events_unacknowledged", unacknowledged)
        if settled:
            self._context.counters.add("events_delivered", settled)
        if self._pulse.ping_due(self._context.clock.monotonic()):
            self._connection.send(Ping(self._context.clock.now_ns()))

    def _drain(self, patience: float) -> None:
        """Wait for what is under way, then say goodbye; the next Welcome tells of the rest."""
        clock = self._context.clock
        deadline = clock.monotonic() + patience
        while clock.monotonic() < deadline:
            self._tend(hurry=not self._ledger.under_way)
            with self._change:
                if not self._ledger.under_way and self._settling.done:
                    break
                clock.wait(self._change, BUSY)
        self._connection.send(Bye(Farewell.DRAIN, "the sender stops"))

    def _listen(self) -> None:
        """Take what the receiver says until the connection ends; never wait for the sending."""
        try:
            while True:
                message = self._connection.receive(AFTER)
                with self._change:
                    answer = self._session.on(message)
                    self._change.notify_all()
                    rejected = bool(self._session.rejected)
                if rejected:
                    self._context.consumer.wake()
                if answer is not None:
                    self._connection.send(answer)
        except BaseException as error:
            with self._change:
                self._fault = error
                self._change.notify_all()
            self._context.consumer.wake()
