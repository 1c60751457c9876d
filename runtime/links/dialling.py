"""Coming to a peer: connected and, where the link is encrypted, sure that it is that peer."""

from typing import TYPE_CHECKING

from flumec.runtime.errors import StartError
from flumec.runtime.links.connection import GLANCE, Connection
from flumec.runtime.links.faults import Unproven
from flumec.runtime.links.secured import Secured
from flumec.runtime.links.shown import shown
from flumec.runtime.tls.explaining import is_about_mine, is_about_theirs
from flumec.runtime.tls.proof import Proof

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from flumec.runtime.context import SenderContext
    from flumec.runtime.links.arrow_sender import ArrowSender
    from flumec.runtime.links.peer import Peer
    from flumec.runtime.links.pulse import Pulse


def proof_of(settings: "ArrowSender", context: "SenderContext") -> Proof | None:
    """Return what a sender proves itself with, None where its link is plain; raise StartError."""
    if settings.tls == "none":
        return None
    return Proof(settings, context, listens=False, host=context.host)


class Dialling:
    """Connects to one peer, as often as is asked for."""

    def __init__(
        self,
        settings: "ArrowSender",
        context: "SenderContext",
        peer: "Peer",
        proof: Proof | None,
        stopping: "Callable[[], bool]",
    ) -> None:
        self._settings = settings
        self._context = context
        self._peer = peer
        self._proof = proof
        self._stopping = stopping
        self._dial = context.dialler(peer.address, peer.port)

    def connect(self, patience: float) -> Connection:
        """Return a connection on which nothing was said yet; raise OSError or LinkFault.

        It ends once it was silent for `patience` seconds.
        """
        context = self._context
        try:
            raw = self._dialled()
            pulse = context.pulse(raw, patience)
            if self._proof is None:
                connection = Connection(raw, context.clock, pulse, self._stopping)
            else:
                connection = self._proven(raw, self._proof, pulse)
        except (OSError, Unproven):
            context.counters.add("connections_failed")
            raise
        context.counters.add("connections_created")
        return connection

    def explained(self, fault: Unproven) -> Unproven:
        """Return a fault of a connection that was made with the certificate that it is about."""
        proof, error = self._proof, fault.error
        if proof is None or error is None:
            return fault
        if is_about_mine(error) and proof.certificate is not None:
            return Unproven(f"{fault}; this end's is {proof.certificate}{self._now()}", error)
        return fault

    def _dialled(self) -> "socket.socket":
        return self._dial(self._settings.connect_time_out, self._stopping)

    def _proven(self, raw: "socket.socket", proof: Proof, pulse: "Pulse") -> Connection:
        clock = self._context.clock
        raw.settimeout(GLANCE)
        stream = Secured(raw, proof.tls, self._peer.host)
        try:
            deadline = clock.monotonic() + self._settings.connect_time_out
            stream.handshake(deadline, clock, self._stopping)
        except BaseException as fault:
            raw.close()
            if isinstance(fault, Unproven):
                raise self._with_theirs(fault, proof) from None
            raise
        return Connection(stream, clock, pulse, self._stopping, proof.tend)

    def _with_theirs(self, fault: Unproven, proof: Proof) -> Unproven:
        """Return a fault with what the other end's certificate says, if that helps."""
        if fault.error is None or not is_about_theirs(fault.error):
            return fault
        try:
            blind = proof.blind()
        except StartError:  # its files are replaced right now, or gone: no reason to end over
            return fault
        certificate = shown(self._dialled, blind, self._settings.connect_time_out)
        if certificate is None:
            return fault
        return Unproven(f"{fault}: it shows {certificate}{self._now()}", fault.error)

    def _now(self) -> str:
        from flumec.runtime.tls.certificate import at, moment

        return f", and the clock here says {moment(at(self._context.clock.now_ns()))}"
