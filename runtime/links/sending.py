"""The sender's work: connect, forward, and try again, saying what is wrong and what to do."""

from typing import TYPE_CHECKING

from flumec.runtime.errors import StartError
from flumec.runtime.groups.recalled import Recalled
from flumec.runtime.journal.records import Cursor
from flumec.runtime.links import memory as memories
from flumec.runtime.links.addresses import Target, note, noted
from flumec.runtime.links.burying import bury
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
from flumec.runtime.links.greeting import Welcome
from flumec.runtime.links.hindrance import Hindrance
from flumec.runtime.links.ledger import Ledger
from flumec.runtime.links.loss import Loss
from flumec.runtime.links.machine import machine
from flumec.runtime.links.messages import Bye, Farewell
from flumec.runtime.links.numbering import RowNumbering, numbering
from flumec.runtime.links.sender_session import BEFORE, Sender, SenderSession
from flumec.runtime.links.settling import Settling
from flumec.runtime.messages.links import AcceptedAnew
from flumec.runtime.retry import Backoff

if TYPE_CHECKING:
    from flumec.runtime.context import SenderContext
    from flumec.runtime.links.arrow_sender import ArrowSender

ALARM_RETRY = 60.0
"""Seconds between two looks at a receiver that has lost rows; it gets none while it lacks them."""
LOOK = 1.0
"""Seconds between two looks, meanwhile, whether somebody said that they are lost."""
LONGEST_REFUSAL = 60.0
"""Seconds that a receiver which refused is left alone at most, whatever it asks for."""
EARLIER = 0.7
"""The share of the time-out after which one of several peers is given up, so that the next one has
the rows before it is over."""
UNANSWERED = 1.0
"""Seconds that one attempt to connect may take before the other peers hear of it."""


