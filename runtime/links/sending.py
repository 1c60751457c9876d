"""The sender's work: connect, forward, and try again, saying what is wrong and what to do."""

from typing import TYPE_CHECKING

from flumec.runtime.errors import StartError
from flumec.runtime.journal.records import Cursor
from flumec.runtime.links import memory as memories
from flumec.runtime.links.acceptance import Acceptance
from flumec.runtime.links.connection import Connection
from flumec.runtime.links.dial import explain
from flumec.runtime.links.dialling import Dialling, proof_of
from flumec.runtime.links.faults import (
    LinkFault,
    LostAfterAck,
    ProtocolError,
    Turned,
    Unproven,
    Unsendable,
)
from flumec.runtime.links.forwarding import Forwarding
from flumec.runtime.links.greeting import OPEN, Epoch, Welcome
from flumec.runtime.links.ledger import Ledger
from flumec.runtime.links.machine import machine
from flumec.runtime.links.messages import Bye, Farewell
from flumec.runtime.links.pulse import Pulse
from flumec.runtime.links.sender_session import BEFORE, Sender, SenderSession
from flumec.runtime.links.settling import Settling
from flumec.runtime.messages.links import AcceptedAnew
from flumec.runtime.retry import Backoff

if TYPE_CHECKING:
    from flumec.runtime.context import SenderContext
    from flumec.runtime.links.arrow_sender import ArrowSender

ALARM_RETRY = 60.0
"""Seconds between two looks at a receiver that has lost rows; it gets none while it lacks them."""
LONGEST_REFUSAL = 60.0
"""Seconds that a receiver which refused is left alone at most, whatever it asks for."""


class Sending:
    """Runs one ArrowSender in the calling thread."""

    def __init__(self, settings: "ArrowSender", context: "SenderContext") -> None:
        self._settings = settings
        self._context = context
        self._backoff = Backoff(0.1, max(0.1, settings.back_off))
        self._acceptance = Acceptance(context.disk, context.state, settings.name)
        self._peer = settings.peers[0]
        self._dialling = Dialling(settings, context, self._peer, proof_of(settings, context))
        self._sender = Sender(
            link=settings.link, wire=settings.wire, host=context.host, agent=context.agent,
            machine=machine(context.disk), journal=context.journal.uuid,
            epoch=context.journal.epoch, largest=settings.largest_frame,
        )  # fmt: skip

    def run(self) -> None:
        """Forward until the agent stops; return at once for rows that can never be sent."""
        ledger = self._open()
        settling = Settling(self._context.consumer, ledger, self._context.clock)
        while not self._context.stopping:
            try:
                self._connected(ledger, settling)
                continue
            except Unsendable as fault:
                self._context.fail(f"{fault}; the link is stopped, its channel holds what comes")
                self._rest()
            except LostAfterAck as fault:
                self._alarm(fault)
                self._context.wait(ALARM_RETRY)
            except Turned as fault:
                self._context.fail(f"refused by {self._peer}: {fault}")
                wait = max(fault.retry_after, self._backoff.delay())
                self._context.wait(min(wait, LONGEST_REFUSAL))
            except (LinkFault, OSError) as fault:
                why = self._reason(fault)
                self._context.fail(f"no link to {self._peer}, trying again: {why}")
                self._context.wait(self._backoff.delay())

    def _open(self) -> Ledger:
        """Read what is remembered; name a new stream, durably, before anything is sent."""
        consumer = self._context.consumer
        cursor = consumer.cursor
        if cursor.note:
            try:
                return Ledger(cursor.low, memories.unpack(cursor.note))
            except (ValueError, ProtocolError) as error:
                raise StartError(
                    f"link `{self._settings.link}`: its memory cannot be read ({error}); it was "
                    "written by a newer runtime: go back to that one"
                ) from None
        link = self._settings.link
        stream = memories.digest(self._sender.journal.hex(), link)
        memory = memories.Memory(stream, memories.digest(link))
        consumer.advance(Cursor(cursor.low, note=memory.pack())).result()
        return Ledger(cursor.low, memory)

    def _connected(self, ledger: Ledger, settling: Settling) -> None:
        """Live through one connection; raise what ended it."""
        context, clock = self._context, self._context.clock
        pulse = Pulse(self._settings.time_out, clock.monotonic())
        connection = self._dialling.connect(pulse)
        began = clock.monotonic()
        try:
            session = self._greet(connection, ledger)
            self._welcomed(session)
            forwarding = Forwarding(
                connection=connection, pulse=pulse, session=session, ledger=ledger,
                settling=settling, context=context,
            )  # fmt: skip
            forwarding.run(self._settings.drain)
        finally:
            connection.close("this end is done")
            connection.release()
            ledger.forget()
            context.counters.set("connected", 0)
            context.counters.add("connections_closed")
            if clock.monotonic() - began > self._settings.back_off:
                self._backoff.reset()

    def _greet(self, connection: Connection, ledger: Ledger) -> SenderSession:
        """Exchange Hello and its answer; raise what the answer means unless it is a yes."""
        clock, journal = self._context.clock, self._context.journal
        accepted = self._acceptance.journal()
        session = SenderSession(self._sender, ledger, accepted)
        epochs = tuple(
            Epoch(one.epoch, one.first, end, min(max(ledger.durable, one.first), end))
            for one in journal.epochs()
            for end in (OPEN if one.end is None else one.end,)
            if one.first < end  # an agent that starts again and again leaves many without a row
        )
        connection.send(session.hello(epochs, clock.now_ns()))
        answer = connection.receive(BEFORE, self._settings.connect_time_out)
        try:
            session.opened(answer, clock.now_ns())
        except LostAfterAck as fault:
            if isinstance(answer, Welcome):
                connection.send(Bye(Farewell.ALARM, str(fault)))
            raise
        if accepted is not None and accepted == ledger.memory.receiver:
            self._context.log.warning(AcceptedAnew(peer=self._peer))
            self._acceptance.remove()
        return session

    def _welcomed(self, session: SenderSession) -> None:
        context = self._context
        context.fail("")
        context.counters.set("connected", 1)
        context.counters.set("clock_skew_seconds", session.skew)
        context.counters.set("lost_after_ack", 0)
        context.log.info("linked to %s", self._peer)

    def _alarm(self, fault: LostAfterAck) -> None:
        self._context.counters.set("lost_after_ack", max(1, fault.rows))
        self._context.fail(
            f"ALARM: {fault}. The link to {self._peer} stands still and nothing is sent. Give the "
            "receiver its journal back; or, if those rows are gone for good, accept that with: "
            + self._acceptance.how(fault.journal)
        )

    def _rest(self) -> None:
        while not self._context.stopping:
            self._context.alive()
            self._context.wait(1.0)

    def _reason(self, fault: BaseException) -> str:
        if isinstance(fault, Unproven):
            fault = self._dialling.explained(fault)
        return explain(fault) if isinstance(fault, OSError) else str(fault)
