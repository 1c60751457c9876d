"""One connection of a receiver, from its first byte to its end."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from flumec.runtime.journal.errors import StateError
from flumec.runtime.journal.records import Outcome, Put, Stored
from flumec.runtime.links.faults import Disconnected, LinkFault, ProtocolError, Unproven
from flumec.runtime.links.greeting import Hello, Refuse
from flumec.runtime.links.inspection import Invalid
from flumec.runtime.links.mailbox import Mailbox
from flumec.runtime.links.messages import Bye, Delivery, Farewell, Message, Ping, Pong, Reject
from flumec.runtime.links.receiver_session import BEFORE, ReceiverSession, Station, after
from flumec.runtime.links.register import Refusal
from flumec.runtime.links.vouching import vouch
from flumec.runtime.messages.links import LinkAlarm, LinkRefused, ProtocolBroken, RowsRejected
from flumec.runtime.messages.tls import NotProven

if TYPE_CHECKING:
    from flumec.runtime.context import ReceiverContext
    from flumec.runtime.links.connection import Connection
    from flumec.runtime.links.pulse import Pulse

UNSTORED = "its journal cannot store any more, so its agent ends and is started anew"
"""What a sender hears of a receiver whose disk failed; what it did not hear of it sends again."""

Parcel = tuple[Delivery, Put]
Verdict = tuple[Delivery, "Future[Outcome]"]


class Incoming:
    """Three threads, so that none waits for another's business.

    One receives and validates, one puts (and waits for room), one sends acknowledgements and signs
    of life. The journal's writer only drops its outcome into a mailbox.
    """

    def __init__(
        self, connection: "Connection", pulse: "Pulse", station: Station, context: "ReceiverContext"
    ) -> None:
        self._connection = connection
        self._pulse = pulse
        self._station = station
        self._context = context
        self._session = ReceiverSession(station)
        self._guard = threading.Lock()
        self._puts: Mailbox[Parcel] = Mailbox(context.clock)
        self._out: Mailbox[Message | Verdict] = Mailbox(context.clock)
        self._pong: Pong | None = None
        self._ended = threading.Event()
        self._hello: Hello | None = None
        self._trusted = False

    def end(self, bye: Bye) -> None:
        """Say goodbye and close, without waiting; what is not yet put is not acknowledged."""
        self._out.put(bye)
        self._stop()

    def run(self, patience: float, known: Callable[[], None]) -> None:
        """Serve the connection until it ends.

        Hello has to come whole within `patience` seconds; `known` is called when it was answered.
        """
        try:
            self._greet(patience)
            known()
            self._serve()
        except Refusal as refusal:
            self._refuse(refusal)
        except ProtocolError as fault:
            self._context.counters.add("protocol_errors")
            self._context.log.warning(ProtocolBroken(peer=self._connection.peer, reason=fault))
        except Unproven as fault:
            self._context.counters.add("unproven")
            self._context.log.warning(NotProven(peer=self._connection.peer, reason=str(fault)))
        except LinkFault as fault:
            self._context.log.info("%s: closed: %s", self._connection.peer, fault)
        finally:
            self._connection.close("this end is done")
            if self._hello is not None:
                self._station.register.release(self._hello, self)

    def _greet(self, patience: float) -> None:
        self._connection.prove(patience, self._ended.is_set)
        message = self._connection.receive(BEFORE, patience)
        assert isinstance(message, Hello)
        self._hello = message
        here = f"agent `{self._station.agent}` on {self._station.host}"
        vouch(message, self._connection.names, self._station.tls, here)
        clock = self._context.clock
        welcome = self._session.hello(message, self, clock.now_ns())
        self._connection.send(welcome)
        self._context.counters.set("clock_skew_seconds", self._session.skew)
        self._context.log.info("link `%s` from %s", message.link, message.host)

    def _refuse(self, refusal: Refusal) -> None:
        self._context.counters.add("refused")
        if refusal.rows:
            self._lost(refusal.rows)
        self._context.log.warning(LinkRefused(peer=self._connection.peer, reason=refusal.text))
        milliseconds = round(refusal.retry_after * 1000)
        self._connection.send(Refuse(refusal.code, refusal.text, milliseconds, refusal.rows))

    def _goodbye(self, bye: Bye) -> Disconnected:
        if bye.reason == Farewell.ALARM:
            self._lost(1)
            self._context.log.error(LinkAlarm(peer=self._connection.peer, reason=bye.text))
        return Disconnected(f"the sender said goodbye: {bye.text}")

    def _lost(self, rows: int) -> None:
        """Show how many rows this end lost after it acknowledged them; 0 when it is over."""
        assert self._hello is not None
        total = self._station.register.lost(self._hello, rows)
        self._context.counters.set("lost_after_ack", total)

    def _serve(self) -> None:
        threads: list[threading.Thread] = []
        try:
            for name, work in (("puts", self._put), ("acks", self._answer)):
                thread = threading.Thread(
                    target=self._guarded, args=(work,), name=f"link-{name}", daemon=True
                )
                thread.start()
                threads.append(thread)
            limits = after(self._station.largest)
            while not self._ended.is_set():
                self._take(self._connection.receive(limits))
        except ProtocolError as fault:
            self._out.put(Bye(Farewell.FAULT, str(fault)))
            raise
        finally:
            self._stop()
            for thread in threads:
                thread.join()

    def _take(self, message: Message | Delivery) -> None:
        """Take a message; never waits for room in a channel."""
        if isinstance(message, Bye):
            raise self._goodbye(message)
        if not isinstance(message, Delivery):
            with self._guard:
                pong = self._session.on(message)
            if pong is not None:
                self._due(pong)
            return
        if not self._trusted:  # a sender that raises an alarm sends no rows
            self._trusted = True
            self._lost(0)
        self._context.counters.add("events_received", message.head.rows)
        self._context.counters.add("batches_received")
        self._context.counters.add("bytes_received", message.size)
        with self._guard:
            taken = self._session.take(message)
        if isinstance(taken, Reject):
            self._reject(taken)
        else:
            self._puts.put((message, taken))

    def _due(self, pong: Pong) -> None:
        """Have the newest Pong sent: who asks without end and reads nothing takes no memory."""
        with self._guard:
            waiting, self._pong = self._pong is not None, pong
        if not waiting:
            self._out.put(pong)

    def _put(self) -> None:
        """Put in the order of arrival, waiting for room, as no other thread here does."""
        while not self._ended.is_set():
            for delivery, put in self._puts.take(self._context.clock.look):
                if self._ended.is_set():
                    return
                try:
                    future = self._store(delivery, put)
                except Invalid as error:
                    with self._guard:
                        reject = self._session.rejected(delivery, str(error))
                    self._reject(reject)
                    continue
                future.add_done_callback(partial(self._decided, delivery))

    def _store(self, delivery: Delivery, put: Put) -> "Future[Outcome]":
        """Store what a frame brings, through a chain if its link leads to one; raise Invalid."""
        intake, stopping = self._session.intake, self._ended.is_set
        if intake is None or put.received is None:
            return self._session.journal.submit(put, wait=True, stopping=stopping)
        return intake.receive(delivery, put.received, stopping)

    def _reject(self, reject: Reject) -> None:
        self._context.counters.add("rejected")
        self._context.log.error(RowsRejected(peer=self._connection.peer, reason=reject.text))
        self._out.put(reject)

    def _decided(self, delivery: Delivery, future: "Future[Outcome]") -> None:
        """Called by the journal's writer: counts, and drops the outcome into the mailbox.

        The connection may have ended by now; what is stored counts all the same.
        """
        if future.exception() is None and isinstance(future.result(), Stored):
            self._context.counters.add("events_accepted", delivery.head.rows)
            self._context.counters.add("batches_accepted")
        self._out.put((delivery, future))

    def _answer(self) -> None:
        """Send acknowledgements, answers and signs of life, as they become due."""
        clock = self._context.clock
        while True:
            ended = self._ended.is_set()  # asked first: what was put before is in what is taken
            patience = max(0.0, min(clock.look, self._pulse.next - clock.monotonic()))
            items = self._out.take(patience)
            for item in items:
                if isinstance(item, tuple):
                    self._decide(*item)
                else:
                    self._connection.send(self._newest(item))
            if ended and not items:
                self._connection.close("this end is done")
                return
            with self._guard:
                ack = self._session.ack()
            if ack is not None:
                self._connection.send(ack)
            if self._pulse.ping_due(clock.monotonic()):
                self._connection.send(Ping(clock.now_ns()))

    def _newest(self, message: Message) -> Message:
        """Return a message as it is to be sent now: a Pong may have been followed by another."""
        if not isinstance(message, Pong):
            return message
        with self._guard:
            newest, self._pong = self._pong, None
        return newest or message

    def _decide(self, delivery: Delivery, future: "Future[Outcome]") -> None:
        outcome = future.result()
        if not isinstance(outcome, Stored) and self._ended.is_set():
            return
        with self._guard:
            self._session.settled(delivery, outcome)

    def _guarded(self, work: Callable[[], None]) -> None:
        """Run a thread's work; an error in it ends the connection, and is logged there."""
        try:
            work()
        except StateError:
            self._stop()
            with suppress(LinkFault):
                self._connection.send(Bye(Farewell.DRAIN, UNSTORED))
            self._connection.close(UNSTORED)
        except Exception as error:
            self._stop()
            self._connection.close(str(error) or type(error).__name__)

    def _stop(self) -> None:
        """Let no thread wait any more."""
        self._ended.set()
        self._puts.close()
        self._out.close()