class Sending:
    """Runs one ArrowSender in the calling thread."""

    def __init__(self, settings: "ArrowSender", context: "SenderContext") -> None:
        self._settings = settings
        self._context = context
        self._backoff = Backoff(0.1, max(0.1, settings.back_off))
        self._loss = Loss(context.disk, context.state, settings.name)
        self._buries = context.letters.channel is not None
        self._peer = settings.peers[0]
        self._dialling = Dialling(
            settings, context, self._peer, proof_of(settings, context), self._stopping
        )
        self._numbering = numbering(context)
        self._alone = isinstance(self._numbering, RowNumbering)
        self._hindrance = Hindrance(context, self._numbering, lambda: self._loss.said)
        self._linked, self._dialled = False, 0.0
        self._former = ""
        """The host that acknowledged what is remembered, if the link led there then."""
        self._sender = Sender(
            link=settings.link, wire=settings.wire, host=context.host, agent=context.agent,
            machine=machine(context.disk), journal=context.journal.uuid,
            epoch=context.journal.epoch, largest=settings.largest_frame,
            peer="" if self._alone else self._peer.host,
        )  # fmt: skip

    def run(self) -> None:
        """Forward until the agent stops.

        Raise Recalled once other peers are to have what this one may have, and all is stored that
        this one has acknowledged.
        """
        ledger = self._open()
        settling = Settling(self._context.consumer, ledger, self._context.clock)
        try:
            self._forward(ledger, settling)
        except Recalled:
            settling.finish()
            raise

    def _forward(self, ledger: Ledger, settling: Settling) -> None:
        while not self._context.stopping:
            if not self._alone and self._loss.said:
                self._settle(ledger)
            try:
                self._connected(ledger, settling)
                continue
            except Unsendable as fault:
                if self._buries:
                    self._numbering.parted((), ((fault.first, fault.end),))
                    bury(self._context, fault.first, fault.end, str(fault))
                    continue
                self._hindrance.met(fault)
                self._hindrance.wait()
            except LostAfterAck as fault:
                self._alarm(fault)
                self._stand_still()
            except Turned as fault:
                self._context.fail(f"refused by {self._peer}: {fault}")
                wait = max(fault.retry_after, self._backoff.delay())
                self._context.wait(min(wait, LONGEST_REFUSAL))
            except (LinkFault, OSError) as fault:
                why = self._reason(fault)
                self._context.fail(f"no link to {self._peer}, trying again: {why}")
                self._context.rest(self._backoff.delay())

    def _open(self) -> Ledger:
        """Read what is remembered; name a new stream, durably, before anything is sent."""
        context = self._context
        consumer = context.consumer
        cursor = consumer.cursor
        if cursor.note:
            try:
                known = memories.unpack(cursor.note)
            except (ValueError, ProtocolError) as error:
                raise StartError(
                    f"link `{self._settings.link}`: its memory cannot be read ({error}); it was "
                    "written by a newer runtime: go back to that one"
                ) from None
        else:
            known = None
        memory = self._numbering.begin(known, self._sender, cursor.low)
        self._note(known is None or known.receiver == memories.NOBODY)
        if memory != known:
            consumer.advance(Cursor(cursor.low, note=memory.pack())).result()
        return Ledger(cursor.low, memory)

    def _connected(self, ledger: Ledger, settling: Settling) -> None:
        """Live through one connection; raise what ended it."""
        context, clock = self._context, self._context.clock
        patience = self._settings.time_out * (1.0 if self._alone else EARLIER)
        self._dialled = clock.monotonic()
        connection = self._dialling.connect(patience)
        began = clock.monotonic()
        try:
            session = self._greet(connection, ledger)
            self._welcomed(session)
            forwarding = Forwarding(
                connection=connection, pulse=connection.pulse, session=session, ledger=ledger,
                settling=settling, context=context, numbering=self._numbering,
            )  # fmt: skip
            forwarding.run(self._settings.drain)
        finally:
            self._linked = False
            connection.close("this end is done")
            connection.release()
            ledger.forget()
            context.counters.set("connected", 0)
            context.counters.add("connections_closed")
            if clock.monotonic() - began > self._settings.back_off:
                self._backoff.reset()

    def _stopping(self) -> bool:
        """Say whether to wait no more for a peer; raise Recalled if others are to have its rows."""
        waited = self._context.clock.monotonic() - self._dialled
        if not self._linked and not self._alone and waited > UNANSWERED:
            self._context.fail(f"no answer from {self._peer} for now")
        self._context.attend()
        return self._context.stopping

    def _greet(self, connection: Connection, ledger: Ledger) -> SenderSession:
        """Exchange Hello and its answer; raise what the answer means unless it is a yes."""
        clock = self._context.clock
        forgives = self._loss.said
        session = SenderSession(
            self._sender, ledger, forgives=forgives, buries=self._buries,
            careful=0 if self._buries else self._numbering.hindered(),
        )  # fmt: skip
        epochs = self._numbering.epochs(ledger.memory, ledger.durable)
        connection.send(session.hello(epochs, clock.now_ns()))
        answer = connection.receive(BEFORE, self._settings.connect_time_out)
        try:
            session.opened(answer, clock.now_ns())
        except LostAfterAck as fault:
            if isinstance(answer, Welcome):
                connection.send(Bye(Farewell.ALARM, str(fault)))
            raise
        if forgives:
            self._context.log.warning(AcceptedAnew(peer=self._peer))
            self._loss.forget()
        return session

    def _welcomed(self, session: SenderSession) -> None:
        context = self._context
        self._numbering.welcomed(session.have)
        self._linked = True
        self._note(True)
        if not session.hindered:
            context.fail("")
            context.counters.set("rejected_events", 0)
        context.counters.set("connected", 1)
        context.counters.set("clock_skew_seconds", session.skew)
        context.counters.set("lost_after_ack", 0)
        context.log.info("linked to %s", self._peer)

    def _note(self, new: bool) -> None:
        """Write down where the link leads; or leave there who has acknowledged rows until now."""
        context, settings = self._context, self._settings
        known = noted(context.state, context.disk).get(settings.name)
        if new or known is None or known.host == self._peer.host:
            target = Target(settings.link, self._peer.host)
            note(context.state, settings.name, target, context.disk)
            self._former = ""
        else:
            self._former = known.host

    def _alarm(self, fault: LostAfterAck) -> None:
        here, former = self._peer.host, self._former
        cure = "Give the receiver its journal back; or, if those rows are gone for good, say so"
        if former:
            cure = (
                f"They were acknowledged on {former}: if the agent moved to {here}, bring its "
                f"state there as well; or, once {former} has delivered them, or if they are gone "
                "for good, say so"
            )
        self._context.counters.set("lost_after_ack", max(1, fault.rows))
        self._context.fail(
            f"ALARM: {fault}. The link to {self._peer} stands still and nothing is sent. {cure} on "
            f"this host: flumec link settle --lost {former or here} --state {self._context.state}"
        )

    def _stand_still(self) -> None:
        """Wait until it is time to look again, or somebody says that the rows are lost."""
        clock = self._context.clock
        until = clock.monotonic() + ALARM_RETRY
        while clock.monotonic() < until and not self._loss.said:
            if self._context.wait(min(LOOK, ALARM_RETRY)):
                return

    def _settle(self, ledger: Ledger) -> None:
        """Let other peers have what this one may have, as it is lost: raise Recalled.

        Whoever comes back in its place is new here.
        """
        consumer = self._context.consumer
        ledger.memory = ledger.memory.of(memories.NOBODY)
        consumer.advance(Cursor(ledger.low, note=ledger.memory.pack())).result()
        self._numbering.lost()
        self._context.log.warning(AcceptedAnew(peer=self._peer))
        self._loss.forget()
        raise Recalled

    def _reason(self, fault: BaseException) -> str:
        if isinstance(fault, Unproven):
            fault = self._dialling.explained(fault)
        return explain(fault) if isinstance(fault, OSError) else str(fault)
