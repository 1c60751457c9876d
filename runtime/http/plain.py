"""A connection without TLS, whose first byte says whether its client knows that."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flumec.runtime.context import SourceContext

FIRST_BYTE = 0x16
"""What TLS begins with, and no request does."""


def refusal(sentence: str) -> bytes:
    """Return the answer to a client that has come to the wrong kind of port."""
    text = f"{sentence}\n"
    return (
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(text)}\r\nConnection: close\r\n\r\n{text}"
    ).encode()


def peer(transport: asyncio.BaseTransport) -> str:
    """Return who has connected, as messages have it."""
    name = transport.get_extra_info("peername")
    return f"{name[0]}:{name[1]}" if isinstance(name, tuple) else "a local client"


_TLS = refusal("this port speaks no TLS: send the request to an http URL")


class Plain(asyncio.Protocol):
    """Looks at the first byte, and hands the connection over to the protocol that serves it.

    A client that speaks TLS would else wait for an answer to what is no request yet.
    """

    def __init__(self, serve: Callable[[], asyncio.Protocol], context: "SourceContext") -> None:
        self._served = serve()
        self._context = context
        self._raw: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin: the client speaks first."""
        assert isinstance(transport, asyncio.Transport)
        self._raw = transport
        self._served.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Find out what the client speaks."""
        if data[0] == FIRST_BYTE:
            self._context.counters.add("unproven")
            self._context.log.info(
                "%s: it speaks TLS, and this source has `tls = none`", peer(self._raw)
            )
            self._raw.write(_TLS)
            self._raw.close()
            return
        self._raw.set_protocol(self._served)
        self._served.data_received(data)

    def eof_received(self) -> None:
        """Pass the client's end on; the transport closes."""
        self._served.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Pass the end on."""
        self._served.connection_lost(exc)
