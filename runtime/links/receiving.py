"""The receiver's work: listen, and serve each connection in threads of its own."""

import socket
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from flumec.runtime import logs
from flumec.runtime.journal.errors import StateError
from flumec.runtime.links.acceptance import Acceptance
from flumec.runtime.links.connection import Connection
from flumec.runtime.links.incoming import Incoming
from flumec.runtime.links.messages import Bye, Farewell
from flumec.runtime.links.receiver_session import Station
from flumec.runtime.links.register import Register
from flumec.runtime.links.secured import Secured
from flumec.runtime.messages.links import ConnectionFault, NoConnection
from flumec.runtime.tls.proof import Proof

if TYPE_CHECKING:
    from flumec.runtime.context import ReceiverContext
    from flumec.runtime.links.arrow_receiver import ArrowReceiver
    from flumec.runtime.links.pulse import Pulse

STRANGERS = 64
"""Connections that have not said Hello, at most; the one that has waited longest makes room."""
_GLANCE = 0.2
_GOODBYE = 2.0


class Receiving:
    """Runs one ArrowReceiver in the calling thread."""

    def __init__(self, settings: "ArrowReceiver", context: "ReceiverContext") -> None:
        self._settings = settings
        self._context = context
        self._station = Station(
            context.host, context.agent, context.journal, context.links,
            Register(settings.window, settings.memory, settings.senders), settings.largest_frame,
            journal_of=context.journal_of, intakes=context.intakes,
            tls=settings.tls,
            acceptance=Acceptance(context.disk, context.state, settings.name),
        )  # fmt: skip
        self._proof = None
        if settings.tls != "none":
            self._proof = Proof(settings, context, listens=True, host=context.host)
        self._lock = threading.Lock()
        self._strangers: OrderedDict[Incoming, Connection] = OrderedDict()
        self._threads: dict[Incoming, threading.Thread] = {}

    def run(self) -> None:
        """Accept connections until the agent stops, then say goodbye to all."""
        context, settings = self._context, self._settings
        listener = context.listen(settings.name, settings.bind or context.address, settings.port)
        listener.settimeout(_GLANCE)
        try:
            while not context.stopping:
                context.alive()
                if self._proof is not None:
                    self._proof.tend()
                self._accept(listener)
        finally:
            listener.close()
            self._end()

    def _accept(self, listener: socket.socket) -> None:
        context = self._context
        try:
            raw, _ = listener.accept()
        except TimeoutError:
            context.idle(idle=True)
            return
        except OSError as error:  # out of descriptors, or a connection that is gone already
            context.log.warning(NoConnection(reason=error.strerror or str(error)))
            context.wait(_GLANCE)
            return
        pulse = context.pulse(raw, self._settings.time_out)
        connection = self._connection(raw, pulse)
        incoming = Incoming(connection, pulse, self._station, context)
        thread = threading.Thread(
            target=self._serve, args=(incoming, connection), name="link-in", daemon=True
        )
        with self._lock:
            self._strangers[incoming] = connection
            self._threads[incoming] = thread
            if len(self._strangers) > STRANGERS:
                _, oldest = self._strangers.popitem(last=False)
                oldest.close("too many connections that do not say who they are")
        try:
            thread.start()
        except RuntimeError as error:  # no more threads for this agent, or on this machine
            context.log.warning(NoConnection(reason=str(error)))
            self._forget(incoming, connection)
            context.wait(_GLANCE)

    def _connection(self, raw: socket.socket, pulse: "Pulse") -> Connection:
        if self._proof is None:
            return Connection(raw, self._context.clock, pulse)
        stream = Secured(raw, self._proof.tls)
        return Connection(stream, self._context.clock, pulse, tend=self._proof.tend)

    def _serve(self, incoming: Incoming, connection: Connection) -> None:
        try:
            incoming.run(self._settings.hello_time_out, lambda: self._known(incoming))
        except StateError as error:  # the journal's own message says what failed, and what to do
            self._context.log.info("%s: closed: %s", connection.peer, error)
        except Exception as error:
            self._context.log.error(ConnectionFault(reason=logs.reason(error)))  # noqa: TRY400 one line
        finally:
            self._forget(incoming, connection)
            self._context.counters.set("connections_open", len(self._station.register))

    def _forget(self, incoming: Incoming, connection: Connection) -> None:
        with self._lock:
            self._strangers.pop(incoming, None)
            self._threads.pop(incoming, None)
        connection.release()

    def _known(self, incoming: Incoming) -> None:
        with self._lock:
            self._strangers.pop(incoming, None)
        self._context.counters.set("connections_open", len(self._station.register))

    def _end(self) -> None:
        with self._lock:
            threads = dict(self._threads)
            strangers = list(self._strangers.values())
        for connection in strangers:
            connection.close("the agent stops")
        for incoming in threads:
            incoming.end(Bye(Farewell.DRAIN, "the receiver stops"))
        deadline = self._context.clock.monotonic() + _GOODBYE
        for thread in threads.values():
            thread.join(max(0.0, deadline - self._context.clock.monotonic()))
