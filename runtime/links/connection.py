"""Messages over a socket: whole ones in, whole ones out, nothing copied that is large."""

import contextlib
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa
from flumec.runtime.links.faults import Disconnected, ProtocolError
from flumec.runtime.links.fields import Reader
from flumec.runtime.links.framing import (
    HEAD_LENGTH,
    HEADER,
    Header,
    data_size,
    frame,
    read_header,
    verify,
    verify_body,
)
from flumec.runtime.links.messages import Data, Delivery, Message, unpack
from flumec.runtime.links.secured import Secured

if TYPE_CHECKING:
    from flumec.runtime.clock import Clock
    from flumec.runtime.links.pulse import Pulse

GLANCE = 0.25
"""Seconds that a socket call blocks at most before it looks at the pulse, and for a `close`."""
SLOWEST = 64 * 1024
"""Bytes a second below which a message that has begun is given up."""
_BUFFER = 64 * 1024


class Connection:
    """A socket that carries messages. One thread receives; any thread may send.

    Small messages come through one reused buffer; a body is received into memory of its own, where
    Arrow reads it and the journal writes it from. Once `stopping`, nothing more is waited for: not
    for a message that has to come within a time, nor for the other end to take one. `tend` is
    called now and then, at least every GLANCE seconds.
    """

    def __init__(
        self,
        raw: socket.socket | Secured,
        clock: "Clock",
        pulse: "Pulse",
        stopping: Callable[[], bool] = lambda: False,
        tend: Callable[[], None] = lambda: None,
    ) -> None:
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        raw.settimeout(GLANCE)
        self._socket = raw
        self.peer = _peer(raw)
        """The other end's address, for logs."""
        self._clock = clock
        self.pulse = pulse
        self._stopping = stopping
        self._tend = tend
        self._hurried = False
        self._sending = threading.Lock()
        self._buffer = memoryview(bytearray(_BUFFER))
        self._start = 0
        self._end = 0
        self._deadline: float | None = None
        self._closed = ""

    @property
    def names(self) -> frozenset[str] | None:
        """Whom the other end's certificate names; empty if it showed none, None without TLS."""
        return self._socket.names if isinstance(self._socket, Secured) else None

    def prove(self, within: float, stopping: Callable[[], bool]) -> None:
        """Begin TLS, where this end speaks it; raise Unproven or Disconnected."""
        if isinstance(self._socket, Secured):
            self._socket.handshake(self._clock.monotonic() + within, self._clock, stopping)

    def receive(self, limits: Mapping[int, int], within: float | None = None) -> Message | Delivery:
        """Return the next message; `limits` are the kinds that may come and their longest payloads.

        Raise Disconnected at the end, after silence, for a message that takes too long or is not
        there whole `within` seconds; ProtocolError for one that cannot be.
        """
        self._deadline = None if within is None else self._clock.monotonic() + within
        self._hurried = within is not None
        header = read_header(self._take(HEADER.size), limits)
        if within is None:
            patience = self.pulse.time_out + header.length / SLOWEST
            self._deadline = self._clock.monotonic() + patience
        message = self._data(header) if header.kind == Data.kind else self._plain(header)
        self._deadline = None
        return message

    def send(self, message: Message) -> None:
        """Send a message that has no body; raise Disconnected."""
        self.transmit(frame(message))

    def transmit(self, parts: "Sequence[bytes | pa.Buffer]") -> None:
        """Send a framed message whole, without copying it; raise Disconnected."""
        with self._sending:
            self._write([memoryview(part) for part in parts])

    def close(self, reason: str) -> None:
        """End both directions now; threads inside of `receive` or `send` raise Disconnected."""
        self._closed = self._closed or reason
        with contextlib.suppress(OSError):  # the other end was faster
            self._socket.shutdown(socket.SHUT_RDWR)

    def release(self) -> None:
        """Give the socket back, once no thread uses it."""
        self._socket.close()

    def _plain(self, header: Header) -> Message:
        payload = self._take(header.length)
        verify(header, payload)
        return unpack(header.kind, payload)

    def _data(self, header: Header) -> Delivery:
        """Receive a Data message: its head through the buffer, its body into Arrow's memory."""
        prefix = bytes(self._take(HEAD_LENGTH.size)) if header.length >= HEAD_LENGTH.size else b""
        length = HEAD_LENGTH.unpack(prefix)[0] if prefix else 0
        size = header.length - HEAD_LENGTH.size - length
        if not prefix or size < 0:
            raise ProtocolError("a Data message that is shorter than its head")
        payload = bytes(self._take(length))
        verify(header, prefix + payload)
        read = Reader(payload)
        head = Data.unpack(read)
        read.end()
        body = pa.allocate_buffer(size)
        self._into(memoryview(body).cast("B"))
        verify_body(head, body)
        return Delivery(head, body, data_size(length, size))

    def _take(self, length: int) -> memoryview:
        """Return the next `length` bytes; they are good until the next call."""
        if length > _BUFFER:
            whole = memoryview(bytearray(length))
            self._into(whole)
            return whole
        if self._start + length > _BUFFER:
            kept = self._end - self._start
            self._buffer[:kept] = self._buffer[self._start : self._end]
            self._start, self._end = 0, kept
        while self._end - self._start < length:
            self._end += self._read(self._buffer[self._end :])
        view = self._buffer[self._start : self._start + length]
        self._start += length
        if self._start == self._end:
            self._start = self._end = 0
        return view

    def _into(self, target: memoryview) -> None:
        """Fill `target`, first with what the buffer has."""
        ready = min(len(target), self._end - self._start)
        target[:ready] = self._buffer[self._start : self._start + ready]
        self._start += ready
        if self._start == self._end:
            self._start = self._end = 0
        while ready < len(target):
            ready += self._read(target[ready:])

    def _read(self, target: memoryview) -> int:
        while True:
            self._look()
            try:
                count = self._socket.recv_into(target)
            except TimeoutError:
                continue
            except OSError as error:
                raise Disconnected(self._closed or str(error.strerror or error)) from None
            if not count:
                raise Disconnected(self._closed or "the other end closed the connection")
            self.pulse.heard(self._clock.monotonic())
            return count

    def _write(self, parts: list[memoryview]) -> None:
        while parts:
            if self._closed:
                raise Disconnected(self._closed)
            try:
                count = self._socket.sendmsg(parts)
            except TimeoutError:
                self.pulse.check(self._clock.monotonic())
                if self._stopping():
                    raise Disconnected("this end stops") from None
                continue
            except OSError as error:
                raise Disconnected(self._closed or str(error.strerror or error)) from None
            while parts and count >= len(parts[0]):
                count -= len(parts.pop(0))
            if count:
                parts[0] = parts[0][count:]

    def _look(self) -> None:
        """Raise Disconnected if it was closed, is silent, or a message takes too long."""
        now = self._clock.monotonic()
        self._tend()
        if self._closed:
            raise Disconnected(self._closed)
        self.pulse.check(now)
        if self._hurried and self._stopping():
            raise Disconnected("this end stops")
        if self._deadline is not None and now >= self._deadline:
            raise Disconnected("it took too long over a message")


def _peer(raw: socket.socket | Secured) -> str:
    try:
        host, port = raw.getpeername()[:2]
    except OSError:  # it is gone already
        return "a connection that is gone"
    return f"{host}:{port}"
