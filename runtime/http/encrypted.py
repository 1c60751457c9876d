"""TLS of one connection, between its socket and the protocol that serves what is in it.

asyncio has a TLS of its own, which takes one context for good, where a renewal is a new one; which
has 256 KiB for each connection, whatever is in it; and which ends a handshake that fails without
the alert that tells the client why.
"""

import asyncio
import ssl
from contextlib import suppress
from typing import Any, Protocol

from flumec.runtime.http.plain import FIRST_BYTE, peer, refusal
from flumec.runtime.tls.explaining import NO_TLS, explain

_PIECE = 1 << 16
_LINGER = 1.0
"""Seconds that who was turned away has to read why: an end at once might overtake the reason."""
_BROKEN_OFF = (
    "it broke the handshake off: does it trust the authority of this source's certificate?"
)
_PLAIN = refusal("this port speaks TLS: send the request to an https URL")


class Porter(Protocol):
    """Who knows the connections that are not let in yet."""

    def come(self, connection: "Encrypted") -> None:
        """Hear of a connection that has not proven anything yet."""

    def let_in(self, connection: "Encrypted") -> asyncio.Protocol:
        """Return the protocol that serves a connection whose two ends have proven themselves."""

    def turned_away(self, connection: "Encrypted", reason: str) -> None:
        """Hear why a connection is not let in."""

    def gone(self, connection: "Encrypted") -> None:
        """Hear that a connection has ended."""


class Encrypted(asyncio.Protocol):
    """The handshake, and then what comes and goes, decrypted and encrypted.

    An end of the stream without TLS's own goodbye is an end: a request has its length, so what was
    cut off shows.
    """

    def __init__(self, tls: ssl.SSLContext, porter: Porter) -> None:
        self._arrived, self._leaving = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = tls.wrap_bio(self._arrived, self._leaving, server_side=True)
        self._porter = porter
        self._raw: asyncio.Transport
        self._served: asyncio.Protocol | None = None
        self._begun = False
        self.closing = False
        self.halted = False
        """Whether the protocol that is served wants to hear no more for now."""
        self._stuffed = False

    @property
    def raw(self) -> asyncio.Transport:
        """The socket's transport."""
        return self._raw

    @property
    def context(self) -> ssl.SSLContext:
        """By what this connection was made."""
        return self._tls.context

    @property
    def peer(self) -> str:
        """Who has connected, as messages have it."""
        return peer(self._raw)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin: the client speaks first."""
        assert isinstance(transport, asyncio.Transport)
        self._raw = transport
        self._porter.come(self)

    def data_received(self, data: bytes) -> None:
        """Take what came, and serve what is in it."""
        if self.closing:
            return
        if not self._begun and data[0] != FIRST_BYTE:
            self.turn_away("it does not speak TLS", _PLAIN)
            return
        self._begun = True
        self._arrived.write(data)
        if self._served is None:
            self._shake()
        if self._served is not None:
            self._read(self._served)

    def eof_received(self) -> None:
        """Pass the client's end on; the transport closes."""
        if self._served is not None:
            self._served.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Pass the end on; one before the first byte was a look whether the port is open."""
        if self._begun and self._served is None and not self.closing:
            self._porter.turned_away(self, _BROKEN_OFF)
        self.closing = True
        self._porter.gone(self)
        if self._served is not None:
            self._served.connection_lost(exc)

    def pause_writing(self) -> None:
        """Hear no more of who does not read: whatever it sends might have to be answered."""
        self._stuffed = True
        self.heed()
        if self._served is not None:
            self._served.pause_writing()

    def resume_writing(self) -> None:
        """Go on where `pause_writing` stopped."""
        self._stuffed = False
        self.heed()
        if self._served is not None:
            self._served.resume_writing()

    def heed(self) -> None:
        """Read from the socket if nobody minds."""
        if self._stuffed or self.halted:
            self._raw.pause_reading()
        else:
            self._raw.resume_reading()

    def write(self, data: memoryview) -> None:
        """Encrypt and send."""
        if self.closing:
            return
        try:
            while data:
                data = data[self._tls.write(data) :]
        except ssl.SSLError:
            self._raw.abort()
        else:
            self._flush()

    def close(self) -> None:
        """Say TLS's goodbye and end, once all is sent."""
        if self.closing:
            return
        self.closing = True
        with suppress(ssl.SSLError):  # it waits for no answer
            self._tls.unwrap()
        self._flush()
        self._raw.close()

    def abort(self) -> None:
        """End at once."""
        self.closing = True
        self._raw.abort()

    def turn_away(self, reason: str, answer: bytes = b"") -> None:
        """End a connection that is not let in, after what is sent to it."""
        self.closing = True
        self._porter.turned_away(self, reason)
        self._raw.write(answer)
        if self._raw.can_write_eof():
            self._raw.write_eof()
        asyncio.get_running_loop().call_later(_LINGER, self._raw.abort)

    def _shake(self) -> None:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
        except ssl.SSLError as error:
            self._flush()
            reason = explain(error)
            self.turn_away("it does not speak TLS" if reason == NO_TLS else reason)
        else:
            self._flush()
            self._served = self._porter.let_in(self)
            self._served.connection_made(Transport(self))

    def _read(self, served: asyncio.Protocol) -> None:
        try:
            while not self.closing:
                if not (data := self._tls.read(_PIECE)):
                    served.eof_received()
                    self.close()
                    return
                served.data_received(data)
        except ssl.SSLWantReadError:
            self._flush()
        except ssl.SSLError:  # what was damaged, or made up, on the way
            self._flush()
            self._raw.close()

    def _flush(self) -> None:
        if self._leaving.pending:
            self._raw.write(self._leaving.read())


class Transport(asyncio.Transport):
    """What the protocol that is served sees of its connection."""

    def __init__(self, connection: Encrypted) -> None:
        super().__init__({"sslcontext": connection.context})
        self._connection = connection

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return what is known of the connection, or of its socket."""
        own = super().get_extra_info(name)
        return self._connection.raw.get_extra_info(name, default) if own is None else own

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send, encrypted."""
        self._connection.write(memoryview(data).cast("B"))

    def is_closing(self) -> bool:
        """Whether nothing more can be sent."""
        return self._connection.closing or self._connection.raw.is_closing()

    def close(self) -> None:
        """End once all is sent."""
        self._connection.close()

    def abort(self) -> None:
        """End at once."""
        self._connection.abort()

    def pause_reading(self) -> None:
        """Stop `data_received`, but for what was read already."""
        self._connection.halted = True
        self._connection.heed()

    def resume_reading(self) -> None:
        """Go on with `data_received`."""
        self._connection.halted = False
        self._connection.heed()

    def is_reading(self) -> bool:
        """Whether it was not paused."""
        return not self._connection.halted

    def can_write_eof(self) -> bool:
        """TLS has no half of an end."""
        return False

    def get_write_buffer_size(self) -> int:
        """How many bytes wait for the socket."""
        return self._connection.raw.get_write_buffer_size()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Say from how many bytes on `pause_writing` is called."""
        self._connection.raw.set_write_buffer_limits(high, low)
