"""The `http` source of a world, and its clients: what is posted, stored and answered, without HTTP.

Reading the events, the put, the answers and the memory of requests are the source's own. A client
tries again, with the same name for the same request, until it is answered 200.
"""

import json
import socket
import struct
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from flumec.compiler.world.events import Event
from flumec.compiler.world.fibres import Owner
from flumec.compiler.world.network import Network
from flumec.compiler.world.sockets import Stream
from flumec.runtime.http.mistakes import Mistake
from flumec.runtime.journal.records import Full, Outcome, Progress, Stored
from flumec.runtime.sources.http import Http

if TYPE_CHECKING:
    from flumec.runtime.context import SourceContext

CLIENT = "client"
"""The host of all clients, as the wires know it."""

AGAIN = 1.0
"""Seconds after which a client tries again."""

_PATIENCE = 30.0
_LENGTH = struct.Struct("<I")
_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.0)
"""As the source waits for room before it says 503."""


class Posted(Http):
    """Takes the place of an `http`."""

    def run(self, context: "SourceContext") -> None:
        """Serve until the agent stops, then finish what is under way."""
        from flumec.runtime.http.events import Reader
        from flumec.runtime.http.remembered import Remembered

        size = self.request_ids if self.request_id else 0
        remembered = Remembered(self.name, size, context.positions)
        if retired := remembered.retired:
            context.put(None, retired)
        listener: Any = context.listen(self.name, self.bind or context.address, self.port)
        counters = context.counters
        reader = Reader(
            context.columns, self.headers, lambda count: counters.add("headers_left_out", count)
        )
        serving = _Serving(self, context, reader, remembered)
        while not context.stopping:
            context.idle(not serving.under_way)
            listener.settimeout(context.clock.look)
            try:
                stream, _ = listener.accept()
            except TimeoutError:
                continue
            threading.Thread(target=serving.answer, args=(stream,), name="request").start()
        listener.close()
        while serving.under_way:
            context.clock.sleep(0.1)


class _Serving:
    """Answers requests, one in each fibre."""

    def __init__(
        self, source: Http, context: "SourceContext", reader: Any, remembered: Any
    ) -> None:
        self._source, self._context = source, context
        self._reader, self._remembered = reader, remembered
        self.under_way = 0

    def answer(self, stream: Stream) -> None:
        """Take one request and say what became of it."""
        self.under_way += 1
        try:
            request = json.loads(received(stream))
            status = self._status(request).encode()
            stream.sendmsg([memoryview(_LENGTH.pack(len(status)) + status)])
        except (OSError, EOFError):
            pass  # the client is gone, or was not to be heard
        finally:
            self.under_way -= 1
            stream.close()

    def _status(self, request: Mapping[str, Any]) -> str:
        """Return the answer: 400 with what the client must mend."""
        try:
            events = self._reader.read(json.dumps(request["events"]).encode())
        except Mistake as mistake:
            self._context.counters.add("requests_refused")
            return f"400 {mistake}"
        return "200" if self._stored(events, request["id"]) else "503"

    def _stored(self, events: Any, name: str | None) -> bool:
        for pause in _PAUSES:
            outcome = self._attempt(events, name)
            if not isinstance(outcome, Full) or outcome.rejects or self._context.stopping:
                break
            self._context.clock.sleep(pause)
        return isinstance(outcome, Stored)

    def _attempt(self, events: Any, name: str | None) -> "Outcome | None":
        known = None if name is None else self._remembered.known(name)
        if isinstance(known, Stored):
            return known
        if known is None:
            progress: Progress | None = None
            if name is not None:
                progress = self._remembered.begin(name)
                if progress is None:
                    return None
            known = self._context.put(events, (progress,) if progress else (), wait=False)
            if progress:
                self._remembered.follow(progress, known)
        return _result(known)


def _result(future: "Future[Outcome]") -> "Outcome | None":
    try:
        return future.result()
    except Exception:
        return None


class Request:
    """What one client posts until it is stored."""

    def __init__(self, source: Http, events: Sequence[Event], name: str) -> None:
        self._source = source
        self._name = name if source.request_id else None
        self._events: list[Mapping[str, Any]] = [
            {"headers": dict(event.headers), "body": event.text} for event in events
        ]
        self.answered = False
        self.refusal = ""
        """What the client was told to mend: nothing of the request is stored, or will be."""
        self.tries = 0

    def run(self, network: Network, owner: Owner, address: str) -> None:
        """Post it again and again, until it is stored or is the client's to mend."""
        data = json.dumps({"id": self._name, "events": self._events}).encode()
        while True:
            self.tries += 1
            try:
                if self._tried(network, owner, address, data):
                    break
            except (OSError, EOFError):
                pass
            network.scheduler.linger(network.scheduler.waiter(), AGAIN)
        self.answered = True

    def _tried(self, network: Network, owner: Owner, address: str, data: bytes) -> bool:
        stream = network.dial(owner, CLIENT, address, int(self._source.port), within=_PATIENCE)
        try:
            stream.settimeout(_PATIENCE)
            stream.sendmsg([memoryview(_LENGTH.pack(len(data)) + data)])
            status, _, self.refusal = received(stream).decode().partition(" ")
            return status in ("200", "400")
        finally:
            stream.shutdown(socket.SHUT_RDWR)
            stream.close()


def received(stream: Stream) -> bytes:
    """Return the next message; raise EOFError at the end, or OSError."""
    return _exactly(stream, _LENGTH.unpack(_exactly(stream, _LENGTH.size))[0])


def _exactly(stream: Stream, length: int) -> bytes:
    data = bytearray(length)
    view, done = memoryview(data), 0
    while done < length:
        count = stream.recv_into(view[done:])
        if not count:
            raise EOFError
        done += count
    return bytes(data)
